/**
 * Decides which Kubernetes Event a happening belongs to, so that a repeated one raises a count instead of filling etcd: the same
 * object, reason and note form a series while they keep coming; too many different notes for one object and reason are combined
 * into one series. Synchronous, and bounded in everything it remembers.
 */

import type { Happening } from '../../ports/events.ts';

export type { Happening, ObjectReference } from '../../ports/events.ts';

export interface Series {
  readonly happening: Happening;
  /** Wall time of the first. */
  readonly firstMs: number;
  lastMs: number;
  count: number;
  /** What the API server has been told. */
  writtenCount: number;
  /** Of the Event, once one was tried to be made. */
  name: string | undefined;
  exists: boolean;
  /** Monotonic time of the last. */
  touchedMs: number;
}

/** A series that was quiet for longer is over; the next happening starts another, as in client-go. */
const SERIES_LIFETIME_MS = 6 * 60_000;
/** Different notes of one object and reason before they are combined, and the time they may take, as in client-go. */
const MAX_NOTES = 10;
const NOTES_WINDOW_MS = 10 * 60_000;
/** Series and groups remembered; the longest untouched are forgotten. */
const MAX_REMEMBERED = 4096;
/** Limits of the API in bytes. */
const MAX_NOTE_BYTES = 1024;
const MAX_WORD_BYTES = 128;
const COMBINED = '(combined from similar events): ';

interface Group {
  readonly notes: Set<string>;
  readonly sinceMs: number;
}

export class EventCorrelator {
  readonly #series = new Map<string, Series>();
  readonly #groups = new Map<string, Group>();

  /** The series that the happening belongs to, with it counted. */
  correlate(happening: Happening, { wallMs, monotonicMs }: { wallMs: number; monotonicMs: number }): Series {
    const trimmed = this.#combined(withinLimits(happening), monotonicMs);
    const key = JSON.stringify([...identityOf(trimmed), trimmed.note]);
    const known = this.#series.get(key);
    const fresh = known === undefined || monotonicMs - known.touchedMs > SERIES_LIFETIME_MS;
    const series: Series = fresh
      ? {
          happening: trimmed,
          firstMs: wallMs,
          lastMs: wallMs,
          count: 0,
          writtenCount: 0,
          name: undefined,
          exists: false,
          touchedMs: 0,
        }
      : known;
    series.count += 1;
    series.lastMs = wallMs;
    series.touchedMs = monotonicMs;
    remember(this.#series, key, series);
    return series;
  }

  #combined(happening: Happening, nowMs: number): Happening {
    const key = JSON.stringify(identityOf(happening));
    const known = this.#groups.get(key);
    const fresh = known === undefined || nowMs - known.sinceMs > NOTES_WINDOW_MS;
    const group: Group = fresh ? { notes: new Set(), sinceMs: nowMs } : known;
    remember(this.#groups, key, group);
    if (group.notes.size < MAX_NOTES) group.notes.add(happening.note);
    if (group.notes.has(happening.note)) return happening;
    return { ...happening, note: cutToBytes(COMBINED + [...group.notes].slice(-1).join(''), MAX_NOTE_BYTES) };
  }
}

function identityOf({ regarding, type, reason, action }: Happening): string[] {
  const { kind, namespace = '', name, uid = '' } = regarding;
  return [kind, namespace, name, uid, type, reason, action];
}

function withinLimits(happening: Happening): Happening {
  return {
    ...happening,
    reason: cutToBytes(happening.reason, MAX_WORD_BYTES),
    action: cutToBytes(happening.action, MAX_WORD_BYTES),
    note: cutToBytes(happening.note, MAX_NOTE_BYTES),
  };
}

/** Cut between characters, with an ellipsis. */
export function cutToBytes(text: string, maxBytes: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= maxBytes) return bytes.toString();
  let end = maxBytes - Buffer.byteLength('…');
  // Not in the middle of a character: continuation bytes look like 10xxxxxx.
  while (end > 0 && ((bytes[end] ?? 0) & 0xc0) === 0x80) end -= 1;
  return `${bytes.subarray(0, end).toString()}…`;
}

/** Moves the key to the young end and drops the oldest beyond the limit. */
function remember<V>(map: Map<string, V>, key: string, value: V): void {
  map.delete(key);
  map.set(key, value);
  for (const oldest of map.keys()) {
    if (map.size <= MAX_REMEMBERED) return;
    map.delete(oldest);
  }
}
