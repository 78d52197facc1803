/**
 * A pool's files on Linux. The folder is held open and every call goes through /proc/self/fd, so that it reaches the very file system
 * whose identity was checked, whatever is mounted over its path later; and whoever unmounts it is told that it is busy.
 */
import { constants } from 'node:fs';
import {
  access,
  lstat,
  mkdir,
  open,
  readdir,
  realpath,
  rename,
  rmdir,
  statfs,
  unlink,
  type FileHandle,
} from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { CoucheStorError } from '@couchestor/common/base';
import {
  deviceError,
  errnoOf,
  openDirectFileDevice,
  openFileDevice,
  systemError,
  type BlockDevice,
  type DeviceOperation,
  type FailedCall,
} from '../devices/index.ts';
import type { FileSystemSpace, PoolEntry, PoolEntryKind, PoolFiles, PoolFileStat } from './pool-files.ts';
import { ancestorsOf, checkPath, parentOf } from './pool-path.ts';

const FOLDER_FLAGS = constants.O_RDONLY | constants.O_DIRECTORY;

const OWNER_ONLY = 0o700;

/** After which open() still can. */
const NOT_DIRECT: ReadonlySet<unknown> = new Set(['noDirectIo', 'badFormat']);

export class LinuxPoolFiles implements PoolFiles {
  readonly label: string;
  readonly #folder: FileHandle;
  readonly #underWay = new Set<Promise<unknown>>();
  #closing: Promise<void> | undefined;
  /**
   * The folder that was listed last: no link led to it, and to measure what is in it costs one call each, not three. Whoever opens
   * something makes sure again.
   */
  #listed: string | undefined;

  private constructor(label: string, folder: FileHandle) {
    this.label = label;
    this.#folder = folder;
  }

  /** @param path - of the pool, where a link may lead to it. */
  static async open(path: string): Promise<LinuxPoolFiles> {
    try {
      return new LinuxPoolFiles(path, await open(path, FOLDER_FLAGS));
    } catch (error) {
      const call = { device: path, operation: 'open' } as const;
      if (errnoOf(error) === 'ENOTDIR') throw deviceError('notAFolder', call, 'it is no folder', { cause: error });
      throw systemError(error, call);
    }
  }

  async create(path: string): Promise<BlockDevice> {
    return this.#through('open', path, (at, label) => openFileDevice(at, { mode: 'create', label }));
  }

  async open(path: string): Promise<BlockDevice | undefined> {
    return unlessMissing(this.#through('open', path, (at, label) => openFileDevice(at, { mode: 'read', label })));
  }

  async openDirect(path: string): Promise<BlockDevice | undefined> {
    const direct = this.#through('open', path, (at, label) => openDirectFileDevice(at, { mode: 'read', label }));
    try {
      return await unlessMissing(direct);
    } catch (error) {
      if (error instanceof CoucheStorError && NOT_DIRECT.has(error.fields.fault)) return this.open(path);
      throw error;
    }
  }

  async rename(from: string, to: string): Promise<void> {
    await this.#through('rename', to, (target) =>
      this.#through('rename', from, async (source) => rename(source, target)),
    );
  }

  async unlink(path: string): Promise<boolean> {
    const work = this.#through('unlink', path, async (at) => {
      await unlink(at);
      return true;
    });
    return (await unlessMissing(work)) ?? false;
  }

  async makeFolder(path: string): Promise<boolean> {
    return this.#through('makeFolder', path, async (at, device) => {
      try {
        await mkdir(at, OWNER_ONLY);
        return true;
      } catch (error) {
        if (errnoOf(error) !== 'EEXIST') throw error;
        await checkFolder(at, { device, operation: 'makeFolder' });
        return false;
      }
    });
  }

  async removeFolder(path: string): Promise<'removed' | 'missing' | 'notEmpty'> {
    const work = this.#through('removeFolder', path, async (at) => {
      try {
        await rmdir(at);
        return 'removed';
      } catch (error) {
        if (errnoOf(error) === 'ENOTEMPTY') return 'notEmpty';
        throw error;
      }
    });
    return (await unlessMissing(work)) ?? 'missing';
  }

  async syncFolder(path: string): Promise<void> {
    await this.#through('syncFolder', path, async (at, device) => {
      await checkFolder(at, { device, operation: 'syncFolder' });
      const folder = await open(at, FOLDER_FLAGS);
      try {
        await folder.sync();
      } finally {
        await folder.close();
      }
    });
  }

  async entries(path: string): Promise<readonly PoolEntry[] | undefined> {
    const work = this.#through('entries', path, async (at, device) => {
      await checkFolder(at, { device, operation: 'entries' });
      const entries = await readdir(at, { withFileTypes: true });
      this.#listed = path;
      return entries.map((entry) => ({ name: entry.name, kind: kindOf(entry) })).sort(byName);
    });
    return unlessMissing(work);
  }

  async stat(path: string): Promise<PoolFileStat | undefined> {
    const work = this.#through('stat', path, async (at) => {
      const stat = await lstat(at);
      return { kind: kindOf(stat), sizeBytes: stat.size };
    });
    return unlessMissing(work);
  }

  async space(): Promise<FileSystemSpace> {
    return this.#through('space', '', async (at) => {
      const { bsize, blocks, bfree, bavail, files, ffree } = await statfs(at);
      return {
        totalBytes: blocks * bsize,
        freeBytes: bfree * bsize,
        availableBytes: bavail * bsize,
        totalInodes: files,
        freeInodes: ffree,
      };
    });
  }

  /** A path that leads to the folder now, for what needs one: no link is on it, but something else may be mounted over it. */
  async realPath(): Promise<string> {
    return this.#through('lock', '', async (at) => realpath(at));
  }

  /** Whether the file system takes no writes from anybody. */
  async isReadOnly(): Promise<boolean> {
    return this.#through('lock', '', async (at) => {
      try {
        await access(at, constants.W_OK);
      } catch (error) {
        if (errnoOf(error) === 'EROFS') return true;
        throw error;
      }
      return false;
    });
  }

  /** The nearest folder above this one, on the same file system, below which `path` leads to something. */
  async folderAbove(path: string): Promise<string | undefined> {
    return this.#through('lock', '', async (at) => {
      const { dev } = await lstat(at, { bigint: true });
      for (let folder = await realpath(at); folder !== '/';) {
        folder = dirname(folder);
        if ((await lstat(folder, { bigint: true })).dev !== dev) return undefined;
        const found = await lstat(join(folder, path)).catch(() => undefined);
        if (found !== undefined) return folder;
      }
      return undefined;
    });
  }

  /** Whether a path leads to the folder that is held. */
  async isHeldAt(path: string): Promise<boolean> {
    return this.#through('lock', '', async (at) => {
      const [held, other] = await Promise.all([at, path].map(async (folder) => lstat(folder, { bigint: true })));
      return held?.dev === other?.dev && held?.ino === other?.ino;
    });
  }

  /** Waits for calls under way. Devices that were opened stay open. */
  async close(): Promise<void> {
    this.#closing ??= Promise.allSettled(this.#underWay).then(() => this.#folder.close());
    await this.#closing;
  }

  /**
   * The number of a closed descriptor goes to the next file that is opened, so no call may outlive the folder's.
   * @param run - gets the path to use, on which no link is left but perhaps the last name, and the path that people know.
   */
  async #through<T>(
    operation: DeviceOperation,
    path: string,
    run: (at: string, label: string) => Promise<T>,
  ): Promise<T> {
    const call = { device: path === '' ? this.label : `${this.label}/${path}`, operation };
    if (this.#closing !== undefined) throw deviceError('closed', call, 'the pool is closed');
    checkPath(path, call);
    const work = this.#checked(path, run, call);
    this.#underWay.add(work);
    try {
      return await work;
    } catch (error) {
      throw systemError(error, call);
    } finally {
      this.#underWay.delete(work);
    }
  }

  async #checked<T>(path: string, run: (at: string, label: string) => Promise<T>, call: FailedCall): Promise<T> {
    // With a dot at its end it is the folder, and not the link to it.
    const folder = `/proc/self/fd/${this.#folder.fd}/.`;
    if (call.operation !== 'stat' || parentOf(path) !== this.#listed) {
      await Promise.all(ancestorsOf(path).map((ancestor) => checkFolder(`${folder}/${ancestor}`, call)));
    }
    return run(path === '' ? folder : `${folder}/${path}`, call.device);
  }
}

async function checkFolder(at: string, call: FailedCall): Promise<void> {
  const stat = await lstat(at);
  if (!stat.isDirectory()) throw deviceError('notAFolder', call, 'it, or what it is said to be in, is no folder');
}

async function unlessMissing<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (error instanceof CoucheStorError && error.fields.errno === 'ENOENT') return undefined;
    throw error;
  }
}

function kindOf(entry: { isFile(): boolean; isDirectory(): boolean }): PoolEntryKind {
  if (entry.isFile()) return 'file';
  return entry.isDirectory() ? 'folder' : 'other';
}

function byName(one: PoolEntry, other: PoolEntry): number {
  return one.name < other.name ? -1 : 1;
}
