/** `discover --watch`: what is added, removed or changed, as it happens. Nothing is printed when nothing has changed. */
import { type Console, type ExitCode } from '@couchestor/common/command-line';
import { ChangeDetector, type HardwareChange, type HardwareObserver } from '../hardware/index.ts';
import { printable } from './discover-cells.ts';
import type { DiscoverRequest } from './discover-request.ts';

/** Ends by Ctrl-C, or when nobody reads any more. */
export async function watchDisks(
  observer: HardwareObserver,
  { output, intervalMs }: DiscoverRequest,
  { out, clock, interrupted, unread }: Console,
): Promise<ExitCode> {
  const detector = new ChangeDetector();
  const stopped = AbortSignal.any([interrupted, unread]);
  while (!stopped.aborted) {
    const { devices, snapshot } = await observer.look();
    const at = new Date(clock.now()).toISOString();
    for (const change of detector.next(devices, snapshot.gaps)) {
      out(output === 'json' ? `${JSON.stringify({ at, ...change })}\n` : `${at} ${printable(changeText(change))}\n`);
    }
    await clock.sleep(intervalMs, stopped).catch(() => undefined);
  }
  return interrupted.aborted ? 130 : 0;
}

function changeText(change: HardwareChange): string {
  const { kernelName, id, tier, health, offerable } = change.device;
  const named = `${change.kind} ${kernelName} ${id}`;
  if (change.kind === 'removed') return named;
  if (change.kind === 'added')
    return `${named} tier=${tier ?? '-'} health=${health} offerable=${offerable ? 'yes' : 'no'}`;
  const fields = change.fields.map(
    ({ field, before, after }) => `${field}: ${JSON.stringify(before)} → ${JSON.stringify(after)}`,
  );
  return `${named} ${fields.join(', ')}`;
}
