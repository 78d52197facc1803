/** Once more, later than an answer can be old: the new replica is whole, where it should be, and its rebuild is on record. */
import { end, interruption, preserved } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { find } from './replicas.ts';
import { lastRebuild, stopped, syncAilment } from './syncing.ts';
import { enter, wait, type MigrationView } from './view.ts';

export function verifying(view: MigrationView): Instruction {
  const { status, spec, settings, observation } = view;
  const stop = interruption(view) ?? stopped(view);
  if (stop !== undefined) return stop;
  const ailment = syncAilment(view);
  if (ailment !== undefined)
    return enter(view, 'Syncing', { message: `The new replica is not whole any more: ${ailment}.` });
  const place = observation.volume && find(observation.volume, status.newReplica?.replicaId);
  if (place?.pool !== spec.target.pool) {
    const message = `The new replica is not on pool ${spec.target.pool}. Both copies stay.`;
    return end(view, { outcome: 'Aborted', message, extra: status.newReplica });
  }
  const restMs = settings.settleMs - observation.watched.phaseMs;
  if (restMs > 0) return wait(view, restMs);
  const doubt = doubtOf(view);
  if (doubt !== undefined) return wait(view, settings.pollIntervalMs, { message: doubt });
  if (!spec.preservationMode) return enter(view, 'Removing', { message: 'The old replica is being removed.' });
  return preserved(view);
}

/** Records are lost when the target is made anew; then a replica that is its good child for longer still has to do. */
function doubtOf(view: MigrationView): string | undefined {
  const { observation, settings } = view;
  if (observation.rebuilds?.kind !== 'known') return undefined;
  const rebuild = lastRebuild(view);
  if (rebuild?.state === 'Completed') return undefined;
  if (rebuild !== undefined) return `The record of the rebuild says ${rebuild.state}.`;
  const isLong = observation.watched.phaseMs >= 2 * settings.settleMs;
  return isLong ? undefined : 'No record of the rebuild was found yet.';
}
