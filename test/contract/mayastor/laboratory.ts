/**
 * One cluster, seen through each storage system: the fake, which is told the truth, and the REST adapter, which has to find it
 * out. What holds of both is what a simulation on the fake may rely on.
 */
import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import { FakeStorageSystem, MayastorRestSystem, type StorageFacts } from '@couchestor/control-plane/adapters/mayastor';
import { MayastorCluster, MayastorRest, type Release, type VolumeOptions } from '@couchestor/sandbox/mayastor';
import { truthOf, VERSION_OF } from './truth.ts';

export const GIB = 1024 ** 3;

export interface Laboratory {
  readonly cluster: MayastorCluster;
  readonly clock: VirtualClock;
  observe(signal?: AbortSignal): Promise<StorageFacts>;
  /** Makes the next observation fail in a way that may pass, or never end. */
  disturb(kind: 'failure' | 'hang'): void;
  stop(): Promise<void>;
}

function newCluster(release: Release): { readonly cluster: MayastorCluster; readonly clock: VirtualClock } {
  const clock = new VirtualClock();
  const cluster = new MayastorCluster({ clock, release, stalenessMs: 0, rebuildBytesPerSecond: GIB / 10 });
  return { cluster, clock };
}

export function fakeLaboratory(release: Release): Promise<Laboratory> {
  const { cluster, clock } = newCluster(release);
  const system = new FakeStorageSystem();
  return Promise.resolve({
    cluster,
    clock,
    observe(signal = new AbortController().signal) {
      system.set(truthOf(cluster));
      return system.observe(signal);
    },
    disturb(kind) {
      if (kind === 'hang') system.fault({ kind });
      else system.fault({ kind: 'error', error: new CoucheStorError('unavailable', 'Not now.') });
    },
    stop: () => Promise.resolve(),
  });
}

export async function restLaboratory(release: Release, pageSize = 100): Promise<Laboratory> {
  const { cluster, clock } = newCluster(release);
  const server = await MayastorRest.start({ cluster, bearerToken: 'secret' });
  const system = new MayastorRestSystem({
    url: server.url,
    clock,
    attempts: 1,
    version: VERSION_OF[release],
    bearerToken: () => 'secret',
    pages: { pageSize },
  });
  return {
    cluster,
    clock,
    observe: (signal = new AbortController().signal) => system.observe(signal),
    disturb(kind) {
      const effect = kind === 'hang' ? { kind } : ({ kind: 'status', code: 503 } as const);
      cluster.faults.add({ match: { path: /volumes/ }, times: 1, effect });
    },
    async stop() {
      system.close();
      await server.stop();
    },
  };
}

/** Three nodes with a pool each, `pool-a` to `pool-c`. */
export function furnish({ cluster }: Laboratory): void {
  for (const [index, letter] of ['a', 'b', 'c'].entries()) {
    cluster.addNode({ name: `node-${letter}`, labels: { rack: `r${index}` } });
    const labels = { tier: index === 0 ? 'hot' : 'cold' };
    cluster.addPool({ name: `pool-${letter}`, node: `node-${letter}`, capacityBytes: 100 * GIB, labels });
  }
}

export function addVolume(
  { cluster }: Laboratory,
  {
    letters = ['a', 'b'],
    published = true,
    ...options
  }: Partial<VolumeOptions> & { letters?: readonly string[]; published?: boolean } = {},
): string {
  const pools = letters.map((letter) => `pool-${letter}`);
  const id = cluster.createVolume({ sizeBytes: 10 * GIB, replicaCount: pools.length, pools, ...options });
  if (published) cluster.publish(id, `node-${letters[0] ?? 'a'}`);
  return id;
}

/** The same whatever the order. */
export function sorted({ capabilities, volumes, pools, nodes }: StorageFacts): StorageFacts {
  const by = <T>(items: readonly T[], nameOf: (item: T) => string): T[] =>
    [...items].sort((one, other) => (nameOf(one) < nameOf(other) ? -1 : 1));
  return {
    capabilities,
    volumes: by(volumes, ({ volumeId }) => volumeId).map((volume) => ({
      ...volume,
      replicas: by(volume.replicas, ({ replicaId }) => replicaId),
    })),
    pools: by(pools, ({ pool }) => pool),
    nodes: by(nodes, ({ node }) => node),
  };
}
