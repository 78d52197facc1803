/**
 * The pools that a scale-up of a volume might choose instead of the target, and what has to be cordoned so that it cannot. A cordon
 * keeps everybody else's new replicas away as well, so only what could really be chosen counts: not what is cordoned, cannot
 * be reached, never fits, or shares its node with a replica of the volume. In a cluster with more pools than a migration can cordon
 * whole nodes are, and single pools beside the target only. That goes by all pools there are, so that cordons which are set
 * already change nothing about the kind of those to come.
 */
import { MAX_CORDONS } from '@couchestor/common/api';
import type { NodeName, PoolName } from '@couchestor/common/base';
import type { NodeFacts, PoolFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { indexOf, type StorageIndex, type Surroundings } from './storage-index.ts';
import { isRestricting, TopologyCheck } from './topology.ts';

export type SteeringCordon =
  { readonly kind: 'Pool'; readonly name: PoolName } | { readonly kind: 'Node'; readonly name: NodeName };

/** Where the new replica is to go. */
export type SteeringTarget = Pick<PoolFacts, 'pool' | 'node'>;

export class RivalPools {
  readonly #volume: VolumeFacts;
  readonly #storage: Surroundings;
  readonly #index: StorageIndex;
  readonly #taken: ReadonlySet<NodeName | undefined>;
  /** Apart from a spread, which other replicas may change. */
  readonly #topology: TopologyCheck | undefined;
  #nodeCount: number | undefined;

  constructor(volume: VolumeFacts, storage: Surroundings) {
    this.#volume = volume;
    this.#storage = storage;
    this.#index = indexOf(storage);
    this.#taken = new Set(volume.replicas.map(({ node }) => node));
    this.#topology = isRestricting(volume.topology) ? new TopologyCheck(volume.topology, []) : undefined;
  }

  /** Pools before nodes, each by name. */
  cordons(target: SteeringTarget): readonly SteeringCordon[] {
    const { poolCordons } = this.#storage.capabilities;
    const rivals = [...this.#index.pools.values()].filter((pool) => pool.pool !== target.pool && this.#isRival(pool));
    const byPool = rivals.filter(({ node }) => poolCordons && (!this.#hasManyPools || node === target.node));
    const byNode = rivals.filter((pool) => !byPool.includes(pool) && pool.node !== target.node);
    return [
      ...byPool.map(({ pool }): SteeringCordon => ({ kind: 'Pool', name: pool })),
      ...[...new Set(byNode.map(({ node }) => node))]
        .sort()
        .map((node): SteeringCordon => ({ kind: 'Node', name: node })),
    ];
  }

  /**
   * How many cordons there are more than a migration can hold; 0: it can. Asked about many targets it counts once.
   * `poolCordons`: as if single pools could be cordoned, or could not.
   */
  excess(target: SteeringTarget, poolCordons = this.#storage.capabilities.poolCordons): number {
    const { poolsOfNode } = this.#index;
    const neighbours = poolsOfNode.get(target.node) ?? [];
    if (!this.#hasManyPools || poolsOfNode.size + neighbours.length <= MAX_CORDONS) return 0;
    const onNode = neighbours.filter((pool) => this.#isRival(pool));
    const beside = poolCordons ? onNode.filter(({ pool }) => pool !== target.pool).length : 0;
    return Math.max(0, this.#openNodeCount() - Number(onNode.length > 0) + beside - MAX_CORDONS);
  }

  get #hasManyPools(): boolean {
    return this.#index.pools.size > MAX_CORDONS;
  }

  /** With a pool that may be chosen. */
  #openNodeCount(): number {
    if (this.#nodeCount !== undefined) return this.#nodeCount;
    this.#nodeCount = 0;
    for (const pools of this.#index.poolsOfNode.values()) {
      if (pools.some((pool) => this.#isRival(pool))) this.#nodeCount += 1;
    }
    return this.#nodeCount;
  }

  #isRival(pool: PoolFacts): boolean {
    if (this.#taken.has(pool.node) || pool.cordoned || pool.status === 'Faulted') return false;
    if (pool.capacityBytes <= this.#volume.sizeBytes || this.#topology?.admitsPool(pool) === false) return false;
    return this.#isOpen(this.#index.nodes.get(pool.node));
  }

  /** A node of which nothing is known may be chosen a moment later. */
  #isOpen(node: NodeFacts | undefined): boolean {
    if (node === undefined) return true;
    return !node.cordoned && node.status !== 'Offline' && this.#topology?.admitsNode(node) !== false;
  }
}
