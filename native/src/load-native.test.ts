import { describe, expect, it } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { ADDON_VERSION } from './addon.ts';
import { loadNative } from './index.ts';

const addon = join(import.meta.dirname, '..', 'build', 'couchestor.node');

describe('the addon', () => {
  it('is loaded where it was built', () => {
    expect(loadNative()).toMatchObject({ kind: 'loaded' });
  });

  it('is absent with a reason where it is not, or is not one', () => {
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-'));
    try {
      expect(loadNative(folder)).toEqual({ kind: 'absent', reason: expect.stringContaining('is not there') });
      writeFileSync(join(folder, 'couchestor.node'), 'no library');
      expect(loadNative(folder)).toEqual({ kind: 'absent', reason: expect.stringContaining('does not load') });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is absent where it was built for another version', () => {
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-'));
    try {
      const headers = createRequire(import.meta.url).resolve('node-api-headers/package.json');
      writeFileSync(
        join(folder, 'other.c'),
        `#include <node_api.h>
        NAPI_MODULE_INIT() {
          napi_value version;
          napi_create_uint32(env, ${ADDON_VERSION + 1}, &version);
          napi_set_named_property(env, exports, "version", version);
          return exports;
        }`,
      );
      const flags = ['-shared', '-fPIC', `-I${join(dirname(headers), 'include')}`, '-o', 'couchestor.node', 'other.c'];
      expect(spawnSync('cc', flags, { cwd: folder, encoding: 'utf8' })).toMatchObject({ status: 0, stderr: '' });
      expect(loadNative(folder)).toEqual({
        kind: 'absent',
        reason: expect.stringContaining(`is of version ${ADDON_VERSION + 1}, not ${ADDON_VERSION}`),
      });
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it('is loaded by two threads at once, again and again, and works on memory that they share', async () => {
    const loaded = loadNative();
    if (loaded.kind === 'absent') throw new Error(loaded.reason);
    const { crc32c } = loaded.native;
    const shared = new Uint8Array(new SharedArrayBuffer(4096));
    const script = `
      const { loadNative } = await import(${JSON.stringify(join(import.meta.dirname, 'index.ts'))});
      const { parentPort, workerData } = await import('node:worker_threads');
      const { native } = loadNative();
      const { shared, part } = workerData;
      const output = new Uint8Array(shared.buffer, part * 1024, 1024);
      const tables = native.galois.prepare(Uint8Array.of(part + 1), 1, 1);
      for (let turn = 0; turn < 500; turn++)
        native.galois.multiply(tables, [shared.subarray(3072)], [output], 0, 1024);
      parentPort.postMessage(native.crc32c(output));`;
    const start = (part: number): Promise<number> =>
      new Promise((resolve, reject) => {
        const worker = new Worker(script, { eval: true, workerData: { shared, part } });
        let checksum = -1;
        worker.once('message', (message: number) => (checksum = message));
        worker.once('exit', () => resolve(checksum)).once('error', reject);
      });
    shared.fill(3, 3072);
    for (let round = 0; round < 2; round += 1) {
      const checksums = await Promise.all([0, 1].map(start));
      expect(checksums).toEqual([0, 1].map((part) => crc32c(shared, 0, part * 1024, 1024)));
      expect([shared[1023], shared[2047], shared[2048]]).toEqual([3, 6, 0]);
    }
  });

  it('survives thousands of calls with arguments of all kinds', () => {
    const fixture = join(import.meta.dirname, 'random-calls.fixture.ts');
    const seed = String(process.pid);
    const child = spawnSync(process.execPath, ['--no-warnings', fixture, addon, '30000', seed], { encoding: 'utf8' });
    expect({ seed, status: child.status, signal: child.signal, stderr: child.stderr }).toEqual({
      seed,
      status: 0,
      signal: null,
      stderr: '',
    });
    const outcomes = JSON.parse(child.stdout) as Record<string, number>;
    const functions = ['prepare', 'multiply', 'accumulate', 'compare', 'crc32c', 'map', 'read', 'write', 'sync'];
    for (const name of functions) {
      expect([name, outcomes[`${name} done`]! > 20, outcomes[`${name} TypeError`]! > 20]).toEqual([name, true, true]);
    }
  });
});
