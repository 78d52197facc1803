/** Small clusters for tests: one pool a node, named after it, unless more is said. */
import { VirtualClock } from '@couchestor/common/base';
import { MayastorCluster } from './cluster.ts';
import { MayastorError } from './errors.ts';
import type { ClusterOptions, PoolOptions, ReplicaView, VolumeOptions, VolumeView } from './types.ts';

export const GIB = 1024 ** 3;
/** A rebuild of the usual volume takes 100 seconds. */
const REBUILD_BYTES_PER_SECOND = GIB / 10;

export class TestCluster {
  readonly clock = new VirtualClock();
  readonly cluster: MayastorCluster;

  constructor(options: Partial<ClusterOptions> = {}) {
    this.cluster = new MayastorCluster({
      clock: this.clock,
      release: '2.7',
      rebuildBytesPerSecond: REBUILD_BYTES_PER_SECOND,
      ...options,
    });
  }

  /** Each with one pool `pool-NODE` of 100 GiB. */
  static withNodes(names: readonly string[], options: Partial<ClusterOptions> = {}): TestCluster {
    const test = new TestCluster(options);
    for (const name of names) test.node(name);
    return test;
  }

  node(name: string, pool: Partial<PoolOptions> = {}): void {
    this.cluster.addNode({ name });
    this.cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 100 * GIB, ...pool });
  }

  /** Thick, of 10 GiB, with its replicas on the nodes named and its target on the first. */
  volume(nodes: readonly string[], options: Partial<VolumeOptions> & { unpublished?: boolean } = {}): string {
    const { unpublished = false, ...rest } = options;
    const volumeId = this.cluster.createVolume({
      sizeBytes: 10 * GIB,
      replicaCount: nodes.length,
      pools: nodes.map((node) => `pool-${node}`),
      ...rest,
    });
    if (!unpublished) this.cluster.publish(volumeId, nodes[0] ?? '');
    return volumeId;
  }

  /** As a client of REST asks for it. */
  scale(volumeId: string, count: number): void {
    this.cluster.request(`scale to ${count}`, () => this.cluster.volumes.setReplicaCount(volumeId, count));
  }

  view(volumeId: string): VolumeView {
    const volume = this.cluster.view().volumes.find((candidate) => candidate.volumeId === volumeId);
    if (volume === undefined) throw new Error(`no volume ${volumeId}`);
    return volume;
  }

  /** Of the replicas, in the order they were made. */
  nodesOf(volumeId: string): string[] {
    return this.view(volumeId).replicas.map(({ node }) => node);
  }

  replicaOn(volumeId: string, node: string): ReplicaView {
    const replica = this.view(volumeId).replicas.find((candidate) => candidate.node === node);
    if (replica === undefined) throw new Error(`no replica on ${node}`);
    return replica;
  }
}

/** What an operation is refused with. */
export function refusal(run: () => unknown): { status: number; kind: string; message: string } {
  try {
    run();
  } catch (error) {
    if (!(error instanceof MayastorError)) throw error;
    return { status: error.status, kind: error.kind, message: error.message };
  }
  throw new Error('it was not refused');
}
