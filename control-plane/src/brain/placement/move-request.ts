/** What planning a move is asked, and what all its parts look up about the volume: derived once per volume. */
import type { Placement, Tier } from '@couchestor/common/api';
import { assertInvariant, formatBytes, type NodeName, type PoolName } from '@couchestor/common/base';
import type { PoolFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';
import { isPlaced, type PlacedReplica } from '../../model/placed-replica.ts';
import { byText } from '../order.ts';
import { TIER_RANK } from '../tier-rank.ts';
import { dataBytesOf } from './data-bytes.ts';
import type { Ledger } from './ledger.ts';
import { tierOfReplica, type TierOf } from './placement-of.ts';
import type { RejectionCode } from './rejection-codes.ts';
import { RivalPools } from './rival-pools.ts';
import { indexOf, type StorageIndex } from './storage-index.ts';
import { isRestricting, TopologyCheck } from './topology.ts';

export interface MoveRequest {
  /** With at least one replica outside the wanted tier. */
  readonly volume: VolumeFacts;
  readonly wanted: Tier;
  /** The same function for every volume of a policy, so that pools are sorted into tiers once. */
  readonly tierOf: TierOf;
  /** Those of the snapshot that the ledger was made from. */
  readonly storage: StorageFacts;
  readonly ledger: Ledger;
  readonly preservation: boolean;
  /** An earlier migration left both copies. */
  readonly extraReplica: boolean;
}

/** A replica outside the wanted tier. */
export interface Source {
  readonly replicaId: string;
  readonly tier: Placement;
  readonly pool: PoolName;
  readonly node: NodeName;
  /** A pool that is not known counts as encrypted. */
  readonly encrypted: boolean;
  /** Those of the replicas that are there once this one, if it is removed, is gone. */
  readonly stayingDomains: ReadonlySet<string>;
  /** How its removal is brought about, by the place of the new replica: filled as pools are looked at. */
  readonly removals: Map<string, PlannedMove['removal'] | undefined>;
  /** What would bring it about, likewise. */
  readonly removalChanges: Map<string, RemovalChanges>;
}

/** A replica that can leave for a pool. */
export interface Departure {
  readonly source: Source;
  readonly removal: PlannedMove['removal'];
}

/** What would make sure that a replica is the one that is removed, each by itself. */
export interface RemovalChanges {
  readonly upgrade: boolean;
  readonly publishThere: boolean;
  /** Undefined: that does not help. */
  readonly uncordon: readonly NodeName[] | undefined;
}

export interface MoveContext extends MoveRequest {
  readonly index: StorageIndex;
  readonly replicas: readonly PlacedReplica[];
  /** The one that gains most by leaving first. */
  readonly sources: readonly Source[];
  /** The failure domains that the volume is in, numbered from 0. */
  readonly domains: ReadonlyMap<string, number>;
  /** Undefined: the volume does not restrict where its replicas are. */
  readonly topology: TopologyCheck | undefined;
  /** Pools that may get the new replica instead of the target. */
  readonly rivals: RivalPools;
  /** What one more replica takes, for people. */
  readonly dataText: string;
  /** Whether it spreads them over values of a node label. */
  readonly hasSpread: boolean;
  /** What was found about the replicas that could leave for pools of a kind: filled as pools are looked at. */
  readonly departures: Map<number, Departure | RejectionCode>;
}

/** Of a volume that passed the preflight: every replica says where it is. */
export function contextOf(request: MoveRequest): MoveContext {
  const index = indexOf(request.storage);
  const replicas = request.volume.replicas.filter(isPlaced);
  const sources = sourcesOf(request, replicas, index);
  const { topology } = request.volume;
  assertInvariant(sources.length > 0, 'a move is planned only for a volume with a replica outside the wanted tier');
  return {
    ...request,
    index,
    replicas,
    sources,
    domains: new Map([...domainsOf(index, replicas)].map((domain, number) => [domain, number])),
    topology: isRestricting(topology)
      ? new TopologyCheck(
          topology,
          replicas.map(({ node }) => index.nodes.get(node)?.topologyLabels ?? {}),
        )
      : undefined,
    rivals: new RivalPools(request.volume, request.storage),
    dataText: formatBytes(dataBytesOf(request.volume)),
    hasSpread: Object.keys(topology.nodeExclusion).length > 0,
    departures: new Map(),
  };
}

/** How many failure domains the volume is in once the source, if it is removed, is gone and the new replica is there. */
export function failureDomainsAfter({ stayingDomains }: Source, targetDomain: string): number {
  return stayingDomains.size + (stayingDomains.has(targetDomain) ? 0 : 1);
}

export function isEncrypted(pool: PoolFacts | undefined): boolean {
  return pool?.encrypted ?? true;
}

function sourcesOf(
  { wanted, tierOf, preservation }: MoveRequest,
  replicas: readonly PlacedReplica[],
  index: StorageIndex,
): readonly Source[] {
  const distance = (tier: Placement): number =>
    tier === 'Unassigned' ? 0.5 : Math.abs(TIER_RANK[tier] - TIER_RANK[wanted]);
  return replicas
    .map(({ replicaId, pool, node, ...replica }) => ({
      replicaId,
      pool,
      node,
      tier: tierOfReplica({ ...replica, pool }, tierOf),
      encrypted: isEncrypted(index.pools.get(pool)),
      stayingDomains: domainsOf(
        index,
        replicas.filter((other) => preservation || other.replicaId !== replicaId),
      ),
      removals: new Map(),
      removalChanges: new Map(),
    }))
    .filter(({ tier }) => tier !== wanted)
    .sort((a, b) => distance(b.tier) - distance(a.tier) || byText(a.pool, b.pool) || byText(a.replicaId, b.replicaId));
}

function domainsOf(index: StorageIndex, replicas: readonly PlacedReplica[]): ReadonlySet<string> {
  return new Set(replicas.map((replica) => index.failureDomainOf(replica.node)));
}
