/** Between two portions of long work: whatever else waits in this process (probes, leases, other answers) has its turn. */
import { throwIfCancelled } from './shared-call.ts';

/** Thrown when `signal` has aborted by then: CoucheStorError `cancelled`. */
export async function breathe(signal: AbortSignal): Promise<void> {
  await new Promise((resolve) => setImmediate(resolve));
  throwIfCancelled(signal);
}
