/** Values as flags give them, read strictly and with the remedy for those that cannot be meant. */
import { closest, CoucheStorError, parseByteSize, parseDurationMs, quote } from '../base/index.ts';

export type Given<FlagName extends string> = ReadonlyMap<FlagName, string | undefined>;

/** What is wrong goes to the problems, and a stand-in comes back, so that all problems are found at once. */
export class FlagReader<FlagName extends string> {
  readonly #given: Given<FlagName>;
  readonly #problems: string[];

  constructor(given: Given<FlagName>, problems: string[]) {
    this.#given = given;
    this.#problems = problems;
  }

  is(name: FlagName): boolean {
    return this.#given.has(name);
  }

  text(name: FlagName): string | undefined {
    return this.#given.get(name);
  }

  /** In any case of letters, as people type it. */
  choice<T extends string>(name: FlagName, choices: readonly T[]): T | undefined {
    const text = this.text(name);
    const found = choices.find((choice) => choice.toLowerCase() === text?.toLowerCase());
    if (text !== undefined && found === undefined) {
      const near = closest(text, choices);
      const remedy = near === undefined ? 'give one of them' : `did you mean ${near}?`;
      this.refuse(name, `is not one of ${choices.join(', ')}; ${remedy}`);
    }
    return found;
  }

  /** More than none, in milliseconds. */
  durationMs(name: FlagName, fallback: string): number {
    const ms = this.#read(() => parseDurationMs(this.text(name) ?? fallback, `flag --${name}`)) ?? 1;
    if (ms === 0) this.refuse(name, 'is no time at all; give one such as 30s');
    return ms;
  }

  /** More than none. */
  bytes(name: FlagName): number | undefined {
    const bytes = this.parsed(name, parseByteSize);
    if (bytes === 0) this.refuse(name, 'is nothing at all; give a size such as 100Mi');
    return bytes;
  }

  /** What `parse` makes of the value, where there is one. A CoucheStorError that it throws is the problem. */
  parsed<T>(name: FlagName, parse: (text: string, field: string) => T): T | undefined {
    const text = this.text(name);
    return text === undefined ? undefined : this.#read(() => parse(text, `flag --${name}`));
  }

  none(operands: readonly string[], remedy: string): void {
    for (const operand of operands) this.problem(`argument ${quote(operand)}: is not expected; ${remedy}.`);
  }

  /** The value that was given cannot be meant. */
  refuse(name: FlagName, fault: string): void {
    this.problem(`flag --${name}: ${quote(this.text(name) ?? '')} ${sentence(fault)}`);
  }

  problem(text: string): void {
    this.#problems.push(text);
  }

  #read<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof CoucheStorError)) throw error;
      this.problem(error.message);
      return undefined;
    }
  }
}

/** With its full stop. */
export function sentence(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}
