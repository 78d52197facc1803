/**
 * Hands out pieces of zones. Who asks for one has its zone alone until the piece is committed or abandoned, so that writes stay
 * sequential; between two pieces a zone is closed, so that no more zones are open than are written. What is live is not remembered on
 * the disk: whoever opens the allocator says so, from what the extents hold, and everything else is garbage. A zone is reset only when
 * nothing in it is live, written or read.
 */
import type { BlockDevice } from './block-device.ts';
import { deviceError, type DeviceFault, type DeviceOperation } from './device-errors.ts';
import { ZoneExtent, type Extent } from './zone-extent.ts';
import {
  chooseVictim,
  entryOf,
  isDisposable,
  placeExtent,
  refresh,
  usageOf,
  type Victim,
  type ZoneEntry,
  type ZoneUsage,
} from './zone-table.ts';
import type { ZonedDevice } from './zoned-device.ts';

/** A piece that is being written. One of the two calls ends it. */
export interface ZoneAppend {
  readonly device: BlockDevice;
  /** Syncs; then what was written is live. When it fails, the piece is garbage. */
  commit(): Promise<Extent>;
  /** What was written is garbage. Does nothing to a piece that has ended. */
  abandon(): Promise<void>;
}

export interface OpenedAllocator {
  readonly allocator: ZoneAllocator;
  /** Of those that were said to be live: the zone is offline, or its write pointer is below their end. */
  readonly lost: readonly Extent[];
}

export class ZoneAllocator {
  readonly #device: ZonedDevice;
  readonly #zones: readonly ZoneEntry[];
  /** Placements, ends and resets, one after the other. */
  #last: Promise<unknown> = Promise.resolve();

  private constructor(device: ZonedDevice, zones: readonly ZoneEntry[]) {
    this.#device = device;
    this.#zones = zones;
  }

  /**
   * Nobody else writes to the device.
   * @param live - whole extents, as they were committed.
   * @throws CoucheStorError `corrupt` when two of them overlap, `invalid` when one lies in no zone.
   */
  static async open(device: ZonedDevice, live: Iterable<Extent>): Promise<OpenedAllocator> {
    const report = await device.reportZones();
    const allocator = new ZoneAllocator(device, report.map(entryOf));
    const lost: Extent[] = [];
    let end = 0;
    for (const extent of [...live].sort((a, b) => a.startBytes - b.startBytes)) {
      const zone = allocator.#zoneOf('open', extent);
      if (extent.startBytes < end) {
        throw allocator.#refusal('badFormat', 'open', `two extents overlap at ${extent.startBytes}`);
      }
      end = extent.startBytes + extent.lengthBytes;
      const isOffline = report[zone.index]?.condition === 'offline';
      const isCut = zone.state !== 'worn' && end > zone.startBytes + zone.usedBytes;
      if (isOffline || isCut) lost.push(extent);
      else enliven(zone, extent);
    }
    return { allocator, lost };
  }

  /**
   * A piece of up to so many bytes; what stays unused of it is not lost.
   * @throws CoucheStorError `resourceExhausted` with the fault `noRoom`, or `tooManyOpenZones` when as many are written as may be;
   * `invalid` when no zone could ever hold so much.
   */
  begin(bytes: number): Promise<ZoneAppend> {
    const { blockBytes } = this.#device;
    const needed = Math.ceil(bytes / blockBytes) * blockBytes;
    return this.#alone(async () => {
      const largest = Math.max(...this.#zones.map(({ capacityBytes }) => capacityBytes));
      if (!(needed >= 1 && needed <= largest)) {
        throw this.#refusal('beyondZoneCapacity', 'allocate', `${bytes} bytes, where a zone holds 1 to ${largest}`);
      }
      const zone = await this.#openZoneFor(needed);
      return this.#append(zone, needed);
    });
  }

  /** For reading. As long as it is open, the zone is not reset. */
  openExtent(extent: Extent): BlockDevice {
    const zone = this.#zoneOfLive('open', extent);
    zone.readers += 1;
    const whenClosed = (): void => void (zone.readers -= 1);
    return new ZoneExtent(this.#device, extent, { writtenBytes: extent.lengthBytes, whenClosed });
  }

  /** It is garbage from now on. Readers may go on. @throws CoucheStorError `notFound` when it is not live. */
  release(extent: Extent): void {
    const zone = this.#zoneOfLive('allocate', extent);
    zone.live.delete(extent.startBytes);
    zone.liveBytes -= extent.lengthBytes;
  }

  /** The zone that had best be emptied next: copy what is live elsewhere, release it, reset the zone. */
  victim(minGarbageRatio: number): Victim | undefined {
    return chooseVictim(this.#zones, minGarbageRatio);
  }

  /** @throws CoucheStorError `conflict` while anything in the zone is live, written or read. */
  reset(index: number): Promise<void> {
    return this.#alone(async () => {
      const zone = this.#zones[index];
      if (zone === undefined) throw this.#refusal('noSuchZone', 'resetZone', `there is no zone ${index}`);
      if (!isDisposable(zone)) {
        const { live, isHeld, readers } = zone;
        const what = `zone ${index} has ${live.size} live extents, ${readers} readers and ${isHeld ? 'a' : 'no'} writer`;
        throw this.#refusal('zoneHasLiveExtents', 'resetZone', what);
      }
      try {
        await this.#device.resetZone(index);
      } finally {
        await this.#refresh(zone);
      }
    });
  }

  usage(): ZoneUsage {
    return usageOf(this.#zones);
  }

  /** A zone that turns out to have failed is passed over. */
  async #openZoneFor(bytes: number): Promise<ZoneEntry> {
    for (;;) {
      const placement = placeExtent(this.#zones, bytes, this.#device);
      if (placement.kind !== 'zone') throw this.#refusal(placement.kind, 'allocate', `no zone for ${bytes} bytes now`);
      const { zone, finish } = placement;
      const isReady =
        (finish === undefined || (await this.#isDone(finish, () => this.#device.finishZone(finish.index)))) &&
        (await this.#isDone(zone, () => this.#device.openZone(zone.index)));
      if (isReady) return zone;
    }
  }

  /** False when the zone has failed: then it is marked as such. */
  async #isDone(zone: ZoneEntry, call: () => Promise<void>): Promise<boolean> {
    try {
      await call();
    } catch (error) {
      await this.#refresh(zone);
      if (zone.state === 'worn') return false;
      throw error;
    }
    await this.#refresh(zone);
    return true;
  }

  #append(zone: ZoneEntry, capacityBytes: number): ZoneAppend {
    zone.isHeld = true;
    const startBytes = zone.startBytes + zone.usedBytes;
    const piece = { startBytes, lengthBytes: capacityBytes };
    const device = new ZoneExtent(this.#device, piece, { writtenBytes: 0, whenClosed: () => undefined });
    let ending: Promise<unknown> | undefined;
    const commit = async (): Promise<Extent> => {
      let live: Extent | undefined;
      try {
        const extent = { startBytes, lengthBytes: device.sizeBytes };
        if (extent.lengthBytes === 0) throw this.#refusal('outOfRange', 'allocate', 'nothing was written');
        await device.sync();
        live = extent;
        return extent;
      } finally {
        await this.#end(zone, device, live);
      }
    };
    return {
      device,
      commit: async () => {
        if (ending !== undefined) throw this.#refusal('closed', 'allocate', 'the piece has ended');
        const committed = commit();
        ending = committed;
        return committed;
      },
      abandon: async () => {
        ending ??= this.#end(zone, device, undefined);
        await Promise.allSettled([ending]);
      },
    };
  }

  async #end(zone: ZoneEntry, device: BlockDevice, live: Extent | undefined): Promise<void> {
    await device.close();
    await this.#alone(async () => {
      if (live !== undefined) enliven(zone, live);
      zone.isHeld = false;
      try {
        await this.#refresh(zone);
        if (zone.state === 'writable') await this.#device.closeZone(zone.index);
      } catch {
        // What was synced is live all the same; what is wrong with the zone or the device shows when it is opened next.
      }
    });
  }

  async #refresh(zone: ZoneEntry): Promise<void> {
    const report = await this.#device.reportZones();
    const fresh = report[zone.index];
    if (fresh !== undefined) refresh(zone, fresh);
  }

  #zoneOf(operation: DeviceOperation, { startBytes, lengthBytes }: Extent): ZoneEntry {
    const zone = this.#zones[Math.floor(startBytes / this.#device.zoneBytes)];
    const isInside = zone !== undefined && startBytes + lengthBytes <= zone.startBytes + zone.capacityBytes;
    if (isInside && lengthBytes > 0) return zone;
    throw this.#refusal('noSuchZone', operation, `${lengthBytes} bytes at ${startBytes} lie in no zone`);
  }

  #zoneOfLive(operation: DeviceOperation, extent: Extent): ZoneEntry {
    const zone = this.#zoneOf(operation, extent);
    if (zone.live.get(extent.startBytes)?.lengthBytes === extent.lengthBytes) return zone;
    throw this.#refusal('notLive', operation, `${extent.lengthBytes} bytes at ${extent.startBytes} are not live`);
  }

  async #alone<Result>(change: () => Promise<Result>): Promise<Result> {
    const run = this.#last.then(change);
    this.#last = run.catch(() => undefined);
    return run;
  }

  #refusal(fault: DeviceFault, operation: DeviceOperation, what: string): Error {
    return deviceError(fault, { device: this.#device.name, operation }, what);
  }
}

function enliven(zone: ZoneEntry, extent: Extent): void {
  zone.live.set(extent.startBytes, extent);
  zone.liveBytes += extent.lengthBytes;
}
