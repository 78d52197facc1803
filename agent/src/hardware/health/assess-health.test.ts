import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from '@jest/globals';
import type { DevicePath } from '../model/device.ts';
import { assessHealth } from './assess-health.ts';
import { aDevice } from './device.fixture.ts';
import type { TemperatureReading } from './sensor.ts';
import { parseSmartReport, type SmartReading } from './smart-report.ts';

const FIXTURES = join(import.meta.dirname, '../../../../test/fixtures/smartctl');
const recorded = (name: string, exitCode: number): SmartReading =>
  parseSmartReport(readFileSync(join(FIXTURES, `${name}.json`), 'utf8'), exitCode);
const smart = (json: object, exitCode = 0): SmartReading =>
  parseSmartReport(JSON.stringify({ device: { protocol: 'ATA' }, smart_status: { passed: true }, ...json }), exitCode);
const nvme = (log: object, more: object = {}): SmartReading =>
  smart({ device: { protocol: 'NVMe' }, nvme_smart_health_information_log: log, ...more });
const attribute = (id: number, name: string, count: number): object => ({
  id,
  name,
  value: 100,
  thresh: 0,
  raw: { value: count, string: String(count) },
});
const warm: TemperatureReading = {
  path: '/sys/class/hwmon/hwmon4/temp1_input',
  celsius: 49.85,
  maxCelsius: 69.85,
  criticalCelsius: 99.85,
  alarm: false,
};
const path: DevicePath = {
  kernelName: 'nvme3c3n1',
  controller: 'nvme3',
  transport: 'nvme',
  address: null,
  pciAddress: null,
  numaNode: null,
  state: 'live',
  anaState: 'optimized',
};

const stateWith = (reading: SmartReading): string =>
  assessHealth(aDevice(), { smart: reading, temperatures: [] }).state;

describe('a disk is well', () => {
  test('when it says so through smartctl and no counter is at its threshold', () => {
    expect(stateWith(recorded('nvme-well', 0))).toBe('Healthy');
    expect(stateWith(recorded('sata-well', 0))).toBe('Healthy');
  });
});

describe('a disk is unknown', () => {
  test('19: when it was asked and has no smart_status, whatever its exit code and its temperature', () => {
    const sas = assessHealth(aDevice(), { smart: recorded('sas-without-health', 4), temperatures: [warm] });
    expect(sas).toMatchObject({
      state: 'Unknown',
      reason: 'smartctl got no verdict from the disk; state and temperature are as they should be',
    });
    // A MegaRAID volume: exit code 0, and no health at all.
    const volume = parseSmartReport(JSON.stringify({ device: { protocol: 'SCSI' }, scsi_vendor: 'AVAGO' }), 0);
    expect(stateWith(volume)).toBe('Unknown');
  });

  test('when smartctl could not ask it, for the reason it gave', () => {
    const report = assessHealth(aDevice(), { smart: recorded('usb-unknown-bridge', 1), temperatures: [] });
    expect(report).toMatchObject({ state: 'Unknown', evidence: [] });
    expect(report.reason).toMatch(/Unknown USB bridge/);
  });

  test('19: when smartctl is not permitted, however cool it is, with what is known', () => {
    expect(assessHealth(aDevice(), { temperatures: [warm] })).toMatchObject({
      state: 'Unknown',
      reason: 'smartctl is not permitted; state and temperature are as they should be',
      counters: { temperatureCelsius: 49.85 },
      evidence: [{ source: 'hwmon', value: 49.85, verdict: 'note' }],
    });
    expect(assessHealth(aDevice(), { temperatures: [] })).toMatchObject({
      state: 'Unknown',
      reason: 'smartctl is not permitted; hwmon has no sensor of the disk',
    });
  });

  test('when the kernel made it of others, and when its media come and go', () => {
    expect(assessHealth(aDevice({ virtual: true, online: false }), { temperatures: [] }).state).toBe('Unknown');
    expect(assessHealth(aDevice({ media: 'optical' }), { temperatures: [] })).toMatchObject({
      state: 'Unknown',
      reason: 'smartctl is not asked about drives whose media come and go',
    });
  });
});

describe('a disk is unhealthy', () => {
  test('when its critical warning says so, with the meaning of each bit', () => {
    const report = assessHealth(aDevice(), { smart: recorded('nvme-failing', 8), temperatures: [warm] });
    expect(report.state).toBe('Unhealthy');
    expect(report.reason).toBe(
      'the disk says that it is failing; critical warning 0x05: spare blocks are below the threshold, reliability is degraded',
    );
    expect(report.evidence[1]).toEqual({
      source: 'smartctl',
      attribute: 'nvme_smart_health_information_log.critical_warning',
      value: 5,
      threshold: 1,
      verdict: 'Unhealthy',
      detail: 'critical warning 0x05: spare blocks are below the threshold, reliability is degraded',
    });
  });

  test.each([
    ['its own verdict', smart({ smart_status: { passed: false } })],
    ['the exit code alone', smart({}, 8)],
    ['attributes that foretell failure', smart({}, 16)],
    ['its endurance being used up', nvme({ percentage_used: 100 })],
    ['spare blocks below its threshold', nvme({ available_spare: 9, available_spare_threshold: 10 })],
    ['many errors of the medium', nvme({ media_errors: 100 })],
    ['many reallocated sectors', smart({ ata_smart_attributes: { table: [attribute(5, 'Reallocated', 100)] } })],
    ['its temperature beyond the critical limit', nvme({}, { temperature: { current: 81, critical_limit_max: 80 } })],
  ])('by %s', (_, reading) => {
    expect(stateWith(reading)).toBe('Unhealthy');
  });

  test('when the kernel cannot reach it, though it was well when it was asked', () => {
    const report = assessHealth(aDevice({ state: 'offline', online: false }), {
      smart: recorded('sata-well', 0),
      temperatures: [],
    });
    expect(report).toMatchObject({ state: 'Unhealthy', reason: 'the kernel cannot reach it (offline)' });
  });

  test('when it does not do one command in ten, though it says that it is well', () => {
    const commands = { done: 539, failed: 28, timedOut: 92 };
    const report = assessHealth(aDevice({ commands }), { smart: recorded('sata-well', 0), temperatures: [] });
    expect(report).toMatchObject({
      state: 'Unhealthy',
      reason: '92 of 539 commands timed out since the disk came; 28 of 539 commands failed since the disk came',
    });
  });
});

describe('a disk is degraded', () => {
  test.each([
    ['the first pending sector', smart({ ata_smart_attributes: { table: [attribute(197, 'Pending', 1)] } })],
    ['the first error of the medium', nvme({ media_errors: 1 })],
    ['endurance that nears its end', nvme({ percentage_used: 90 })],
    ['spare blocks near its threshold', nvme({ available_spare: 14, available_spare_threshold: 10 })],
    ['an attribute that was at its threshold before', smart({}, 32)],
    ['a self-test that found errors', smart({}, 128)],
    ['its temperature at the limit it reports', nvme({}, { temperature: { current: 70, op_limit_max: 70 } })],
    ['its temperature at the limit of the configuration', nvme({}, { temperature: { current: 65 } })],
  ])('by %s', (_, reading) => {
    expect(stateWith(reading)).toBe('Degraded');
  });

  test('by the sensor of the kernel, beside smartctl and without it', () => {
    const hot = { ...warm, celsius: 69.85 };
    expect(assessHealth(aDevice(), { temperatures: [hot] })).toMatchObject({ state: 'Degraded' });
    expect(assessHealth(aDevice(), { temperatures: [{ ...warm, alarm: true }] })).toMatchObject({
      state: 'Degraded',
      reason: 'the disk warns of its temperature',
    });
  });

  test('by a path that does not carry data', () => {
    const device = aDevice({ paths: [path, { ...path, kernelName: 'nvme3c4n1', state: 'connecting' }] });
    expect(assessHealth(device, { temperatures: [] })).toMatchObject({
      state: 'Degraded',
      reason: 'path nvme3c4n1 is connecting',
    });
  });

  test('by commands that timed out, and by many that failed, not by the few that drivers always fail', () => {
    const state = (commands: { done: number; failed: number; timedOut: number }): string =>
      assessHealth(aDevice({ commands }), { smart: recorded('sata-well', 0), temperatures: [warm] }).state;
    expect(state({ done: 539, failed: 0, timedOut: 1 })).toBe('Degraded');
    expect(state({ done: 539, failed: 28, timedOut: 0 })).toBe('Degraded');
    expect(state({ done: 103, failed: 4, timedOut: 0 })).toBe('Healthy');
    expect(state({ done: 8, failed: 8, timedOut: 0 })).toBe('Healthy');
    expect(state({ done: 1_000_000, failed: 28, timedOut: 0 })).toBe('Healthy');
    const drive = aDevice({ removable: true, commands: { done: 20, failed: 20, timedOut: 20 } });
    expect(assessHealth(drive, { temperatures: [] }).state).toBe('Unknown');
  });
});

describe('what is no complaint', () => {
  test('entries in error logs are told and do not count', () => {
    const report = assessHealth(aDevice(), { smart: smart({}, 64 | 4), temperatures: [] });
    expect(report.state).toBe('Healthy');
    expect(report.evidence.map(({ attribute }) => attribute)).toEqual([
      'smart_status.passed',
      'exit code, bit 6',
      'exit code, bit 2',
    ]);
  });

  test('hours and bytes written are told for those who ask', () => {
    const report = assessHealth(aDevice(), {
      smart: nvme({ data_units_written: 2, power_on_hours: 7 }),
      temperatures: [],
    });
    expect(report.evidence.map(({ detail }) => detail)).toEqual([
      'the disk says that it is well',
      '7 hours powered on',
      '1024000 bytes written',
    ]);
  });
});
