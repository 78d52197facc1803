/** Devices of real processes whose system calls fail. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it, describe } from '@jest/globals';
import { formatZonedModel, openFileDevice, openZonedModel, zonedModelBytes } from '@couchestor/agent/devices';
import { requireTool } from '../../skips.ts';
import { runDevices, type Report } from './processes.ts';

let folder = '';
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'couchestor-devices-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const strace = requireTool('strace');

/** Calls on this file alone. @param inject - as strace has it. */
function traced(path: string, calls: string, inject: string): string[] {
  return [strace.path, '-f', '-qq', '-P', path, '-e', `trace=${calls}`, '-e', `inject=${calls}:${inject}`];
}

strace.describe('a sync that fails in a real process', () => {
  it.each(['EIO', 'ENOSPC'])('poisons the device, and the kernel is not asked again: %s', async (errno) => {
    const path = join(folder, 'file');
    const failing = traced(path, 'fsync,fdatasync', `error=${errno}:when=1`);
    const { reports, errors, code } = await runDevices(failing, 'sync', path);
    expect(code).toBe(0);
    const poisoned = { code: 'unavailable', retryable: false, fault: 'poisoned', device: path };
    expect(reports).toMatchObject([
      { what: 'write' },
      { what: 'sync', fault: 'system', errno, device: path, operation: 'sync', remedy: expect.any(String) },
      { what: 'sync', ...poisoned },
      { what: 'write', ...poisoned },
      { what: 'read', ...poisoned },
      { what: 'close' },
      { what: 'write' },
      { what: 'sync' },
    ]);
    expect(reports.filter((report) => 'code' in report)).toHaveLength(4);
    // One that failed, and that of the device that came after.
    expect(errors.match(/f(data)?sync\(/g)).toHaveLength(2);
    expect(readFileSync(path, 'utf8')).toBe('anew!');
  });
});

strace.describe('a transfer in a real process', () => {
  it.each(['pwrite64', 'pread64'])('is repeated when a signal interrupts it: %s', async (call) => {
    const path = join(folder, 'file');
    const { reports, errors } = await runDevices(traced(path, call, 'error=EINTR:when=1..3'), 'write', path);
    expect(errors.match(/EINTR.*INJECTED/g)).toHaveLength(3);
    expect(reports).toEqual([{ what: 'write' }, { what: 'read' }, { what: 'compare', isSame: true, bytes: 100_000 }]);
  });

  it.each([
    ['EIO', 'unavailable'],
    ['ENOSPC', 'resourceExhausted'],
    ['EDQUOT', 'resourceExhausted'],
    ['EUCLEAN', 'unavailable'],
  ])('that fails says so, and the next one may succeed: %s', async (errno, code) => {
    const path = join(folder, 'file');
    const { reports } = await runDevices(traced(path, 'pwrite64', `error=${errno}:when=1`), 'write', path);
    expect(reports).toMatchObject([
      { what: 'write', code, errno, operation: 'write', device: path },
      { what: 'read' },
      { what: 'compare', bytes: 0 },
    ]);
  });
});

const GEOMETRY = {
  ...{ blockBytes: 512, zoneCount: 2, zoneBytes: 2048, zoneCapacityBytes: 1024 },
  ...{ maxOpenZones: 1, maxActiveZones: 2 },
};

strace.describe('a process that is killed while it writes to a zoned disk', () => {
  // Twice round the zones: two calls for each block, and from the second round on one for each reset.
  const calls = Array.from({ length: 2 * 2 * 2 * 2 + 2 }, (_, index) => index + 1);

  it.each(calls)('has what it had written, and at most one step more: at system call %d', async (call) => {
    const path = join(folder, 'zones');
    const file = await openFileDevice(path, { mode: 'create', sizeBytes: zonedModelBytes(GEOMETRY) });
    await formatZonedModel(file, GEOMETRY);
    await file.close();
    const { reports, code } = await runDevices(traced(path, 'pwrite64', `signal=KILL:when=${call}`), 'zones', path);
    expect(code).not.toBe(0);
    await expectWritten(path, reports);
  });
});

async function expectWritten(path: string, reports: readonly Report[]): Promise<void> {
  const said = Array.from({ length: GEOMETRY.zoneCount }, () => [] as number[]);
  let next = 0;
  for (const { what, zone, block } of reports) {
    if (what === 'reset') {
      said[Number(zone)] = [];
    } else {
      said[Number(zone)]!.push(Number(block));
      next = Number(block) + 1;
    }
  }
  const device = await openZonedModel(await openFileDevice(path, { mode: 'write' }));
  let steps = 0;
  for (const { index, startBytes, writePointer } of await device.reportZones()) {
    const written = said[index]!;
    const found: number[] = [];
    for (let offset = startBytes; offset < writePointer; offset += GEOMETRY.blockBytes) {
      const into = device.allocate(GEOMETRY.blockBytes);
      await device.read(offset, into);
      expect(new Set(into).size).toBe(1);
      found.push(into[0]! - 1);
    }
    if (found.length !== written.length) steps += 1;
    const isFull = written.length * GEOMETRY.blockBytes === GEOMETRY.zoneCapacityBytes;
    expect([written, [...written, next], ...(isFull ? [[]] : [])]).toContainEqual(found);
  }
  expect(steps).toBeLessThanOrEqual(1);
  await device.close();
}

describe('a process that has opened too many files', () => {
  it('is told so, and goes on when some are closed', async () => {
    const { reports, code } = await runDevices(['sh', '-c', 'ulimit -n 64 && exec "$0" "$@"'], 'open', folder);
    expect(code).toBe(0);
    expect(reports.at(-1)).toEqual({ what: 'open' });
    expect(reports.at(-2)).toMatchObject({
      ...{ code: 'resourceExhausted', errno: 'EMFILE', operation: 'open', retryable: true },
      ...{ device: expect.stringContaining(folder), remedy: expect.stringContaining('ulimit') },
    });
    expect(reports.slice(0, -2).every((report) => report.code === undefined)).toBe(true);
  });
});
