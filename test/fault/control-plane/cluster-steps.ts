/** What applications and hardware do in a run, to volumes, pools and nodes. What the cluster refuses does not happen. */
import { MayastorError, type RandomDraws, type Workload } from '@couchestor/sandbox/mayastor';
import { GIB } from '../../integration/tiering/surroundings.ts';
import { POOLS, type SoakWorld, type Step } from './soak-world.ts';

/** The first for policies that may meet, the second for one that is alone. */
export const CLASSES = ['mayastor', 'mayastor-shadow'] as const;
const LEAST_VOLUMES = 4;
const MOST_VOLUMES = 16;
const WORKLOADS: readonly Workload[] = [
  { readOps: 0, writeOps: 0 },
  { readOps: 20, writeOps: 10 },
  { readOps: 150, writeOps: 50 },
  { readOps: 400, writeOps: 200 },
  { readOps: 3_000, writeOps: 1_000 },
];
/** Volumes that only fill pools have identifiers, and no claims, of their own. */
const FILLER = 'f1110000-0000-4000-8000-00000000000';

type Cluster = SoakWorld['around']['cluster'];

const isFiller = (volumeId: string): boolean => volumeId.startsWith(FILLER);
export const volumesOf = ({ around }: SoakWorld): ReturnType<Cluster['view']>['volumes'] =>
  around.cluster.view().volumes.filter(({ volumeId }) => !isFiller(volumeId));

export interface NewVolume {
  readonly sizeBytes?: number;
  readonly storageClassName?: string;
}

export function addVolume(
  { around }: SoakWorld,
  draws: RandomDraws,
  {
    sizeBytes = draws.integer(1, 6) * GIB,
    storageClassName = draws.chance(0.75) ? CLASSES[0] : CLASSES[1],
  }: NewVolume = {},
): void {
  const first = draws.integer(0, POOLS.length - 1);
  const pools = [...POOLS, ...POOLS].slice(first, first + draws.integer(1, 2));
  const claim = { storageClassName, labels: { app: draws.oneOf(['orders', 'search']) } };
  const node = draws.chance(0.85) ? draws.oneOf(POOLS) : undefined;
  const volumeId = around.volume({ pools, sizeBytes, claim, node });
  around.cluster.setWorkload(volumeId, draws.oneOf(WORKLOADS));
}

function removeVolume(world: SoakWorld, draws: RandomDraws): void {
  if (volumesOf(world).length <= LEAST_VOLUMES) return;
  withVolume(world, draws, (cluster, { volumeId }) => cluster.deleteVolume(volumeId));
  world.around.objects.sync();
}

function fillPool({ around: { cluster } }: SoakWorld, draws: RandomDraws): void {
  const { name, capacityBytes, usedBytes } = draws.oneOf(cluster.view().pools);
  const volumeId = `${FILLER}${POOLS.indexOf(name)}`;
  const sizeBytes = Math.floor((capacityBytes - usedBytes) * 0.99);
  if (sizeBytes > 0) cluster.createVolume({ volumeId, sizeBytes, replicaCount: 1, pools: [name] });
}

function emptyPools({ around: { cluster } }: SoakWorld): void {
  for (const { volumeId } of cluster.view().volumes) if (isFiller(volumeId)) cluster.deleteVolume(volumeId);
}

/** Never more than one is away, as in a cluster that somebody looks after. */
function loseNode({ around: { cluster } }: SoakWorld, draws: RandomDraws): void {
  const { nodes } = cluster.view();
  if (nodes.every(({ status }) => status === 'Online')) cluster.setNodeStatus(draws.oneOf(nodes).name, 'Offline');
}

/** All that broke, filled up or stood still goes on. */
export function mend(world: SoakWorld): void {
  const { cluster } = world.around;
  const { nodes, pools } = cluster.view();
  for (const { name, status } of nodes) if (status !== 'Online') cluster.setNodeStatus(name, 'Online');
  for (const { name, status } of pools) if (status !== 'Online') cluster.setPoolStatus(name, 'Online');
  emptyPools(world);
  for (const { volumeId } of volumesOf(world)) cluster.setOperation(volumeId, undefined);
}

function withVolume(
  world: SoakWorld,
  draws: RandomDraws,
  act: (cluster: Cluster, volume: ReturnType<typeof volumesOf>[number]) => void,
): void {
  const volumes = volumesOf(world);
  if (volumes.length > 0) act(world.around.cluster, draws.oneOf(volumes));
}

const steps: readonly (readonly [name: string, weight: number, run: (world: SoakWorld, draws: RandomDraws) => void])[] =
  [
    ['a volume comes', 4, (world, draws) => volumesOf(world).length < MOST_VOLUMES && addVolume(world, draws)],
    ['a volume goes', 2, removeVolume],
    [
      'the load of a volume changes',
      8,
      (world, draws) =>
        withVolume(world, draws, (cluster, { volumeId }) => cluster.setWorkload(volumeId, draws.oneOf(WORKLOADS))),
    ],
    [
      'a volume is published or unpublished',
      3,
      (world, draws) =>
        withVolume(world, draws, (cluster, { volumeId, target }) => {
          if (target === undefined) cluster.publish(volumeId, draws.oneOf(POOLS));
          else cluster.unpublish(volumeId);
        }),
    ],
    [
      'a snapshot',
      2,
      (world, draws) => withVolume(world, draws, (cluster, { volumeId }) => cluster.createSnapshot(volumeId)),
    ],
    [
      'an operation begins or ends',
      2,
      (world, draws) =>
        withVolume(world, draws, (cluster, { volumeId }) =>
          cluster.setOperation(volumeId, draws.chance(0.5) ? 'Share' : undefined),
        ),
    ],
    [
      'a rebuild fails',
      1,
      (world, draws) => withVolume(world, draws, (cluster, { volumeId }) => cluster.failRebuild(volumeId)),
    ],
    ['a pool is full', 3, fillPool],
    ['full pools are emptied', 2, emptyPools],
    [
      'a pool is faulted',
      2,
      ({ around }, draws) =>
        around.cluster.setPoolStatus(draws.oneOf(POOLS), draws.oneOf(['Faulted', 'Degraded', 'Offline'])),
    ],
    ['a node is lost', 3, loseNode],
    ['an engine starts again', 2, ({ around }, draws) => around.cluster.restartEngine(draws.oneOf(POOLS))],
    ['everything is mended', 4, mend],
  ];

export const CLUSTER_STEPS: readonly Step[] = steps.map(([name, weight, run]) => ({
  name,
  weight,
  run: (world, draws) => {
    try {
      run(world, draws);
    } catch (error) {
      if (!(error instanceof MayastorError)) throw error;
    }
  },
}));
