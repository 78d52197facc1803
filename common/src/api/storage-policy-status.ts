/**
 * The status of a StoragePolicy, in the form in which it is stored: what is read here is carried over into the next status,
 * so that totals and history outlive a restart. No field has a default, because a default would reset a counter.
 */
import { parsePoolName, parseVolumeId, type PoolName, type VolumeId } from '../base/index.ts';
import { conditions, MAX_MESSAGE_LENGTH, type Condition } from './conditions.ts';
import { list, object, optional, required, type Reader } from './reader.ts';
import {
  boolean,
  camelCase,
  dnsName,
  integer,
  MAX_EXACT_INTEGER,
  namespaceName,
  nonNegativeNumber,
  oneOf,
  parsed,
  text,
  timestamp,
} from './scalars.ts';

export type Tier = 'Hot' | 'Warm' | 'Cold';
/** Unassigned: in a pool that no selector of the policy matches. */
export type Placement = Tier | 'Unassigned';
export type MigrationOutcome = 'Completed' | 'Aborted' | 'Failed' | 'Cancelled';

export interface VolumeCounts {
  readonly watched: number;
  readonly hot: number;
  readonly warm: number;
  readonly cold: number;
  readonly mixed: number;
  readonly unassigned: number;
  readonly unknownHeat: number;
}

/** The API refuses an update in which one of these decreases. */
export interface MigrationTotals {
  readonly succeeded: number;
  readonly failed: number;
  readonly aborted: number;
  readonly cancelled: number;
}

export interface MigrationRecord {
  readonly migration: string;
  readonly volumeId: VolumeId;
  readonly from: Placement;
  readonly to: Tier;
  readonly outcome: MigrationOutcome;
  readonly heatIOPS?: number;
  readonly startTime?: string;
  readonly completionTime: string;
  readonly message?: string;
}

export interface DecisionCounts {
  readonly move: number;
  readonly wait: number;
  readonly blocked: number;
  readonly stay: number;
}

/** What was decided about one volume, as the status tells it. */
export interface ReportedDecision {
  readonly volumeId: VolumeId;
  /** Of the PersistentVolume. */
  readonly volumeName: string;
  readonly claim?: { readonly namespace: string; readonly name: string };
  readonly outcome: 'Move' | 'Blocked' | 'Wait' | 'Stay';
  /** CamelCase; programs should expect ones they do not know. */
  readonly code: string;
  readonly from: Placement | 'Mixed';
  readonly to?: Tier;
  readonly sourcePool?: PoolName;
  readonly targetPool?: PoolName;
  readonly heatIOPS?: number;
  readonly coveragePercent?: number;
  readonly message: string;
  /** Since when outcome, code and `to` are what they are. */
  readonly since: string;
  readonly earliestChangeTime?: string;
  readonly dryRun?: boolean;
}

export interface StoragePolicyStatus {
  readonly observedGeneration?: number;
  readonly lastReconcileTime?: string;
  readonly volumes?: VolumeCounts;
  readonly activeMigrations?: number;
  readonly awaitingApproval?: number;
  readonly totals?: MigrationTotals;
  /** The latest first. */
  readonly history?: readonly MigrationRecord[];
  readonly decisionCounts?: DecisionCounts;
  /** The most telling first; when there are more volumes, the others are only counted. */
  readonly decisions?: readonly ReportedDecision[];
  readonly conditions?: readonly Condition[];
}

export const MAX_HISTORY = 50;
/** Some 2 KiB each, which keeps the object far below what an API server takes. */
export const MAX_REPORTED_DECISIONS = 100;

const count = integer(0, 2 ** 31 - 1);
const total = integer(0, MAX_EXACT_INTEGER);

export const tier = oneOf('Hot', 'Warm', 'Cold');
export const placement = oneOf('Hot', 'Warm', 'Cold', 'Unassigned');

const volumeCounts: Reader<VolumeCounts> = object({
  watched: required(count),
  hot: required(count),
  warm: required(count),
  cold: required(count),
  mixed: required(count),
  unassigned: required(count),
  unknownHeat: required(count),
});

const migrationTotals: Reader<MigrationTotals> = object({
  succeeded: required(total),
  failed: required(total),
  aborted: required(total),
  cancelled: required(total),
});

const migrationRecord: Reader<MigrationRecord> = object({
  migration: required(text({ min: 1, max: 253 })),
  volumeId: required(parsed(parseVolumeId)),
  from: required(placement),
  to: required(tier),
  outcome: required(oneOf('Completed', 'Aborted', 'Failed', 'Cancelled')),
  heatIOPS: optional(nonNegativeNumber),
  startTime: optional(timestamp),
  completionTime: required(timestamp),
  message: optional(text({ max: MAX_MESSAGE_LENGTH })),
});

const decisionCounts: Reader<DecisionCounts> = object({
  move: required(count),
  wait: required(count),
  blocked: required(count),
  stay: required(count),
});

const reportedDecision: Reader<ReportedDecision> = object({
  volumeId: required(parsed(parseVolumeId)),
  volumeName: required(dnsName),
  claim: optional(object({ namespace: required(namespaceName), name: required(dnsName) })),
  outcome: required(oneOf('Move', 'Blocked', 'Wait', 'Stay')),
  code: required(camelCase),
  from: required(oneOf('Hot', 'Warm', 'Cold', 'Unassigned', 'Mixed')),
  to: optional(tier),
  sourcePool: optional(parsed(parsePoolName)),
  targetPool: optional(parsed(parsePoolName)),
  heatIOPS: optional(nonNegativeNumber),
  coveragePercent: optional(integer(0, 100)),
  message: required(text({ max: MAX_MESSAGE_LENGTH })),
  since: required(timestamp),
  earliestChangeTime: optional(timestamp),
  dryRun: optional(boolean),
});

export const policyStatus: Reader<StoragePolicyStatus> = object({
  observedGeneration: optional(integer(0, MAX_EXACT_INTEGER)),
  lastReconcileTime: optional(timestamp),
  volumes: optional(volumeCounts),
  activeMigrations: optional(count),
  awaitingApproval: optional(count),
  totals: optional(migrationTotals),
  history: optional(list(migrationRecord, { maxItems: MAX_HISTORY })),
  decisionCounts: optional(decisionCounts),
  decisions: optional(list(reportedDecision, { maxItems: MAX_REPORTED_DECISIONS })),
  conditions: optional(conditions),
});
