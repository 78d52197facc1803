/** A small zoned disk on a mock, for tests. */
import { MockDisk } from './mock-device.ts';
import { formatZonedModel, openZonedModel, zonedModelBytes, type ZonedModel } from './zoned-model.ts';
import type { ZoneGeometry } from './zone-slots.ts';

export const BLOCK = 512;

/** Zones that hold less than there is from one to the next. */
export const GEOMETRY: ZoneGeometry = {
  blockBytes: BLOCK,
  zoneCount: 6,
  zoneBytes: 16 * BLOCK,
  zoneCapacityBytes: 12 * BLOCK,
  maxOpenZones: 2,
  maxActiveZones: 3,
};

export interface ZonedDisk {
  readonly disk: MockDisk;
  readonly device: ZonedModel;
}

export async function zonedDisk(geometry: ZoneGeometry = GEOMETRY): Promise<ZonedDisk> {
  const sizeBytes = zonedModelBytes(geometry);
  const disk = new MockDisk({ sizeBytes, capacityBytes: sizeBytes });
  await formatZonedModel(disk.open(), geometry);
  return { disk, device: await openZonedModel(disk.open()) };
}

/** As after a restart of the process: what was not written to the disk is forgotten. */
export function restarted({ disk }: ZonedDisk): Promise<ZonedModel> {
  return openZonedModel(disk.open());
}

/** Blocks that differ from each other and from those of another seed; none is zero. */
export function blocks(count: number, seed: number): Uint8Array {
  return Uint8Array.from({ length: count * BLOCK }, (_, index) => 1 + ((index + 37 * seed + (index >> 9)) % 255));
}
