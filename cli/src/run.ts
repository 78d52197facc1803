/** One command from its arguments to its exit code. Everything that it needs of the process is given. */
import { runProgram, type Console, type ExitCode } from '@couchestor/common/command-line';
import { KubeApi } from './cluster/kube-api.ts';
import { loadKubeConfig, type Environment } from './cluster/kubeconfig.ts';
import { ClusterObjects } from './cluster/objects.ts';
import { OperatorApi } from './cluster/operator-api.ts';
import { PROGRAM } from './command-line/commands.ts';
import { readRequest, type ConnectedRequest } from './command-line/read-request.ts';
import { approve } from './commands/approve.ts';
import { cancel } from './commands/cancel.ts';
import { explainByOperator, explainByStatus } from './commands/explain.ts';
import { migrations } from './commands/migrations.ts';

export interface RunInputs {
  readonly argv: readonly string[];
  readonly environment: Environment;
  readonly console: Console;
  readonly version: string;
}

export function run({ argv, ...inputs }: RunInputs): Promise<ExitCode> {
  return runProgram({
    program: PROGRAM,
    argv,
    console: inputs.console,
    read: readRequest,
    carryOut: (request) => carryOut(request, inputs),
  });
}

async function carryOut(
  { request, connection }: ConnectedRequest,
  { environment, console, version }: Omit<RunInputs, 'argv'>,
): Promise<ExitCode> {
  if (request.command === 'version') {
    console.out(`kubectl-couchestor ${version}\n`);
    return 0;
  }
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
