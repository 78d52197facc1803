/**
 * A disk of zones, as host-managed SMR (ZBC) and ZNS disks are: within a zone, writes go to the write pointer and nowhere else, and
 * space comes back a zone at a time. Only zones that must be written sequentially are covered. The rules are those of ZBC with
 * restricted reads, and of the model of such disks in the Linux kernel (null_blk).
 */

/**
 * A write opens an empty or closed zone implicitly; the disk closes such a zone by itself when it needs its place. Open and closed zones
 * are active. After a restart of the disk, open zones are closed, or empty if nothing was written.
 */
export type ZoneCondition = 'empty' | 'implicitlyOpen' | 'explicitlyOpen' | 'closed' | 'full' | 'readOnly' | 'offline';

export interface Zone {
  readonly index: number;
  /** On the device. */
  readonly startBytes: number;
  /** What can be written; less than zoneBytes on disks whose erase blocks are no power of two. */
  readonly capacityBytes: number;
  /** On the device, where the next write goes; the end of what can be written for a full zone. Means nothing for the last two conditions. */
  readonly writePointer: number;
  readonly condition: ZoneCondition;
}

/** Offsets are those of the device. Every call may be refused with a CoucheStorError, as that of a BlockDevice. */
export interface ZonedDevice {
  readonly name: string;
  /** Offsets and lengths are multiples of it. */
  readonly blockBytes: number;
  /** From the start of one zone to the start of the next one. */
  readonly zoneBytes: number;
  readonly maxOpenZones: number;
  /** At least maxOpenZones. */
  readonly maxActiveZones: number;

  /** A buffer that the device accepts, filled with zeros. */
  allocate(bytes: number): Uint8Array;
  reportZones(): Promise<readonly Zone[]>;
  /** Within one zone, below its write pointer. What a full zone was never written reads as zeros. */
  read(offset: number, into: Uint8Array): Promise<void>;
  /** Within one zone, at its write pointer. */
  write(offset: number, from: Uint8Array): Promise<void>;
  /** The zone stays open until it is closed, full or reset. */
  openZone(index: number): Promise<void>;
  closeZone(index: number): Promise<void>;
  /** The zone is full from now on, whatever was written. */
  finishZone(index: number): Promise<void>;
  /** What the zone held is gone. */
  resetZone(index: number): Promise<void>;
  /** As that of a BlockDevice, with its consequences. */
  sync(): Promise<void>;
  close(): Promise<void>;
}
