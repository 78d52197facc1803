/** What may happen between two judgements: to loads and volumes, and to everything that the control plane leans on. */
import { MayastorError } from '@couchestor/sandbox/mayastor';
import { MAINTENANCE } from './conduct.ts';
import { PEOPLE } from './people.ts';
import { addVolume, drawWorkload, GIB } from './scene.ts';
import type { Simulation } from './simulation.ts';

interface Step {
  readonly name: string;
  readonly weight: number;
  /** A text that comes back says more than the name does. */
  readonly run: (at: Simulation) => unknown;
}

const SHARES = [0, 0.05, 0.2];
const PAUSES_MS = [5_000, 20_000, 60_000, 60_000, 180_000, 300_000, 600_000];
const MOST_VOLUMES_MORE = 4;

type Volume = ReturnType<Simulation['cluster']['view']>['volumes'][number];

function anyVolume(at: Simulation, act: (volume: Volume) => void): void {
  const { volumes } = at.cluster.view();
  if (volumes.length > 0) act(at.draws.oneOf(volumes));
}

/** Never more than one is away, as in a cluster that somebody looks after. */
function loseNode({ cluster, draws }: Simulation): void {
  const { nodes } = cluster.view();
  if (nodes.every(({ status }) => status === 'Online')) cluster.setNodeStatus(draws.oneOf(nodes).name, 'Offline');
}

/** All that broke, hung or stood still goes on. */
export function mend(at: Simulation): void {
  const { cluster, telemetry } = at;
  const { nodes } = cluster.view();
  for (const { name, status, cordons } of nodes) {
    if (status !== 'Online') cluster.setNodeStatus(name, 'Online');
    if (cordons.includes(MAINTENANCE)) cluster.infrastructure.uncordonNode(name, MAINTENANCE);
  }
  Object.assign(at.shares, { storage: 0, kubernetes: 0, kill: 0 });
  Object.assign(at, { storageIsDown: false });
  at.kubernetes.isDown = false;
  telemetry.mode = 'up';
  telemetry.unscraped.clear();
  at.moments.clear();
}

const cluster: readonly (readonly [string, number, Step['run']])[] = [
  ['time passes', 8, () => undefined],
  ['a load changes', 14, (at) => anyVolume(at, ({ volumeId }) => at.cluster.setWorkload(volumeId, drawWorkload(at)))],
  [
    'a volume comes',
    2,
    (at) => {
      const count = at.cluster.view().volumes.length;
      const policies = at.policyNames.size;
      if (count < 12 + MOST_VOLUMES_MORE) addVolume(at, `app-${at.draws.integer(1, policies)}`);
    },
  ],
  ['a volume goes', 1, (at) => anyVolume(at, ({ volumeId }) => at.deleteVolume(volumeId))],
  [
    'a volume grows',
    1,
    (at) => anyVolume(at, ({ volumeId, sizeBytes }) => at.cluster.volumes.resize(volumeId, sizeBytes + GIB)),
  ],
  [
    'a volume is published or unpublished',
    3,
    (at) =>
      anyVolume(at, ({ volumeId, target }) => {
        if (target !== undefined) at.cluster.unpublish(volumeId);
        else at.cluster.publish(volumeId, at.draws.oneOf(at.cluster.view().nodes).name);
      }),
  ],
  [
    'a volume is published elsewhere',
    2,
    (at) =>
      anyVolume(at, ({ volumeId }) => {
        at.cluster.unpublish(volumeId);
        at.cluster.publish(volumeId, at.draws.oneOf(at.cluster.view().nodes).name);
      }),
  ],
  ['a node is lost', 3, loseNode],
  ['a rebuild fails', 4, (at) => anyVolume(at, ({ volumeId }) => at.cluster.failRebuild(volumeId))],
  [
    'a person cordons a node',
    1,
    (at) => at.cluster.infrastructure.cordonNode(at.draws.oneOf(at.cluster.view().nodes).name, MAINTENANCE),
  ],
  ['an engine starts again', 1, (at) => at.cluster.restartEngine(at.draws.oneOf(at.cluster.view().nodes).name)],
];

const faults: typeof cluster = [
  ['calls of Mayastor fail', 3, (at) => void (at.shares.storage = at.draws.oneOf(SHARES))],
  ['writes to Kubernetes get lost', 2, (at) => void (at.shares.kubernetes = at.draws.oneOf(SHARES))],
  ['Mayastor goes or comes', 2, (at) => void (at.storageIsDown = !at.storageIsDown)],
  ['Kubernetes goes or comes', 2, (at) => void (at.kubernetes.isDown = !at.kubernetes.isDown)],
  ['Prometheus goes or comes', 3, (at) => void (at.telemetry.mode = at.draws.oneOf(['up', 'up', 'down', 'hanging']))],
  [
    'an engine is not scraped',
    3,
    (at) => void at.telemetry.unscraped.add(at.draws.oneOf(at.cluster.view().nodes).name),
  ],
  ['the process is killed', 3, (at) => at.kill()],
  ['the process will be killed at a boundary', 2, (at) => void (at.shares.kill = at.draws.oneOf([0, 0.02, 0.1]))],
  ['the leader stands still and another leads', 2, (at) => at.pauseLeader()],
  ['everything is mended', 6, mend],
];

export const STEPS: readonly Step[] = [...cluster, ...PEOPLE, ...faults].map(([name, weight, run]) => ({
  name,
  weight,
  run,
}));

/** One of them, and some time; what the cluster refuses does not happen. */
export async function takeStep(at: Simulation): Promise<string> {
  const step = at.draws.weighted(STEPS, ({ weight }) => weight);
  let { name } = step;
  try {
    const said = step.run(at);
    if (typeof said === 'string') name = said;
  } catch (error) {
    if (!(error instanceof MayastorError)) throw error;
  }
  await at.pass(at.draws.oneOf(PAUSES_MS));
  return name;
}
