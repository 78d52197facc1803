/**
 * The command line as a value, or every thing that is wrong with it. Read strictly: a flag that is ignored would look like one
 * that is obeyed. The flags of all commands are known from the start, so that they may stand before the command too.
 */
import { MIGRATION_PHASES } from '@couchestor/common/api';
import { closest, quote } from '@couchestor/common/base';
import { parseArgs } from 'node:util';
import { COMMAND_NAMES, commandOf, type CommandName } from './commands.ts';
import { FLAGS, FOREIGN_FLAGS, GLOBAL_FLAGS, type Flag, type FlagName } from './flags.ts';
import type { Connection, Request } from './requests.ts';
import { sentence, ValueReader, type Given } from './value-reader.ts';

export type CommandLine =
  | { readonly kind: 'run'; readonly request: Request; readonly connection: Connection }
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'version' }
  | { readonly kind: 'invalid'; readonly command: CommandName | undefined; readonly problems: readonly string[] };

const NAMES = Object.keys(FLAGS) as readonly FlagName[];
const NOT_KNOWN = 'is not known;';

export function parseCommandLine(argv: readonly string[]): CommandLine {
  const { given, operands, problems } = readTokens(argv);
  const asksForHelp = given.has('help') || operands[0] === 'help';
  const [word, ...rest] = operands[0] === 'help' ? operands.slice(1) : operands;
  const command = COMMAND_NAMES.find((name) => name === word);
  if (asksForHelp) return { kind: 'help', command };
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
  const reader = new ValueReader(given, problems);
  const connection = {
    kubeconfig: reader.text('kubeconfig'),
    context: reader.text('context'),
    requestTimeoutMs: reader.duration('request-timeout'),
  };
  // What follows a flag that is not known may be its value.
  const isClear = !problems.some((problem) => problem.includes(NOT_KNOWN));
  const request = requestOf(command, reader, isClear || commandOf(command).operands !== '' ? rest : []);
  if (problems.length > 0) return { kind: 'invalid', command, problems };
  return request === undefined ? { kind: 'version' } : { kind: 'run', request, connection };
}

/** Undefined: the version, which needs nothing. */
function requestOf(command: CommandName, reader: ValueReader, operands: readonly string[]): Request | undefined {
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
    // As other programs do, kubectl among them: -o=json.
    else if (name !== undefined) given.set(name, isShort(token.rawName) ? token.value?.replace(/^=/, '') : token.value);
  }
  return { given, operands, problems };
}

const isShort = (rawName: string): boolean => !rawName.startsWith('--');

function unknownFlag(name: string, rawName: string): string {
  const foreign = Object.entries(FOREIGN_FLAGS).find(([flag]) => flag === name)?.[1];
  if (foreign !== undefined) return foreign;
  const near = isShort(rawName) ? undefined : closest(name, NAMES);
  return `${NOT_KNOWN} ${near === undefined ? 'see --help for those there are' : `did you mean --${near}?`}`;
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
