/** Values as flags and operands give them, read strictly and with the remedy for those that cannot be meant. */
import { closest, CoucheStorError, parseDurationMs, parsePolicyName, quote } from '@couchestor/common/base';
import { FLAGS, type FlagName } from './flags.ts';

export type Given = Map<FlagName, string | undefined>;

/** How kubectl names what it prints with `-o name`, and what people type. */
const RESOURCE_PREFIX = /^(volumemigrations?(\.storage\.billyronks\.io)?|volmig)\//;
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const MAX_APPROVER_LENGTH = 253;

/** Values of flags and operands; what is wrong goes to the problems, and a stand-in comes back. */
export class ValueReader {
  readonly #given: Given;
  readonly #problems: string[];

  constructor(given: Given, problems: string[]) {
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
      this.#fault(
        name,
        text,
        `is not one of ${choices.join(', ')}; ${near === undefined ? 'give one of them' : `did you mean ${near}?`}`,
      );
    }
    return found;
  }

  duration(name: 'timeout' | 'request-timeout'): number {
    const ms = this.#parsed(() => parseDurationMs(this.text(name) ?? FLAGS[name].default, `flag --${name}`)) ?? 1;
    if (ms === 0) this.#fault(name, this.text(name) ?? '', 'is no time at all; give one such as 30s');
    return ms;
  }

  waitMs(): number {
    if (this.is('timeout') && !this.is('wait')) {
      this.#problems.push('flag --timeout: says how long --wait waits; add --wait, or leave it out.');
    }
    if (this.is('wait') && this.is('dry-run')) {
      this.#problems.push('flag --wait: there is nothing to wait for with --dry-run; leave one of them out.');
    }
    return this.duration('timeout');
  }

  policy(): string | undefined {
    const text = this.text('policy');
    return text === undefined ? undefined : this.#parsed(() => parsePolicyName(text, 'flag --policy'));
  }

  url(name: FlagName): string | undefined {
    const text = this.text(name);
    if (text === undefined) return undefined;
    const url = URL.canParse(text) ? new URL(text) : undefined;
    if (url !== undefined && ['http:', 'https:'].includes(url.protocol) && url.search === '') return text;
    this.#fault(name, text, 'is not the address of a server; give one such as http://localhost:8090');
    return undefined;
  }

  approver(): string | undefined {
    const text = this.text('by');
    if (text !== undefined && text.length > MAX_APPROVER_LENGTH) {
      this.#fault('by', text, `is longer than ${MAX_APPROVER_LENGTH} characters; give a shorter name`);
    }
    return text;
  }

  /** Each once. */
  names(operands: readonly string[]): readonly string[] {
    const names = operands.map((operand) => operand.replace(RESOURCE_PREFIX, ''));
    for (const [index, name] of names.entries()) {
      if (OBJECT_NAME.test(name)) continue;
      this.#problems.push(
        `NAME: ${quote(operands[index] ?? '')} is not the name of a VolumeMigration; list them with migrations.`,
      );
    }
    if (names.length === 0) {
      this.#problems.push('NAME: is missing; give the names of VolumeMigrations, as migrations lists them.');
    }
    return [...new Set(names)];
  }

  volume(operands: readonly string[]): string {
    const [volume = '', ...others] = operands;
    const remedy = 'give the id of a volume, or NAMESPACE/CLAIM';
    const [first = '', ...rest] = volume.split('/');
    if (volume === '') this.#problems.push(`VOLUME: is missing; ${remedy}.`);
    else if (rest.length > 1 || ![first, ...rest].every((part) => OBJECT_NAME.test(part))) {
      this.#problems.push(`VOLUME: ${quote(volume)} names no volume; ${remedy}.`);
    }
    this.none(others, 'ask for one volume at a time');
    return volume;
  }

  none(operands: readonly string[], remedy: string): void {
    for (const operand of operands) this.#problems.push(`argument ${quote(operand)}: is not expected; ${remedy}.`);
  }

  #parsed<T>(parse: () => T): T | undefined {
    try {
      return parse();
    } catch (error) {
      if (!(error instanceof CoucheStorError)) throw error;
      this.#problems.push(error.message);
      return undefined;
    }
  }

  #fault(name: FlagName, text: string, fault: string): void {
    this.#problems.push(`flag --${name}: ${quote(text)} ${sentence(fault)}`);
  }
}

/** With its full stop. */
export function sentence(text: string): string {
  return /[.?]$/.test(text) ? text : `${text}.`;
}
