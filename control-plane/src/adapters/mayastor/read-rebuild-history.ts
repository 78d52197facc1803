/**
 * `GET /v0/volumes/{id}/rebuild-history` as facts. What a verification rests on has to be readable: which replica, how it ended,
 * and when. Replicas go and their records stay, so one may name none of the volume; a state that is not known is Unknown.
 */
import type { RebuildRecord, RebuildState } from '../../model/rebuild-history.ts';
import type { Place } from './json-fields.ts';

/** RebuildJobState of mayastor-control-plane. */
const STATES: ReadonlyMap<unknown, RebuildState> = new Map(
  Object.entries({
    Init: 'Running',
    Rebuilding: 'Running',
    Paused: 'Paused',
    Stopped: 'Stopped',
    Failed: 'Failed',
    Completed: 'Completed',
  } as const),
);

/** Thrown: CoucheStorError `unsupported`, which names the field. */
export function readRebuildHistory(
  value: unknown,
  place: Place,
  replicaIds: readonly string[],
): readonly RebuildRecord[] {
  const at = place.at('records');
  return at.array(place.object(value).records).map((record, index) => readRecord(record, at.at(index), replicaIds));
}

function readRecord(value: unknown, place: Place, replicaIds: readonly string[]): RebuildRecord {
  const record = place.object(value);
  const state = STATES.get(record.rebuildJobState) ?? 'Unknown';
  const blockBytes = place.at('blockSize').count(record.blockSize);
  const endedAtMs = readTime(record.endTime, place.at('endTime'));
  return {
    replicaId: replicaOf(place.at('childUri').text(record.childUri), replicaIds),
    state,
    totalBytes: place.at('blocksTotal').count(record.blocksTotal) * blockBytes,
    recoveredBytes: place.at('blocksRecovered').count(record.blocksRecovered) * blockBytes,
    startedAtMs: required(readTime(record.startTime, place.at('startTime')), place.at('startTime')),
    // A record of one that goes on may carry the time at which it was written.
    endedAtMs: state === 'Running' || state === 'Paused' ? undefined : endedAtMs,
  };
}

/** The URI of a child is that of its replica, which has the identifier in it, such as `nvmf://HOST/NQN:<id>?uuid=<id>`. */
function replicaOf(childUri: string, replicaIds: readonly string[]): string | undefined {
  const uri = childUri.toLowerCase();
  return replicaIds.find((replicaId) => uri.includes(replicaId.toLowerCase()));
}

/** Wall time; undefined when absent or null. */
function readTime(value: unknown, place: Place): number | undefined {
  const text = place.optionalText(value);
  return text === undefined ? undefined : required(parsedTime(text), place);
}

function parsedTime(text: string): number | undefined {
  // Nanoseconds, as Mayastor writes them, are more than the milliseconds that a Date has.
  const atMs = /^\d{4}-\d\d-\d\dT/.test(text) ? Date.parse(text) : Number.NaN;
  return Number.isNaN(atMs) ? undefined : atMs;
}

function required(atMs: number | undefined, place: Place): number {
  if (atMs === undefined) throw place.refuse('a time');
  return atMs;
}
