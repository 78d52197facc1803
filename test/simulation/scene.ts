/** What a run begins with: nodes with a pool of each tier, policies that share a class by their selectors, and volumes with claims. */
import { volumeNameOf, type Workload } from '@couchestor/sandbox/mayastor';
import type { Simulation } from './simulation.ts';

export const GIB = 1024 ** 3;
export const TIERS = ['hot', 'warm', 'cold'] as const;
const CLASS = 'mayastor';
const LABEL = 'app';
const WORKLOADS: readonly Workload[] = [
  { readOps: 0, writeOps: 0 },
  { readOps: 20, writeOps: 10 },
  { readOps: 300, writeOps: 100 },
  { readOps: 3_000, writeOps: 1_000 },
];

export interface SceneOptions {
  readonly nodeCount: number;
  readonly volumeCount: number;
  readonly policyCount: number;
  readonly poolBytes?: number;
}

export function build(
  at: Simulation,
  { nodeCount, volumeCount, policyCount, poolBytes = 200 * GIB }: SceneOptions,
): void {
  for (let index = 1; index <= nodeCount; index += 1) {
    const node = `node-${index}`;
    at.cluster.addNode({ name: node });
    for (const tier of TIERS) {
      at.cluster.addPool({ name: `${tier}-${index}`, node, capacityBytes: poolBytes, labels: { tier } });
    }
  }
  for (let index = 1; index <= policyCount; index += 1) at.putPolicy(`policy-${index}`, drawSpec(at, index));
  for (let count = 0; count < volumeCount; count += 1) addVolume(at, `app-${(count % policyCount) + 1}`);
}

/** Tiers as policies see them: mostly by their names, and sometimes somebody means others. */
const TIERINGS = [
  ...Array<readonly string[]>(7).fill(['hot', 'warm', 'cold']),
  ['hot', '', 'cold'],
  ['hot', '', 'cold'],
  ['warm', '', 'cold'],
  ['hot', '', 'warm'],
];

export function drawSpec({ draws, isQuick }: Simulation, index: number): Readonly<Record<string, unknown>> {
  const pools = (tier = '') => ({ matchLabels: { tier } });
  const [hot, warm, cold] = draws.oneOf(TIERINGS);
  return {
    highWatermarkIOPS: draws.oneOf([1_000, 2_000]),
    lowWatermarkIOPS: draws.oneOf([100, 200]),
    storageClassName: CLASS,
    volumeSelector: { matchLabels: { [LABEL]: `app-${index}` } },
    samplingWindow: draws.oneOf(['8m', '12m']),
    cooldownPeriod: draws.oneOf(['10m', '20m', '40m']),
    maxConcurrentMigrations: draws.integer(1, 4),
    migrationTimeout: draws.oneOf(['10m', '30m']),
    hotPoolSelector: pools(hot),
    ...(warm === '' ? {} : { warmPoolSelector: pools(warm) }),
    coldPoolSelector: pools(cold),
    preservationMode: draws.chance(0.05),
    approval: draws.chance(0.2) && !isQuick ? 'Manual' : 'Automatic',
  };
}

export function addVolume(at: Simulation, app: string): void {
  const { draws, cluster, kubernetes } = at;
  const nodes = cluster.view().nodes.map(({ name }) => name.replace('node-', ''));
  const first = draws.integer(0, nodes.length - 1);
  const replicaCount = Math.min(draws.oneOf([1, 1, 2, 2, 3]), nodes.length);
  const tier = draws.oneOf(TIERS);
  const pools = [...nodes, ...nodes].slice(first, first + replicaCount).map((node) => `${tier}-${node}`);
  const sizeBytes = draws.integer(1, 6) * GIB;
  const volumeId = cluster.createVolume({ sizeBytes, replicaCount, pools, thin: draws.chance(0.3) });
  cluster.publish(volumeId, `node-${draws.oneOf(nodes)}`);
  cluster.setWorkload(volumeId, drawWorkload(at));
  const name = `data-${volumeId.slice(0, 8)}`;
  kubernetes.setClaim(volumeId, {
    volumeName: volumeNameOf(volumeId),
    storageClassName: CLASS,
    claim: { namespace: 'shop', name, uid: `uid-${name}`, labels: { [LABEL]: app }, annotations: {} },
  });
}

export function drawWorkload({ draws }: Simulation): Workload {
  return draws.oneOf(WORKLOADS);
}
