/**
 * StoragePolicy: the typed, normalised model and its parser. Aliases are resolved, durations are milliseconds, defaults
 * are filled in, and the warm watermark has its value. `crds/storagepolicies.yaml` is the truth this agrees with.
 */
import { assertInvariant, parsePolicyName, type PolicyName } from '../base/index.ts';
import { cronSchedule, type CronSchedule } from './cron-schedule.ts';
import { EVERYTHING, labelSelector, poolSelector, type LabelSelector } from './label-selector.ts';
import { objectMetadata, typeMeta, type ObjectMetadata } from './object-metadata.ts';
import {
  list,
  mapped,
  object,
  optional,
  parseWith,
  required,
  withDefault,
  type ObjectOf,
  type ParseResult,
  type Reader,
  type RuleInput,
} from './reader.ts';
import { boolean, dnsName, duration, integer, MAX_EXACT_INTEGER, oneOf, parsed, percentage } from './scalars.ts';
import { policyStatus, type StoragePolicyStatus } from './storage-policy-status.ts';
import { timeZoneName } from './time-zone.ts';

export type ApprovalMode = 'Automatic' | 'Manual';

export interface MaintenanceWindow {
  readonly schedule: CronSchedule;
  readonly durationMs: number;
  /** An IANA name, which need not be known to this process: see isKnownTimeZone. */
  readonly timeZone: string;
}

export interface StoragePolicySpec {
  readonly lowWatermarkIOPS: number;
  /** low ≤ warm ≤ high */
  readonly warmWatermarkIOPS: number;
  readonly highWatermarkIOPS: number;
  readonly samplingWindowMs: number;
  readonly cooldownPeriodMs: number;
  /** A share from 0 to 1. */
  readonly minimumCoverage: number;
  readonly storageClassName: string;
  readonly volumeSelector: LabelSelector;
  readonly hotPoolSelector: LabelSelector;
  /** Without it the policy has two tiers. */
  readonly warmPoolSelector?: LabelSelector;
  readonly coldPoolSelector: LabelSelector;
  readonly maxConcurrentMigrations: number;
  /** Without it the operator's own holds. */
  readonly migrationTimeoutMs?: number;
  readonly enabled: boolean;
  readonly dryRun: boolean;
  readonly preservationMode: boolean;
  readonly approval: ApprovalMode;
  /** Empty: open at all times. */
  readonly maintenanceWindows: readonly MaintenanceWindow[];
  readonly ecPolicyRef?: PolicyName;
  readonly ecMinVolumeSizeBytes: number;
}

export interface StoragePolicy {
  readonly metadata: ObjectMetadata<PolicyName>;
  readonly spec: StoragePolicySpec;
  readonly status: StoragePolicyStatus;
}

export const MAX_WATERMARK_IOPS = 1_000_000_000;
const MAX_MAINTENANCE_WINDOWS = 16;

const maintenanceWindow: Reader<MaintenanceWindow> = mapped(
  object({
    schedule: required(cronSchedule),
    duration: required(duration({ positive: true })),
    timeZone: withDefault(timeZoneName, 'UTC'),
  }),
  ({ schedule, duration: durationMs, timeZone }) => ({ schedule, durationMs, timeZone }),
);

const specShape = {
  highWatermarkIOPS: required(integer(1, MAX_WATERMARK_IOPS)),
  lowWatermarkIOPS: required(integer(0, MAX_WATERMARK_IOPS)),
  warmWatermarkIOPS: optional(integer(0, MAX_WATERMARK_IOPS)),
  samplingWindow: withDefault(duration({ positive: true }), '1h'),
  cooldownPeriod: withDefault(duration({ positive: false }), '24h'),
  minimumCoverage: withDefault(percentage, '50%'),
  storageClassName: required(dnsName),
  volumeSelector: optional(labelSelector),
  hotPoolSelector: optional(poolSelector),
  nvmePoolSelector: optional(poolSelector),
  warmPoolSelector: optional(poolSelector),
  coldPoolSelector: optional(poolSelector),
  sataPoolSelector: optional(poolSelector),
  maxConcurrentMigrations: withDefault(integer(1, 100), 2),
  migrationTimeout: optional(duration({ positive: true })),
  enabled: withDefault(boolean, true),
  dryRun: withDefault(boolean, false),
  preservationMode: withDefault(boolean, false),
  approval: withDefault(oneOf('Automatic', 'Manual'), 'Automatic'),
  maintenanceWindows: withDefault(list(maintenanceWindow, { maxItems: MAX_MAINTENANCE_WINDOWS }), []),
  ecPolicyRef: optional(parsed(parsePolicyName)),
  ecMinVolumeSizeBytes: withDefault(integer(0, MAX_EXACT_INTEGER), 10 * 1024 ** 3),
} as const;

type SpecInput = RuleInput<typeof specShape>;

function watermarksAreOrdered({ fields, fault }: SpecInput): void {
  const { lowWatermarkIOPS: low, warmWatermarkIOPS: warm, highWatermarkIOPS: high } = fields;
  if (low !== undefined && high !== undefined && low >= high) {
    fault('lowWatermarkIOPS', `${low} is not less than highWatermarkIOPS ${high}; lower it or raise highWatermarkIOPS`);
  }
  if (warm === undefined) return;
  if ((low !== undefined && warm < low) || (high !== undefined && warm > high)) {
    fault(
      'warmWatermarkIOPS',
      `${warm} is outside ${low ?? 'low'} to ${high ?? 'high'}; set it between lowWatermarkIOPS and highWatermarkIOPS`,
    );
  }
}

/** One of `name` and `alias`, and not both. */
function eitherSelector(name: keyof typeof specShape, alias: keyof typeof specShape) {
  return ({ given, fault }: SpecInput): void => {
    if (given(name) && given(alias))
      fault(alias, `is an alias of ${name}, which is set as well; remove one of the two`);
    if (!given(name) && !given(alias))
      fault(name, `is missing; set it, or its alias ${alias}, to the labels of the pools`);
  };
}

const spec: Reader<StoragePolicySpec> = (value, at, report) => {
  const read = object(
    specShape,
    watermarksAreOrdered,
    eitherSelector('hotPoolSelector', 'nvmePoolSelector'),
    eitherSelector('coldPoolSelector', 'sataPoolSelector'),
  )(value, at, report);
  return read === undefined ? undefined : normalised(read);
};

function normalised(read: ObjectOf<typeof specShape>): StoragePolicySpec {
  return {
    lowWatermarkIOPS: read.lowWatermarkIOPS,
    warmWatermarkIOPS: read.warmWatermarkIOPS ?? read.lowWatermarkIOPS,
    highWatermarkIOPS: read.highWatermarkIOPS,
    samplingWindowMs: read.samplingWindow,
    cooldownPeriodMs: read.cooldownPeriod,
    minimumCoverage: read.minimumCoverage,
    storageClassName: read.storageClassName,
    volumeSelector: read.volumeSelector ?? EVERYTHING,
    hotPoolSelector: theOther(read.hotPoolSelector, read.nvmePoolSelector),
    ...(read.warmPoolSelector === undefined ? {} : { warmPoolSelector: read.warmPoolSelector }),
    coldPoolSelector: theOther(read.coldPoolSelector, read.sataPoolSelector),
    maxConcurrentMigrations: read.maxConcurrentMigrations,
    ...(read.migrationTimeout === undefined ? {} : { migrationTimeoutMs: read.migrationTimeout }),
    enabled: read.enabled,
    dryRun: read.dryRun,
    preservationMode: read.preservationMode,
    approval: read.approval,
    maintenanceWindows: read.maintenanceWindows,
    ...(read.ecPolicyRef === undefined ? {} : { ecPolicyRef: read.ecPolicyRef }),
    ecMinVolumeSizeBytes: read.ecMinVolumeSizeBytes,
  };
}

function theOther(selector: LabelSelector | undefined, alias: LabelSelector | undefined): LabelSelector {
  const given = selector ?? alias;
  assertInvariant(given !== undefined, 'a rule of the spec lets neither be missing');
  return given;
}

const storagePolicy: Reader<StoragePolicy> = mapped(
  object({
    ...typeMeta('StoragePolicy'),
    metadata: required(objectMetadata(parsed(parsePolicyName))),
    spec: required(spec),
    status: withDefault(policyStatus, {}),
  }),
  ({ metadata, spec: readSpec, status }) => ({ metadata, spec: readSpec, status }),
);

/** From a document of any origin; every problem is returned at once. The model is frozen. */
export function parseStoragePolicy(document: unknown): ParseResult<StoragePolicy> {
  return parseWith(storagePolicy, document);
}
