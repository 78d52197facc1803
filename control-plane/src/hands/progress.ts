/**
 * How far the new replica is and when it is expected to be whole, from the percentage that Mayastor tells while it rebuilds. The
 * percentage is whole, so nothing is reckoned from its first steps, and an estimate stands until it changes. A percentage that
 * falls back belongs to a rebuild that began again, and so does the estimate.
 */
import { formatTimestamp, type RebuildStart } from '@couchestor/common/api';
import type { RebuildRecord } from '../model/rebuild-history.ts';
import { find } from './replicas.ts';
import { timeOf, type MigrationView, type RecordView, type StatusChanges } from './view.ts';

/** With less the speed is anybody's guess. */
const LEAST_GAIN_PERCENT = 2;
/** Of a rebuild that has ended, to tell its speed. */
const LEAST_SHARE = 0.01;

/** Of a replica that was added just now. */
export function fromNothing(view: RecordView): StatusChanges {
  return {
    progressPercent: 0,
    bytesSynced: undefined,
    estimatedCompletionTime: undefined,
    rebuildStart: { time: timeOf(view), percent: 0 },
  };
}

export function progressOf(view: MigrationView): StatusChanges {
  const { volume } = view.observation;
  const { progressPercent: before = 0, newReplica, rebuildStart, estimatedCompletionTime } = view.status;
  const rebuilt = volume && find(volume, newReplica?.replicaId)?.rebuildPercent;
  // It waits for its rebuild, or that has just ended; whichever it is, nothing is known of its speed.
  if (volume === undefined || rebuilt === undefined) return { estimatedCompletionTime: undefined };
  const percent = Math.floor(rebuilt);
  const goesOn = rebuildStart !== undefined && percent >= before && percent >= rebuildStart.percent;
  const start = goesOn ? rebuildStart : { time: timeOf(view), percent };
  const isExpected = goesOn && percent === before && Date.parse(estimatedCompletionTime ?? '') > view.nowMs;
  return {
    progressPercent: percent,
    bytesTotal: volume.sizeBytes,
    bytesSynced: bytesOf(volume.sizeBytes, percent),
    rebuildStart: start,
    estimatedCompletionTime: isExpected ? estimatedCompletionTime : estimate(view, volume.sizeBytes, percent, start),
  };
}

export function whole({ status, observation }: MigrationView): StatusChanges {
  const bytes = observation.volume?.sizeBytes ?? status.bytesTotal;
  return {
    progressPercent: 100,
    bytesTotal: bytes,
    bytesSynced: bytes,
    estimatedCompletionTime: undefined,
    rebuildStart: undefined,
  };
}

function estimate(view: MigrationView, sizeBytes: number, percent: number, start: RebuildStart): string | undefined {
  const gained = percent - start.percent;
  const elapsedMs = view.nowMs - Date.parse(start.time);
  const restMs =
    gained >= LEAST_GAIN_PERCENT && elapsedMs > 0
      ? ((100 - percent) / gained) * elapsedMs
      : atFormerSpeed(view, sizeBytes - bytesOf(sizeBytes, percent));
  return restMs === undefined ? undefined : formatTimestamp(view.nowMs + restMs);
}

/** At that of the last rebuild of this volume on the target pool which got somewhere. */
function atFormerSpeed({ observation, spec }: MigrationView, restBytes: number): number | undefined {
  const { rebuilds, volume } = observation;
  if (rebuilds?.kind !== 'known' || volume === undefined) return undefined;
  const there = new Set(volume.replicas.flatMap(({ pool, replicaId }) => (pool === spec.target.pool ? replicaId : [])));
  const [last] = rebuilds.records
    .filter(({ replicaId }) => replicaId !== undefined && there.has(replicaId))
    .flatMap(speedOf)
    .sort((a, b) => b.endedAtMs - a.endedAtMs);
  return last === undefined ? undefined : restBytes / last.bytesPerMs;
}

function speedOf({ startedAtMs, endedAtMs, recoveredBytes, totalBytes }: RebuildRecord) {
  if (endedAtMs === undefined || endedAtMs <= startedAtMs || recoveredBytes < totalBytes * LEAST_SHARE) return [];
  const bytesPerMs = recoveredBytes / (endedAtMs - startedAtMs);
  return bytesPerMs > 0 ? [{ endedAtMs, bytesPerMs }] : [];
}

function bytesOf(sizeBytes: number, percent: number): number {
  return Math.floor((sizeBytes / 100) * percent);
}
