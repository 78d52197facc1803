/**
 * The configuration of a process: flags over environment over a YAML file over defaults, parsed once at start and frozen.
 * Pure: arguments, environment and files come in as values, so that a process is configured in a test exactly as in
 * production. Every problem is reported at once, each with its source, the value (unless secret) and what is accepted.
 */
import { readConfigFile } from './config-file.ts';
import { readFlags } from './config-flags.ts';
import { renderHelp } from './config-help.ts';
import { EMPTY_SOURCE } from './config-source.ts';
import type { Given, SourceReading } from './config-source.ts';
import { checkSpec } from './config-spec.ts';
import type { ConfigOf, ConfigSpec, OptionSpec, OptionValue } from './config-spec.ts';
import { acceptedValues, displayValue, parseOption } from './config-value.ts';
import type { ReadFile } from './config-value.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export interface ConfigInputs {
  /** Without the program itself: process.argv.slice(2). */
  readonly argv: readonly string[];
  readonly env: Environment;
  /** Reads a text file whole, as UTF-8; throws when it cannot. */
  readonly readFile: ReadFile;
  /** What the help text starts with: the command line, and what the process is for. */
  readonly usage?: string;
}

export type LoadedConfig<Spec extends ConfigSpec> =
  | { readonly kind: 'ok'; readonly config: ConfigOf<Spec> }
  | { readonly kind: 'help'; readonly text: string }
  | { readonly kind: 'version' }
  | { readonly kind: 'invalid'; readonly problems: string[] };

/**
 * Reads every option of the spec. `--help` and `--version` win over any problem. A value that loses to a higher source is
 * checked all the same, since it would strike as soon as the higher one is removed. Thrown when the spec itself is
 * malformed: InvariantError.
 */
export function loadConfig<const Spec extends ConfigSpec>(spec: Spec, inputs: ConfigInputs): LoadedConfig<Spec> {
  checkSpec(spec);
  const { argv, env, readFile, usage } = inputs;
  const flags = readFlags(spec, argv);
  if (flags.help) return { kind: 'help', text: renderHelp(spec, usage) };
  if (flags.version) return { kind: 'version' };
  const file = flags.configPath === undefined ? EMPTY_SOURCE : readConfigFile(spec, flags.configPath, readFile);
  const sources = [flags, readEnvironment(spec, env), file];

  const problems = sources.flatMap((source) => source.problems);
  const config: Record<string, OptionValue | undefined> = {};
  for (const [key, option] of Object.entries(spec)) {
    const { value, faults } = readOption(option, givenBy(sources, key, option), readFile);
    config[key] = value;
    problems.push(...faults);
    // A file that could not be read may well hold it.
    if (value === undefined && faults.length === 0 && option.required === true && file.readable) {
      problems.push(missing(key, option));
    }
  }
  if (problems.length > 0) return { kind: 'invalid', problems };
  // Its keys are those of the spec, and parseOption returns for each type what ConfigOf says.
  return { kind: 'ok', config: Object.freeze(config) as ConfigOf<Spec> };
}

/** An empty variable counts as not set, since that is how deployment tools leave one out. */
function readEnvironment(spec: ConfigSpec, env: Environment): SourceReading {
  const given = new Map<string, Given>();
  for (const [key, { env: name }] of Object.entries(spec)) {
    if (name === undefined) continue;
    const text = env[name] ?? '';
    if (text !== '') given.set(key, { source: `environment ${name}`, text });
  }
  return { ...EMPTY_SOURCE, given };
}

/** What the sources say about one option, the one that counts first; the default only when none says anything. */
function givenBy(sources: readonly SourceReading[], key: string, option: OptionSpec): Given[] {
  const given = sources.flatMap((source) => source.given.get(key) ?? []);
  if (given.length > 0 || option.default === undefined) return given;
  return [{ source: `default of --${option.flag}`, text: String(option.default) }];
}

interface OptionReading {
  readonly value: OptionValue | undefined;
  readonly faults: readonly string[];
}

function readOption(option: OptionSpec, given: readonly Given[], readFile: ReadFile): OptionReading {
  const faults: string[] = [];
  const values = given.map(({ source, text }) => {
    const parsed = parseOption(option, text, readFile);
    if (parsed.kind === 'ok') return parsed.value;
    faults.push(`${source}: ${displayValue(option, text)} ${parsed.fault}; give ${acceptedValues(option)}.`);
    return undefined;
  });
  return { value: values[0], faults };
}

function missing(key: string, { flag, env }: OptionSpec): string {
  const environment = env === undefined ? '' : `, set ${env}`;
  return `flag --${flag}: is required; give the flag${environment} or write ${key} in the file of --config.`;
}
