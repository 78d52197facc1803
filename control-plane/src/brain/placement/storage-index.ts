/**
 * The storage system's facts by the keys that planning asks for. Made once per snapshot and once per way to sort pools into
 * tiers, so that planning one volume looks at the pools of one tier and at nothing else of the cluster.
 */
import type { Placement } from '@couchestor/common/api';
import type { NodeName, PoolName } from '@couchestor/common/base';
import type { NodeFacts, PoolFacts, StorageFacts } from '../../model/cluster-snapshot.ts';
import { byText } from '../order.ts';
import type { TierOf } from './placement-of.ts';

export class StorageIndex {
  /** By name, as are the pools. */
  readonly nodes: ReadonlyMap<NodeName, NodeFacts>;
  readonly pools: ReadonlyMap<PoolName, PoolFacts>;
  readonly poolsOfNode: ReadonlyMap<NodeName, readonly PoolFacts[]>;
  readonly #tiers = new WeakMap<TierOf, Map<Placement, PoolFacts[]>>();

  constructor(storage: StorageFacts) {
    const nodes = storage.nodes.toSorted((a, b) => byText(a.node, b.node));
    const pools = storage.pools.toSorted((a, b) => byText(a.pool, b.pool));
    this.nodes = new Map(nodes.map((node) => [node.node, node]));
    this.pools = new Map(pools.map((pool) => [pool.pool, pool]));
    this.poolsOfNode = Map.groupBy(pools, (pool) => pool.node);
  }

  /** By name. */
  poolsOf(tier: Placement, tierOf: TierOf): readonly PoolFacts[] {
    let tiers = this.#tiers.get(tierOf);
    if (tiers === undefined) {
      tiers = Map.groupBy(this.pools.values(), (pool) => tierOf(pool.pool));
      this.#tiers.set(tierOf, tiers);
    }
    return tiers.get(tier) ?? [];
  }

  /** A node that is not known fails for itself alone. */
  failureDomainOf(node: NodeName): string {
    return this.nodes.get(node)?.failureDomain ?? node;
  }
}

const indexes = new WeakMap<StorageFacts, StorageIndex>();

export function indexOf(storage: StorageFacts): StorageIndex {
  let index = indexes.get(storage);
  if (index === undefined) {
    index = new StorageIndex(storage);
    indexes.set(storage, index);
  }
  return index;
}
