/** The new replica is being filled: how far it is, and whether it is whole. */
import type { RebuildRecord } from '../model/rebuild-history.ts';
import { end, extraOf, interruption } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { progressOf, whole } from './progress.ts';
import { ailmentOf } from './replicas.ts';
import { askedCount, enter, isCancelled, isOverdue, wait, type MigrationView } from './view.ts';

export function syncing(view: MigrationView): Instruction {
  const stop = interruption(view) ?? stopped(view);
  if (stop !== undefined) return stop;
  const ailment = syncAilment(view);
  if (ailment === undefined)
    return enter(view, 'Verifying', { ...whole(view), message: 'The new replica is being verified.' });
  return wait(view, view.settings.pollIntervalMs, {
    ...progressOf(view),
    message: `The new replica is being filled: ${ailment}.`,
  });
}

/** Undefined: the new replica, and every other, is whole. */
export function syncAilment({ observation, ...view }: MigrationView): string | undefined {
  const { volume } = observation;
  if (volume === undefined) return 'the volume is not there';
  return ailmentOf(volume, askedCount(view) + 1);
}

/** Both copies stay: the old one because it was not removed yet, the new one because nobody asked for its removal. */
export function stopped(view: MigrationView): Instruction | undefined {
  const extra = extraOf(view);
  if (isCancelled(view)) {
    return end(view, { outcome: 'Cancelled', message: 'Cancelled; both copies stay.', extra });
  }
  if (!isOverdue(view)) return undefined;
  const why = syncAilment(view) ?? 'it was not removed yet';
  return end(view, { outcome: 'Aborted', message: `It took too long, and both copies stay: ${why}.`, extra });
}

/** Of the new replica; undefined: none is known. */
export function lastRebuild({ observation, status }: MigrationView): RebuildRecord | undefined {
  const { rebuilds } = observation;
  if (rebuilds?.kind !== 'known') return undefined;
  return rebuilds.records
    .filter(({ replicaId }) => replicaId === status.newReplica?.replicaId)
    .reduce<RebuildRecord | undefined>(
      (last, record) => (last === undefined || record.startedAtMs >= last.startedAtMs ? record : last),
      undefined,
    );
}
