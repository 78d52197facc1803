/** A program from its arguments to its exit code. */
import { CoucheStorError } from '../base/index.ts';
import type { Console, ExitCode } from './console.ts';
import { commandHelp, generalHelp } from './help.ts';
import { parseCommandLine, type ReadRequest } from './parse.ts';
import type { Program } from './program.ts';

export interface ProgramInputs<FlagName extends string, CommandName extends string, Request> {
  readonly program: Program<FlagName, CommandName>;
  readonly argv: readonly string[];
  readonly console: Console;
  readonly read: ReadRequest<FlagName, CommandName, Request>;
  /** A CoucheStorError that it throws is told, and is exit code 1, or 130 after Ctrl-C. */
  readonly carryOut: (request: Request) => Promise<ExitCode>;
}

export async function runProgram<F extends string, C extends string, Request>({
  program,
  argv,
  console,
  read,
  carryOut,
}: ProgramInputs<F, C, Request>): Promise<ExitCode> {
  const line = parseCommandLine(program, argv, read);
  switch (line.kind) {
    case 'help':
      console.out(line.command === undefined ? generalHelp(program) : commandHelp(program, line.command));
      return 0;
    case 'invalid':
      for (const problem of line.problems) console.err(`error: ${problem}\n`);
      console.err(`See ${program.name}${line.command === undefined ? '' : ` ${line.command}`} --help.\n`);
      return 2;
    case 'run':
      return carryOut(line.request).catch((error: unknown) => {
        if (console.interrupted.aborted) return 130;
        if (!(error instanceof CoucheStorError)) throw error;
        console.err(`error: ${error.message}\n`);
        return 1;
      });
  }
}
