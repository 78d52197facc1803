/** A PoolFiles whose calls, and those of its devices, a test stands in front of: to count, fail, skip or end them. */
import type { BlockDevice } from '../devices/index.ts';
import type { FileSystemSpace, PoolEntry, PoolFiles, PoolFileStat } from './pool-files.ts';

export type FileOperation = keyof Omit<PoolFiles, 'label'> | 'read' | 'write' | 'sync';

export interface FileStep {
  readonly operation: FileOperation;
  /** Of a rename, where it leads. */
  readonly path: string;
}

/** Gives what `run` gives, or something else, or throws. */
export type Around = <Result>(step: FileStep, run: () => Promise<Result>) => Promise<Result>;

/** What changes a disk, or says that it is changed for good. */
const EFFECTS: ReadonlySet<FileOperation> = new Set<FileOperation>([
  ...(['create', 'rename', 'unlink', 'makeFolder', 'removeFolder', 'syncFolder', 'write', 'sync'] as const),
]);

export const isEffect = ({ operation }: FileStep): boolean => EFFECTS.has(operation);

export class InterposedFiles implements PoolFiles {
  readonly #files: PoolFiles;
  readonly #around: Around;

  constructor(files: PoolFiles, around: Around) {
    this.#files = files;
    this.#around = around;
  }

  get label(): string {
    return this.#files.label;
  }

  async create(path: string): Promise<BlockDevice> {
    return this.#device(path, await this.#around({ operation: 'create', path }, () => this.#files.create(path)));
  }

  async open(path: string): Promise<BlockDevice | undefined> {
    const device = await this.#around({ operation: 'open', path }, () => this.#files.open(path));
    return device && this.#device(path, device);
  }

  async openDirect(path: string): Promise<BlockDevice | undefined> {
    const device = await this.#around({ operation: 'openDirect', path }, () => this.#files.openDirect(path));
    return device && this.#device(path, device);
  }

  rename(from: string, to: string): Promise<void> {
    return this.#around({ operation: 'rename', path: to }, () => this.#files.rename(from, to));
  }

  unlink(path: string): Promise<boolean> {
    return this.#around({ operation: 'unlink', path }, () => this.#files.unlink(path));
  }

  makeFolder(path: string): Promise<boolean> {
    return this.#around({ operation: 'makeFolder', path }, () => this.#files.makeFolder(path));
  }

  removeFolder(path: string): Promise<'removed' | 'missing' | 'notEmpty'> {
    return this.#around({ operation: 'removeFolder', path }, () => this.#files.removeFolder(path));
  }

  syncFolder(path: string): Promise<void> {
    return this.#around({ operation: 'syncFolder', path }, () => this.#files.syncFolder(path));
  }

  entries(path: string): Promise<readonly PoolEntry[] | undefined> {
    return this.#around({ operation: 'entries', path }, () => this.#files.entries(path));
  }

  stat(path: string): Promise<PoolFileStat | undefined> {
    return this.#around({ operation: 'stat', path }, () => this.#files.stat(path));
  }

  space(): Promise<FileSystemSpace> {
    return this.#around({ operation: 'space', path: '' }, () => this.#files.space());
  }

  #device(path: string, device: BlockDevice): BlockDevice {
    const around = this.#around;
    return {
      name: device.name,
      blockBytes: device.blockBytes,
      writeOrder: device.writeOrder,
      get sizeBytes() {
        return device.sizeBytes;
      },
      allocate: (bytes) => device.allocate(bytes),
      read: (offset, into) => around({ operation: 'read', path }, () => device.read(offset, into)),
      write: (offset, from) => around({ operation: 'write', path }, () => device.write(offset, from)),
      sync: () => around({ operation: 'sync', path }, () => device.sync()),
      close: () => device.close(),
    };
  }
}
