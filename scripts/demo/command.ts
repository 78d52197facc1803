/**
 * What `npm run demo` and `npm run sandbox` have in common: flags that are refused with the usage, an end at Ctrl-C that leaves
 * neither processes nor files behind, and an exit code that is the truth.
 */
import { parseArgs, type ParseArgsConfig } from 'node:util';

export type Flags = Readonly<Record<string, string | boolean | undefined>>;

export interface Command<Settings> {
  /** In messages. */
  readonly name: string;
  readonly usage: string;
  readonly options: NonNullable<ParseArgsConfig['options']>;
  /** What the flags mean. Thrown: Error with the flag and what to give instead, for flags that cannot be meant. */
  readonly read: (flags: Flags) => Settings;
  /** Ends early, with an error, when `interruption` aborts. `stays`: it has done its work and is left running until Ctrl-C. */
  readonly run: (settings: Settings, interruption: AbortSignal) => Promise<'ended' | 'stays'>;
  /** Called once, however `run` ends. */
  readonly cleanUp: () => Promise<void>;
}

const EXIT_CODE_OF = { SIGINT: 130, SIGTERM: 143, SIGHUP: 129 } as const;
const EXIT_FAILED = 1;
const EXIT_USAGE = 2;

/** Ends the process. */
export async function runCommand<Settings>(command: Command<Settings>): Promise<never> {
  const { name } = command;
  const settings = settingsOf(command);
  const interruption = new AbortController();
  let exitCode = 0;
  const interrupt = (code: number): void => {
    exitCode ||= code;
    interruption.abort(new Error('interrupted'));
  };
  for (const [signal, code] of Object.entries(EXIT_CODE_OF)) process.on(signal, () => interrupt(code));
  // Whoever read the output is gone.
  process.stdout.on('error', () => interrupt(EXIT_FAILED));
  const aborted = new Promise<never>((_, reject) => {
    interruption.signal.addEventListener('abort', () => reject(new Error('interrupted')));
  });
  try {
    const outcome = await Promise.race([command.run(settings, interruption.signal), aborted]);
    if (outcome === 'stays') await aborted.catch(() => undefined);
    exitCode = 0;
  } catch (error) {
    if (!interruption.signal.aborted) {
      process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n`);
      exitCode = EXIT_FAILED;
    }
  }
  await command.cleanUp();
  process.exit(exitCode);
}

/** Ends the process where they are not asked to run with any. */
function settingsOf<Settings>({ name, usage, options, read }: Command<Settings>): Settings {
  try {
    const { values } = parseArgs({ options: { ...options, help: { type: 'boolean', short: 'h' } } });
    if (values.help !== true) return read(values);
    process.stdout.write(usage);
    process.exit(0);
  } catch (error) {
    process.stderr.write(`${name}: ${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(EXIT_USAGE);
  }
}
