/**
 * The one way to be sure that nobody uses a disk: to open it for exclusive use, which the kernel refuses while anybody holds it, mounts and
 * holders in other namespaces included. It is closed at once and nothing is written; a disk that cannot be read at its ends is found
 * out at the same time. Opened read-only, so that udev does not take the closing for a change.
 */
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { posix } from 'node:path';

import { isError } from '@couchestor/common/base';
import { nodePath, nvmeHeadOf } from '../parse/kernel-names.ts';
import type { Device } from '../model/device.ts';
import { HEAD_BYTES, signaturesIn, TAIL_BYTES } from './first-blocks.ts';

export type ProbeResult =
  | { readonly kind: 'free'; readonly signatures: readonly string[]; readonly blank: boolean }
  | { readonly kind: 'busy' }
  /** It can be opened and not be read. */
  | { readonly kind: 'unreadable'; readonly errno: string }
  /** Not permitted, or no node to open: nothing is said of the disk. */
  | { readonly kind: 'denied'; readonly reason: string };

/** What a test gives in place of the machine's devices. */
export type OpenDevice = (path: string, flags: number) => Promise<Pick<FileHandle, 'read' | 'stat' | 'close'>>;

export interface ProbeOptions {
  /** Of the tree in which the devices were found. */
  readonly root: string;
  readonly openDevice?: OpenDevice;
  /** A disk that does not answer in this time is one that cannot be read. */
  readonly timeoutMs?: number;
  readonly concurrency?: number;
}

const TIMEOUT_MS = 10_000;
/** Reads of dying disks hold threads that others need. */
const CONCURRENCY = 2;
const BUSY = new Set(['EBUSY']);
const DENIED = new Set(['EACCES', 'EPERM', 'ENOENT', 'ENOTDIR', 'EROFS', 'ELOOP']);

/** By device id. Never throws: what goes wrong is the result. */
export async function probeDevices(
  devices: readonly Device[],
  options: ProbeOptions,
): Promise<ReadonlyMap<string, ProbeResult>> {
  const results = new Map<string, ProbeResult>();
  const waiting = [...devices];
  const work = async (): Promise<void> => {
    for (let device = waiting.shift(); device !== undefined; device = waiting.shift()) {
      results.set(device.id, await probeDevice(device, options));
    }
  };
  await Promise.all(Array.from({ length: options.concurrency ?? CONCURRENCY }, work));
  return results;
}

export async function probeDevice(device: Device, options: ProbeOptions): Promise<ProbeResult> {
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const late = Promise.withResolvers<ProbeResult>();
  const timer = setTimeout(() => late.resolve({ kind: 'unreadable', errno: 'ETIMEDOUT' }), timeoutMs);
  try {
    // What is still under way after the time is up ends by itself and closes the device.
    return await Promise.race([probe(device, options), late.promise]);
  } finally {
    clearTimeout(timer);
  }
}

const FLAGS = constants.O_RDONLY | constants.O_EXCL | constants.O_NONBLOCK | constants.O_NOFOLLOW;

async function probe(device: Device, { root, openDevice = open }: ProbeOptions): Promise<ProbeResult> {
  const openName = (name: string): ReturnType<OpenDevice> => openDevice(posix.join(root, nodePath(name)), FLAGS);
  try {
    // Of several paths without a map over them each can be in use by itself.
    for (const name of pathsToOpen(device)) await (await openName(name)).close();
    return await readEnds(device, await openName(device.kernelName));
  } catch (error) {
    return failureOf(error);
  }
}

/** What a map is made of the map holds open, and hidden paths have no node. */
function pathsToOpen(device: Device): readonly string[] {
  if (device.driver === 'dm') return [];
  const names = device.paths.map(({ kernelName }) => kernelName);
  return names.filter((name) => name !== device.kernelName && nvmeHeadOf(name) === null);
}

async function readEnds(device: Device, file: Awaited<ReturnType<OpenDevice>>): Promise<ProbeResult> {
  try {
    const status = await file.stat();
    // A recorded tree, or one of another machine, has nodes of this one at best.
    if (!status.isBlockDevice() || numberOf(status.rdev) !== device.dev) {
      return { kind: 'denied', reason: 'its node is not this device' };
    }
    const sizeBytes = device.sizeBytes ?? 0;
    const head = await readAt(file, 0, Math.min(HEAD_BYTES, sizeBytes));
    const tailBytes = Math.min(TAIL_BYTES, sizeBytes);
    const tail = await readAt(file, sizeBytes - tailBytes, tailBytes);
    const { types, blank } = signaturesIn({ head, tail });
    return { kind: 'free', signatures: types, blank };
  } catch (error) {
    return { kind: 'unreadable', errno: errnoOf(error) };
  } finally {
    await file.close().catch(() => undefined);
  }
}

/** A read that ends before the disk does is a disk that is shorter than it says. */
async function readAt(file: Pick<FileHandle, 'read'>, position: number, length: number): Promise<Uint8Array> {
  const bytes = Buffer.alloc(length);
  for (let done = 0; done < length;) {
    const { bytesRead } = await file.read(bytes, done, length - done, position + done);
    if (bytesRead === 0) throw Object.assign(new Error('The disk ended early.'), { code: 'EIO' });
    done += bytesRead;
  }
  return bytes;
}

function failureOf(error: unknown): ProbeResult {
  const errno = errnoOf(error);
  if (BUSY.has(errno)) return { kind: 'busy' };
  return DENIED.has(errno) ? { kind: 'denied', reason: errno } : { kind: 'unreadable', errno };
}

function errnoOf(error: unknown): string {
  return isError(error) && 'code' in error && typeof error.code === 'string' ? error.code : 'EIO';
}

/** Linux keeps twelve bits of the major number, and twenty of the minor one around them. */
function numberOf(rdev: number): string {
  return `${(rdev >>> 8) & 0xfff}:${(rdev & 0xff) | ((rdev >>> 12) & 0xfff00)}`;
}
