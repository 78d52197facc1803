/** A cluster whose replicas are moved through the REST API of one release, and what the truth about it is. */
import { parseNodeName, parsePoolName, parseVolumeId, VirtualClock } from '@couchestor/common/base';
import { MayastorRestMover } from '@couchestor/control-plane/adapters/mayastor';
import { MayastorCluster, MayastorRest, type ClusterOptions, type Release } from '@couchestor/sandbox/mayastor';
import { VERSION_OF } from './truth.ts';

export const GIB = 1024 ** 3;
/** Of a volume of `addVolume`: how long its rebuild takes. */
export const REBUILD_MS = 20_000;

/** Names of its nodes and pools, by letter. */
export const nodeOf = (letter: string) => parseNodeName(`node-${letter}`);
export const poolOf = (letter: string) => parsePoolName(`pool-${letter}`);

export class MoverLaboratory {
  readonly clock: VirtualClock;
  readonly cluster: MayastorCluster;
  readonly server: MayastorRest;
  readonly mover: MayastorRestMover;
  readonly signal: AbortSignal = new AbortController().signal;

  private constructor(cluster: MayastorCluster, clock: VirtualClock, server: MayastorRest) {
    this.cluster = cluster;
    this.clock = clock;
    this.server = server;
    const version = VERSION_OF[cluster.release];
    this.mover = new MayastorRestMover({
      url: server.url,
      clock,
      version,
      bearerToken: () => 'secret',
      random: () => 0,
    });
  }

  /** Four nodes with a pool each, `pool-a` to `pool-d`. */
  static async start(release: Release, options: Partial<ClusterOptions> = {}): Promise<MoverLaboratory> {
    const clock = new VirtualClock();
    const cluster = new MayastorCluster({
      clock,
      release,
      stalenessMs: 0,
      rebuildBytesPerSecond: GIB / 10,
      ...options,
    });
    for (const letter of ['a', 'b', 'c', 'd']) {
      cluster.addNode({ name: nodeOf(letter), labels: { rack: letter } });
      cluster.addPool({
        name: poolOf(letter),
        node: nodeOf(letter),
        capacityBytes: 100 * GIB,
        labels: { tier: letter },
      });
    }
    return new MoverLaboratory(cluster, clock, await MayastorRest.start({ cluster, bearerToken: 'secret' }));
  }

  async stop(): Promise<void> {
    this.mover.close();
    await this.server.stop();
  }

  /** On pools a and b, published on node a, if nothing else is said. */
  addVolume({ letters = ['a', 'b'], published = true, affinityGroup = '' } = {}) {
    const pools = letters.map(poolOf);
    const group = affinityGroup === '' ? {} : { affinityGroup };
    const id = this.cluster.createVolume({
      sizeBytes: 2 * GIB,
      replicaCount: pools.length,
      pools,
      thin: true,
      dataBytes: 2 * GIB,
      ...group,
    });
    if (published) this.cluster.publish(id, nodeOf(letters[0] ?? 'a'));
    return parseVolumeId(id);
  }

  /** The pools of its replicas, in order, and how many there should be. */
  truth(volumeId: string): { readonly count: number; readonly pools: readonly string[] } {
    const volume = this.cluster.view().volumes.find((candidate) => candidate.volumeId === volumeId);
    return { count: volume?.replicaCount ?? 0, pools: (volume?.replicas ?? []).map(({ pool }) => pool).sort() };
  }

  cordonsOf(letter: string): readonly string[] {
    return this.cluster.view().nodes.find(({ name }) => name === nodeOf(letter))?.cordons ?? [];
  }

  poolCordonOf(letter: string) {
    return this.cluster.view().pools.find(({ name }) => name === poolOf(letter))?.cordon;
  }

  /** What an operation comes to while time passes, so that pauses end and what hangs runs into its deadline. */
  async outcomeOf<Value>(operation: Promise<Value>): Promise<Settled<Value>> {
    let isOver = false;
    const outcome = operation
      .then(
        (value): Settled<Value> => ({ kind: 'done', value }),
        (error: unknown): Settled<Value> => ({ kind: 'failed', error }),
      )
      .finally(() => (isOver = true));
    while (!isOver) {
      await this.clock.advance(20);
      await new Promise((resolve) => setImmediate(resolve));
    }
    return outcome;
  }
}

export type Settled<Value> =
  { readonly kind: 'done'; readonly value: Value } | { readonly kind: 'failed'; readonly error: unknown };
