/**
 * The health of a disk from everything that was learnt of it. A complaint counts, whoever makes it; well is only what somebody
 * vouches for: the disk itself through smartctl, or, where smartctl is not permitted, the state and the temperature that the
 * kernel shows. A disk that was asked and gave no verdict is unknown.
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
  return { state: 'Healthy', reason: vouched(smart), evidence, counters };
}

const GRAVITY: Record<HealthVerdict, number> = { Unhealthy: 0, Degraded: 1, Healthy: 2, note: 3 };

function reasonOf(evidence: readonly HealthEvidence[], verdict: HealthVerdict): string {
  return evidence
    .filter((one) => one.verdict === verdict)
    .map((one) => one.detail)
    .join('; ');
}

/** Why nobody vouches for the disk; undefined where somebody does. */
function doubtOf(device: Device, { smart, temperatures }: HealthFacts): string | undefined {
  if (smart?.kind === 'nothing') return smart.reason;
  if (smart !== undefined) {
    return smart.report.passed === undefined ? 'smartctl got no verdict from the disk' : undefined;
  }
  if (device.virtual) return 'what it is made of has a health, it has none';
  if (temperatures.length === 0) return 'smartctl is not permitted, and hwmon has no sensor of the disk';
  return undefined;
}

function vouched(smart: SmartReading | undefined): string {
  if (smart !== undefined) return 'the disk says that it is well, and no counter is at its threshold';
  return 'state and temperature are as they should be; smartctl, which knows more, is not permitted';
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

/** Of a drive without a medium most commands fail, and say nothing of the drive. */
function commandEvidence({ commands, origins, sysfsPath, removable }: Device): readonly HealthEvidence[] {
  if (commands === null || removable) return [];
  const { done, failed, timedOut } = commands;
  const pathOf = (name: string): string =>
    origins.commands?.find(({ path }) => path.endsWith(name))?.path ?? `${sysfsPath}/device/${name}`;
  const many = failed >= FAILED_COMMANDS && failed >= done * FAILED_SHARE;
  return [
    ...(timedOut > 0
      ? [evidenceOfCommands(pathOf('iotmo_cnt'), timedOut, 'Degraded', 'commands timed out since the disk came')]
      : []),
    ...(failed > 0
      ? [
          evidenceOfCommands(
            pathOf('ioerr_cnt'),
            failed,
            many ? 'Degraded' : 'note',
            `of ${done} commands failed since the disk came`,
          ),
        ]
      : []),
  ];
}

function evidenceOfCommands(attribute: string, value: number, verdict: HealthVerdict, what: string): HealthEvidence {
  return { source: 'sysfs', attribute, value, verdict, detail: `${value} ${what}` };
}

function countersOf(counters: HealthCounters, temperatures: readonly TemperatureReading[]): HealthCounters {
  if (counters.temperatureCelsius !== undefined || temperatures.length === 0) return counters;
  return { ...counters, temperatureCelsius: Math.max(...temperatures.map(({ celsius }) => celsius)) };
}
