import { copyFileSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import { scratchFolder } from '../../devices/scratch-folder.fixture.ts';
import type { Device } from '../model/device.ts';
import { aDevice, aPath } from './device.fixture.ts';
import { SmartReportFolder } from './smart-report-folder.ts';
import { readSmart } from './smart-source.ts';

const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures/smartctl');
const scratch = scratchFolder();

function folder(...names: readonly string[]): string {
  const path = scratch.path('reports');
  mkdirSync(path);
  for (const name of names) copyFileSync(join(FIXTURES, `${name}.json`), join(path, `${name}.json`));
  return path;
}

const failing = aDevice({ kernelName: 'nvme7n1', serial: 'BTLJ0123456789AB' });

describe('a folder of reports', () => {
  test('19: gives the report with the serial number of the disk, be it of a namespace or of its controller, whatever its name was', async () => {
    const source = await SmartReportFolder.open(folder('nvme-failing', 'nvme-well', 'usb-unknown-bridge'));
    expect(await source.read(failing)).toMatchObject({
      kind: 'report',
      report: { passed: false, exit: { failing: true } },
    });
    expect(await source.read(aDevice({ serial: 'OTHER' }))).toMatchObject({ kind: 'nothing' });
    expect(await source.read(aDevice({}))).toMatchObject({ kind: 'nothing' });
  });

  test('prefers the report of that very name, then the newest', async () => {
    const path = folder();
    const write = (file: string, name: string, at: number, hours: number): void => {
      const json = JSON.parse(readFileSync(join(FIXTURES, 'nvme-failing.json'), 'utf8')) as Record<string, object>;
      Object.assign(json.device ?? {}, { name: `/dev/${name}` });
      Object.assign(json.nvme_smart_health_information_log ?? {}, { power_on_hours: hours });
      writeFileSync(join(path, file), JSON.stringify({ ...json, local_time: { time_t: at } }));
    };
    write('old.json', 'nvme0', 100, 1);
    write('new.json', 'nvme1', 200, 2);
    write('named.json', 'nvme7n2', 50, 3);
    const source = await SmartReportFolder.open(path);
    const hoursOf = async (kernelName: string): Promise<number | undefined> => {
      const reading = await source.read({ ...failing, kernelName });
      return reading.kind === 'report' ? reading.report.counters.powerOnHours : undefined;
    };
    expect([await hoursOf('nvme7n1'), await hoursOf('nvme7n2')]).toEqual([2, 3]);
    const map = { ...failing, kernelName: 'dm-0', paths: [aPath('nvme7n2')] };
    expect(await source.read(map)).toMatchObject({ report: { counters: { powerOnHours: 3 } } });
  });

  test('tells disks that share a serial number apart by their WWN', async () => {
    const source = await SmartReportFolder.open(folder('sata-well'));
    const known = { serial: 'VAGB0001', wwn: '0x5000cca0be000001' };
    expect((await source.read(aDevice(known))).kind).toBe('report');
    expect((await source.read(aDevice({ ...known, wwn: '0x5000cca0be00ffff' }))).kind).toBe('nothing');
    expect((await source.read(aDevice({ ...known, wwn: null }))).kind).toBe('report');
  });

  test('knows a disk by its WWN where its serial number is not known, or spelt otherwise', async () => {
    const source = await SmartReportFolder.open(folder('sata-well'));
    const wwn = '0x5000CCA0BE000001';
    expect((await source.read(aDevice({ serial: null, wwn }))).kind).toBe('report');
    expect((await source.read(aDevice({ serial: 'VAGB00010000', wwn }))).kind).toBe('report');
    expect(await source.read(aDevice({ serial: null, wwn: null }))).toMatchObject({
      reason: expect.stringMatching(/of the disk that is not known$/) as unknown,
    });
  });

  test('passes over what is no report, and says what folder cannot be read', async () => {
    const path = folder('nvme-failing');
    writeFileSync(join(path, 'broken.json'), '{');
    mkdirSync(join(path, 'folder.json'));
    const source = await SmartReportFolder.open(path);
    expect((await source.read(failing)).kind).toBe('report');
    await expect(SmartReportFolder.open(scratch.path('nowhere'))).rejects.toMatchObject({ code: 'notFound' });
  });
});

describe('many disks', () => {
  test('are asked a few at a time, and only those that can have a health of their own', async () => {
    let now = 0;
    let most = 0;
    const source = {
      read: async () => {
        now += 1;
        most = Math.max(most, now);
        await Promise.resolve();
        now -= 1;
        return { kind: 'nothing', reason: 'asleep' } as const;
      },
    };
    const devices: readonly Device[] = [
      ...Array.from({ length: 20 }, (_, number) => aDevice({ id: `disk-${number}` })),
      aDevice({ id: 'md0', virtual: true }),
      aDevice({ id: 'sr0', media: 'optical' }),
    ];
    const readings = await readSmart(devices, source);
    expect([readings.size, most, readings.has('md0'), readings.has('sr0')]).toEqual([20, 4, false, false]);
  });
});
