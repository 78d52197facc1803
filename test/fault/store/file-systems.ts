/**
 * File systems for one test each: images of ext4 and XFS on loop devices, whose power can be cut, and tmpfs with limits. What is cut
 * reaches the image no more, not even its journal, so that what is found after restore() is what was synced, and what the file
 * system happened to write before.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export type OnLoop = 'ext4' | 'xfs';

/** XFS has no smaller ones. The images are sparse. */
const IMAGE_BYTES = 320 * 2 ** 20;

function run(program: string, ...args: readonly string[]): void {
  execFileSync(program, args, { stdio: 'pipe' });
}

export class MountedFileSystem {
  /** Where it is mounted. */
  readonly folder: string;
  /** What its image is on. */
  readonly below: MountedFileSystem | undefined;
  readonly #scratch: string;
  readonly #mount: readonly string[];
  #mounted = 0;
  #isCut = false;

  private constructor(scratch: string, mount: readonly string[], below?: MountedFileSystem) {
    this.#scratch = scratch;
    this.below = below;
    this.folder = join(scratch, 'mount');
    this.#mount = mount;
    mkdirSync(this.folder);
    this.restore();
  }

  static tmpfs(options: string): MountedFileSystem {
    return new MountedFileSystem(scratchFolder(), ['-t', 'tmpfs', '-o', options, 'tmpfs']);
  }

  /** The image is in memory, so that the disk below costs no time, and at most as long as `imageRoom` says. */
  static onLoop(kind: OnLoop, imageRoom = '1g'): MountedFileSystem {
    const below = MountedFileSystem.tmpfs(`size=${imageRoom}`);
    const image = join(below.folder, 'image');
    writeFileSync(image, '');
    truncateSync(image, IMAGE_BYTES);
    run(`mkfs.${kind}`, '-q', image);
    return new MountedFileSystem(scratchFolder(), ['-t', kind, '-o', 'loop', image], below);
  }

  /** From now on every call says EIO, until unmount() and restore(). */
  cutPower(): void {
    if (this.#isCut) return;
    this.#isCut = true;
    run('xfs_io', '-x', '-c', 'shutdown', this.folder);
  }

  remount(options: string): void {
    run('mount', '-o', `remount,${options}`, this.folder);
  }

  unmount(): void {
    run('umount', this.folder);
    this.#mounted -= 1;
  }

  /** Mounts it, after unmount(); an image recovers as after a power loss. */
  restore(): void {
    run('mount', ...this.#mount, this.folder);
    this.#isCut = false;
    this.#mounted += 1;
  }

  /** Mounts another folder over it, until the next unmount(). */
  bind(folder: string): void {
    run('mount', '--bind', folder, this.folder);
    this.#mounted += 1;
  }

  /** Mounts an empty file system over it, until the next unmount(). */
  cover(): void {
    run('mount', '-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', this.folder);
    this.#mounted += 1;
  }

  /** Unmounts and removes all of it, also what a failed test has left open. */
  remove(): void {
    for (; this.#mounted > 0; this.#mounted -= 1) run('umount', '--lazy', this.folder);
    rmSync(this.#scratch, { recursive: true, force: true });
    this.below?.remove();
  }
}

function scratchFolder(): string {
  return mkdtempSync(join(tmpdir(), 'couchestor-mount-'));
}
