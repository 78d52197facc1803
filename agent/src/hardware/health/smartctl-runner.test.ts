import { chmodSync, existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { realClock } from '@couchestor/common/base';
import { describe, expect, test } from '@jest/globals';
import { scratchFolder } from '../../devices/scratch-folder.fixture.ts';
import { aDevice, aPath } from './device.fixture.ts';
import type { SmartReading } from './smart-report.ts';
import { devOf, SmartctlRunner, type SmartctlOptions } from './smartctl-runner.ts';

const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures/smartctl');
const disk = aDevice({ kernelName: 'nvme0n1', dev: '259:0', serial: 'BTLJ0123456789AB' });
const scratch = scratchFolder();

/** A program that says what a test wants. */
function program(...lines: readonly string[]): string {
  const path = scratch.path('smartctl');
  writeFileSync(path, ['#!/bin/sh', ...lines, ''].join('\n'));
  chmodSync(path, 0o755);
  return path;
}

function runner(options: Partial<SmartctlOptions>): SmartctlRunner {
  return new SmartctlRunner({ clock: realClock, root: '/', devAt: () => Promise.resolve('259:0'), ...options });
}

const reasonOf = (reading: SmartReading): string => (reading.kind === 'nothing' ? reading.reason : 'a report');

describe('SmartctlRunner', () => {
  test('takes the report of a failing disk, whose exit code is not 0', async () => {
    const smartctl = program(`echo "$*" > ${scratch.path('arguments')}`, `cat ${FIXTURES}/nvme-failing.json`, 'exit 8');
    const reading = await runner({ program: smartctl, root: '/host' }).read(disk);
    expect(reading).toMatchObject({ kind: 'report', report: { passed: false, exit: { failing: true } } });
    expect(readFileSync(scratch.path('arguments'), 'utf8')).toBe('--json --all --nocheck=standby /host/dev/nvme0n1\n');
  });

  test('knows a slash in a name from how the kernel writes it', async () => {
    const paths: string[] = [];
    const devAt = (path: string): Promise<null> => {
      paths.push(path);
      return Promise.resolve(null);
    };
    const reading = await runner({ devAt }).read(aDevice({ kernelName: 'cciss!c0d0' }));
    expect([paths, reasonOf(reading)]).toEqual([['/dev/cciss/c0d0'], '/dev/cciss/c0d0 is no block device']);
  });

  test('asks a path of a multipath map, whose kind it does not know, and looks whose report it is', async () => {
    const smartctl = program(`echo "$*" > ${scratch.path('arguments')}`, `cat ${FIXTURES}/sas-without-health.json`);
    const paths = [aPath('sdx', { state: 'transport-offline' }), aPath('sdy')];
    const map = aDevice({ kernelName: 'dm-0', driver: 'dm', dev: '254:0', paths, serial: '0QV1SAS01A' });
    expect((await runner({ program: smartctl }).read(map)).kind).toBe('report');
    expect(readFileSync(scratch.path('arguments'), 'utf8')).toMatch(/ \/dev\/sdy\n$/);
    expect(reasonOf(await runner({ program: smartctl }).read({ ...map, serial: 'OTHER' }))).toMatch(/not of OTHER$/);
  });

  test('asks nothing of a node that is another device now, or is not there', async () => {
    const smartctl = program(`touch ${scratch.path('asked')}`);
    const other = await runner({ program: smartctl, devAt: () => Promise.resolve('8:0') }).read(disk);
    expect(reasonOf(other)).toBe('/dev/nvme0n1 is 8:0, not 259:0');
    const recorded = await new SmartctlRunner({ clock: realClock, root: scratch.path('tree') }).read(disk);
    expect(reasonOf(recorded)).toMatch(/cannot be asked \(ENOENT\)/);
    const file = await new SmartctlRunner({ clock: realClock, root: '/' }).read(aDevice({ kernelName: 'null' }));
    expect(reasonOf(file)).toBe('/dev/null is no block device');
    expect(existsSync(scratch.path('asked'))).toBe(false);
  });

  test('refuses the report of another disk', async () => {
    const smartctl = program(`cat ${FIXTURES}/nvme-well.json`);
    expect(reasonOf(await runner({ program: smartctl }).read(disk))).toBe(
      'the report is of the disk S6A1NE0R100001, not of BTLJ0123456789AB',
    );
  });

  test('takes another spelling of the serial number where the WWN is the same', async () => {
    const smartctl = program(`cat ${FIXTURES}/sas-without-health.json`, 'exit 4');
    const sas = aDevice({ dev: '259:0', serial: '0QV1SAS01A00001', wwn: '0x5000CCA04E000001' });
    expect((await runner({ program: smartctl }).read(sas)).kind).toBe('report');
  });

  test('says that it is not installed', async () => {
    expect(reasonOf(await runner({ program: '/nowhere/smartctl' }).read(disk))).toBe(
      'smartctl could not be run (ENOENT)',
    );
  });

  test('stops what prints without end', async () => {
    expect(reasonOf(await runner({ program: program('exec yes') }).read(disk))).toMatch(/MAXBUFFER/);
  });

  test('kills what takes too long, and asks again afterwards', async () => {
    const smartctl = program('exec sleep 30');
    const patient = runner({ program: smartctl, timeoutMs: 50 });
    expect(reasonOf(await patient.read(disk))).toBe('smartctl /dev/nvme0n1 took longer than 50ms');
    const again = async (): Promise<string> => {
      await nextTurn();
      const reason = reasonOf(await patient.read(disk));
      // The killed process may not have been collected yet.
      return reason.startsWith('an earlier') ? again() : reason;
    };
    expect(await again()).toMatch(/took longer/);
  });

  test('starts no second process for a disk that still holds the first', async () => {
    const smartctl = program('exec sleep 30');
    const patient = runner({ program: smartctl, timeoutMs: 200 });
    const [, second] = await Promise.all([patient.read(disk), patient.read(disk)]);
    expect(reasonOf(second)).toMatch(/an earlier smartctl still waits/);
  });

  test('ends with whoever asked', async () => {
    const stopped = AbortSignal.abort();
    expect(reasonOf(await runner({ program: program('exec sleep 30'), signal: stopped }).read(disk))).toMatch(
      /cancelled/,
    );
  });
});

describe('the number of a device', () => {
  test('is unpacked as Linux packs it', () => {
    expect([0x0801, 0x10300, 0x8110, 0x100_0010].map(devOf)).toEqual(['8:1', '259:0', '129:16', '0:4112']);
  });
});
