/** What a report of smartctl says for and against a disk: its own verdict, its warnings, and counters against thresholds. */
import type { HealthCounters, HealthEvidence, HealthVerdict } from './health.ts';
import type { SmartReport } from './smart-report.ts';
import type { HealthThresholds, Limit } from './thresholds.ts';

/** NVMe base specification, SMART log, byte 0. */
const CRITICAL_WARNINGS = [
  'spare blocks are below the threshold',
  'the temperature is beyond a threshold',
  'reliability is degraded',
  'the medium is read-only',
  'the backup of volatile memory has failed',
  'the persistent memory region is unreliable',
] as const;

export function smartEvidence(report: SmartReport, thresholds: HealthThresholds): readonly HealthEvidence[] {
  return [
    ...verdictOf(report),
    ...warningsOf(report),
    ...exitEvidence(report),
    ...attributeEvidence(report),
    ...spareEvidence(report, thresholds),
    ...temperatureEvidence(report, thresholds),
    ...countEvidence(report, thresholds),
  ];
}

function verdictOf({ passed, statusText, exit }: SmartReport): readonly HealthEvidence[] {
  if (passed === undefined && !exit.failing) return [];
  const fine = passed === true && !exit.failing;
  return [
    {
      source: 'smartctl',
      attribute: 'smart_status.passed',
      value: fine,
      verdict: fine ? 'Healthy' : 'Unhealthy',
      detail: fine
        ? 'the disk says that it is well'
        : `the disk says that it is failing${statusText === undefined ? '' : ` (${statusText})`}`,
    },
  ];
}

/** The overall verdict of NVMe is that no bit is set; each of them is told so that it is known what fails. */
function warningsOf({ counters, counterKeys }: SmartReport): readonly HealthEvidence[] {
  const warning = counters.criticalWarning ?? 0;
  if (warning === 0) return [];
  const said = CRITICAL_WARNINGS.filter((_, bit) => ((warning >> bit) & 1) === 1);
  return [
    {
      source: 'smartctl',
      attribute: counterKeys.criticalWarning ?? 'critical_warning',
      value: warning,
      threshold: 1,
      verdict: 'Unhealthy',
      detail: `critical warning 0x${warning.toString(16).padStart(2, '0')}: ${said.length === 0 ? 'of no known meaning' : said.join(', ')}`,
    },
  ];
}

function exitEvidence({ exit, protocol }: SmartReport): readonly HealthEvidence[] {
  const evidence = (attribute: string, verdict: HealthVerdict, detail: string): HealthEvidence => ({
    source: 'smartctl',
    attribute,
    value: true,
    verdict,
    detail,
  });
  return [
    ...(exit.prefailNow
      ? [evidence('exit code, bit 4', 'Unhealthy', 'attributes that foretell failure are at their thresholds')]
      : []),
    ...(exit.belowThresholdBefore
      ? [evidence('exit code, bit 5', 'Degraded', 'attributes are, or were before, at their thresholds')]
      : []),
    ...(exit.selfTestFailed ? [evidence('exit code, bit 7', 'Degraded', 'a self-test has found errors')] : []),
    // NVMe logs every command that the host should not have sent.
    ...(exit.errorsLogged && protocol !== 'NVMe'
      ? [evidence('exit code, bit 6', 'note', 'the error log has entries, which cables and hosts cause too')]
      : []),
    ...(exit.commandFailed ? [evidence('exit code, bit 2', 'note', 'the disk refused some questions')] : []),
  ];
}

function attributeEvidence({ failedAttributes }: SmartReport): readonly HealthEvidence[] {
  return failedAttributes.map(({ id, name, value, threshold, prefailure, failed }) => ({
    source: 'smartctl',
    attribute: `ata_smart_attributes.${id} ${name}`,
    value,
    threshold,
    verdict: prefailure && failed === 'now' ? 'Unhealthy' : 'Degraded',
    detail: `${name} ${failed === 'now' ? 'is at' : 'was before at'} its threshold`,
  }));
}

function spareEvidence(
  { counters, counterKeys }: SmartReport,
  thresholds: HealthThresholds,
): readonly HealthEvidence[] {
  const spare = counters.availableSparePercent;
  const least = counters.availableSpareThresholdPercent;
  if (spare === undefined || least === undefined) return [];
  const margin = Math.min(least + thresholds.spareMarginPercent, 100);
  const verdict = spare < least ? 'Unhealthy' : spare < margin ? 'Degraded' : 'note';
  return [
    {
      source: 'smartctl',
      attribute: counterKeys.availableSparePercent ?? 'available_spare',
      value: spare,
      threshold: verdict === 'Unhealthy' ? least : margin,
      verdict,
      detail: `${spare} % of the spare blocks are left; the disk warns below ${least} %`,
    },
  ];
}

function temperatureEvidence(report: SmartReport, thresholds: HealthThresholds): readonly HealthEvidence[] {
  const celsius = report.counters.temperatureCelsius;
  if (celsius === undefined) return [];
  return [
    temperatureAgainst(celsius, {
      source: 'smartctl',
      attribute: report.counterKeys.temperatureCelsius ?? 'temperature.current',
      warning: report.temperatureLimits.warning ?? null,
      critical: report.temperatureLimits.critical ?? null,
      thresholds,
    }),
  ];
}

export interface TemperatureContext {
  readonly source: HealthEvidence['source'];
  readonly attribute: string;
  /** Limits that the disk reports; those of the configuration count where it reports neither. */
  readonly warning: number | null;
  readonly critical: number | null;
  readonly thresholds: HealthThresholds;
}

export function temperatureAgainst(celsius: number, context: TemperatureContext): HealthEvidence {
  const { warning, critical, thresholds } = context;
  const own = warning !== null || critical !== null;
  const unhealthy = own ? critical : thresholds.temperatureCelsius.unhealthy;
  const degraded = own ? warning : thresholds.temperatureCelsius.degraded;
  const verdict =
    unhealthy !== null && celsius >= unhealthy
      ? 'Unhealthy'
      : degraded !== null && celsius >= degraded
        ? 'Degraded'
        : 'note';
  const threshold = verdict === 'Unhealthy' ? unhealthy : (degraded ?? unhealthy);
  return {
    source: context.source,
    attribute: context.attribute,
    value: celsius,
    ...(threshold !== null && { threshold }),
    verdict,
    detail: `${celsius} °C${threshold === null ? '' : `, limit ${threshold} °C${own ? '' : ' of the configuration'}`}`,
  };
}

const COUNTED = {
  percentageUsed: '% of the endurance is used',
  mediaErrors: 'errors of the medium',
  reallocatedSectors: 'sectors were reallocated',
  pendingSectors: 'sectors wait to be reallocated',
} as const satisfies Partial<Record<keyof HealthCounters, string>>;

const TOLD = {
  powerOnHours: 'hours powered on',
  bytesWritten: 'bytes written',
} as const satisfies Partial<Record<keyof HealthCounters, string>>;

function countEvidence(report: SmartReport, thresholds: HealthThresholds): readonly HealthEvidence[] {
  const { counters, counterKeys } = report;
  const against = (name: keyof typeof COUNTED): readonly HealthEvidence[] => {
    const value = counters[name];
    if (value === undefined) return [];
    const { verdict, threshold } = verdictAgainst(value, thresholds[name]);
    return [
      {
        source: 'smartctl',
        attribute: counterKeys[name] ?? name,
        value,
        threshold,
        verdict,
        detail: `${value} ${COUNTED[name]}`,
      },
    ];
  };
  const told = (name: keyof typeof TOLD): readonly HealthEvidence[] => {
    const value = counters[name];
    if (value === undefined) return [];
    return [
      {
        source: 'smartctl',
        attribute: counterKeys[name] ?? name,
        value,
        verdict: 'note',
        detail: `${value} ${TOLD[name]}`,
      },
    ];
  };
  return [
    ...(Object.keys(COUNTED) as (keyof typeof COUNTED)[]).flatMap(against),
    ...(Object.keys(TOLD) as (keyof typeof TOLD)[]).flatMap(told),
  ];
}

function verdictAgainst(value: number, { degraded, unhealthy }: Limit): { verdict: HealthVerdict; threshold: number } {
  if (value >= unhealthy) return { verdict: 'Unhealthy', threshold: unhealthy };
  return { verdict: value >= degraded ? 'Degraded' : 'note', threshold: degraded };
}
