/**
 * How the zoned model lies on its device. All numbers are little-endian.
 *
 *     0                    4096                                  first multiple of 4096
 *     ┌────────────────────┬─────────────────────────────────────┬────────┬────────┬──
 *     │ header, padded     │ zone 0: slot A, slot B │ zone 1: …  │ zone 0 │ zone 1 │ …
 *     └────────────────────┴─────────────────────────────────────┴────────┴────────┴──
 *     header: magic 8 · version u32 · blockBytes u32 · zoneCount u32 · maxOpenZones u32 · maxActiveZones u32 · 0 u32 ·
 *             zoneBytes u64 · zoneCapacityBytes u64 · CRC32C u32 of what comes before
 *     slot:   512 bytes, of which: zone u32 · state u32 · sequence u64 · writtenBytes u64 · CRC32C u32 of what comes before
 *
 * A change of a zone goes to the slot with the lower sequence, so that the other one is there if the write is torn. The header is
 * written last: a device that was half made is none.
 */
import { chooseCrc32c } from '@couchestor/common/coding';

export interface ZoneGeometry {
  readonly blockBytes: number;
  readonly zoneCount: number;
  readonly zoneBytes: number;
  readonly zoneCapacityBytes: number;
  readonly maxOpenZones: number;
  readonly maxActiveZones: number;
}

/** What of a zone outlasts a restart: whether it is open does not. */
export const LASTING_STATES = ['writable', 'full', 'readOnly', 'offline'] as const;

export interface LastingZone {
  readonly state: (typeof LASTING_STATES)[number];
  readonly sequence: number;
  readonly writtenBytes: number;
}

export const HEADER_BYTES = 4096;
export const SLOT_BYTES = 512;

const MAGIC = 0x5a_4f_4e_45_43_48_53_54n;
const VERSION = 1;
const HEADER_USED = 52;
const SLOT_USED = 28;

const { crc32c } = chooseCrc32c();

export function slotOffset(zone: number, slot: number): number {
  return HEADER_BYTES + (2 * zone + slot) * SLOT_BYTES;
}

/** Where the zones begin. */
export function zonesOffset({ zoneCount }: ZoneGeometry): number {
  return Math.ceil(slotOffset(zoneCount, 0) / HEADER_BYTES) * HEADER_BYTES;
}

export function encodeHeader(geometry: ZoneGeometry): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  const view = new DataView(bytes.buffer);
  view.setBigUint64(0, MAGIC, true);
  const { blockBytes, zoneCount, maxOpenZones, maxActiveZones, zoneBytes, zoneCapacityBytes } = geometry;
  for (const [index, value] of [VERSION, blockBytes, zoneCount, maxOpenZones, maxActiveZones].entries()) {
    view.setUint32(8 + 4 * index, value, true);
  }
  view.setBigUint64(32, BigInt(zoneBytes), true);
  view.setBigUint64(40, BigInt(zoneCapacityBytes), true);
  view.setUint32(48, crc32c(bytes.subarray(0, 48)), true);
  return bytes;
}

/** Undefined for what is no header. */
export function decodeHeader(bytes: Uint8Array): ZoneGeometry | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, HEADER_USED);
  if (view.getBigUint64(0, true) !== MAGIC || view.getUint32(8, true) !== VERSION) return undefined;
  if (view.getUint32(48, true) !== crc32c(bytes.subarray(0, 48))) return undefined;
  return {
    blockBytes: view.getUint32(12, true),
    zoneCount: view.getUint32(16, true),
    maxOpenZones: view.getUint32(20, true),
    maxActiveZones: view.getUint32(24, true),
    zoneBytes: Number(view.getBigUint64(32, true)),
    zoneCapacityBytes: Number(view.getBigUint64(40, true)),
  };
}

export function encodeSlot(zone: number, { state, sequence, writtenBytes }: LastingZone): Uint8Array {
  const bytes = new Uint8Array(SLOT_USED);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, zone, true);
  view.setUint32(4, LASTING_STATES.indexOf(state), true);
  view.setBigUint64(8, BigInt(sequence), true);
  view.setBigUint64(16, BigInt(writtenBytes), true);
  view.setUint32(24, crc32c(bytes.subarray(0, 24)), true);
  return bytes;
}

/** Undefined for what is no slot of this zone. */
export function decodeSlot(zone: number, bytes: Uint8Array): LastingZone | undefined {
  const view = new DataView(bytes.buffer, bytes.byteOffset, SLOT_USED);
  if (view.getUint32(24, true) !== crc32c(bytes.subarray(0, 24)) || view.getUint32(0, true) !== zone) return undefined;
  const state = LASTING_STATES[view.getUint32(4, true)];
  if (state === undefined) return undefined;
  return {
    state,
    sequence: Number(view.getBigUint64(8, true)),
    writtenBytes: Number(view.getBigUint64(16, true)),
  };
}
