/** The new replica is being filled: how far it is, and whether it is whole. */
import type { RebuildRecord } from '../model/rebuild-history.ts';
import { formatTimestamp } from '@couchestor/common/api';
import { end, extraOf, interruption } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { ailmentOf, find } from './replicas.ts';
import { askedCount, enter, isCancelled, isOverdue, wait, type MigrationView, type StatusChanges } from './view.ts';

export function syncing(view: MigrationView): Instruction {
  const stop = interruption(view) ?? stopped(view);
  if (stop !== undefined) return stop;
  const ailment = syncAilment(view);
  if (ailment === undefined)
    return enter(view, 'Verifying', { ...whole(view), message: 'The new replica is being verified.' });
  return wait(view, view.settings.pollIntervalMs, {
    ...progress(view),
    message: `The new replica is being filled: ${ailment}.`,
  });
}

function whole({ status }: MigrationView): StatusChanges {
  return { progressPercent: 100, bytesSynced: status.bytesTotal, estimatedCompletionTime: undefined };
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

function progress(view: MigrationView): StatusChanges {
  const { volume } = view.observation;
  const { newReplica } = view.status;
  const percent = volume && find(volume, newReplica?.replicaId)?.rebuildPercent;
  const rebuild = lastRebuild(view);
  return {
    ...(percent === undefined ? {} : { progressPercent: Math.floor(percent) }),
    ...(rebuild?.state === 'Running'
      ? { bytesTotal: rebuild.totalBytes, bytesSynced: rebuild.recoveredBytes, ...estimate(view, rebuild) }
      : { estimatedCompletionTime: undefined }),
  };
}

/** At the speed so far. */
function estimate({ nowMs }: MigrationView, rebuild: RebuildRecord): StatusChanges {
  const elapsedMs = nowMs - rebuild.startedAtMs;
  if (rebuild.recoveredBytes <= 0 || elapsedMs <= 0) return { estimatedCompletionTime: undefined };
  const restMs = (elapsedMs / rebuild.recoveredBytes) * Math.max(rebuild.totalBytes - rebuild.recoveredBytes, 0);
  return { estimatedCompletionTime: formatTimestamp(nowMs + restMs) };
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
