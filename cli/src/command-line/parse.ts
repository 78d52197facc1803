/**
 * The command line as a value, or every thing that is wrong with it. Read strictly: a flag that is ignored would look like one
 * that is obeyed. The flags of all commands are known from the start, so that they may stand before the command too.
 */
import { MIGRATION_PHASES, type MigrationPhase } from '@couchestor/common/api';
import { closest, CoucheStorError, parseDurationMs, parsePolicyName, quote } from '@couchestor/common/base';
import { parseArgs } from 'node:util';
import { COMMAND_NAMES, commandOf, type CommandName } from './commands.ts';
import { FLAGS, FOREIGN_FLAGS, GLOBAL_FLAGS, type Flag, type FlagName } from './flags.ts';

export interface Connection {
  readonly kubeconfig: string | undefined;
  readonly context: string | undefined;
  readonly requestTimeoutMs: number;
}

export interface MigrationsRequest {
  readonly command: 'migrations';
  readonly policy: string | undefined;
  readonly volume: string | undefined;
  readonly phase: MigrationPhase | undefined;
  readonly output: 'table' | 'wide' | 'json' | 'yaml' | 'name';
  readonly watch: boolean;
}

export interface CancelRequest {
  readonly command: 'cancel';
  readonly names: readonly string[];
  readonly cleanup: boolean;
  readonly wait: boolean;
  readonly timeoutMs: number;
  readonly dryRun: boolean;
}

export interface ApproveRequest {
  readonly command: 'approve';
  readonly names: readonly string[];
  readonly by: string | undefined;
  readonly dryRun: boolean;
}

export interface ExplainRequest {
  readonly command: 'explain';
  readonly volume: string;
  readonly policy: string | undefined;
  readonly output: 'text' | 'json';
  readonly operatorUrl: string | undefined;
}

export type Request = MigrationsRequest | CancelRequest | ApproveRequest | ExplainRequest;

export type CommandLine =
  | { readonly kind: 'run'; readonly request: Request; readonly connection: Connection }
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'invalid'; readonly command: CommandName | undefined; readonly problems: readonly string[] };

const NAMES = Object.keys(FLAGS) as readonly FlagName[];
/** How kubectl names what it prints with `-o name`, and what people type. */
const RESOURCE_PREFIX = /^(volumemigrations?(\.storage\.billyronks\.io)?|volmig)\//;
const OBJECT_NAME = /^[a-z0-9]([-a-z0-9.]{0,251}[a-z0-9])?$/;
const MAX_APPROVER_LENGTH = 253;

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { given, operands, problems } = readTokens(argv);
  const [word, ...rest] = operands;
  const command = COMMAND_NAMES.find((name) => name === word);
  if (given.has('help')) return { kind: 'help', command };
  if (word === undefined) {
    if (argv.length === 0) return { kind: 'help', command: undefined };
    return {
      kind: 'invalid',
      command,
      problems: [...problems, `no command; give one of ${COMMAND_NAMES.join(', ')}.`],
    };
  }
  if (command === undefined) {
    const near = closest(word, COMMAND_NAMES);
    const remedy = near === undefined ? `give one of ${COMMAND_NAMES.join(', ')}` : `did you mean ${near}?`;
    return {
      kind: 'invalid',
      command,
      problems: [`command ${quote(word)}: is not known; ${sentence(remedy)}`, ...problems],
    };
  }
  const own: readonly FlagName[] = [...commandOf(command).flags, ...GLOBAL_FLAGS];
  for (const name of given.keys()) {
    if (!own.includes(name)) problems.push(`flag --${name}: is not one of ${command}; leave it out.`);
  }
  const reader = new Reader(given, problems);
  const connection = {
    kubeconfig: reader.text('kubeconfig'),
    context: reader.text('context'),
    requestTimeoutMs: reader.duration('request-timeout'),
  };
  const request = requestOf(command, reader, rest);
  if (problems.length > 0) return { kind: 'invalid', command, problems };
  return request === undefined ? { kind: 'version' } : { kind: 'run', request, connection };
}

/** Undefined: the version, which needs nothing. */
function requestOf(command: CommandName, reader: Reader, operands: readonly string[]): Request | undefined {
  switch (command) {
    case 'migrations':
      reader.none(operands, 'choose with --policy, --volume and --phase');
      return {
        command,
        policy: reader.policy(),
        volume: reader.text('volume'),
        phase: reader.choice('phase', MIGRATION_PHASES),
        output: reader.choice('output', ['table', 'wide', 'json', 'yaml', 'name']) ?? 'table',
        watch: reader.is('watch'),
      };
    case 'cancel':
      return {
        command,
        names: reader.names(operands),
        cleanup: reader.is('cleanup'),
        wait: reader.is('wait'),
        timeoutMs: reader.waitMs(),
        dryRun: reader.is('dry-run'),
      };
    case 'approve':
      return { command, names: reader.names(operands), by: reader.approver(), dryRun: reader.is('dry-run') };
    case 'explain':
      return {
        command,
        volume: reader.volume(operands),
        policy: reader.policy(),
        output: reader.choice('output', ['text', 'json']) ?? 'text',
        operatorUrl: reader.url('operator-url'),
      };
    case 'version':
      reader.none(operands, 'leave it out');
      return undefined;
  }
}

type Given = Map<FlagName, string | undefined>;

function readTokens(argv: readonly string[]): { given: Given; operands: string[]; problems: string[] } {
  const options = Object.fromEntries(
    NAMES.map((name) => {
      const { value, short }: Flag = FLAGS[name];
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true, allowPositionals: true });
  const given: Given = new Map();
  const operands: string[] = [];
  const problems: string[] = [];
  for (const token of tokens) {
    if (token.kind === 'positional') operands.push(token.value);
    if (token.kind !== 'option') continue;
    const name = NAMES.find((one) => one === token.name);
    const fault = name === undefined ? unknownFlag(token.name, token.rawName) : faultOf(name, token, given);
    if (fault !== undefined) problems.push(`flag ${token.rawName}: ${sentence(fault)}`);
    else if (name !== undefined) given.set(name, token.value);
  }
  return { given, operands, problems };
}

function unknownFlag(name: string, rawName: string): string {
  const foreign = Object.entries(FOREIGN_FLAGS).find(([flag]) => flag === name)?.[1];
  if (foreign !== undefined) return foreign;
  const near = rawName.startsWith('--') ? closest(name, NAMES) : undefined;
  return `is not known; ${near === undefined ? 'see --help for those there are' : `did you mean --${near}?`}`;
}

function faultOf(
  name: FlagName,
  { value, inlineValue }: { value: string | undefined; inlineValue: boolean | undefined },
  given: Given,
): string | undefined {
  const flag: Flag = FLAGS[name];
  if (given.has(name)) return 'is given twice; give it once';
  if (flag.value === undefined) return value === undefined ? undefined : 'takes no value; give it alone';
  const isMissing = value === undefined || value === '' || (inlineValue !== true && value.startsWith('-'));
  return isMissing ? `needs a value; write --${name} ${flag.value}` : undefined;
}

const sentence = (text: string): string => (/[.?]$/.test(text) ? text : `${text}.`);

/** Values of flags and operands; what is wrong goes to the problems, and a stand-in comes back. */
class Reader {
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
