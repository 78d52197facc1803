/**
 * The health of a disk from everything that was learnt of it. A complaint counts, whoever makes it; that a disk is well only the disk
 * itself can say, through smartctl. One that was not asked, or gave no verdict, is unknown, however cool it is: failing flash has
 * the temperature of any other.
 */
import type { Device } from '../model/device.ts';
import type { HealthCounters, HealthEvidence, HealthReport, HealthVerdict } from './health.ts';
import type { TemperatureReading } from './sensor.ts';
import { smartEvidence, temperatureAgainst } from './smart-evidence.ts';
import type { SmartReading } from './smart-report.ts';
import { DEFAULT_THRESHOLDS, type HealthThresholds } from './thresholds.ts';

export interface HealthFacts {
  /** Undefined where smartctl is not permitted. */
  readonly smart?: SmartReading | undefined;
  /** Of each folder in `device.hwmonPaths` that has a temperature. */
  readonly temperatures: readonly TemperatureReading[];
}

export function assessHealth(
  device: Device,
  facts: HealthFacts,
  thresholds: HealthThresholds = DEFAULT_THRESHOLDS,
): HealthReport {
  const { smart, temperatures } = facts;
  const report = smart?.kind === 'report' ? smart.report : undefined;
  const evidence = [
    ...(report === undefined ? [] : smartEvidence(report, thresholds)),
    ...temperatures.flatMap((reading) => sensorEvidence(reading, thresholds)),
    ...stateEvidence(device),
    ...commandEvidence(device),
  ].sort((one, other) => GRAVITY[one.verdict] - GRAVITY[other.verdict]);
  const counters = countersOf(report?.counters ?? {}, temperatures);
  const worst = evidence[0];
  if (worst !== undefined && (worst.verdict === 'Unhealthy' || worst.verdict === 'Degraded')) {
    return { state: worst.verdict, reason: reasonOf(evidence, worst.verdict), evidence, counters };
  }
  const doubt = doubtOf(device, facts);
  if (doubt !== undefined) return { state: 'Unknown', reason: doubt, evidence, counters };
  const reason = 'the disk says that it is well, and no counter is at its threshold';
  return { state: 'Healthy', reason, evidence, counters };
}

const GRAVITY: Record<HealthVerdict, number> = { Unhealthy: 0, Degraded: 1, Healthy: 2, note: 3 };

function reasonOf(evidence: readonly HealthEvidence[], verdict: HealthVerdict): string {
  return evidence
    .filter((one) => one.verdict === verdict)
    .map((one) => one.detail)
    .join('; ');
}

/** Why the disk does not vouch for itself, with what is known all the same; undefined where it does. */
function doubtOf(device: Device, { smart, temperatures }: HealthFacts): string | undefined {
  if (smart?.kind === 'report' && smart.report.passed !== undefined) return undefined;
  if (device.virtual) return 'what it is made of has a health, it has none';
  if (device.media === 'optical') return 'smartctl is not asked about drives whose media come and go';
  const known =
    temperatures.length === 0 ? 'hwmon has no sensor of the disk' : 'state and temperature are as they should be';
  if (smart?.kind === 'nothing') return `${smart.reason}; ${known}`;
  return smart === undefined
    ? `smartctl is not permitted; ${known}`
    : `smartctl got no verdict from the disk; ${known}`;
}

function sensorEvidence(reading: TemperatureReading, thresholds: HealthThresholds): readonly HealthEvidence[] {
  const against = temperatureAgainst(reading.celsius, {
    source: 'hwmon',
    attribute: reading.path,
    warning: reading.maxCelsius,
    critical: reading.criticalCelsius,
    thresholds,
  });
  if (!reading.alarm) return [against];
  const alarm: HealthEvidence = {
    source: 'hwmon',
    attribute: reading.path.replace(/_input$/, '_alarm'),
    value: 1,
    verdict: 'Degraded',
    detail: 'the disk warns of its temperature',
  };
  return [alarm, against];
}

/** States in which a path carries data; `null` is a kernel, or a kind of device, that does not say. */
const WORKING: ReadonlySet<string | null> = new Set(['running', 'live', null]);

function stateEvidence(device: Device): readonly HealthEvidence[] {
  if (device.virtual) return [];
  const attribute = device.origins.state?.[0]?.path ?? `${device.sysfsPath}/device/state`;
  if (!device.online) {
    const value = device.state ?? 'no path';
    return [
      { source: 'sysfs', attribute, value, verdict: 'Unhealthy', detail: `the kernel cannot reach it (${value})` },
    ];
  }
  return device.paths
    .filter(({ state }) => !WORKING.has(state))
    .map(({ kernelName, state }) => ({
      source: 'sysfs',
      attribute,
      value: state ?? '',
      verdict: 'Degraded',
      detail: `path ${kernelName} is ${state ?? 'unknown'}`,
    }));
}

/** Drivers fail a few commands of every disk when it comes, by asking what it does not have. */
const FAILED_COMMANDS = 16;
const FAILED_SHARE = 0.01;

/** A disk that does not do one command in ten is failing, whatever it says of itself: its own verdict often stays good to the end. */
const LOST_SHARE = 0.1;

/** Of a drive without a medium most commands fail, and say nothing of the drive. */
function commandEvidence({ commands, origins, sysfsPath, removable }: Device): readonly HealthEvidence[] {
  if (commands === null || removable) return [];
  const { done, failed, timedOut } = commands;
  const lost = failed + timedOut;
  const isFailing = lost >= FAILED_COMMANDS && lost >= done * LOST_SHARE;
  const many = failed >= FAILED_COMMANDS && failed >= done * FAILED_SHARE;
  const evidence = (name: string, value: number, verdict: HealthVerdict, what: string): readonly HealthEvidence[] => {
    if (value === 0) return [];
    const path = origins.commands?.find((one) => one.path.endsWith(name))?.path ?? `${sysfsPath}/device/${name}`;
    const worse = isFailing ? 'Unhealthy' : verdict;
    const detail = `${value} of ${done} commands ${what} since the disk came`;
    return [{ source: 'sysfs', attribute: path, value, verdict: worse, detail }];
  };
  return [
    ...evidence('iotmo_cnt', timedOut, 'Degraded', 'timed out'),
    ...evidence('ioerr_cnt', failed, many ? 'Degraded' : 'note', 'failed'),
  ];
}

function countersOf(counters: HealthCounters, temperatures: readonly TemperatureReading[]): HealthCounters {
  if (counters.temperatureCelsius !== undefined || temperatures.length === 0) return counters;
  return { ...counters, temperatureCelsius: Math.max(...temperatures.map(({ celsius }) => celsius)) };
}
