/** PoolFiles on a PowerLossDisk: what a process sees of it that runs on, until the power is lost. */
import { deviceError, systemError, type BlockDevice, type DeviceOperation, type FailedCall } from '../devices/index.ts';
import { RawBlockDevice } from '../devices/raw-block-device.ts';
import type { RawDevice } from '../devices/raw-device.ts';
import type { FileSystemSpace, PoolEntry, PoolFiles, PoolFileStat } from './pool-files.ts';
import { checkPath, parentOf } from './pool-path.ts';
import { FileNode, FolderNode, PowerLossDisk, type DiskNode } from './power-loss-disk.fixture.ts';

const SPACE: FileSystemSpace = {
  ...{ totalBytes: 2 ** 30, freeBytes: 2 ** 30, availableBytes: 2 ** 30 },
  ...{ totalInodes: 2 ** 16, freeInodes: 2 ** 16 },
};

/** A name in the folder that holds it. */
interface Place {
  readonly folder: FolderNode;
  readonly name: string;
  readonly node: DiskNode | undefined;
}

export class PowerLossFiles implements PoolFiles {
  readonly label = '/memory';
  readonly disk: PowerLossDisk;

  constructor(disk = new PowerLossDisk()) {
    this.disk = disk;
  }

  create(path: string): Promise<BlockDevice> {
    return this.#call('open', path, (call) => {
      const { folder, name, node } = this.#place(path, call);
      if (node !== undefined) throw systemFailure('EEXIST', 'open');
      const file = new FileNode();
      this.disk.set(folder, name, file);
      return deviceOn(file, call.device, true);
    });
  }

  open(path: string): Promise<BlockDevice | undefined> {
    return this.#call('open', path, (call) => {
      const node = this.#find(path, call);
      if (node?.kind === 'folder') throw deviceError('notAFile', call, 'it is a folder');
      return node && deviceOn(node, call.device, false);
    });
  }

  openDirect(path: string): Promise<BlockDevice | undefined> {
    return this.open(path);
  }

  async rename(from: string, to: string): Promise<void> {
    const source = await this.#call('rename', from, (call) => this.#place(from, call));
    await this.#call('rename', to, (call) => {
      const target = this.#place(to, call);
      const { node } = source;
      if (node === undefined) throw systemFailure('ENOENT', 'rename');
      if (target.node?.kind === 'folder') throw systemFailure('EISDIR', 'rename');
      if (node !== target.node) this.disk.rename(source, { ...target, node });
    });
  }

  unlink(path: string): Promise<boolean> {
    return this.#call('unlink', path, (call) => {
      const node = this.#find(path, call);
      if (node === undefined) return false;
      if (node.kind === 'folder') throw systemFailure('EISDIR', 'unlink');
      this.#remove(path, call);
      return true;
    });
  }

  makeFolder(path: string): Promise<boolean> {
    return this.#call('makeFolder', path, (call) => {
      const { folder, name, node } = this.#place(path, call);
      if (node?.kind === 'file') throw notAFolder(call);
      if (node !== undefined) return false;
      this.disk.set(folder, name, new FolderNode());
      return true;
    });
  }

  removeFolder(path: string): Promise<'removed' | 'missing' | 'notEmpty'> {
    return this.#call('removeFolder', path, (call) => {
      const node = this.#find(path, call);
      if (node === undefined) return 'missing';
      if (node.kind === 'file') throw systemFailure('ENOTDIR', 'rmdir');
      if (node.entries.size > 0) return 'notEmpty';
      this.#remove(path, call);
      return 'removed';
    });
  }

  syncFolder(path: string): Promise<void> {
    return this.#call('syncFolder', path, (call) => this.disk.syncFolder(this.#folder(path, call)));
  }

  entries(path: string): Promise<readonly PoolEntry[] | undefined> {
    return this.#call('entries', path, (call) => {
      if (this.#find(path, call) === undefined) return undefined;
      const entries = [...this.#folder(path, call).entries].map(([name, { kind }]): PoolEntry => ({ name, kind }));
      return entries.sort((a, b) => (a.name < b.name ? -1 : 1));
    });
  }

  stat(path: string): Promise<PoolFileStat | undefined> {
    return this.#call('stat', path, (call) => {
      const node = this.#find(path, call);
      return node && { kind: node.kind, sizeBytes: node.kind === 'file' ? node.content.length : 0 };
    });
  }

  space(): Promise<FileSystemSpace> {
    return Promise.resolve(SPACE);
  }

  async #call<Result>(operation: DeviceOperation, path: string, run: (call: FailedCall) => Result): Promise<Result> {
    const call = { device: path === '' ? this.label : `${this.label}/${path}`, operation };
    try {
      checkPath(path, call);
      // As with a real one, others have their turn before it has happened.
      await Promise.resolve();
      return run(call);
    } catch (error) {
      throw systemError(error, call);
    }
  }

  #find(path: string, call: FailedCall): DiskNode | undefined {
    let node: DiskNode | undefined = this.disk.root;
    for (const name of path === '' ? [] : path.split('/')) {
      if (node?.kind === 'file') throw notAFolder(call);
      node = node?.entries.get(name);
    }
    return node;
  }

  #folder(path: string, call: FailedCall): FolderNode {
    const node = this.#find(path, call);
    if (node === undefined) throw systemFailure('ENOENT', 'open');
    if (node.kind === 'file') throw notAFolder(call);
    return node;
  }

  #place(path: string, call: FailedCall): Place {
    const folder = this.#folder(parentOf(path), call);
    const name = path.slice(path.lastIndexOf('/') + 1);
    return { folder, name, node: folder.entries.get(name) };
  }

  #remove(path: string, call: FailedCall): void {
    const { folder, name } = this.#place(path, call);
    this.disk.set(folder, name, undefined);
  }
}

function notAFolder(call: FailedCall): Error {
  return deviceError('notAFolder', call, 'it, or what it is said to be in, is no folder');
}

function deviceOn(file: FileNode, name: string, isWritable: boolean): BlockDevice {
  const raw: RawDevice = {
    read(offset, into) {
      const from = file.content.subarray(offset, offset + into.length);
      into.set(from);
      return Promise.resolve(from.length);
    },
    write(offset, from) {
      file.write(offset, from);
      return Promise.resolve(from.length);
    },
    sync() {
      file.sync();
      return Promise.resolve();
    },
    close: () => Promise.resolve(),
  };
  return new RawBlockDevice(raw, { name, sizeBytes: file.content.length, blockBytes: 1, isWritable });
}

/** As Node throws it. */
function systemFailure(code: string, syscall: string): Error {
  return Object.assign(new Error(`${code}: ${syscall}`), { code, syscall });
}
