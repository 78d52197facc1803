/**
 * What an allocator knows of its zones, and what follows from that alone: which zone takes an extent, which one had best be emptied.
 * What lies below a write pointer and is not live is garbage; so is the rest of a zone that was finished before it was full.
 */
import type { Extent } from './zone-extent.ts';
import type { Zone } from './zoned-device.ts';

export interface ZoneEntry {
  readonly index: number;
  readonly startBytes: number;
  readonly capacityBytes: number;
  /** Below it everything was written, or is lost to writing. */
  usedBytes: number;
  /** `worn`: read-only or offline. */
  state: 'writable' | 'full' | 'worn';
  /** By where they start on the device. */
  readonly live: Map<number, Extent>;
  liveBytes: number;
  /** Somebody appends to it. */
  isHeld: boolean;
  /** Devices on extents of it that are open for reading. */
  readers: number;
}

export interface ZoneUsage {
  readonly liveBytes: number;
  /** Comes back when zones are reset. */
  readonly garbageBytes: number;
  /** Of zones that can be written. */
  readonly freeBytes: number;
  /** Of zones that fail, without what is live in them. */
  readonly wornBytes: number;
  readonly emptyZones: number;
  readonly heldZones: number;
}

export interface Victim {
  readonly zone: number;
  /** Of what is used; 1 when nothing has to be copied. */
  readonly garbageRatio: number;
  /** In the order of the device. */
  readonly live: readonly Extent[];
}

export interface ZoneLimits {
  readonly maxOpenZones: number;
  readonly maxActiveZones: number;
}

/** Where an extent goes, or why it goes nowhere now. */
export type Placement =
  | { readonly kind: 'zone'; readonly zone: ZoneEntry; readonly finish: ZoneEntry | undefined }
  | { readonly kind: 'tooManyOpenZones' }
  | { readonly kind: 'noRoom' };

export function entryOf(zone: Zone): ZoneEntry {
  const { index, startBytes, capacityBytes } = zone;
  const entry: ZoneEntry = {
    ...{ index, startBytes, capacityBytes, usedBytes: 0, state: 'writable' },
    ...{ live: new Map<number, Extent>(), liveBytes: 0, isHeld: false, readers: 0 },
  };
  refresh(entry, zone);
  return entry;
}

/** Brings the entry to what the device says. */
export function refresh(entry: ZoneEntry, { condition, writePointer }: Zone): void {
  const isWorn = condition === 'readOnly' || condition === 'offline';
  entry.state = isWorn ? 'worn' : condition === 'full' ? 'full' : 'writable';
  if (!isWorn) entry.usedBytes = writePointer - entry.startBytes;
}

const roomOf = ({ capacityBytes, usedBytes }: ZoneEntry): number => capacityBytes - usedBytes;

const isActive = ({ state, isHeld, usedBytes }: ZoneEntry): boolean =>
  state === 'writable' && (isHeld || usedBytes > 0);

function least(zones: readonly ZoneEntry[], measure: (zone: ZoneEntry) => number): ZoneEntry | undefined {
  return zones.reduce<ZoneEntry | undefined>(
    (best, zone) => (best === undefined || measure(zone) < measure(best) ? zone : best),
    undefined,
  );
}

/**
 * The begun zone that the extent fills best; else an empty one. An empty one may need the place of a begun one among the active zones:
 * the fullest is finished for it, and the rest of its room is given up until it is reset.
 */
export function placeExtent(zones: readonly ZoneEntry[], bytes: number, limits: ZoneLimits): Placement {
  if (zones.filter(({ isHeld }) => isHeld).length >= limits.maxOpenZones) return { kind: 'tooManyOpenZones' };
  const begun = zones.filter((zone) => isActive(zone) && !zone.isHeld);
  const best = least(
    begun.filter((zone) => roomOf(zone) >= bytes),
    roomOf,
  );
  if (best !== undefined) return { kind: 'zone', zone: best, finish: undefined };
  const empty = zones.find((zone) => zone.state === 'writable' && !isActive(zone) && roomOf(zone) >= bytes);
  if (empty === undefined) return { kind: 'noRoom' };
  // As no more zones are held than may be open, and so than may be active, one of those that are active is idle.
  const isCrowded = zones.filter(isActive).length >= limits.maxActiveZones;
  return { kind: 'zone', zone: empty, finish: isCrowded ? least(begun, roomOf) : undefined };
}

/** Whether a reset takes nothing from anybody. */
export function isDisposable({ liveBytes, isHeld, readers }: ZoneEntry): boolean {
  return liveBytes === 0 && !isHeld && readers === 0;
}

/** The zone with the most garbage in its used bytes, from a ratio on; of two, the one that has less to be copied. */
export function chooseVictim(zones: readonly ZoneEntry[], minGarbageRatio: number): Victim | undefined {
  const ratioOf = ({ usedBytes, liveBytes }: ZoneEntry): number => 1 - liveBytes / usedBytes;
  const candidates = zones.filter(
    (zone) => zone.state !== 'worn' && zone.usedBytes > 0 && !zone.isHeld && zone.readers === 0,
  );
  const eligible = candidates.filter((zone) => ratioOf(zone) > 0 && ratioOf(zone) >= minGarbageRatio);
  const victim = least(
    eligible.sort((a, b) => a.liveBytes - b.liveBytes),
    (zone) => -ratioOf(zone),
  );
  if (victim === undefined) return undefined;
  const live = [...victim.live.values()].sort((a, b) => a.startBytes - b.startBytes);
  return { zone: victim.index, garbageRatio: ratioOf(victim), live };
}

export function usageOf(zones: readonly ZoneEntry[]): ZoneUsage {
  const usage = { liveBytes: 0, garbageBytes: 0, freeBytes: 0, wornBytes: 0, emptyZones: 0, heldZones: 0 };
  for (const zone of zones) {
    usage.liveBytes += zone.liveBytes;
    if (zone.isHeld) usage.heldZones += 1;
    if (zone.state === 'worn') usage.wornBytes += zone.capacityBytes - zone.liveBytes;
    else {
      usage.garbageBytes += zone.usedBytes - zone.liveBytes;
      usage.freeBytes += roomOf(zone);
      if (!isActive(zone) && zone.state === 'writable') usage.emptyZones += 1;
    }
  }
  return usage;
}
