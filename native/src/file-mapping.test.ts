import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import {
  closeSync,
  ftruncateSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadNative, type FileMapping, type FileWindow } from './index.ts';

const loaded = loadNative();
const GIB = 2 ** 30;

let folder = '';
let path = '';
let file = -1;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'couchestor-mapping-'));
  path = join(folder, 'file');
  file = openSync(path, 'w+');
});

afterEach(() => {
  closeSync(file);
  rmSync(folder, { recursive: true });
});

function map(window: FileWindow, descriptor = file): FileMapping {
  if (loaded.kind === 'absent') throw new Error(loaded.reason);
  return loaded.native.mapFile(descriptor, window);
}

function read(mapping: FileMapping, offset: number, length: number): string {
  const target = Buffer.alloc(length);
  if (!mapping.read(offset, target)) throw new Error('a page is gone');
  return target.toString('latin1');
}

/** `toThrow` compares classes, and those of an error from the addon are of the first realm of the process. */
function codeOf(action: () => unknown): unknown {
  try {
    action();
  } catch (error) {
    return (error as NodeJS.ErrnoException).code;
  }
  return 'nothing thrown';
}

describe('a mapped file', () => {
  it('is read from any offset', () => {
    writeFileSync(file, `${'-'.repeat(5000)}some bytes`);
    const mapping = map({ offset: 4999, length: 11 });
    expect(mapping.length).toBe(11);
    expect(read(mapping, 0, 11)).toBe('-some bytes');
    const target = Buffer.from('0123456789');
    expect(mapping.read(6, target, 2, 3)).toBe(true);
    expect(target.toString()).toBe('01byt56789');
    mapping.unmap();
  });

  it('shows what is written to it, and outlives its descriptor', () => {
    ftruncateSync(file, 10_000);
    const other = openSync(path, 'r+');
    const mapping = map({ offset: 4000, length: 6000, writable: true }, other);
    closeSync(other);
    expect(mapping.write(200, Buffer.from('..written..'), 2, 7)).toBe(true);
    mapping.sync();
    expect(readFileSync(path).toString('latin1', 4198, 4210)).toBe('\0\0written\0\0\0');
    mapping.unmap();
  });

  it('reaches beyond 4 GiB', () => {
    const far = 5 * GIB + 4097;
    ftruncateSync(file, far + 100);
    const whole = map({ offset: 0, length: far + 100, writable: true });
    const part = map({ offset: far - 10, length: 20 });
    expect(whole.write(far, Buffer.from('far'))).toBe(true);
    expect(read(part, 9, 5)).toBe('\0far\0');
    expect(read(whole, far - GIB * 4, 3)).toBe('\0\0\0');
    whole.sync(far, 3);
    whole.unmap();
    part.unmap();
    expect(statSync(path).blocks * 512).toBeLessThan(1024 * 1024);
  });

  it('takes advice on any part', () => {
    ftruncateSync(file, 100_000);
    const mapping = map({ offset: 1, length: 99_999 });
    for (const advice of ['normal', 'random', 'sequential', 'willNeed', 'dontNeed'] as const) {
      mapping.advise(advice);
      mapping.advise(advice, 5000, 1);
    }
    expect(read(mapping, 0, 2)).toBe('\0\0');
    mapping.unmap();
  });
});

describe('a file that has become shorter', () => {
  it('is told by the result of a copy, and what is left can be read', () => {
    writeFileSync(file, 'x'.repeat(100_000));
    const mapping = map({ offset: 0, length: 100_000, writable: true });
    ftruncateSync(file, 50_000);
    for (let again = 0; again < 3; again += 1) {
      expect(mapping.read(90_000, new Uint8Array(10))).toBe(false);
      expect(mapping.write(90_000, new Uint8Array(10))).toBe(false);
      expect(mapping.read(0, new Uint8Array(100_000))).toBe(false);
      expect(read(mapping, 49_990, 10)).toBe('xxxxxxxxxx');
    }
    ftruncateSync(file, 100_000);
    expect(read(mapping, 90_000, 1)).toBe('\0');
    mapping.unmap();
  });

  it('leaves every other bus error as it was: the signal ends a process', () => {
    ftruncateSync(file, 10);
    const script = `
      import { loadNative } from ${JSON.stringify(join(import.meta.dirname, 'index.ts'))};
      import { openSync } from 'node:fs';
      const { native } = loadNative();
      native.mapFile(openSync(${JSON.stringify(path)}, 'r'), { offset: 0, length: 10 });
      process.kill(process.pid, 'SIGBUS');
      setTimeout(() => {}, 10_000);`;
    const child = spawnSync(process.execPath, ['--no-warnings', '--input-type=module', '-e', script]);
    expect([child.status, child.signal, child.stderr.toString()]).toEqual([null, 'SIGBUS', '']);
  });
});

describe('what is refused', () => {
  it('has the code of the operating system', () => {
    ftruncateSync(file, 5000);
    const readable = openSync(path, 'r');
    const directory = openSync(folder, 'r');
    const device = openSync('/dev/zero', 'r');
    try {
      expect(codeOf(() => map({ offset: 0, length: 5001 }))).toBe('ERANGE');
      expect(codeOf(() => map({ offset: 2 ** 52, length: 1 }))).toBe('ERANGE');
      expect(codeOf(() => map({ offset: 0, length: 0 }))).toBe('EINVAL');
      expect(codeOf(() => map({ offset: 0, length: 1, writable: true }, readable))).toBe('EACCES');
      expect(codeOf(() => map({ offset: 0, length: 1 }, directory))).toBe('ENODEV');
      expect(codeOf(() => map({ offset: 0, length: 1 }, device))).toBe('ENODEV');
      expect(codeOf(() => map({ offset: 0, length: 1 }, 99_999))).toBe('EBADF');
    } finally {
      closeSync(readable);
      closeSync(directory);
      closeSync(device);
    }
  });

  it('names the argument', () => {
    ftruncateSync(file, 100);
    const mapping = map({ offset: 0, length: 100 });
    const bytes = new Uint8Array(20);
    expect(() => mapping.read(81, bytes)).toThrow('read: offset + length lies outside the mapping');
    expect(() => mapping.read(0, bytes, 10, 11)).toThrow('read: target is shorter than offset + length');
    expect(() => mapping.read(-1, bytes)).toThrow('read: offset must be a whole number from 0 to 9007199254740991');
    expect(() => mapping.write(0, bytes)).toThrow('write: mapping is read-only');
    expect(() => mapping.advise('normal', 101)).toThrow(/^advise: /);
    expect(() => mapping.sync(0, 101)).toThrow('sync: offset + length lies outside the mapping');
    mapping.unmap();
  });

  it('is every use after the end, but for ending it again', () => {
    ftruncateSync(file, 100);
    const mapping = map({ offset: 0, length: 100, writable: true });
    mapping.unmap();
    mapping.unmap();
    const bytes = new Uint8Array(1);
    expect(() => mapping.read(0, bytes)).toThrow('read: mapping is unmapped');
    expect(() => mapping.write(0, bytes)).toThrow('write: mapping is unmapped');
    expect(() => mapping.sync()).toThrow('sync: mapping is unmapped');
    expect(() => mapping.advise('normal')).toThrow('advise: mapping is unmapped');
  });
});
