/** `cancel`: stops migrations, has their extra replicas removed, and waits for both if asked to. */
import type { Console, ExitCode } from '@couchestor/common/command-line';
import type { ClusterObjects } from '../cluster/objects.ts';
import type { CancelRequest } from '../command-line/requests.ts';
import { change } from './change.ts';
import { cancelVerdict } from './verdict.ts';
import { waitForEnd } from './wait.ts';

export async function cancel(request: CancelRequest, objects: ClusterObjects, console: Console): Promise<ExitCode> {
  const isDone = await change(request, objects, console, (stored) => cancelVerdict(stored, request));
  if (!isDone) return 1;
  return request.wait ? waitForEnd(request, objects, console) : 0;
}
