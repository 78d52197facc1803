/**
 * Moves that need not add a replica: an earlier migration has left one beside those that the volume asks for, where the volume
 * belongs, and its other copy is the one that may go. Nothing else is moved beside an extra replica. What a person was promised
 * to be kept, the source of a move in preservation mode, is taken for the new copy only by a policy that does not preserve.
 */
import type { VolumeMigrationSpec } from '@couchestor/common/api';
import type { LeftReplica, ReplicaFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';
import { isPlaced, type PlacedReplica } from '../../model/placed-replica.ts';
import { replicaAilment } from './ailment.ts';
import { removalOf, type MoveCheckResult } from './check-move.ts';
import type { MoveRequest } from './move-request.ts';
import { tierOfReplica } from './placement-of.ts';
import type { MovePlan } from './plan-move.ts';
import {
  busyObstacle,
  extraReplicaFound,
  fixedObstacle,
  notHealthy,
  scaleDownRefused,
  type Obstacle,
} from './preflight.ts';
import { remedySentence } from './remedy.ts';
import { indexOf, type Surroundings } from './storage-index.ts';

export interface AdoptionRequest extends Pick<
  MoveRequest,
  'volume' | 'wanted' | 'tierOf' | 'storage' | 'preservation'
> {
  readonly migration: string;
  readonly left: LeftReplica;
}

interface Pair {
  readonly volume: VolumeFacts;
  readonly source: PlacedReplica;
  readonly extra: PlacedReplica;
  readonly storage: Surroundings;
  readonly preservation: boolean;
}

type Verdict =
  | { readonly kind: 'possible'; readonly removal: PlannedMove['removal'] }
  | ({ readonly kind: 'impossible' } & Obstacle);

/** Of a volume to which `migration` has left an extra replica: that is taken over, or nothing is moved. */
export function planAdoption(request: AdoptionRequest): MovePlan {
  const { volume, wanted, tierOf, left, migration } = request;
  const pair = pairOf(request);
  if ('code' in pair) return impossible(pair);
  const verdict = verdictOn(pair);
  if (verdict.kind === 'impossible') return impossible(verdict);
  const { source, extra } = pair;
  const outside = volume.replicas.filter((replica) => tierOfReplica(replica, tierOf) !== wanted);
  return {
    kind: 'possible',
    move: {
      source: { tier: tierOf(source.pool), pool: source.pool, node: source.node, replicaId: source.replicaId },
      target: { tier: wanted, pool: extra.pool, node: extra.node },
      adopts: { migration, replicaId: extra.replicaId },
      removal: verdict.removal,
      replicaCount: left.replicaCount,
      sizeBytes: volume.sizeBytes,
      remainingReplicaCount: outside.length - 1,
    },
    candidates: [],
  };
}

/** Fresh state against such a plan. */
export function checkAdoption({
  spec,
  volume,
  storage,
}: {
  readonly spec: Pick<VolumeMigrationSpec, 'source' | 'target' | 'plan' | 'preservationMode' | 'adopts'>;
  readonly volume: VolumeFacts;
  readonly storage: Surroundings;
}): MoveCheckResult & { readonly extra?: PlacedReplica } {
  const { source, target, plan, adopts, preservationMode } = spec;
  if (volume.replicaCount !== plan.replicaCount + 1) {
    const reason = `The volume asks for ${volume.replicaCount} replicas now; with the extra one that was to be taken over it was ${plan.replicaCount + 1}.`;
    return { kind: 'impossible', code: 'VolumeBusy', reason };
  }
  const placed = volume.replicas.filter(isPlaced);
  const extra = placed.find(({ replicaId, pool }) => replicaId === adopts?.replicaId && pool === target.pool);
  if (extra === undefined) {
    const reason = `The extra replica that was to be taken over is not on pool ${target.pool} any more.`;
    return { kind: 'impossible', code: 'VolumeNotHealthy', reason };
  }
  const leaving = placed.find(({ replicaId, pool }) =>
    source.replicaId === undefined ? pool === source.pool : replicaId === source.replicaId,
  );
  if (leaving === undefined) {
    const reason = `The replica that was to leave pool ${source.pool} is not there any more.`;
    return { kind: 'impossible', code: 'VolumeNotHealthy', reason };
  }
  const verdict = verdictOn({ volume, source: leaving, extra, storage, preservation: preservationMode });
  if (verdict.kind === 'impossible') return { kind: 'impossible', code: verdict.code, reason: verdict.reason };
  return { kind: 'possible', source: leaving, extra, removal: verdict.removal };
}

function pairOf({ volume, wanted, tierOf, storage, preservation, migration, left }: AdoptionRequest): Pair | Obstacle {
  const refused = (why: string): Obstacle =>
    extraReplicaFound(`Migration ${migration} left an extra replica on pool ${left.pool}${why}`, migration);
  if (volume.replicaCount !== left.replicaCount + 1) {
    return refused(
      `, with which the volume asked for ${left.replicaCount + 1}, and it asks for ${volume.replicaCount} now`,
    );
  }
  if (!left.isFree) return refused(', and it is about to be removed or taken over');
  const placed = volume.replicas.filter(isPlaced);
  // Mayastor may have made it anew there; a pool holds at most one replica of a volume.
  const extra =
    placed.find(({ replicaId }) => replicaId === left.replicaId) ?? placed.find(({ pool }) => pool === left.pool);
  const source = placed.find(({ replicaId }) => replicaId === left.otherReplicaId);
  if (extra === undefined) return refused(', which cannot be found there');
  if (source === undefined || source === extra)
    return refused(', and the replica that was to go is not there any more');
  if (tierOf(extra.pool) !== wanted) {
    const where =
      tierOf(extra.pool) === 'Unassigned' ? 'in no tier of the policy' : `in the ${tierOf(extra.pool)} tier`;
    return refused(`, which is ${where}, while the volume belongs on ${wanted} now`);
  }
  if (tierOf(source.pool) === wanted) return refused(`, and its other copy is where the volume belongs, too`);
  if (left.isPreserved && preservation) return refused(', which preservation mode is to keep');
  const worse = worseThan(source, extra, volume, storage);
  if (worse !== undefined) return refused(`, which is no place to move to: ${worse}`);
  return { volume, source, extra, storage, preservation };
}

/** It may lie elsewhere than it should have. */
function worseThan(
  source: PlacedReplica,
  extra: PlacedReplica,
  volume: VolumeFacts,
  storage: StorageFacts,
): string | undefined {
  const index = indexOf(storage);
  const isEncrypted = ({ pool }: PlacedReplica): boolean => index.pools.get(pool)?.encrypted ?? true;
  if (isEncrypted(source) && !isEncrypted(extra))
    return `pool ${extra.pool} is not encrypted, as pool ${source.pool} is`;
  const domainsWithout = (left: PlacedReplica): number => {
    const others = volume.replicas.filter(isPlaced).filter(({ replicaId }) => replicaId !== left.replicaId);
    return new Set(others.map(({ node }) => index.failureDomainOf(node))).size;
  };
  return domainsWithout(source) < domainsWithout(extra)
    ? `node ${extra.node} is in a failure domain that has a replica already`
    : undefined;
}

/** The others have to be whole; the extra one may be filled still, which is what its migration waits for. */
function verdictOn({ volume, source, extra, storage, preservation }: Pair): Verdict {
  const countAfter = volume.replicaCount - 1;
  const obstacle =
    fixedObstacle({ volume, storage }) ??
    (preservation ? undefined : scaleDownRefused(volume, countAfter)) ??
    busyObstacle(volume);
  if (obstacle !== undefined) return { kind: 'impossible', ...obstacle };
  const ailment = ailmentBeside(extra, volume);
  if (ailment !== undefined) return { kind: 'impossible', ...notHealthy(ailment) };
  if (preservation) return { kind: 'possible', removal: 'Preserved' };
  const healed = (replica: ReplicaFacts): ReplicaFacts =>
    replica === extra ? { ...replica, status: 'Online', childStatus: 'Online', rebuildPercent: undefined } : replica;
  const synced = { ...volume, replicas: volume.replicas.map(healed) };
  const removal = removalOf({ volume: synced, storage, replicaId: source.replicaId });
  if (removal !== undefined) return { kind: 'possible', removal };
  return {
    kind: 'impossible',
    code: 'RemovalNotSteerable',
    reason: `It is not sure that Mayastor would remove the replica on pool ${source.pool} rather than another.`,
    remedies: [[{ kind: 'Upgrade', version: '2.9' }]],
  };
}

function ailmentBeside(extra: PlacedReplica, volume: VolumeFacts): string | undefined {
  const { target, replicas, replicaCount, status } = volume;
  const others = replicas.filter((replica) => replica !== extra);
  const ailing = others.map(replicaAilment).find((ailment) => ailment !== undefined);
  if (ailing !== undefined) return ailing;
  const isFilling = replicaAilment(extra) !== undefined;
  const mayFill = extra.status === 'Online' && (extra.childStatus === 'Online' || extra.childStatus === 'Degraded');
  if (isFilling && !mayFill) return replicaAilment(extra);
  const states = isFilling ? ['Online', 'Degraded'] : ['Online'];
  if (!states.includes(status)) return `The volume is ${status}`;
  if (target !== undefined && !states.includes(target.status)) {
    return `Its target on node ${target.node} is ${target.status}`;
  }
  if (replicas.length !== replicaCount) return `It has ${replicas.length} of ${replicaCount} replicas`;
  if (target !== undefined && target.rebuildCount > (isFilling ? 1 : 0))
    return `${target.rebuildCount} rebuilds under way`;
  return undefined;
}

function impossible({ code, reason, remedies }: Obstacle): MovePlan {
  return { kind: 'impossible', code, reason, remedies: remedies.map(remedySentence), candidates: [] };
}
