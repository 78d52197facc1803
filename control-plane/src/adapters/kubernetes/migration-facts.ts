/**
 * Migrations as decisions see them: every VolumeMigration, and those of the policies' histories whose object is gone. An object
 * that this release cannot read may stand for a move that is under way, so as much as can be seen of it counts; without
 * even its volume nothing may be decided.
 */
import {
  findCondition,
  isFinal,
  MIGRATION_PHASES,
  type ParseResult,
  type VolumeMigration,
} from '@couchestor/common/api';
import type { Cordon, MigrationPhase, Placement, Tier } from '@couchestor/common/api';
import { parsePoolName, parseVolumeId, type PoolName, type VolumeId } from '@couchestor/common/base';
import { ADMITTED, waitsItsTurn } from '../../model/admission.ts';
import type { MigrationFacts } from '../../model/cluster-snapshot.ts';
import { isRecord, type KubeObject } from './kube-object.ts';

export type MigrationReading =
  | { readonly kind: 'migration'; readonly facts: MigrationFacts }
  /** It only rehearses: nothing is moved, nothing is held. */
  | { readonly kind: 'rehearsal' }
  | { readonly kind: 'unreadable'; readonly name: string };

const PLACEMENTS = ['Hot', 'Warm', 'Cold', 'Unassigned'] as const satisfies readonly Placement[];
const TIERS = ['Hot', 'Warm', 'Cold'] as const satisfies readonly Tier[];

export function readMigration(raw: KubeObject, parsed: ParseResult<VolumeMigration>): MigrationReading {
  if (parsed.kind === 'invalid') return readWhatIsThere(raw);
  const { spec, status } = parsed.value;
  if (spec.dryRun) return { kind: 'rehearsal' };
  const phase = status?.phase ?? 'Pending';
  const extra = status?.extraReplica;
  // A preserved source is an extra replica even if nobody got to write it down.
  const isPreserved = extra === undefined && phase === 'Completed' && spec.preservationMode;
  const facts: MigrationFacts = {
    name: raw.metadata.name,
    volumeId: spec.volumeId,
    policy: spec.policyRef.name,
    phase,
    from: spec.source.tier,
    to: spec.target.tier,
    targetPool: spec.target.pool,
    startedAtMs: startOf(phase, status?.startTime, raw.metadata.creationTimestamp),
    completedAtMs: isFinal(phase) ? timeOf(status?.completionTime ?? status?.phaseStartTime) : undefined,
    extraReplica: isPreserved || (extra !== undefined && extra.removedTime === undefined),
    ...(isParked(status) ? { isParked: true } : {}),
    ...(status?.cordons === undefined ? {} : { cordons: status.cordons }),
    ...leftReplicaOf(raw, parsed.value),
  };
  return { kind: 'migration', facts };
}

function isParked(status: VolumeMigration['status']): boolean {
  if (status?.phase !== 'Pending') return false;
  const admitted = findCondition(status.conditions ?? [], ADMITTED);
  return admitted?.status === 'False' && !waitsItsTurn(admitted.reason);
}

function leftReplicaOf(
  { metadata }: KubeObject,
  { spec, status }: VolumeMigration,
): Pick<MigrationFacts, 'leftReplica'> {
  const { phase, extraReplica, newReplica, oldReplica, intent, cordons } = status ?? {};
  if (phase === undefined || !isFinal(phase) || extraReplica === undefined) return {};
  const { replicaId, pool, removedTime, adoptedBy } = extraReplica;
  if (removedTime !== undefined) return {};
  const isOld = replicaId === oldReplica?.replicaId;
  const isGivenAway = adoptedBy !== undefined || spec.cleanup || metadata.deletionTimestamp !== undefined;
  return {
    leftReplica: {
      replicaId,
      pool,
      otherReplicaId: (isOld ? newReplica : oldReplica)?.replicaId,
      replicaCount: spec.plan.replicaCount,
      isPreserved: phase === 'Completed' && isOld,
      isFree: !isGivenAway && intent === undefined && cordons === undefined,
    },
  };
}

function readWhatIsThere({ metadata, spec, status }: KubeObject): MigrationReading {
  const fields = isRecord(spec) ? spec : {};
  const state = isRecord(status) ? status : {};
  const volumeId = attempt(() => parseVolumeId(fields.volumeId));
  if (volumeId === undefined) return { kind: 'unreadable', name: metadata.name };
  if (fields.dryRun === true) return { kind: 'rehearsal' };
  const [source, target, policy] = [fields.source, fields.target, fields.policyRef].map((part) =>
    isRecord(part) ? part : {},
  );
  // A phase that is not known is not a final one.
  const phase = oneOf(MIGRATION_PHASES, state.phase) ?? 'Pending';
  const facts: MigrationFacts = {
    name: metadata.name,
    volumeId,
    policy: typeof policy?.name === 'string' ? policy.name : '',
    phase,
    from: oneOf(PLACEMENTS, source?.tier) ?? 'Unassigned',
    to: oneOf(TIERS, target?.tier) ?? 'Cold',
    targetPool: attempt((): PoolName => parsePoolName(target?.pool)),
    startedAtMs: startOf(phase, state.startTime, metadata.creationTimestamp),
    completedAtMs: isFinal(phase) ? timeOf(state.completionTime) : undefined,
    extraReplica: isRecord(state.extraReplica) && state.extraReplica.removedTime === undefined,
    ...(Array.isArray(state.cordons) ? { cordons: state.cordons.flatMap(cordonFacts) } : {}),
  };
  return { kind: 'migration', facts };
}

/** One that cannot be read is taken for somebody else's, which keeps replicas away. */
function cordonFacts(entry: unknown): readonly Cordon[] {
  if (!isRecord(entry)) return [];
  const { kind, name, label, setTime } = entry;
  if ((kind !== 'Node' && kind !== 'Pool') || typeof name !== 'string') return [];
  const text = (value: unknown): string => (typeof value === 'string' ? value : '');
  return [{ kind, name, ...(label === undefined ? {} : { label: text(label) }), setTime: text(setTime) }];
}

/** Of one policy's status as it is stored; entries that cannot be read are as good as none. */
export function historyFacts(policy: string, status: Readonly<Record<string, unknown>>): readonly MigrationFacts[] {
  const history: readonly unknown[] = Array.isArray(status.history) ? status.history : [];
  return history.flatMap((entry) => recordFacts(policy, entry) ?? []);
}

function recordFacts(policy: string, entry: unknown): MigrationFacts | undefined {
  if (!isRecord(entry) || typeof entry.migration !== 'string') return undefined;
  const volumeId = attempt((): VolumeId => parseVolumeId(entry.volumeId));
  const phase = oneOf(MIGRATION_PHASES, entry.outcome);
  const to = oneOf(TIERS, entry.to);
  if (volumeId === undefined || phase === undefined || to === undefined || !isFinal(phase)) return undefined;
  return {
    name: entry.migration,
    volumeId,
    policy,
    phase,
    from: oneOf(PLACEMENTS, entry.from) ?? 'Unassigned',
    to,
    targetPool: undefined,
    startedAtMs: startOf(phase, entry.startTime, entry.completionTime),
    completedAtMs: timeOf(entry.completionTime),
    // Where both copies stayed, the object stays to say so.
    extraReplica: false,
  };
}

/** One that was cancelled before it began has no start. */
function startOf(phase: MigrationPhase, startTime: unknown, otherwise: unknown): number | undefined {
  return timeOf(startTime) ?? (phase === 'Cancelled' ? undefined : timeOf(otherwise));
}

function timeOf(text: unknown): number | undefined {
  const time = typeof text === 'string' ? Date.parse(text) : NaN;
  return Number.isNaN(time) ? undefined : time;
}

function oneOf<Value extends Placement | MigrationPhase>(
  values: readonly Value[],
  candidate: unknown,
): Value | undefined {
  return values.find((value) => value === candidate);
}

function attempt<Value>(parse: () => Value): Value | undefined {
  try {
    return parse();
  } catch {
    return undefined;
  }
}
