/** Counters of a disk from the JSON of smartctl, by what they count: every kind of disk, and every vendor, has its own names for them. */
import { listAt, numberAt, textAt } from '../loose-value.ts';
import type { HealthCounters } from './health.ts';

export type SmartProtocol = 'NVMe' | 'ATA' | 'SCSI';

export interface SmartCounters {
  readonly counters: HealthCounters;
  /** The names under which they stand in the JSON. */
  readonly keys: Readonly<Partial<Record<keyof HealthCounters, string>>>;
}

/** Each of them from the first of its places that has a number. */
type Places = Readonly<
  Partial<Record<keyof HealthCounters, readonly (readonly [key: string, value: number | undefined])[]>>
>;

function counted(places: Places): SmartCounters {
  const counters: Partial<Record<keyof HealthCounters, number>> = {};
  const keys: Partial<Record<keyof HealthCounters, string>> = {};
  for (const [name, candidates] of Object.entries(places) as [
    keyof HealthCounters,
    NonNullable<Places[keyof Places]>,
  ][]) {
    const found = candidates.find(([, value]) => value !== undefined && value >= 0);
    if (found === undefined) continue;
    keys[name] = found[0];
    if (found[1] !== undefined) counters[name] = found[1];
  }
  return { counters, keys };
}

/** What 7.4 and later say of every kind of disk under one name. */
const common = (json: unknown) => ({
  temperature: ['temperature.current', temperatureOf(json)] as const,
  hours: ['power_on_time.hours', numberAt(json, 'power_on_time', 'hours')] as const,
  used: ['endurance_used.current_percent', numberAt(json, 'endurance_used', 'current_percent')] as const,
  written: [
    'host_writes',
    product(numberAt(json, 'host_writes', 'units'), numberAt(json, 'host_writes', 'bytes_per_unit')),
  ] as const,
});

/** 0 is what disks report that have no sensor: QEMU's, and SAS disks behind some controllers. */
function temperatureOf(json: unknown): number | undefined {
  const celsius = numberAt(json, 'temperature', 'current');
  return celsius === 0 ? undefined : celsius;
}

function product(count: number | undefined, unitBytes: number | undefined): number | undefined {
  return count === undefined || unitBytes === undefined ? undefined : count * unitBytes;
}

export const COUNTERS_OF: Record<SmartProtocol, (json: unknown) => SmartCounters> = {
  NVMe(json) {
    const log = 'nvme_smart_health_information_log';
    const place = (key: string) => [`${log}.${key}`, numberAt(json, log, key)] as const;
    const { temperature, hours, used, written } = common(json);
    const [unitsKey, units] = place('data_units_written');
    // A disk whose threshold is 0 does not report its spare blocks: both are 0, and no spare would be a failure.
    const reportsSpare = (numberAt(json, log, 'available_spare_threshold') ?? 0) > 0;
    return counted({
      criticalWarning: [
        place('critical_warning'),
        ['smart_status.nvme.value', numberAt(json, 'smart_status', 'nvme', 'value')],
      ],
      percentageUsed: [place('percentage_used'), used],
      ...(reportsSpare && {
        availableSparePercent: [place('available_spare')],
        availableSpareThresholdPercent: [place('available_spare_threshold')],
      }),
      mediaErrors: [place('media_errors')],
      temperatureCelsius: [temperature],
      powerOnHours: [place('power_on_hours'), hours],
      // Thousands of 512 bytes, whatever the size of a block: NVMe base specification, SMART log.
      bytesWritten: [[unitsKey, product(units, 512_000)], written],
    });
  },
  ATA(json) {
    const attributes = attributesOf(json);
    const raw = (...ids: readonly number[]) =>
      ids.flatMap((id) => {
        const attribute = attributes.get(id);
        return attribute === undefined ? [] : [[keyOf(attribute), leadingCount(attribute)] as const];
      });
    const { temperature, hours, used, written } = common(json);
    return counted({
      percentageUsed: [used, ...worn(attributes)],
      // 187 counts what was reported as unreadable to the host, 198 what the disk's own surface scan could not read.
      mediaErrors: greatest(raw(187, 198)),
      reallocatedSectors: raw(5),
      pendingSectors: [
        ...raw(197),
        ['ata_pending_defects_log.count', numberAt(json, 'ata_pending_defects_log', 'count')],
      ],
      temperatureCelsius: [temperature],
      powerOnHours: [hours],
      bytesWritten: [written, ...writtenOf(attributes, numberAt(json, 'logical_block_size') ?? 512)],
    });
  },
  SCSI(json) {
    const errors = (operation: string) =>
      numberAt(json, 'scsi_error_counter_log', operation, 'total_uncorrected_errors');
    const uncorrected = ['read', 'write', 'verify'].map(errors).filter((count) => count !== undefined);
    const { temperature, hours, used, written } = common(json);
    const writtenGb = Number(textAt(json, 'scsi_error_counter_log', 'write', 'gigabytes_processed') ?? Number.NaN);
    const endurance = 'scsi_percentage_used_endurance_indicator';
    return counted({
      percentageUsed: [[endurance, numberAt(json, endurance)], used],
      mediaErrors: [
        [
          'scsi_error_counter_log.*.total_uncorrected_errors',
          uncorrected.length === 0 ? undefined : uncorrected.reduce((sum, count) => sum + count, 0),
        ],
      ],
      reallocatedSectors: [['scsi_grown_defect_list', numberAt(json, 'scsi_grown_defect_list')]],
      pendingSectors: [['scsi_pending_defects.count', numberAt(json, 'scsi_pending_defects', 'count')]],
      temperatureCelsius: [temperature],
      powerOnHours: [hours],
      bytesWritten: [
        written,
        [
          'scsi_error_counter_log.write.gigabytes_processed',
          Number.isFinite(writtenGb) ? Math.round(writtenGb * 1e9) : undefined,
        ],
      ],
    });
  },
};

function attributesOf(json: unknown): ReadonlyMap<number, unknown> {
  const table = listAt(json, 'ata_smart_attributes', 'table');
  return new Map(table.map((attribute) => [numberAt(attribute, 'id') ?? -1, attribute]));
}

function keyOf(attribute: unknown): string {
  return `ata_smart_attributes.${numberAt(attribute, 'id') ?? '?'} ${textAt(attribute, 'name') ?? ''}`.trimEnd();
}

/** The raw value has more numbers than one in it; what counts stands first in its text: `5 (0 12)`, `31 (Min/Max 31/31)`. */
function leadingCount(attribute: unknown): number | undefined {
  const digits = /^\d+/.exec(textAt(attribute, 'raw', 'string') ?? '');
  return digits === null ? numberAt(attribute, 'raw', 'value') : Number(digits[0]);
}

function greatest(places: readonly (readonly [string, number | undefined])[]): typeof places {
  return places.toSorted(([, one], [, other]) => (other ?? -1) - (one ?? -1));
}

/** Names, since the numbers mean something else with every vendor; the normalized value counts down from 100. */
const LIFE_LEFT = /^(SSD_Life_Left|Wear_Leveling|Media_Wearout_Indicator|Percent_Lifetime_Remain)/;

function worn(attributes: ReadonlyMap<number, unknown>): readonly (readonly [string, number])[] {
  for (const attribute of attributes.values()) {
    const left = numberAt(attribute, 'value');
    if (left === undefined || left > 100 || !LIFE_LEFT.test(textAt(attribute, 'name') ?? '')) continue;
    return [[keyOf(attribute), 100 - left]];
  }
  return [];
}

function writtenOf(
  attributes: ReadonlyMap<number, unknown>,
  blockBytes: number,
): readonly (readonly [string, number])[] {
  const attribute = attributes.get(241);
  const count = numberAt(attribute, 'raw', 'value');
  const name = textAt(attribute, 'name') ?? '';
  if (count === undefined) return [];
  if (/LBAs?_Written$/.test(name)) return [[keyOf(attribute), count * blockBytes]];
  if (name.endsWith('_32MiB')) return [[keyOf(attribute), count * 32 * 2 ** 20]];
  if (/_Gi?B$/.test(name)) return [[keyOf(attribute), count * 2 ** 30]];
  return [];
}
