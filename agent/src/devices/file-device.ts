/**
 * Files as devices, through the page cache or past it. Direct I/O is refused where it would be a pretence: tmpfs and ramfs have no
 * disk, and newer kernels let them accept the flag and ignore it.
 */
import { constants } from 'node:fs';
import { open, statfs, unlink, type FileHandle } from 'node:fs/promises';
import { DIRECT_BLOCK_BYTES } from './aligned-buffers.ts';
import type { BlockDevice } from './block-device.ts';
import { deviceError, errnoOf, systemError, type FailedCall } from './device-errors.ts';
import { RawBlockDevice } from './raw-block-device.ts';
import type { RawDevice } from './raw-device.ts';

export interface FileOpening {
  /** `create` fails when there is one; the entry in its directory is not synced. */
  readonly mode: 'create' | 'write' | 'read';
  /** Of a new file: how many bytes it begins with, zeros all of them. Default 0. */
  readonly sizeBytes?: number;
  /** What people know it by, where that is not its path. */
  readonly label?: string;
}

/** Without waiting for the other end of what turns out to be a pipe. */
const OPEN_FLAGS = constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** linux/magic.h */
const MEMORY_FILE_SYSTEMS: ReadonlyMap<number, string> = new Map([
  [0x01021994, 'tmpfs'],
  [0x858458f6, 'ramfs'],
]);

/** @throws CoucheStorError as every device does; symbolic links are not followed. */
export async function openFileDevice(path: string, opening: FileOpening): Promise<BlockDevice> {
  return openDevice(path, opening, 1);
}

/** The same past the page cache: offsets, lengths and buffers are aligned to blockBytes. The file has whole blocks. */
export async function openDirectFileDevice(path: string, opening: FileOpening): Promise<BlockDevice> {
  return openDevice(path, opening, DIRECT_BLOCK_BYTES);
}

async function openDevice(path: string, opening: FileOpening, blockBytes: number): Promise<BlockDevice> {
  const name = opening.label ?? path;
  const call = { device: name, operation: 'open' } as const;
  const isWritable = opening.mode !== 'read';
  const direct = blockBytes > 1 ? constants.O_DIRECT : 0;
  let isMade = false;
  let handle: FileHandle | undefined;
  try {
    if (opening.mode === 'create') {
      const sizeBytes = opening.sizeBytes ?? 0;
      const made = await make(path, sizeBytes);
      isMade = true;
      if (direct === 0) return new RawBlockDevice(new OpenFile(made), { name, sizeBytes, blockBytes, isWritable });
      await made.close();
    }
    handle = await open(path, (isWritable ? constants.O_RDWR : constants.O_RDONLY) | OPEN_FLAGS | direct);
    const [stat] = await Promise.all([handle.stat(), direct === 0 ? undefined : refuseMemory(path, call)]);
    if (!stat.isFile()) throw deviceError('notAFile', call, 'it is no regular file');
    if (stat.size % blockBytes !== 0) {
      throw deviceError('badFormat', call, `its ${stat.size} bytes are no multiple of ${blockBytes}`);
    }
    return new RawBlockDevice(new OpenFile(handle), { name, sizeBytes: stat.size, blockBytes, isWritable });
  } catch (error) {
    await handle?.close();
    if (isMade) await unlink(path);
    // open(2): "EINVAL: the filesystem does not support the O_DIRECT flag".
    if (direct !== 0 && errnoOf(error) === 'EINVAL') {
      throw deviceError('noDirectIo', call, 'its file system has no direct I/O', { cause: error });
    }
    // open(2): "ENXIO: The file is a UNIX domain socket", or a device that has no driver; of a disk that has left it says nothing.
    if (errnoOf(error) === 'ENXIO') throw deviceError('notAFile', call, 'it is no regular file', { cause: error });
    throw systemError(error, call);
  }
}

/**
 * Without the flag of direct I/O: a file system that refuses it would have made the file by then, and nobody could tell whose it is.
 * All or nothing: a file that could not get its size is gone again.
 */
async function make(path: string, sizeBytes: number): Promise<FileHandle> {
  const handle = await open(
    path,
    constants.O_RDWR | constants.O_CREAT | constants.O_EXCL | constants.O_NOFOLLOW,
    0o600,
  );
  try {
    if (sizeBytes > 0) await handle.truncate(sizeBytes);
    return handle;
  } catch (error) {
    await handle.close();
    await unlink(path);
    throw error;
  }
}

async function refuseMemory(path: string, call: FailedCall): Promise<void> {
  const { type } = await statfs(path);
  const name = MEMORY_FILE_SYSTEMS.get(type);
  if (name === undefined) return;
  throw deviceError('noDirectIo', call, `${name} keeps files in memory and has no disk to be direct to`);
}

class OpenFile implements RawDevice {
  readonly #handle: FileHandle;

  constructor(handle: FileHandle) {
    this.#handle = handle;
  }

  async read(offset: number, into: Uint8Array): Promise<number> {
    return (await this.#handle.read(into, 0, into.byteLength, offset)).bytesRead;
  }

  async write(offset: number, from: Uint8Array): Promise<number> {
    return (await this.#handle.write(from, 0, from.byteLength, offset)).bytesWritten;
  }

  async sync(): Promise<void> {
    await this.#handle.sync();
  }

  async close(): Promise<void> {
    await this.#handle.close();
  }
}
