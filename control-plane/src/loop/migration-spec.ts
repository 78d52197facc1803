/** From a decision to the migration that carries it out: everything the decision rests on goes with it, and nothing else. */
import {
  boundedMessage,
  formatTimestamp,
  type MigrationReason,
  type MigrationStep,
  type StoragePolicySpec,
  type VolumeMigrationSpec,
} from '@couchestor/common/api';
import { parsePolicyName } from '@couchestor/common/base';
import { oneDecimal, wholePercent } from '../brain/status/reported-round.ts';
import type { Decision, PlannedMove } from '../model/decision.ts';

const STEPS: readonly MigrationStep[] = ['Add', 'Sync', 'Verify', 'Remove'];

/** The caller guarantees that `decision` is a Move of the policy that has `policy` as its spec. */
export function migrationSpec(
  decision: Decision & { readonly move: PlannedMove },
  policy: Pick<StoragePolicySpec, 'approval' | 'migrationTimeoutMs'>,
  defaultTimeoutMs: number,
): VolumeMigrationSpec {
  const { move, volumeId, claim, preservation } = decision;
  const { name, uid, generation } = decision.policy;
  const isLeftOut = (step: MigrationStep): boolean =>
    (step === 'Add' && move.adopts !== undefined) || (step === 'Remove' && preservation);
  return {
    policyRef: { name: parsePolicyName(name), uid, generation },
    volumeId,
    ...(claim === undefined ? {} : { claim: { namespace: claim.namespace, name: claim.name } }),
    source: move.source,
    target: move.target,
    ...(move.adopts === undefined ? {} : { adopts: { ...move.adopts } }),
    plan: {
      steps: STEPS.filter((step) => !isLeftOut(step)),
      replicaCount: move.replicaCount,
      sizeBytes: move.sizeBytes,
      timeoutMs: policy.migrationTimeoutMs ?? defaultTimeoutMs,
    },
    reason: reasonOf(decision),
    approval: { mode: policy.approval, approved: false },
    cancel: false,
    cleanup: false,
    dryRun: false,
    preservationMode: preservation,
  };
}

function reasonOf({ wanted, code, reason, heat, thresholds, decidedAtMs }: Decision): MigrationReason {
  const { lowWatermarkIOPS, warmWatermarkIOPS, highWatermarkIOPS } = thresholds;
  return {
    code: wanted?.reason ?? code,
    message: boundedMessage(reason),
    ...(heat.kind === 'unknown'
      ? {}
      : {
          heatIOPS: oneDecimal(heat.iops),
          coveragePercent: wholePercent(heat.coverage),
          samplingWindowMs: heat.evidence.windowMs,
          metric: heat.evidence.family,
        }),
    lowWatermarkIOPS,
    warmWatermarkIOPS,
    highWatermarkIOPS,
    decisionTime: formatTimestamp(decidedAtMs),
  };
}
