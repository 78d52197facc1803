/**
 * What a volume's topology says of a pool and of a node, as Mayastor's scheduler reads it. An empty value matches any value of
 * its key. A node exclusion is a spread: every replica's node carries the key, and no two of them the same value; while a replica
 * is moved both copies count. Mayastor lets nobody change the topology of a volume that exists.
 */
import type { NodeFacts, PoolFacts, TopologyFacts } from '../../model/cluster-snapshot.ts';

type Labels = Readonly<Record<string, string>>;

export function poolFitsTopology(topology: TopologyFacts, pool: Pick<PoolFacts, 'labels'>): boolean {
  return (
    carriesAll(pool.labels, topology.poolInclusion) &&
    !Object.entries(topology.poolExclusion).some((label) => carries(pool.labels, label))
  );
}

/** Apart from the spread. */
export function nodeFitsTopology(topology: TopologyFacts, node: Pick<NodeFacts, 'node' | 'labels'>): boolean {
  const { allowedNodes } = topology;
  if (allowedNodes !== undefined && !allowedNodes.includes(node.node)) return false;
  return carriesAll(node.labels, topology.nodeInclusion) && carriesAll(node.labels, topology.nodeExclusion);
}

/** How many of the spread keys have a value on this node that one of the others has as well. */
export function spreadClashCount(topology: TopologyFacts, labels: Labels, others: readonly Labels[]): number {
  return Object.keys(topology.nodeExclusion).filter((key) => {
    const value = labels[key];
    return value !== undefined && others.some((other) => other[key] === value);
  }).length;
}

/** The StorageClass parameters that gave a volume this topology, for people. */
export function topologyParameters(topology: TopologyFacts): readonly string[] {
  return [
    ...parameters(topology.poolInclusion, 'poolAffinityTopologyLabel', 'poolHasTopologyKey'),
    ...parameters(topology.nodeInclusion, 'nodeAffinityTopologyLabel', 'nodeHasTopologyKey'),
    ...parameters(topology.nodeExclusion, 'nodeSpreadTopologyKey', 'nodeSpreadTopologyKey'),
    ...parameters(topology.poolExclusion, 'the pool exclusion', 'the pool exclusion'),
    ...(topology.allowedNodes === undefined ? [] : [`the list of allowed nodes ${topology.allowedNodes.join(', ')}`]),
  ];
}

function parameters(labels: Labels, withValue: string, withKey: string): readonly string[] {
  return Object.entries(labels)
    .sort(([a], [b]) => (a < b ? -1 : 1))
    .map(([key, value]) => (value === '' ? `${withKey}: ${key}` : `${withValue}: ${key}=${value}`));
}

function carriesAll(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every((label) => carries(labels, label));
}

function carries(labels: Labels, [key, value]: readonly [string, string]): boolean {
  return Object.hasOwn(labels, key) && (value === '' || labels[key] === value);
}
