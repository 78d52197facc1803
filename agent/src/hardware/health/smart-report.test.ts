import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseSmartReport, smartExitOf, type SmartReport } from './smart-report.ts';

const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures/smartctl');
const recorded = (name: string): string => readFileSync(join(FIXTURES, `${name}.json`), 'utf8');

function reportOf(json: unknown, exitCode = 0): SmartReport {
  const reading = parseSmartReport(typeof json === 'string' ? json : JSON.stringify(json), exitCode);
  if (reading.kind !== 'report') throw new Error(reading.reason);
  return reading.report;
}

const ata = (table: readonly unknown[], more: object = {}): object => ({
  device: { protocol: 'ATA' },
  smart_status: { passed: true },
  logical_block_size: 512,
  ata_smart_attributes: { table },
  ...more,
});
const attribute = (id: number, name: string, raw: string, more: object = {}): object => ({
  id,
  name,
  value: 100,
  thresh: 10,
  when_failed: '',
  raw: { value: Number.parseInt(raw, 10), string: raw },
  ...more,
});

describe('19: the exit code of smartctl', () => {
  test('is a mask of bits, of which a failing disk sets one that is no failure of the run', () => {
    expect(smartExitOf(8)).toMatchObject({
      notUnderstood: false,
      notOpened: false,
      commandFailed: false,
      failing: true,
    });
    expect(Object.values(smartExitOf(255)).every(Boolean)).toBe(true);
    expect(Object.values(smartExitOf(0)).some(Boolean)).toBe(false);
  });

  test('8 comes with all that is to be known of a failing NVMe', () => {
    const report = reportOf(recorded('nvme-failing'), 8);
    expect(report).toMatchObject({ protocol: 'NVMe', serial: 'BTLJ0123456789AB', passed: false });
    expect(report.counters).toMatchObject({ criticalWarning: 5, temperatureCelsius: 50 });
  });

  test('4 is usual with SAS, which may say nothing of its health', () => {
    const report = reportOf(recorded('sas-without-health'), 4);
    expect(report).toMatchObject({ protocol: 'SCSI', serial: '0QV1SAS01A', wwn: '5000cca04e000001', counters: {} });
    expect(report.passed).toBeUndefined();
  });

  test('1 is what a USB bridge gives that smartctl does not know, with the reason', () => {
    expect(parseSmartReport(recorded('usb-unknown-bridge'), 1)).toEqual({
      kind: 'nothing',
      reason: 'smartctl does not know this kind of disk: /dev/sde: Unknown USB bridge [0x46f4:0x0001 (0x000)]',
    });
  });

  test('of a file that was kept is the copy in it', () => {
    expect(reportOf(recorded('nvme-failing')).exit.failing).toBe(false);
    expect(parseSmartReport(recorded('nvme-failing'))).toMatchObject({ report: { exit: { failing: true } } });
    expect(parseSmartReport('{"devices": []}')).toEqual({ kind: 'nothing', reason: 'the JSON is not from smartctl' });
  });
});

describe('what smartctl could not ask', () => {
  test('a disk that sleeps is left asleep', () => {
    const json = { device: { protocol: 'ATA' }, power_mode: { name: 'STANDBY' } };
    expect(parseSmartReport(JSON.stringify(json), 2)).toEqual({
      kind: 'nothing',
      reason: 'the disk is in STANDBY and was left asleep',
    });
  });

  test('a message of smartctl is the reason', () => {
    const json = { smartctl: { messages: [{ string: 'Permission denied' }, {}, 7] } };
    expect(parseSmartReport(JSON.stringify(json), 2)).toEqual({
      kind: 'nothing',
      reason: 'smartctl could not ask the disk: Permission denied',
    });
  });

  test('what is no JSON is no report', () => {
    expect(parseSmartReport('smartctl: command line error', 1)).toEqual({
      kind: 'nothing',
      reason: 'smartctl printed no JSON (exit code 1)',
    });
  });
});

describe('the counters of an NVMe', () => {
  test('data units are thousands of 512 bytes, whatever the block size', () => {
    const json = {
      device: { protocol: 'NVMe' },
      logical_block_size: 4096,
      nvme_smart_health_information_log: { data_units_written: 769, media_errors: 2, percentage_used: 104 },
    };
    expect(reportOf(json).counters).toEqual({ bytesWritten: 769 * 512_000, mediaErrors: 2, percentageUsed: 104 });
  });

  test('a threshold of 0 means that spare blocks are not reported, and 0 of them are no failure', () => {
    expect(reportOf(recorded('nvme-well')).counters).not.toHaveProperty('availableSparePercent');
    const json = {
      device: { protocol: 'NVMe' },
      nvme_smart_health_information_log: { available_spare: 0, available_spare_threshold: 10 },
    };
    expect(reportOf(json).counters).toMatchObject({ availableSparePercent: 0, availableSpareThresholdPercent: 10 });
  });

  test('limits of the temperature are those that the disk reports', () => {
    const json = {
      device: { protocol: 'NVMe' },
      temperature: { current: 41, op_limit_max: 70, critical_limit_max: 80 },
    };
    expect(reportOf(json).temperatureLimits).toEqual({ warning: 70, critical: 80 });
  });
});

describe('the counters of an ATA disk', () => {
  test('are in the first number of the raw text, not in the 48 bits', () => {
    const raw = { value: 12 * 2 ** 32 + 5, string: '5 (0 12)' };
    const { counters, counterKeys } = reportOf(
      ata([attribute(5, 'Reallocated_Sector_Ct', '', { raw }), attribute(197, 'Current_Pending_Sector', '3')]),
    );
    expect(counters).toEqual({ reallocatedSectors: 5, pendingSectors: 3 });
    expect(counterKeys.reallocatedSectors).toBe('ata_smart_attributes.5 Reallocated_Sector_Ct');
  });

  test('errors of the medium are the greater of reported and offline uncorrectable ones', () => {
    const table = [attribute(187, 'Reported_Uncorrect', '2'), attribute(198, 'Offline_Uncorrectable', '9')];
    expect(reportOf(ata(table)).counters.mediaErrors).toBe(9);
  });

  test.each([
    ['Total_LBAs_Written', 1000 * 512],
    ['Host_Writes_32MiB', 1000 * 32 * 2 ** 20],
    ['Lifetime_Writes_GiB', 1000 * 2 ** 30],
    ['Unknown_Attribute', undefined],
  ])('%s is taken in its own unit', (name, bytes) => {
    expect(reportOf(ata([attribute(241, name, '1000')])).counters.bytesWritten).toBe(bytes);
  });

  test('what is left of the life of an SSD counts down', () => {
    const table = [attribute(177, 'Wear_Leveling_Count', '12', { value: 93 })];
    expect(reportOf(ata(table)).counters.percentageUsed).toBe(7);
    expect(reportOf(ata(table, { endurance_used: { current_percent: 9 } })).counters.percentageUsed).toBe(9);
  });

  test('attributes at their thresholds are told, now and before', () => {
    const table = [
      attribute(5, 'Reallocated_Sector_Ct', '0', { when_failed: 'now', flags: { prefailure: true } }),
      attribute(190, 'Airflow_Temperature_Cel', '0', { when_failed: 'past' }),
      attribute(9, 'Power_On_Hours', '0'),
      { id: 'many', when_failed: 'now' },
    ];
    expect(reportOf(ata(table)).failedAttributes).toMatchObject([
      { id: 5, prefailure: true, failed: 'now' },
      { id: 190, prefailure: false, failed: 'past' },
    ]);
  });

  test('the WWN is put together from its parts', () => {
    expect(reportOf(recorded('sata-well'))).toMatchObject({
      serial: 'VAGB0001',
      wwn: '5000cca0be000001',
      passed: true,
    });
  });
});

describe('the counters of a SAS disk', () => {
  test('are the grown defects, the uncorrected errors of all operations, and gigabytes as text', () => {
    const json = {
      device: { protocol: 'SCSI' },
      smart_status: { passed: false, scsi: { asc: 93, ascq: 16, ie_string: 'FAILURE PREDICTION THRESHOLD EXCEEDED' } },
      temperature: { current: 30, drive_trip: 60 },
      power_on_time: { hours: 4711 },
      scsi_grown_defect_list: 4,
      scsi_percentage_used_endurance_indicator: 3,
      scsi_pending_defects: { count: 1 },
      scsi_error_counter_log: {
        read: { total_uncorrected_errors: 2 },
        write: { total_uncorrected_errors: 1, gigabytes_processed: '13.370' },
      },
    };
    expect(reportOf(json)).toMatchObject({
      passed: false,
      statusText: 'FAILURE PREDICTION THRESHOLD EXCEEDED',
      temperatureLimits: { critical: 60 },
      counters: {
        reallocatedSectors: 4,
        mediaErrors: 3,
        pendingSectors: 1,
        percentageUsed: 3,
        bytesWritten: 13_370_000_000,
        temperatureCelsius: 30,
        powerOnHours: 4711,
      },
    });
  });

  test('0 degrees against a trip at 0 is a disk without a sensor', () => {
    const report = reportOf(recorded('sas-without-health'), 4);
    expect([report.counters.temperatureCelsius, report.temperatureLimits]).toEqual([undefined, {}]);
  });
});

describe('any JSON', () => {
  test('is a report or nothing, and never throws', () => {
    fc.assert(
      fc.property(fc.json(), fc.integer({ min: 0, max: 255 }), (text, code) => {
        expect(['report', 'nothing']).toContain(parseSmartReport(text, code).kind);
      }),
    );
  });

  test('in the place of any value of a real report does no harm', () => {
    const names = ['nvme-failing', 'sata-well', 'sas-without-health'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.nat(), fc.jsonValue(), (name, which, value) => {
        let count = 0;
        const json = JSON.parse(recorded(name), (_, old: unknown) =>
          (count += 1) === which % 300 ? value : old,
        ) as unknown;
        for (const counter of Object.values(countersOf(json))) expect(Number.isFinite(counter)).toBe(true);
      }),
    );
  });
});

function countersOf(json: unknown): object {
  const reading = parseSmartReport(JSON.stringify(json), 0);
  return reading.kind === 'report' ? reading.report.counters : {};
}
