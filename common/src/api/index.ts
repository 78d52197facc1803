/** CoucheStor's Kubernetes API: names, typed models, and the parsers that agree with `crds/`. */
export {
  boundedMessage,
  findCondition,
  formatTimestamp,
  MAX_CONDITIONS,
  MAX_MESSAGE_LENGTH,
  removeCondition,
  setCondition,
} from './conditions.ts';
export type { Condition, ConditionStatus, ConditionUpdate } from './conditions.ts';
export { canEverOpen } from './cron-schedule.ts';
export type { CronSchedule } from './cron-schedule.ts';
export { EVERYTHING, matchesSelector, selectsEverything } from './label-selector.ts';
export type { LabelRequirement, LabelSelector, SelectorOperator } from './label-selector.ts';
export { migrationName, nextMigrationName } from './migration-name.ts';
export { canChangePhase, isFinal, MIGRATION_PHASES, PHASE_TRANSITIONS } from './migration-phase.ts';
export type { MigrationPhase } from './migration-phase.ts';
export {
  ACCEPT_LOSS_ANNOTATION,
  API_GROUP,
  API_VERSION,
  GROUP_VERSION,
  MAXIMUM_TIER_ANNOTATION,
  MIGRATION_FINALIZER,
  MINIMUM_TIER_ANNOTATION,
  OPT_OUT_ANNOTATION,
  PIN_ANNOTATION,
  POLICY_LABEL,
  STORAGE_POLICY,
  UNTIL_ANNOTATION,
  VOLUME_LABEL,
  VOLUME_MIGRATION,
} from './names.ts';
export type { ResourceNames } from './names.ts';
export type { ObjectMetadata, ObjectOwner } from './object-metadata.ts';
export { formatFieldErrors } from './reader.ts';
export type { FieldError, ParseResult } from './reader.ts';
export {
  ACCEPTED,
  applyPolicySpecConditions,
  ARCHIVE_UNSUPPORTED,
  policySpecConditions,
} from './storage-policy-conditions.ts';
export { MAX_HISTORY, MAX_REPORTED_DECISIONS } from './storage-policy-status.ts';
export type {
  DecisionCounts,
  MigrationOutcome,
  MigrationRecord,
  MigrationTotals,
  Placement,
  ReportedDecision,
  StoragePolicyStatus,
  Tier,
  VolumeCounts,
} from './storage-policy-status.ts';
export { MAX_WATERMARK_IOPS, parseStoragePolicy } from './storage-policy.ts';
export type { ApprovalMode, MaintenanceWindow, StoragePolicy, StoragePolicySpec } from './storage-policy.ts';
export { isKnownTimeZone } from './time-zone.ts';
export { MAX_CORDONS, MAX_REPLICAS } from './volume-migration-status.ts';
export type {
  Cordon,
  ExtraReplica,
  MigrationIntent,
  RebuildStart,
  Replica,
  VolumeMigrationStatus,
} from './volume-migration-status.ts';
export { parseVolumeMigration, volumeMigrationManifest } from './volume-migration.ts';
export type {
  MigrationAdoption,
  MigrationApproval,
  MigrationPlan,
  MigrationReason,
  MigrationSource,
  MigrationStep,
  MigrationTarget,
  PolicyReference,
  VolumeMigration,
  VolumeMigrationManifest,
  VolumeMigrationSpec,
} from './volume-migration.ts';
