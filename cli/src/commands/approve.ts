/** `approve`: a person's word that a migration may start. */
import type { Console, ExitCode } from '@couchestor/common/command-line';
import type { ClusterObjects } from '../cluster/objects.ts';
import type { ApproveRequest } from '../command-line/requests.ts';
import { change } from './change.ts';
import { approvalVerdict } from './verdict.ts';

/** `userName`: of the kubeconfig, where the API server does not say who it is. */
export async function approve(
  request: ApproveRequest,
  objects: ClusterObjects,
  console: Console,
  userName: string,
): Promise<ExitCode> {
  const by = request.by ?? (await objects.whoAmI()) ?? userName;
  const isDone = await change(request, objects, console, (stored) => approvalVerdict(stored, by));
  return isDone ? 0 : 1;
}
