/**
 * A pool's files with its health listening: each error is told to it, also those of devices after they were opened, and what the
 * health forbids is refused before it reaches the disk. Nothing is retried and no error is changed.
 */
import { CoucheStorError } from '@couchestor/common/base';
import type { BlockDevice, DeviceOperation, WriteOrder } from '../devices/index.ts';
import { INCOMING_FOLDER } from './layout.ts';
import type { FileSystemSpace, PoolEntry, PoolFiles, PoolFileStat } from './pool-files.ts';
import type { PoolHealth } from './pool-health.ts';

export interface Watch {
  readonly health: PoolHealth;
  /** Whether writing calls are refused while the health says so. */
  readonly refuses: boolean;
}

interface WatchedCall {
  readonly operation: DeviceOperation;
  readonly path: string;
}

export class WatchedFiles implements PoolFiles {
  readonly #files: PoolFiles;
  readonly #watch: Watch;

  constructor(files: PoolFiles, watch: Watch) {
    this.#files = files;
    this.#watch = watch;
  }

  get label(): string {
    return this.#files.label;
  }

  async create(path: string): Promise<BlockDevice> {
    refuse(this.#watch);
    return this.#opened(path, this.#files.create(path));
  }

  async open(path: string): Promise<BlockDevice | undefined> {
    return this.#opened(path, this.#files.open(path));
  }

  async openDirect(path: string): Promise<BlockDevice | undefined> {
    return this.#opened(path, this.#files.openDirect(path));
  }

  async rename(from: string, to: string): Promise<void> {
    refuse(this.#watch);
    await this.#told({ operation: 'rename', path: to }, this.#files.rename(from, to));
  }

  async unlink(path: string): Promise<boolean> {
    // What was begun and never finished is nobody's, and the room that it takes may be what is missing.
    if (!path.startsWith(`${INCOMING_FOLDER}/`)) refuse(this.#watch);
    return this.#told({ operation: 'unlink', path }, this.#files.unlink(path));
  }

  async makeFolder(path: string): Promise<boolean> {
    refuse(this.#watch);
    return this.#told({ operation: 'makeFolder', path }, this.#files.makeFolder(path));
  }

  async removeFolder(path: string): Promise<'removed' | 'missing' | 'notEmpty'> {
    refuse(this.#watch);
    return this.#told({ operation: 'removeFolder', path }, this.#files.removeFolder(path));
  }

  async syncFolder(path: string): Promise<void> {
    refuse(this.#watch);
    await this.#told({ operation: 'syncFolder', path }, this.#files.syncFolder(path));
  }

  async entries(path: string): Promise<readonly PoolEntry[] | undefined> {
    return this.#told({ operation: 'entries', path }, this.#files.entries(path));
  }

  async stat(path: string): Promise<PoolFileStat | undefined> {
    return this.#told({ operation: 'stat', path }, this.#files.stat(path));
  }

  async space(): Promise<FileSystemSpace> {
    return this.#told({ operation: 'space', path: '' }, this.#files.space());
  }

  async #opened<T extends BlockDevice | undefined>(path: string, opening: Promise<T>): Promise<T | WatchedDevice> {
    const device = await this.#told({ operation: 'open', path }, opening);
    if (device === undefined) return device;
    this.#watch.health.noteOpened();
    return new WatchedDevice(device, path, this.#watch);
  }

  async #told<T>(call: WatchedCall, work: Promise<T>): Promise<T> {
    return tellingOf(this.#watch.health, call, work);
  }
}

class WatchedDevice implements BlockDevice {
  readonly #device: BlockDevice;
  readonly #path: string;
  readonly #watch: Watch;

  constructor(device: BlockDevice, path: string, watch: Watch) {
    this.#device = device;
    this.#path = path;
    this.#watch = watch;
  }

  get name(): string {
    return this.#device.name;
  }

  get sizeBytes(): number {
    return this.#device.sizeBytes;
  }

  get blockBytes(): number {
    return this.#device.blockBytes;
  }

  get writeOrder(): WriteOrder {
    return this.#device.writeOrder;
  }

  allocate(bytes: number): Uint8Array {
    return this.#device.allocate(bytes);
  }

  async read(offset: number, into: Uint8Array): Promise<void> {
    await this.#told('read', this.#device.read(offset, into));
  }

  async write(offset: number, from: Uint8Array): Promise<void> {
    refuse(this.#watch);
    await this.#told('write', this.#device.write(offset, from));
  }

  async sync(): Promise<void> {
    refuse(this.#watch);
    await this.#told('sync', this.#device.sync());
    if (this.#device.sizeBytes > 0) this.#watch.health.noteWritten();
  }

  async close(): Promise<void> {
    await this.#told('close', this.#device.close());
  }

  async #told(operation: DeviceOperation, work: Promise<void>): Promise<void> {
    await tellingOf(this.#watch.health, { operation, path: this.#path }, work);
  }
}

function refuse({ refuses, health }: Watch): void {
  const refusal = refuses ? health.refusal() : undefined;
  if (refusal !== undefined) throw refusal;
}

async function tellingOf<T>(health: PoolHealth, call: WatchedCall, work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CoucheStorError) health.noteError({ ...call, error });
    throw error;
  }
}
