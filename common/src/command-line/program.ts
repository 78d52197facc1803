/** What a program on the command line consists of, as a value: its flags and commands are data, and one parser and one help serve all. */

export interface Flag {
  /** One letter. */
  readonly short?: string;
  /** What stands for the value in the help; absent: the flag takes none. */
  readonly value?: string;
  /** The values that it takes, where they are few. */
  readonly choices?: readonly string[];
  readonly default?: string;
  readonly description: string;
}

export interface Command<FlagName extends string> {
  readonly summary: string;
  /** What it takes besides flags, as the help writes it; empty: nothing. */
  readonly operands: string;
  readonly flags: readonly FlagName[];
  /** The formats of --output, the default first. */
  readonly formats?: readonly string[];
  readonly details: string;
  readonly examples: readonly string[];
}

/** One name of a flag means one thing in every command that has it. The name of a command may have several words. */
export interface Program<FlagName extends string, CommandName extends string> {
  /** As people type it. */
  readonly name: string;
  /** Ends "<name> …" in the help. */
  readonly purpose: string;
  readonly flags: Readonly<Record<FlagName, Flag>>;
  readonly globalFlags: readonly FlagName[];
  /** Flags that users are used to from elsewhere and that mean nothing here, each with what to write. */
  readonly foreignFlags: Readonly<Record<string, string>>;
  readonly commands: Readonly<Record<CommandName, Command<FlagName>>>;
  /** The paragraph of the help about exit codes. */
  readonly exitCodes: string;
}

export function namesOf<Name extends string>(record: Readonly<Record<Name, unknown>>): readonly Name[] {
  return Object.keys(record) as Name[];
}
