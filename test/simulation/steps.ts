/** What may happen between two judgements: to loads and volumes, to policies, and to everything that the control plane leans on. */
import { OPT_OUT_ANNOTATION, PIN_ANNOTATION } from '@couchestor/common/api';
import { MayastorError } from '@couchestor/sandbox/mayastor';
import { hasExtra, isOver, MAINTENANCE } from './invariants.ts';
import { addVolume, drawSpec, drawWorkload, GIB, TIERS } from './scene.ts';
import type { Simulation } from './simulation.ts';

export interface Step {
  readonly name: string;
  readonly weight: number;
  readonly run: (at: Simulation) => void;
}

const SHARES = [0, 0.05, 0.2];
const PAUSES_MS = [5_000, 20_000, 60_000, 60_000, 180_000, 300_000, 600_000];
const MOST_VOLUMES_MORE = 4;

type Volume = ReturnType<Simulation['cluster']['view']>['volumes'][number];

function anyVolume(at: Simulation, act: (volume: Volume) => void): void {
  const { volumes } = at.cluster.view();
  if (volumes.length > 0) act(at.draws.oneOf(volumes));
}

function anyPolicy(at: Simulation, act: (name: string, spec: Readonly<Record<string, unknown>>) => void): void {
  const name = at.draws.oneOf([...at.kubernetes.policies.keys()]);
  act(name, drawSpec(at, Number(name.replace('policy-', ''))));
}

function annotate(at: Simulation, volumeId: string, annotations: Readonly<Record<string, string>>): void {
  const known = at.kubernetes.claims.get(volumeId);
  if (known?.claim === undefined) return;
  at.kubernetes.setClaim(volumeId, { ...known, claim: { ...known.claim, annotations } });
}

function deleteVolume(at: Simulation, volumeId: string): void {
  at.cluster.deleteVolume(volumeId);
  at.kubernetes.setClaim(volumeId, undefined);
}

/** Of migrations that still stand, and of the chosen kind. */
function anyMigration(at: Simulation, isOld: boolean, act: (name: string) => void): void {
  const entries = [...at.invariants.entries.values()].filter((entry) => !entry.isGone);
  const chosen = entries.filter((entry) => (isOld ? hasExtra(entry) : !isOver(entry)));
  if (chosen.length > 0) act(at.draws.oneOf(chosen).name);
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
}

const cluster: readonly (readonly [string, number, Step['run']])[] = [
  ['time passes', 8, () => undefined],
  ['a load changes', 14, (at) => anyVolume(at, ({ volumeId }) => at.cluster.setWorkload(volumeId, drawWorkload(at)))],
  [
    'a volume comes',
    2,
    (at) => {
      const count = at.cluster.view().volumes.length;
      const policies = at.kubernetes.policies.size;
      if (count < 12 + MOST_VOLUMES_MORE) addVolume(at, `app-${at.draws.integer(1, policies)}`);
    },
  ],
  ['a volume goes', 1, (at) => anyVolume(at, ({ volumeId }) => deleteVolume(at, volumeId))],
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
  ['a node is lost', 3, loseNode],
  ['a rebuild fails', 4, (at) => anyVolume(at, ({ volumeId }) => at.cluster.failRebuild(volumeId))],
  [
    'a person cordons a node',
    1,
    (at) => at.cluster.infrastructure.cordonNode(at.draws.oneOf(at.cluster.view().nodes).name, MAINTENANCE),
  ],
  ['an engine starts again', 1, (at) => at.cluster.restartEngine(at.draws.oneOf(at.cluster.view().nodes).name)],
];

const people: typeof cluster = [
  ['a policy is edited', 3, (at) => anyPolicy(at, (name, spec) => at.putPolicy(name, spec))],
  [
    'a policy is switched off or rehearses',
    1,
    (at) =>
      anyPolicy(at, (name, spec) => at.putPolicy(name, { ...spec, [at.draws.oneOf(['enabled', 'dryRun'])]: false })),
  ],
  [
    'a claim is pinned',
    2,
    (at) => anyVolume(at, ({ volumeId }) => annotate(at, volumeId, { [PIN_ANNOTATION]: at.draws.oneOf(TIERS) })),
  ],
  [
    'a claim opts out',
    1,
    (at) => anyVolume(at, ({ volumeId }) => annotate(at, volumeId, { [OPT_OUT_ANNOTATION]: 'true' })),
  ],
  ['a claim wishes nothing', 2, (at) => anyVolume(at, ({ volumeId }) => annotate(at, volumeId, {}))],
  [
    'a migration is cancelled',
    1,
    (at) => anyMigration(at, false, (name) => at.kubernetes.migrations.edit(name, { cancel: true })),
  ],
  ['a migration is deleted', 1, (at) => anyMigration(at, false, (name) => at.kubernetes.migrations.delete(name))],
  [
    'an extra replica is to go',
    3,
    (at) => anyMigration(at, true, (name) => at.kubernetes.migrations.edit(name, { cleanup: true })),
  ],
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

export const STEPS: readonly Step[] = [...cluster, ...people, ...faults].map(([name, weight, run]) => ({
  name,
  weight,
  run,
}));

/** One of them, and some time; what the cluster refuses does not happen. */
export async function takeStep(at: Simulation): Promise<string> {
  const step = at.draws.weighted(STEPS, ({ weight }) => weight);
  try {
    step.run(at);
  } catch (error) {
    if (!(error instanceof MayastorError)) throw error;
  }
  await at.pass(at.draws.oneOf(PAUSES_MS));
  return step.name;
}
