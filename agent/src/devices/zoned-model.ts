/**
 * A zoned disk played on another device: it refuses what a real one refuses. Write pointers are written after the bytes they cover and
 * before the write ends, so a process that is killed at any moment finds every write that ended, and no zone longer than its bytes.
 * A power loss is survived by what was synced.
 */
import type { BlockDevice } from './block-device.ts';
import { deviceError, type DeviceFault, type DeviceOperation } from './device-errors.ts';
import type { Zone, ZoneCondition, ZonedDevice } from './zoned-device.ts';
import {
  decodeHeader,
  decodeSlot,
  encodeHeader,
  encodeSlot,
  HEADER_BYTES,
  SLOT_BYTES,
  slotOffset,
  zonesOffset,
  type LastingZone,
  type ZoneGeometry,
} from './zone-slots.ts';

/** How many bytes the device below must have. */
export function zonedModelBytes(geometry: ZoneGeometry): number {
  return zonesOffset(geometry) + geometry.zoneCount * geometry.zoneBytes;
}

/**
 * Makes an empty zoned disk of a device of zonedModelBytes() bytes with blocks of one byte; what it held is gone.
 * @throws CoucheStorError `invalid` for a geometry that cannot be.
 */
export async function formatZonedModel(device: BlockDevice, geometry: ZoneGeometry): Promise<void> {
  const problem = problemOf(geometry, device.sizeBytes);
  if (problem !== undefined) throw deviceError('badGeometry', { device: device.name, operation: 'open' }, problem);
  await device.write(0, new Uint8Array(HEADER_BYTES));
  for (let zone = 0; zone < geometry.zoneCount; zone += 1) {
    await device.write(slotOffset(zone, 0), encodeSlot(zone, { state: 'writable', sequence: 1, writtenBytes: 0 }));
    await device.write(slotOffset(zone, 1), new Uint8Array(SLOT_BYTES));
  }
  await device.sync();
  await device.write(0, encodeHeader(geometry));
  await device.sync();
}

/** Takes the device over, and closes it in the end. A zone of which nothing is known any more is offline. */
export async function openZonedModel(device: BlockDevice): Promise<ZonedModel> {
  const call = { device: device.name, operation: 'open' } as const;
  if (device.sizeBytes < HEADER_BYTES) throw deviceError('badFormat', call, `it has ${device.sizeBytes} bytes`);
  const header = new Uint8Array(HEADER_BYTES);
  await device.read(0, header);
  const geometry = decodeHeader(header);
  if (geometry === undefined) throw deviceError('badFormat', call, 'it holds no zoned disk');
  const problem = problemOf(geometry, device.sizeBytes);
  if (problem !== undefined) throw deviceError('badFormat', call, problem);
  const zones: ZoneState[] = [];
  const slots = new Uint8Array(2 * SLOT_BYTES);
  for (let index = 0; index < geometry.zoneCount; index += 1) {
    await device.read(slotOffset(index, 0), slots);
    zones.push(stateOf(index, decodeSlot(index, slots), decodeSlot(index, slots.subarray(SLOT_BYTES))));
  }
  return new ZonedModel(device, geometry, zones);
}

function problemOf(geometry: ZoneGeometry, sizeBytes: number): string | undefined {
  const { blockBytes, zoneCount, zoneBytes, zoneCapacityBytes, maxOpenZones, maxActiveZones } = geometry;
  if (!Object.values(geometry).every((value: number) => Number.isSafeInteger(value) && value >= 1)) {
    return 'a number of the geometry is not a whole one from 1 on';
  }
  if (zoneBytes % blockBytes !== 0 || zoneCapacityBytes % blockBytes !== 0) return 'a zone has no whole blocks';
  if (zoneCapacityBytes > zoneBytes) return 'a zone can hold more than there is from one to the next';
  if (maxOpenZones > maxActiveZones || maxActiveZones > zoneCount)
    return 'more zones may be open than active, or than there are';
  const needed = zonedModelBytes(geometry);
  return sizeBytes === needed ? undefined : `${zoneCount} zones need ${needed} bytes, and there are ${sizeBytes}`;
}

interface ZoneState {
  readonly index: number;
  condition: ZoneCondition;
  writtenBytes: number;
  sequence: number;
  /** The slot that holds this. */
  slot: 0 | 1;
}

function stateOf(index: number, a: LastingZone | undefined, b: LastingZone | undefined): ZoneState {
  const slot = (b?.sequence ?? 0) > (a?.sequence ?? 0) ? 1 : 0;
  const lasting = slot === 1 ? b : a;
  if (lasting === undefined) return { index, condition: 'offline', writtenBytes: 0, sequence: 0, slot };
  const { state, writtenBytes, sequence } = lasting;
  return { index, condition: state === 'writable' ? atRest(writtenBytes) : state, writtenBytes, sequence, slot };
}

const atRest = (writtenBytes: number): ZoneCondition => (writtenBytes === 0 ? 'empty' : 'closed');

const isOpen = ({ condition }: ZoneState): boolean => condition === 'implicitlyOpen' || condition === 'explicitlyOpen';

export class ZonedModel implements ZonedDevice {
  readonly name: string;
  readonly blockBytes: number;
  readonly zoneBytes: number;
  readonly maxOpenZones: number;
  readonly maxActiveZones: number;
  readonly #device: BlockDevice;
  readonly #capacityBytes: number;
  readonly #firstZone: number;
  readonly #zones: readonly ZoneState[];
  /** Whatever changes a zone waits for the one before it. */
  #last: Promise<void> = Promise.resolve();
  #isClosed = false;

  constructor(device: BlockDevice, geometry: ZoneGeometry, zones: readonly ZoneState[]) {
    this.name = device.name;
    this.blockBytes = geometry.blockBytes;
    this.zoneBytes = geometry.zoneBytes;
    this.maxOpenZones = geometry.maxOpenZones;
    this.maxActiveZones = geometry.maxActiveZones;
    this.#device = device;
    this.#capacityBytes = geometry.zoneCapacityBytes;
    this.#firstZone = zonesOffset(geometry);
    this.#zones = zones;
  }

  allocate(bytes: number): Uint8Array {
    return this.#device.allocate(bytes);
  }

  reportZones(): Promise<readonly Zone[]> {
    return Promise.resolve(
      this.#zones.map(({ index, condition, writtenBytes }) => {
        const startBytes = index * this.zoneBytes;
        const written = condition === 'full' ? this.#capacityBytes : writtenBytes;
        return { index, condition, startBytes, capacityBytes: this.#capacityBytes, writePointer: startBytes + written };
      }),
    );
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    this.#checkOpen('read');
    const zone = this.#zoneOfRange('read', offset, into.byteLength);
    const from = offset - zone.index * this.zoneBytes;
    const isLimited = zone.condition !== 'full' && zone.condition !== 'readOnly';
    if (zone.condition === 'offline') throw this.#refusal('zoneOffline', 'read', zone, 'is offline');
    if (isLimited && from + into.byteLength > zone.writtenBytes) {
      throw this.#refusal('beyondWritePointer', 'read', zone, `is written for ${zone.writtenBytes} bytes`);
    }
    if (from + into.byteLength > this.#capacityBytes) {
      throw this.#refusal('beyondZoneCapacity', 'read', zone, `has ${this.#capacityBytes} bytes`);
    }
    const written = Math.max(0, Math.min(into.byteLength, zone.writtenBytes - from));
    await this.#device.read(this.#firstZone + offset, into.subarray(0, written));
    into.fill(0, written);
  }

  write(offset: number, from: Uint8Array): Promise<void> {
    return this.#alone('write', async () => {
      const zone = this.#zoneOfRange('write', offset, from.byteLength);
      this.#checkWritable('write', zone);
      const start = zone.index * this.zoneBytes;
      const at = start + zone.writtenBytes;
      if (zone.condition === 'full') throw this.#refusal('beyondZoneCapacity', 'write', zone, 'is full');
      if (offset !== at) {
        throw this.#refusal('notAtWritePointer', 'write', zone, `has its write pointer at ${at}, not at ${offset}`);
      }
      const writtenBytes = zone.writtenBytes + from.byteLength;
      if (writtenBytes > this.#capacityBytes) {
        throw this.#refusal('beyondZoneCapacity', 'write', zone, `has ${this.#capacityBytes} bytes`);
      }
      if (from.byteLength === 0) return;
      if (!isOpen(zone)) this.#takePlace('write', zone, 'implicitlyOpen');
      await this.#device.write(this.#firstZone + offset, from);
      const isFull = writtenBytes === this.#capacityBytes;
      await this.#record(zone, isFull ? 'full' : zone.condition, writtenBytes);
    });
  }

  openZone(index: number): Promise<void> {
    return this.#alone('openZone', () => {
      const zone = this.#zone('openZone', index);
      this.#checkWritable('openZone', zone);
      if (zone.condition === 'full') throw this.#refusal('wrongZoneCondition', 'openZone', zone, 'is full');
      if (isOpen(zone)) zone.condition = 'explicitlyOpen';
      else this.#takePlace('openZone', zone, 'explicitlyOpen');
    });
  }

  closeZone(index: number): Promise<void> {
    return this.#alone('closeZone', () => {
      const zone = this.#zone('closeZone', index);
      this.#checkWritable('closeZone', zone);
      if (zone.condition === 'closed') return;
      if (!isOpen(zone)) throw this.#refusal('wrongZoneCondition', 'closeZone', zone, `is ${zone.condition}`);
      zone.condition = atRest(zone.writtenBytes);
    });
  }

  finishZone(index: number): Promise<void> {
    return this.#alone('finishZone', async () => {
      const zone = this.#zone('finishZone', index);
      this.#checkWritable('finishZone', zone);
      if (zone.condition === 'full') return;
      if (!isOpen(zone)) this.#takePlace('finishZone', zone, 'implicitlyOpen');
      await this.#record(zone, 'full', zone.writtenBytes);
    });
  }

  resetZone(index: number): Promise<void> {
    return this.#alone('resetZone', async () => {
      const zone = this.#zone('resetZone', index);
      this.#checkWritable('resetZone', zone);
      if (zone.writtenBytes > 0 || zone.condition === 'full') await this.#record(zone, 'empty', 0);
      zone.condition = 'empty';
    });
  }

  /** What disks do to zones by themselves, in their old age. */
  failZone(index: number, condition: 'readOnly' | 'offline'): Promise<void> {
    return this.#alone('write', () => {
      const zone = this.#zone('write', index);
      return this.#record(zone, condition, zone.writtenBytes);
    });
  }

  async sync(): Promise<void> {
    this.#checkOpen('sync');
    await this.#device.sync();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#last;
    await this.#device.close();
  }

  async #alone(operation: DeviceOperation, change: () => Promise<void> | void): Promise<void> {
    this.#checkOpen(operation);
    const run = this.#last.then(change);
    this.#last = run.catch(() => undefined);
    await run;
  }

  /** In memory the zone changes only when its slot has. */
  async #record(zone: ZoneState, condition: ZoneCondition, writtenBytes: number): Promise<void> {
    const isLasting = condition === 'full' || condition === 'readOnly' || condition === 'offline';
    const sequence = zone.sequence + 1;
    const slot = zone.slot === 0 ? 1 : 0;
    const bytes = encodeSlot(zone.index, { state: isLasting ? condition : 'writable', sequence, writtenBytes });
    await this.#device.write(slotOffset(zone.index, slot), bytes);
    Object.assign(zone, { condition, writtenBytes, sequence, slot });
  }

  /** The rules of ZBC for open zones, with the limit on active ones that ZNS adds. */
  #takePlace(operation: DeviceOperation, zone: ZoneState, condition: ZoneCondition): void {
    const active = this.#zones.filter((other) => isOpen(other) || other.condition === 'closed');
    if (zone.condition === 'empty' && active.length >= this.maxActiveZones) {
      throw this.#refusal(
        'tooManyActiveZones',
        operation,
        zone,
        `would be one more than ${this.maxActiveZones} active ones`,
      );
    }
    if (active.filter(isOpen).length >= this.maxOpenZones) {
      const other = active.find((candidate) => candidate.condition === 'implicitlyOpen');
      if (other === undefined) {
        throw this.#refusal(
          'tooManyOpenZones',
          operation,
          zone,
          `would be one more than ${this.maxOpenZones} open ones`,
        );
      }
      other.condition = atRest(other.writtenBytes);
    }
    zone.condition = condition;
  }

  #zone(operation: DeviceOperation, index: number): ZoneState {
    const zone = this.#zones[index];
    if (zone !== undefined) return zone;
    const what = `there is no zone ${index} among ${this.#zones.length}`;
    throw deviceError('noSuchZone', { device: this.name, operation }, what);
  }

  #zoneOfRange(operation: 'read' | 'write', offset: number, length: number): ZoneState {
    if (offset % this.blockBytes !== 0 || length % this.blockBytes !== 0) {
      const what = `${length} bytes at ${offset} are no multiples of ${this.blockBytes}`;
      throw deviceError('misaligned', { device: this.name, operation }, what);
    }
    const zone = this.#zone(operation, Math.floor(offset / this.zoneBytes));
    if (offset + length > (zone.index + 1) * this.zoneBytes) {
      throw this.#refusal('acrossZones', operation, zone, `ends before ${length} bytes at ${offset} do`);
    }
    return zone;
  }

  #checkWritable(operation: DeviceOperation, zone: ZoneState): void {
    if (zone.condition === 'offline') throw this.#refusal('zoneOffline', operation, zone, 'is offline');
    if (zone.condition === 'readOnly') throw this.#refusal('zoneReadOnly', operation, zone, 'is read-only');
  }

  #checkOpen(operation: DeviceOperation): void {
    if (this.#isClosed) throw deviceError('closed', { device: this.name, operation }, 'it is closed');
  }

  #refusal(fault: DeviceFault, operation: DeviceOperation, { index }: ZoneState, what: string): Error {
    const call = { device: this.name, operation };
    return deviceError(fault, call, `zone ${index} ${what}`, { fields: { zone: index } });
  }
}
