/**
 * The storage system's facts by the keys that planning asks for. Made once per snapshot and once per way to sort pools into
 * tiers, so that planning one volume looks at the pools of one tier and at nothing else of the cluster.
 */
import type { Placement } from '@couchestor/common/api';
import type { NodeName, PoolName } from '@couchestor/common/base';
import type { NodeFacts, PoolFacts, StorageFacts } from '../../model/cluster-snapshot.ts';
import { byText } from '../order.ts';
import { CandidateMemo } from './candidate-memo.ts';
import type { TierOf } from './placement-of.ts';

/** All but the volumes. */
export type Surroundings = Omit<StorageFacts, 'volumes'>;

/** A pool, and what is known of its node. */
export interface PoolSite {
  readonly pool: PoolFacts;
  readonly node: NodeFacts | undefined;
  /** A node that is not known fails for itself alone. */
  readonly failureDomain: string;
  readonly candidates: CandidateMemo;
}

interface Tiers {
  readonly sites: ReadonlyMap<Placement, readonly PoolSite[]>;
  readonly openNodesWithout: Map<Placement, readonly NodeFacts[]>;
}

const NO_SITES: readonly PoolSite[] = [];

export class StorageIndex {
  /** By name, as are the pools. */
  readonly nodes: ReadonlyMap<NodeName, NodeFacts>;
  readonly pools: ReadonlyMap<PoolName, PoolFacts>;
  readonly poolsOfNode: ReadonlyMap<NodeName, readonly PoolFacts[]>;
  readonly #sites: readonly PoolSite[];
  readonly #tiers = new WeakMap<TierOf, Tiers>();

  constructor(storage: Surroundings) {
    const nodes = storage.nodes.toSorted((a, b) => byText(a.node, b.node));
    const pools = storage.pools.toSorted((a, b) => byText(a.pool, b.pool));
    this.nodes = new Map(nodes.map((node) => [node.node, node]));
    this.pools = new Map(pools.map((pool) => [pool.pool, pool]));
    this.poolsOfNode = Map.groupBy(pools, (pool) => pool.node);
    this.#sites = [...this.pools.values()].map((pool) => this.siteOf(pool));
  }

  /** By name. */
  sitesOf(tier: Placement, tierOf: TierOf): readonly PoolSite[] {
    return this.#tiersBy(tierOf).sites.get(tier) ?? NO_SITES;
  }

  /** Nodes that can take a replica and have no pool of the tier, by name. */
  openNodesWithout(tier: Placement, tierOf: TierOf): readonly NodeFacts[] {
    const { openNodesWithout } = this.#tiersBy(tierOf);
    let open = openNodesWithout.get(tier);
    if (open === undefined) {
      const taken = new Set(this.sitesOf(tier, tierOf).map(({ pool }) => pool.node));
      open = [...this.nodes.values()].filter(
        ({ node, status, cordoned }) => status === 'Online' && !cordoned && !taken.has(node),
      );
      openNodesWithout.set(tier, open);
    }
    return open;
  }

  /** Also of a pool that does not exist yet. */
  siteOf(pool: PoolFacts): PoolSite {
    const node = this.nodes.get(pool.node);
    const candidates = new CandidateMemo(pool);
    return { pool, node, failureDomain: this.failureDomainOf(pool.node), candidates };
  }

  failureDomainOf(node: NodeName): string {
    return this.nodes.get(node)?.failureDomain ?? node;
  }

  #tiersBy(tierOf: TierOf): Tiers {
    let tiers = this.#tiers.get(tierOf);
    if (tiers === undefined) {
      const sites = Map.groupBy(this.#sites, ({ pool }) => tierOf(pool.pool));
      tiers = { sites, openNodesWithout: new Map() };
      this.#tiers.set(tierOf, tiers);
    }
    return tiers;
  }
}

const indexes = new WeakMap<Surroundings, StorageIndex>();

export function indexOf(storage: Surroundings): StorageIndex {
  let index = indexes.get(storage);
  if (index === undefined) {
    index = new StorageIndex(storage);
    indexes.set(storage, index);
  }
  return index;
}
