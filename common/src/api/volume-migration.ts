/**
 * VolumeMigration: one move of one replica. The typed model, its parser, and the manifest that the operator creates.
 * `crds/volumemigrations.yaml` is the truth this agrees with; there, the plan is immutable and the phases are ordered.
 */
import {
  formatDuration,
  parseNodeName,
  parsePolicyName,
  parsePoolName,
  parseVolumeId,
  type NodeName,
  type PolicyName,
  type PoolName,
  type VolumeId,
} from '../base/index.ts';
import { MAX_MESSAGE_LENGTH } from './conditions.ts';
import {
  GROUP_VERSION,
  MIGRATION_FINALIZER,
  POLICY_LABEL,
  STORAGE_POLICY,
  VOLUME_LABEL,
  VOLUME_MIGRATION,
} from './names.ts';
import { objectMetadata, typeMeta, type ObjectMetadata, type ObjectOwner } from './object-metadata.ts';
import {
  list,
  mapped,
  object,
  optional,
  parseWith,
  required,
  withDefault,
  type ParseResult,
  type Reader,
  type RuleInput,
} from './reader.ts';
import {
  boolean,
  camelCase,
  dnsName,
  duration,
  identifier,
  integer,
  MAX_EXACT_INTEGER,
  metricName,
  namespaceName,
  nonNegativeNumber,
  oneOf,
  parsed,
  text,
  timestamp,
} from './scalars.ts';
import { MAX_WATERMARK_IOPS, type ApprovalMode } from './storage-policy.ts';
import { placement, tier, type Placement, type Tier } from './storage-policy-status.ts';
import { MAX_REPLICAS, migrationStatus, type VolumeMigrationStatus } from './volume-migration-status.ts';

export type MigrationStep = 'Add' | 'Sync' | 'Verify' | 'Remove';

export interface PolicyReference {
  readonly name: PolicyName;
  readonly uid?: string;
  readonly generation?: number;
}

export interface MigrationSource {
  readonly tier: Placement;
  readonly pool: PoolName;
  readonly node: NodeName;
  readonly replicaId?: string;
}

export interface MigrationTarget {
  readonly tier: Tier;
  readonly pool: PoolName;
  readonly node: NodeName;
}

/** An extra replica on the target pool that an earlier migration left, and that is taken over instead of adding one. */
export interface MigrationAdoption {
  readonly migration: string;
  readonly replicaId: string;
}

export interface MigrationPlan {
  /** Add, Sync, Verify, Remove, without Add where a replica is adopted, without Remove in preservation mode. */
  readonly steps: readonly MigrationStep[];
  /** How many replicas the volume asks for; at no step are fewer of them healthy. */
  readonly replicaCount: number;
  readonly sizeBytes?: number;
  readonly timeoutMs: number;
}

export interface MigrationReason {
  readonly code: string;
  readonly message: string;
  readonly heatIOPS?: number;
  readonly coveragePercent?: number;
  readonly samplingWindowMs?: number;
  readonly metric?: string;
  readonly lowWatermarkIOPS?: number;
  readonly warmWatermarkIOPS?: number;
  readonly highWatermarkIOPS?: number;
  readonly decisionTime?: string;
}

export interface MigrationApproval {
  readonly mode: ApprovalMode;
  readonly approved: boolean;
  /** There whenever approved is true. */
  readonly approvedBy?: string;
}

export interface VolumeMigrationSpec {
  readonly policyRef: PolicyReference;
  readonly volumeId: VolumeId;
  readonly claim?: { readonly namespace: string; readonly name: string };
  readonly source: MigrationSource;
  readonly target: MigrationTarget;
  readonly adopts?: MigrationAdoption;
  readonly plan: MigrationPlan;
  readonly reason: MigrationReason;
  readonly approval: MigrationApproval;
  readonly cancel: boolean;
  readonly cleanup: boolean;
  readonly dryRun: boolean;
  readonly preservationMode: boolean;
}

export interface VolumeMigration {
  readonly metadata: ObjectMetadata;
  readonly spec: VolumeMigrationSpec;
  /** Undefined until the operator first saw the object. */
  readonly status?: VolumeMigrationStatus;
}

const exactInteger = integer(0, MAX_EXACT_INTEGER);
const watermark = integer(0, MAX_WATERMARK_IOPS);
const pool = parsed(parsePoolName);
const node = parsed(parseNodeName);

const PLANS = ['Add Sync Verify Remove', 'Add Sync Verify', 'Sync Verify Remove', 'Sync Verify'];

const planSteps: Reader<readonly MigrationStep[]> = (value, at, report) => {
  const steps = list(oneOf('Add', 'Sync', 'Verify', 'Remove'), { minItems: 2, maxItems: 4 })(value, at, report);
  if (steps === undefined || PLANS.includes(steps.join(' '))) return steps;
  report(
    at,
    `${steps.join(', ')} is no plan; write Add, Sync, Verify, Remove, without Add to adopt a replica, without Remove in preservation mode`,
  );
  return undefined;
};

const plan: Reader<MigrationPlan> = mapped(
  object({
    steps: required(planSteps),
    replicaCount: required(integer(1, MAX_REPLICAS)),
    sizeBytes: optional(exactInteger),
    timeout: withDefault(duration({ positive: true }), '30m'),
  }),
  ({ timeout, ...rest }) => ({ ...rest, timeoutMs: timeout }),
);

const reason: Reader<MigrationReason> = mapped(
  object({
    code: required(camelCase),
    message: required(text({ max: MAX_MESSAGE_LENGTH })),
    heatIOPS: optional(nonNegativeNumber),
    coveragePercent: optional(integer(0, 100)),
    samplingWindow: optional(duration({ positive: true })),
    metric: optional(metricName),
    lowWatermarkIOPS: optional(watermark),
    warmWatermarkIOPS: optional(watermark),
    highWatermarkIOPS: optional(watermark),
    decisionTime: optional(timestamp),
  }),
  ({ samplingWindow, ...rest }) =>
    samplingWindow === undefined ? rest : { ...rest, samplingWindowMs: samplingWindow },
);

const approvalShape = {
  mode: withDefault(oneOf('Automatic', 'Manual'), 'Automatic'),
  approved: withDefault(boolean, false),
  approvedBy: optional(text({ min: 1, max: 253 })),
} as const;

function approvalIsSigned({ fields, given, fault }: RuleInput<typeof approvalShape>): void {
  if (fields.approved === true && !given('approvedBy')) fault('approvedBy', 'is missing; write who approves');
}

const specShape = {
  policyRef: required(
    object({ name: required(parsed(parsePolicyName)), uid: optional(identifier), generation: optional(exactInteger) }),
  ),
  volumeId: required(parsed(parseVolumeId)),
  claim: optional(object({ namespace: required(namespaceName), name: required(dnsName) })),
  source: required(
    object({ tier: required(placement), pool: required(pool), node: required(node), replicaId: optional(identifier) }),
  ),
  target: required(object({ tier: required(tier), pool: required(pool), node: required(node) })),
  adopts: optional(object({ migration: required(dnsName), replicaId: required(identifier) })),
  plan: required(plan),
  reason: required(reason),
  approval: withDefault(object(approvalShape, approvalIsSigned), {}),
  cancel: withDefault(boolean, false),
  cleanup: withDefault(boolean, false),
  dryRun: withDefault(boolean, false),
  preservationMode: withDefault(boolean, false),
} as const;

function targetIsElsewhere({ fields, fault }: RuleInput<typeof specShape>): void {
  if (fields.source !== undefined && fields.source.pool === fields.target?.pool) {
    fault('target.pool', `is the source's pool ${fields.source.pool}; name another pool`);
  }
}

function preservationRemovesNothing({ fields, fault }: RuleInput<typeof specShape>): void {
  if (fields.plan === undefined || fields.preservationMode === undefined) return;
  if (fields.plan.steps.includes('Remove') === fields.preservationMode) {
    const remedy = fields.preservationMode
      ? 'leave Remove out in preservation mode'
      : 'end with Remove, or set preservationMode';
    fault('plan.steps', `contradicts preservationMode ${fields.preservationMode}; ${remedy}`);
  }
}

function adoptionAddsNothing({ fields, given, fault }: RuleInput<typeof specShape>): void {
  if (fields.plan?.steps.includes('Add') !== given('adopts')) return;
  const remedy = given('adopts')
    ? 'leave Add out where a replica is adopted'
    : 'begin with Add, or name a replica in adopts';
  fault('plan.steps', `contradicts adopts; ${remedy}`);
}

const volumeMigration: Reader<VolumeMigration> = mapped(
  object({
    ...typeMeta('VolumeMigration'),
    metadata: required(objectMetadata(text({ min: 1, max: 253 }))),
    spec: required(object(specShape, targetIsElsewhere, preservationRemovesNothing, adoptionAddsNothing)),
    status: optional(migrationStatus),
  }),
  ({ metadata, spec, status }) => ({ metadata, spec, ...(status === undefined ? {} : { status }) }),
);

/** From a document of any origin; every problem is returned at once. The model is frozen. */
export function parseVolumeMigration(document: unknown): ParseResult<VolumeMigration> {
  return parseWith(volumeMigration, document);
}

export interface VolumeMigrationManifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: {
    readonly name: string;
    readonly labels: Readonly<Record<string, string>>;
    readonly finalizers: readonly string[];
    readonly ownerReferences: readonly (ObjectOwner & { readonly blockOwnerDeletion: boolean })[];
  };
  readonly spec: Readonly<Record<string, unknown>>;
}

/**
 * What the operator creates: parsing it gives `spec` again. The policy that `spec.policyRef` names owns the object, which is
 * therefore deleted with the policy, whose own deletion waits for nothing. The finalizer keeps what is deleted until
 * the operator has undone what it set for it.
 */
export function volumeMigrationManifest(
  name: string,
  spec: VolumeMigrationSpec,
  policyUid: string,
): VolumeMigrationManifest {
  const { timeoutMs, ...restOfPlan } = spec.plan;
  const { samplingWindowMs, ...restOfReason } = spec.reason;
  return {
    apiVersion: GROUP_VERSION,
    kind: VOLUME_MIGRATION.kind,
    metadata: {
      name,
      labels: { [POLICY_LABEL]: spec.policyRef.name, [VOLUME_LABEL]: spec.volumeId },
      finalizers: [MIGRATION_FINALIZER],
      ownerReferences: [
        {
          apiVersion: GROUP_VERSION,
          kind: STORAGE_POLICY.kind,
          name: spec.policyRef.name,
          uid: policyUid,
          controller: true,
          blockOwnerDeletion: false,
        },
      ],
    },
    spec: {
      ...spec,
      plan: { ...restOfPlan, timeout: formatDuration(timeoutMs) },
      reason: {
        ...restOfReason,
        ...(samplingWindowMs === undefined ? {} : { samplingWindow: formatDuration(samplingWindowMs) }),
      },
    },
  };
}
