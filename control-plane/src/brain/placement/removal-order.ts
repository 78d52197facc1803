/**
 * Which replica a scale-down removes, by the rules of the release. Mayastor takes no wish: it sorts the replicas and removes the
 * first. Where the rules leave several first, the release breaks the tie in a way that nobody can foretell, so the answer
 * is that it is not known, and nothing may rest on it.
 *
 * The order: unhealthy or unknown first; worse child state, then less rebuild progress; 2.8 and later: a node, then a pool that
 * no longer fits the topology, then clashes of the spread; 2.9 and later: a cordoned node; a replica local to the target last.
 */
import type { ReplicaStatus, StorageCapabilities } from '../../model/cluster-snapshot.ts';

export interface RemovalCandidate {
  readonly replicaId: string;
  readonly status: ReplicaStatus;
  readonly childStatus: ReplicaStatus | undefined;
  readonly rebuildPercent: number | undefined;
  readonly misplaced: { readonly node: boolean; readonly pool: boolean; readonly spreadClashCount: number };
  readonly onCordonedNode: boolean;
  readonly localToTarget: boolean;
}

type Rules = Pick<StorageCapabilities, 'removalKnowsTopology' | 'removalKnowsCordons'>;

/** The id of the replica that goes; undefined: the rules do not decide it. */
export function removedByScaleDown(
  candidates: readonly RemovalCandidate[],
  capabilities: Rules & Pick<StorageCapabilities, 'version'>,
): string | undefined {
  const answers = new Set(possibleRules(capabilities).map((rules) => firstOf(candidates, rules)));
  const [answer] = answers;
  return answers.size === 1 ? answer : undefined;
}

/** How a scale-down is made to take this replica: by itself, by a cordon of its node first. Undefined: that cannot be made sure. */
export function steeredTo(
  replicaId: string,
  candidates: readonly RemovalCandidate[],
  capabilities: Rules & Pick<StorageCapabilities, 'version'>,
): 'ByItself' | 'ByCordon' | undefined {
  if (removedByScaleDown(candidates, capabilities) === replicaId) return 'ByItself';
  if (!capabilities.removalKnowsCordons) return undefined;
  const cordoned = candidates.map((candidate) =>
    candidate.replicaId === replicaId ? { ...candidate, onCordonedNode: true } : candidate,
  );
  return removedByScaleDown(cordoned, capabilities) === replicaId ? 'ByCordon' : undefined;
}

/** A release that is not known may follow any of them. */
function possibleRules(capabilities: Rules & Pick<StorageCapabilities, 'version'>): readonly Rules[] {
  if (capabilities.version !== undefined) return [capabilities];
  return [
    { removalKnowsTopology: false, removalKnowsCordons: false },
    { removalKnowsTopology: true, removalKnowsCordons: false },
    { removalKnowsTopology: true, removalKnowsCordons: true },
  ];
}

function firstOf(candidates: readonly RemovalCandidate[], rules: Rules): string | undefined {
  const [first, second] = candidates
    .map((candidate) => ({ replicaId: candidate.replicaId, key: sortKey(candidate, rules) }))
    .sort((a, b) => compareKeys(a.key, b.key));
  if (first === undefined) return undefined;
  return second !== undefined && compareKeys(first.key, second.key) === 0 ? undefined : first.replicaId;
}

/** The less, the earlier it goes. */
function sortKey(candidate: RemovalCandidate, rules: Rules): readonly number[] {
  const { misplaced } = candidate;
  const healthy = candidate.status === 'Online' && candidate.childStatus !== 'Unknown';
  return [
    Number(healthy),
    childRank(candidate.childStatus),
    candidate.rebuildPercent ?? 100,
    rules.removalKnowsTopology ? -Number(misplaced.node) : 0,
    rules.removalKnowsTopology ? -Number(misplaced.pool) : 0,
    rules.removalKnowsTopology ? -misplaced.spreadClashCount : 0,
    rules.removalKnowsCordons ? -Number(candidate.onCordonedNode) : 0,
    Number(candidate.localToTarget),
  ];
}

function childRank(status: ReplicaStatus | undefined): number {
  switch (status) {
    case undefined:
      return 0;
    case 'Unknown':
      return 1;
    case 'Faulted':
      return 2;
    case 'Degraded':
      return 3;
    case 'Online':
      return 4;
  }
}

function compareKeys(a: readonly number[], b: readonly number[]): number {
  for (const [index, value] of a.entries()) {
    const difference = value - (b[index] ?? 0);
    if (difference !== 0) return difference;
  }
  return 0;
}
