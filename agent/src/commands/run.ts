/** One command from its arguments to its exit code. Everything that it needs of the process is given. */
import { runProgram, type Console, type ExitCode } from '@couchestor/common/command-line';
import { discover } from './discover.ts';
import { poolCheck } from './pool-check.ts';
import { poolInit } from './pool-init.ts';
import { poolList } from './pool-ls.ts';
import { poolScrub } from './pool-scrub.ts';
import { PROGRAM } from './program.ts';
import { readRequest } from './read-request.ts';
import type { Request } from './requests.ts';

export interface RunInputs {
  readonly argv: readonly string[];
  readonly console: Console;
  readonly version: string;
}

export function run({ argv, console, version }: RunInputs): Promise<ExitCode> {
  return runProgram({
    program: PROGRAM,
    argv,
    console,
    read: readRequest,
    carryOut: (request) => carryOut(request, console, version),
  });
}

async function carryOut(request: Request, console: Console, version: string): Promise<ExitCode> {
  switch (request.command) {
    case 'pool init':
      return poolInit(request, console);
    case 'pool ls':
      return poolList(request, console);
    case 'pool check':
      return poolCheck(request, console);
    case 'pool scrub':
      return poolScrub(request, console);
    case 'discover':
      return discover(request, console);
    case 'version':
      console.out(`couchestor-agent ${version}\n`);
      return 0;
  }
}
