/** The command line as a source of configuration. */
import { parseArgs } from 'node:util';
import type { Given, SourceReading } from './config-source.ts';
import { RESERVED_FLAGS } from './config-spec.ts';
import type { ConfigSpec } from './config-spec.ts';
import { quote } from './quote.ts';
import { closest } from './suggest.ts';

export interface FlagReading extends SourceReading {
  readonly help: boolean;
  readonly version: boolean;
  readonly configPath: string | undefined;
}

type FlagToken = Extract<NonNullable<ReturnType<typeof parseArgs>['tokens']>[number], { kind: 'option' }>;

type FlagOutcome =
  | { readonly kind: 'set'; readonly flag: string; readonly text: string }
  | { readonly kind: 'unknown' | 'misused'; readonly problem: string };

/**
 * `--flag value`, `--flag=value`; for booleans `--flag`, `--no-flag`, `--flag=true`, `--flag=false`. The last of several wins.
 * Arguments that are no flag are problems.
 */
export function readFlags(spec: ConfigSpec, argv: readonly string[]): FlagReading {
  const keyOfFlag = new Map(Object.entries(spec).map(([key, { flag }]) => [flag, key]));
  const switches = new Set([
    'help',
    'version',
    ...Object.values(spec).flatMap(({ type, flag }) => (type === 'boolean' ? flag : [])),
  ]);
  const known = new Set<string>([...RESERVED_FLAGS, ...keyOfFlag.keys()]);
  const { tokens } = parseArgs({
    args: [...argv],
    strict: false,
    tokens: true,
    options: {
      ...Object.fromEntries(
        [...known].map((flag) => [flag, { type: switches.has(flag) ? 'boolean' : 'string' } as const]),
      ),
      help: { type: 'boolean', short: 'h' },
    },
  });

  const given = new Map<string, Given>();
  const reserved = new Map<string, string>();
  // A set, since parseArgs reads -flag as the flags -f, -l, -a, -g, which are one mistake.
  const problems = new Set<string>();
  let mistypedIndex = -Infinity;
  for (const token of tokens) {
    // What follows a mistyped flag is its value, perhaps a secret.
    if (token.kind === 'positional' && token.index !== mistypedIndex + 1) {
      problems.add(`argument ${quote(token.value)}: belongs to no flag; write --flag=value.`);
    }
    if (token.kind !== 'option') continue;
    const outcome = readFlag(token, { known, switches, written: argv[token.index] ?? token.rawName });
    if (outcome.kind !== 'set') {
      problems.add(outcome.problem);
      if (outcome.kind === 'unknown') mistypedIndex = token.index;
      continue;
    }
    const key = keyOfFlag.get(outcome.flag);
    if (key === undefined) reserved.set(outcome.flag, outcome.text);
    else given.set(key, { source: `flag --${outcome.flag}`, text: outcome.text });
  }
  return {
    given,
    problems: [...problems],
    readable: true,
    help: reserved.has('help'),
    version: reserved.has('version'),
    configPath: reserved.get('config'),
  };
}

interface FlagContext {
  readonly known: ReadonlySet<string>;
  /** Flags that take no value of their own. */
  readonly switches: ReadonlySet<string>;
  /** The argument as it was given. */
  readonly written: string;
}

function readFlag(
  { name, value, inlineValue, rawName }: FlagToken,
  { known, switches, written }: FlagContext,
): FlagOutcome {
  const negated =
    name.startsWith('no-') && switches.has(name.slice('no-'.length)) && !isReserved(name.slice('no-'.length));
  const flag = negated ? name.slice('no-'.length) : name;
  if (!known.has(flag) || (!rawName.startsWith('--') && flag !== 'help')) return unknownFlag(written, known);
  if (negated && value !== undefined) {
    return { kind: 'misused', problem: `flag --${name}: takes no value; write --${flag}=true or --${flag}=false.` };
  }
  if (switches.has(flag)) return { kind: 'set', flag, text: value ?? (negated ? 'false' : 'true') };
  // "--url --dry-run" more likely lacks a value than means a URL of "--dry-run".
  if (value === undefined || (!inlineValue && value.startsWith('--'))) {
    return { kind: 'misused', problem: `flag --${flag}: has no value; write --${flag}=VALUE.` };
  }
  return { kind: 'set', flag, text: value };
}

function isReserved(flag: string): boolean {
  return RESERVED_FLAGS.some((reserved) => reserved === flag);
}

/** Only the name is shown: what follows the "=" of a mistyped flag may be a secret. */
function unknownFlag(written: string, known: Iterable<string>): FlagOutcome {
  const [shown = ''] = written.split('=', 1);
  const suggestion = closest(shown.replace(/^-+/, ''), known);
  const hint = suggestion === undefined ? 'see --help.' : `did you mean --${suggestion}?`;
  return { kind: 'unknown', problem: `flag ${quote(shown)}: does not exist; ${hint}` };
}
