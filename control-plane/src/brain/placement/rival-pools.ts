/**
 * The pools that a scale-up of a volume might choose instead of the target, and what has to be cordoned so that it cannot. A cordon
 * keeps everybody else's new replicas away as well, so only what could really be chosen counts: not what is cordoned, cannot
 * be reached, never fits, or shares its node with a replica of the volume.
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
  #poolCount: number | undefined;
  #nodeCount: number | undefined;

  constructor(volume: VolumeFacts, storage: Surroundings) {
    this.#volume = volume;
    this.#storage = storage;
    this.#index = indexOf(storage);
    this.#taken = new Set(volume.replicas.map(({ node }) => node));
    this.#topology = isRestricting(volume.topology) ? new TopologyCheck(volume.topology, []) : undefined;
  }

  /** By name. */
  cordons(target: SteeringTarget): readonly SteeringCordon[] {
    const rivals = [...this.#index.pools.values()].filter((pool) => pool.pool !== target.pool && this.#isRival(pool));
    if (this.#storage.capabilities.poolCordons) return rivals.map(({ pool }) => ({ kind: 'Pool', name: pool }));
    const nodes = new Set(rivals.map(({ node }) => node).filter((node) => node !== target.node));
    return [...nodes].sort().map((node) => ({ kind: 'Node', name: node }));
  }

  /**
   * How many cordons there are more than a migration can hold; 0: it can. Asked about many targets it counts once.
   * `poolCordons`: as if single pools could be cordoned, or could not.
   */
  excess(target: SteeringTarget, poolCordons = this.#storage.capabilities.poolCordons): number {
    if (this.#index.pools.size <= MAX_CORDONS) return 0;
    return Math.max(0, (poolCordons ? this.#poolsBeside(target) : this.#nodesBeside(target)) - MAX_CORDONS);
  }

  #poolsBeside({ pool: name }: SteeringTarget): number {
    this.#poolCount ??= countOf(this.#index.pools.values(), (pool) => this.#isRival(pool));
    const pool = this.#index.pools.get(name);
    return this.#poolCount - Number(pool !== undefined && this.#isRival(pool));
  }

  #nodesBeside({ node }: SteeringTarget): number {
    const hasRival = (pools: readonly PoolFacts[]): boolean => pools.some((pool) => this.#isRival(pool));
    this.#nodeCount ??= countOf(this.#index.poolsOfNode.values(), hasRival);
    return this.#nodeCount - Number(hasRival(this.#index.poolsOfNode.get(node) ?? []));
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

function countOf<Item>(items: Iterable<Item>, counts: (item: Item) => boolean): number {
  let count = 0;
  for (const item of items) if (counts(item)) count += 1;
  return count;
}
