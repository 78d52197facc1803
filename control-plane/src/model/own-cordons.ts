/**
 * Cordons that migrations of ours have set, told from those of people. On a node each has its label, so that somebody else's
 * beside it counts still. A pool is cordoned or is not; ours is named only where there was none before, and is told
 * from another's by what else that one keeps away.
 */
import type { Cordon } from '@couchestor/common/api';
import type { NodeFacts, PoolFacts } from './cluster-snapshot.ts';

export interface Cordoned {
  readonly pools: readonly PoolFacts[];
  readonly nodes: readonly NodeFacts[];
}

/** The same as if none of `cordons` stood. */
export function withoutCordons({ pools, nodes }: Cordoned, cordons: readonly Cordon[]): Cordoned {
  if (cordons.length === 0) return { pools, nodes };
  const labelsOf = new Map<string, Set<string>>();
  const ownPools = new Set<string>();
  for (const { kind, name, label = '' } of cordons) {
    if (kind === 'Pool') ownPools.add(name);
    else labelsOf.set(name, (labelsOf.get(name) ?? new Set()).add(label));
  }
  return {
    pools: pools.map((pool) =>
      ownPools.has(pool.pool) && pool.cordonedByOthers !== true ? { ...pool, cordoned: false } : pool,
    ),
    nodes: nodes.map((node) => {
      const own = labelsOf.get(node.node);
      if (own === undefined || !(node.cordonLabels ?? []).every((label) => own.has(label))) return node;
      return { ...node, cordoned: false };
    }),
  };
}
