/** One command from its arguments to its exit code. Everything that it needs of the process is given. */
import { CoucheStorError } from '@couchestor/common/base';
import { KubeApi } from './cluster/kube-api.ts';
import { loadKubeConfig, type Environment } from './cluster/kubeconfig.ts';
import { ClusterObjects } from './cluster/objects.ts';
import { OperatorApi } from './cluster/operator-api.ts';
import { commandHelp, generalHelp, PROGRAM } from './command-line/help.ts';
import { parseCommandLine } from './command-line/parse.ts';
import type { Connection, Request } from './command-line/requests.ts';
import { approve } from './commands/approve.ts';
import { cancel } from './commands/cancel.ts';
import { explainByOperator, explainByStatus } from './commands/explain.ts';
import { migrations } from './commands/migrations.ts';
import type { Console, ExitCode } from './console.ts';

export interface RunInputs {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly console: Console;
  readonly version: string;
}

export async function run({ argv, environment, console, version }: RunInputs): Promise<ExitCode> {
  const line = parseCommandLine(argv);
  switch (line.kind) {
    case 'help':
      console.out(line.command === undefined ? generalHelp() : commandHelp(line.command));
      return 0;
    case 'version':
      console.out(`kubectl-couchestor ${version}\n`);
      return 0;
    case 'invalid': {
      const help = line.command === undefined ? PROGRAM : `${PROGRAM} ${line.command}`;
      for (const problem of line.problems) console.err(`error: ${problem}\n`);
      console.err(`See ${help} --help.\n`);
      return 2;
    }
    case 'run':
      return carryOut(line.request, line.connection, environment, console).catch((error: unknown) => {
        if (console.interrupted.aborted) return 130;
        if (!(error instanceof CoucheStorError)) throw error;
        console.err(`error: ${error.message}\n`);
        return 1;
      });
  }
}

async function carryOut(
  request: Request,
  connection: Connection,
  environment: Environment,
  console: Console,
): Promise<ExitCode> {
  const limits = { timeoutMs: connection.requestTimeoutMs, signal: console.interrupted };
  if (request.command === 'explain' && request.operatorUrl !== undefined) {
    return explainByOperator(request, new OperatorApi({ url: request.operatorUrl, ...limits }), console);
  }
  const api = new KubeApi(await loadKubeConfig(connection, environment), limits);
  const objects = new ClusterObjects(api);
  switch (request.command) {
    case 'migrations':
      return migrations(request, objects, console);
    case 'cancel':
      return cancel(request, objects, console);
    case 'approve':
      return approve(request, objects, console, api.endpoint.user);
    case 'explain':
      return explainByStatus(request, objects, console);
  }
}
