/**
 * The recipe by which a shard is stored, as the bare calls of the system in their order and nothing else: no checksum, no footer, no
 * check of anything. What is left to a store that does its work for nothing.
 */
import { closeSync, constants, fsyncSync, mkdirSync, openSync, readSync, renameSync, writeSync } from 'node:fs';
import { dirname, join } from 'node:path';

export interface BareBuffers {
  readonly payload: Uint8Array;
  /** Aligned, of the length of a transfer. */
  readonly window: Uint8Array;
  readonly direct: boolean;
}

/** Each a file in a folder of its own, below one folder that is there. */
export function bareRecipe(paths: readonly string[], buffers: BareBuffers): void {
  for (const path of paths) {
    const folder = dirname(path);
    const temporary = join(dirname(folder), 'temporary');
    withFile(temporary, constants.O_RDWR | constants.O_CREAT | constants.O_EXCL, (file) => {
      writeAll(file, buffers);
      fsyncSync(file);
    });
    mkdirSync(folder);
    renameSync(temporary, path);
    withFile(folder, constants.O_RDONLY, fsyncSync);
    withFile(dirname(folder), constants.O_RDONLY, fsyncSync);
    withFile(path, constants.O_RDONLY | (buffers.direct ? constants.O_DIRECT : 0), (file) => readAll(file, buffers));
  }
}

function writeAll(file: number, { payload, window }: BareBuffers): void {
  for (let at = 0; at < payload.length; at += window.length) writeSync(file, payload.subarray(at, at + window.length));
}

function readAll(file: number, { payload, window }: BareBuffers): void {
  for (let at = 0; at < payload.length; at += window.length) readSync(file, window, 0, window.length, at);
}

function withFile(path: string, flags: number, work: (file: number) => void): void {
  const file = openSync(path, flags, 0o600);
  try {
    work(file);
  } finally {
    closeSync(file);
  }
}
