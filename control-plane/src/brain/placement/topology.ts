/**
 * What a volume's topology says of a pool and of a node, as Mayastor's scheduler reads it: by the labels that Mayastor itself has,
 * whatever Kubernetes objects say. An empty value matches any value of its key. A node exclusion is a spread: every replica's node carries the key, and no two of them the same value; while a replica
 * is moved both copies count. Mayastor lets nobody change the topology of a volume that exists.
 */
import type { NodeFacts, PoolFacts, TopologyFacts } from '../../model/cluster-snapshot.ts';

type Labels = Readonly<Record<string, string>>;
type Label = readonly [key: string, value: string];

export function poolFitsTopology(topology: TopologyFacts, pool: Pick<PoolFacts, 'topologyLabels'>): boolean {
  return (
    carriesAll(pool.topologyLabels, topology.poolInclusion) &&
    !Object.entries(topology.poolExclusion).some((label) => carries(pool.topologyLabels, label))
  );
}

/** Apart from the spread. */
export function nodeFitsTopology(topology: TopologyFacts, node: Pick<NodeFacts, 'node' | 'topologyLabels'>): boolean {
  const { allowedNodes } = topology;
  if (allowedNodes !== undefined && !allowedNodes.includes(node.node)) return false;
  return [topology.nodeInclusion, topology.nodeExclusion].every((labels) => carriesAll(node.topologyLabels, labels));
}

/** How many of the spread keys have a value on this node that one of the others has as well. */
export function spreadClashCount(topology: TopologyFacts, labels: Labels, others: readonly Labels[]): number {
  return Object.keys(topology.nodeExclusion).filter((key) => {
    const value = labels[key];
    return value !== undefined && others.some((other) => other[key] === value);
  }).length;
}

/** One topology asked about many pools and nodes: what it says is read once, and what the replicas have of its spread as well. */
export class TopologyCheck {
  readonly #poolInclusion: readonly Label[];
  readonly #poolExclusion: readonly Label[];
  readonly #nodeLabels: readonly Label[];
  readonly #allowedNodes: ReadonlySet<string> | undefined;
  readonly #spreadValues: readonly (readonly [string, ReadonlySet<string>])[];

  /** `replicaLabels`: of the nodes that hold the replicas. */
  constructor(topology: TopologyFacts, replicaLabels: readonly Labels[]) {
    const { poolInclusion, poolExclusion, nodeInclusion, nodeExclusion, allowedNodes } = topology;
    this.#poolInclusion = Object.entries(poolInclusion);
    this.#poolExclusion = Object.entries(poolExclusion);
    this.#nodeLabels = [...Object.entries(nodeInclusion), ...Object.entries(nodeExclusion)];
    this.#allowedNodes = allowedNodes && new Set(allowedNodes);
    this.#spreadValues = Object.keys(nodeExclusion).map((key) => {
      return [key, new Set(replicaLabels.map((labels) => labels[key]).filter((value) => value !== undefined))];
    });
  }

  admitsPool({ topologyLabels }: Pick<PoolFacts, 'topologyLabels'>): boolean {
    return (
      this.#poolInclusion.every((label) => carries(topologyLabels, label)) &&
      !this.#poolExclusion.some((label) => carries(topologyLabels, label))
    );
  }

  /** Beside the replicas that are there. */
  admitsNode({ node, topologyLabels }: Pick<NodeFacts, 'node' | 'topologyLabels'>): boolean {
    if (this.#allowedNodes?.has(node) === false) return false;
    if (!this.#nodeLabels.every((label) => carries(topologyLabels, label))) return false;
    return !this.#spreadValues.some(([key, values]) => values.has(topologyLabels[key] ?? ''));
  }

  /** Labels that only Kubernetes tells of a pool that is not admitted, and would be if Mayastor knew them; or undefined. */
  unknownOfPool(pool: Pick<PoolFacts, 'labels' | 'topologyLabels'>): Labels | undefined {
    const unknown = onlyInKubernetes(pool, this.#poolInclusion);
    return unknown !== undefined && this.admitsPool({ topologyLabels: { ...pool.topologyLabels, ...unknown } })
      ? unknown
      : undefined;
  }

  /** Likewise. */
  unknownOfNode(node: Pick<NodeFacts, 'node' | 'labels' | 'topologyLabels'>): Labels | undefined {
    const unknown = onlyInKubernetes(node, this.#nodeLabels);
    return unknown !== undefined && this.admitsNode({ ...node, topologyLabels: { ...node.topologyLabels, ...unknown } })
      ? unknown
      : undefined;
  }
}

/** Whether it keeps replicas away from anything. */
export function isRestricting(topology: TopologyFacts): boolean {
  const { poolInclusion, poolExclusion, nodeInclusion, nodeExclusion, allowedNodes } = topology;
  if (allowedNodes !== undefined) return true;
  return [poolInclusion, poolExclusion, nodeInclusion, nodeExclusion].some((labels) => Object.keys(labels).length > 0);
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

/** Those of the keys that are asked for. */
function onlyInKubernetes(
  { labels, topologyLabels }: Pick<PoolFacts, 'labels' | 'topologyLabels'>,
  asked: readonly Label[],
): Labels | undefined {
  let unknown: Record<string, string> | undefined;
  for (const [key] of asked) {
    const value = labels[key];
    if (value !== undefined && !Object.hasOwn(topologyLabels, key)) (unknown ??= {})[key] = value;
  }
  return unknown;
}

function carriesAll(labels: Labels, wanted: Labels): boolean {
  return Object.entries(wanted).every((label) => carries(labels, label));
}

function carries(labels: Labels, [key, value]: Label): boolean {
  return Object.hasOwn(labels, key) && (value === '' || labels[key] === value);
}
