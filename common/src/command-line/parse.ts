/**
 * The command line as a value, or every thing that is wrong with it. Read strictly: a flag that is ignored would look like one
 * that is obeyed. The flags of all commands are known from the start, so that they may stand before the command too.
 */
import { closest, quote } from '../base/index.ts';
import { parseArgs } from 'node:util';
import { FlagReader, sentence } from './flag-reader.ts';
import { namesOf, type Program } from './program.ts';

export type CommandLine<CommandName extends string, Request> =
  | { readonly kind: 'run'; readonly request: Request }
  | { readonly kind: 'help'; readonly command: CommandName | undefined }
  | { readonly kind: 'invalid'; readonly command: CommandName | undefined; readonly problems: readonly string[] };

/** What a command asks for; what cannot be meant is told to the reader, and the request then not used. */
export type ReadRequest<FlagName extends string, CommandName extends string, Request> = (
  command: CommandName,
  flags: FlagReader<FlagName>,
  operands: readonly string[],
) => Request;

const NOT_KNOWN = 'is not known;';

/** Flags of every program have `help` among them; the word help before a command asks for the same. */
export function parseCommandLine<F extends string, C extends string, Request>(
  program: Program<F, C>,
  argv: readonly string[],
  read: ReadRequest<F, C, Request>,
): CommandLine<C, Request> {
  const { given, words, problems } = readTokens(program, argv);
  const isHelpWord = words[0] === 'help';
  const found = findCommand(namesOf(program.commands), isHelpWord ? words.slice(1) : words);
  const command = found.kind === 'command' ? found.command : undefined;
  if (isHelpWord || [...given.keys()].some((name) => name === 'help') || argv.length === 0) {
    return { kind: 'help', command };
  }
  if (found.kind === 'unknown') return { kind: 'invalid', command, problems: [found.fault, ...problems] };
  const { flags, operands: expected } = program.commands[found.command];
  for (const name of given.keys()) {
    if (flags.includes(name) || program.globalFlags.includes(name)) continue;
    problems.push(`flag --${name}: is not one of ${found.command}; leave it out.`);
  }
  // What follows a flag that is not known may be its value.
  const isClear = !problems.some((problem) => problem.includes(NOT_KNOWN));
  const request = read(
    found.command,
    new FlagReader(given, problems),
    isClear || expected !== '' ? found.operands : [],
  );
  return problems.length > 0 ? { kind: 'invalid', command, problems } : { kind: 'run', request };
}

type Found<C> =
  | { readonly kind: 'command'; readonly command: C; readonly operands: readonly string[] }
  | { readonly kind: 'unknown'; readonly fault: string };

function findCommand<C extends string>(names: readonly C[], words: readonly string[]): Found<C> {
  const command = names.find((name) => name.split(' ').every((part, index) => part === words[index]));
  if (command !== undefined) return { kind: 'command', command, operands: words.slice(command.split(' ').length) };
  const [first] = words;
  const group = names.filter((name) => name.startsWith(`${first ?? ''} `));
  const all = `give one of ${(group.length === 0 ? names : group).join(', ')}`;
  const said = words.slice(0, group.length === 0 ? 1 : 2).join(' ');
  if (first === undefined) return { kind: 'unknown', fault: `no command; ${all}.` };
  if (said === first && group.length > 0) {
    return { kind: 'unknown', fault: `command ${quote(first)}: has several commands; ${all}.` };
  }
  const meant = near(said, names);
  const remedy = meant === undefined ? all : `did you mean ${meant}?`;
  return { kind: 'unknown', fault: `command ${quote(said)}: is not known; ${sentence(remedy)}` };
}

function readTokens<F extends string, C extends string>(program: Program<F, C>, argv: readonly string[]) {
  const names = namesOf(program.flags);
  const options = Object.fromEntries(
    names.map((name) => {
      const { value, short } = program.flags[name];
      const type = value === undefined ? ('boolean' as const) : ('string' as const);
      return [name, { type, ...(short === undefined ? {} : { short }) }];
    }),
  );
  const { tokens } = parseArgs({ args: [...argv], options, strict: false, tokens: true, allowPositionals: true });
  const given = new Map<F, string | undefined>();
  const words: string[] = [];
  const problems: string[] = [];
  let meantFlag: F | undefined;
  for (const token of tokens) {
    const isValueOfMeant = meantFlag !== undefined && program.flags[meantFlag].value !== undefined;
    meantFlag = undefined;
    if (token.kind === 'positional' && !isValueOfMeant) words.push(token.value);
    if (token.kind !== 'option') continue;
    const { rawName, value } = token;
    const name = names.find((one) => one === token.name);
    if (name === undefined) {
      meantFlag = isShort(rawName) || value !== undefined ? undefined : near(token.name, names);
      problems.push(`flag ${rawName}: ${sentence(unknownFlag(program, token))}`);
      continue;
    }
    const fault = given.has(name)
      ? 'is given twice; give it once'
      : faultOfValue(name, program.flags[name].value, token);
    if (fault !== undefined) problems.push(`flag ${rawName}: ${sentence(fault)}`);
    // As other programs do, kubectl among them: -o=json.
    else given.set(name, isShort(rawName) ? value?.replace(/^=/, '') : value);
  }
  return { given, words, problems };
}

function near<Name extends string>(word: string, names: readonly Name[]): Name | undefined {
  const found = closest(word, names);
  return names.find((name) => name === found);
}

const isShort = (rawName: string): boolean => !rawName.startsWith('--');

function unknownFlag<F extends string, C extends string>(
  { flags, foreignFlags }: Program<F, C>,
  { name, rawName }: { readonly name: string; readonly rawName: string },
): string {
  const foreign = Object.entries(foreignFlags).find(([flag]) => flag === name)?.[1];
  if (foreign !== undefined) return foreign;
  const meant = isShort(rawName) ? undefined : near(name, namesOf(flags));
  return `${NOT_KNOWN} ${meant === undefined ? 'see --help for those there are' : `did you mean --${meant}?`}`;
}

function faultOfValue(
  name: string,
  placeholder: string | undefined,
  { value, inlineValue }: { readonly value: string | undefined; readonly inlineValue: boolean | undefined },
): string | undefined {
  if (placeholder === undefined) return value === undefined ? undefined : 'takes no value; give it alone';
  const isMissing = value === undefined || value === '' || (inlineValue !== true && value.startsWith('-'));
  return isMissing ? `needs a value; write --${name} ${placeholder}` : undefined;
}
