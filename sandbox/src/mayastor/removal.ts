/**
 * Which replica a scale-down takes: an ordered list of questions, the first that tells two replicas apart decides. No client
 * chooses; it can only make one of the answers come out as it wants.
 */
import { poolMatches } from './placement.ts';
import { reachable, rebuildPercent } from './world.ts';
import type { ReplicaRecord, VolumeRecord, World } from './world.ts';
import type { Features } from './features.ts';

type Rules = Pick<Features, 'removalKnowsTopology' | 'removalKnowsCordons'>;

/** A replica that ranks lower goes first. */
type Question = (replica: ReplicaRecord) => number;

const CHILD_RANK = { Faulted: 0, Degraded: 1, Online: 2 };

/** All replicas, the first to go in front. */
export function removalOrder(world: World, volume: VolumeRecord, rules: Rules): ReplicaRecord[] {
  const questions = questionsOf(world, volume, rules);
  return [...volume.replicas].sort((a, b) => {
    for (const question of questions) {
      const difference = question(a) - question(b);
      if (difference !== 0) return difference;
    }
    // The order of identifiers, which nobody can foresee.
    return a.uuid < b.uuid ? -1 : 1;
  });
}

function questionsOf(world: World, volume: VolumeRecord, rules: Rules): Question[] {
  const fits = (replica: ReplicaRecord): boolean => {
    const pool = world.pools.get(replica.pool);
    return pool !== undefined && poolMatches(pool, volume);
  };
  const cordoned = ({ node }: ReplicaRecord): boolean => (world.nodes.get(node)?.cordons.length ?? 0) > 0;
  return [
    (replica) => Number(replica.synced && reachable(world, replica)),
    ({ child }) => (child === undefined ? 0 : CHILD_RANK[child]),
    ({ rebuild }) => (rebuild === undefined ? 0 : rebuildPercent(rebuild, world.nowMs)),
    ...(rules.removalKnowsTopology ? [(replica: ReplicaRecord): number => Number(fits(replica))] : []),
    ...(rules.removalKnowsCordons ? [(replica: ReplicaRecord): number => Number(!cordoned(replica))] : []),
    ({ node }) => Number(node === volume.target?.node),
    (replica) => -groupReplicas(world, volume, replica),
  ];
}

function groupReplicas(world: World, { affinityGroup }: VolumeRecord, { pool }: ReplicaRecord): number {
  if (affinityGroup === undefined) return 0;
  return [...world.volumes.values()]
    .filter((volume) => volume.affinityGroup === affinityGroup)
    .flatMap(({ replicas }) => replicas.filter((replica) => replica.pool === pool)).length;
}
