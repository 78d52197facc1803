/**
 * One migration on a simulated cluster, driven on a virtual clock by as many processes as it takes: each may end at any boundary,
 * and the next begins with nothing but the object. Everything that happens follows from the seed.
 */
import { MIGRATION_PHASES, parseVolumeMigration, type VolumeMigrationSpec } from '@couchestor/common/api';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import { MigrationReconciler, type MigrationReconcilerOptions } from '@couchestor/control-plane/hands';
import { MayastorCluster, RandomDraws, type Release, type VolumeView } from '@couchestor/sandbox/mayastor';
import { ClusterMover, type CallFault } from './cluster-mover.ts';
import { InMemoryMigrations, lost, type Fault } from './in-memory-migrations.ts';

const GIB = 1024 ** 3;
export const NAME = 'volume-1-1';
/** In which things happen while a migration waits. */
const SLICE_MS = 2_000;
const LOCK_MS = 5 * 60_000;
/** More than a migration of hours takes at its shortest pauses, but for a few. */
const MOST_LOOKS = 4_000;

export interface WorldOptions {
  readonly seed: number;
  readonly release: Release;
  readonly replicaCount: number;
  readonly stalenessMs: number;
  readonly preservation: boolean;
  readonly timeout: string;
  /** Of a call to end in a fault. */
  readonly faultShare: number;
  /** Of a boundary to end the process. */
  readonly killShare: number;
  /** Of a boundary to pause the process for so long that another takes over. */
  readonly pauseShare: number;
  readonly slow: boolean;
  readonly settleMs?: number;
}

interface Process {
  readonly reconciler: MigrationReconciler;
  readonly ended: Promise<'ended'>;
  readonly signal: AbortSignal;
}

export class World {
  readonly clock = new VirtualClock();
  readonly draws: RandomDraws;
  readonly cluster: MayastorCluster;
  readonly volumeId: string;
  readonly migrations: InMemoryMigrations;
  readonly mover: ClusterMover;
  /** Boundaries that were reached. */
  readonly marks = new Set<string>();
  kills = 0;
  /** Of the next calls that change the number of replicas; drawn where there is none. */
  readonly scaleFaults: CallFault[] = [];
  /** Of the next calls that set a cordon. */
  readonly cordonFaults: CallFault[] = [];
  looks = 0;
  /** Faults and ends of processes come to an end as well, so that what is owed can be seen to be done. */
  isCalm = false;
  readonly #options: WorldOptions;
  readonly #lock = { holder: '', sinceMs: 0 };
  #process: Process;

  constructor(options: WorldOptions) {
    this.#options = options;
    const { seed, release } = options;
    this.draws = new RandomDraws(seed);
    const { clock } = this;
    this.cluster = new MayastorCluster({ clock, release, seed, rebuildBytesPerSecond: GIB / 10 });
    this.volumeId = this.#build();
    this.migrations = new InMemoryMigrations(() => this.#fault(['lost before', 'lost after']));
    this.mover = new ClusterMover({
      cluster: this.cluster,
      clock,
      stalenessMs: options.stalenessMs,
      draw: (kind) => {
        const scripted = { scale: this.scaleFaults, cordon: this.cordonFaults, uncordon: [] }[kind].shift();
        return scripted ?? this.#fault<CallFault>(['refused', 'lost before', 'lost after', 'late']);
      },
      delayMs: () => this.#delayMs(),
    });
    this.#process = this.#start();
  }

  /** Volumes on hot pools of the first nodes; every node has a cold pool too, and some a second one. */
  #build(): string {
    const { replicaCount } = this.#options;
    const nodeCount = replicaCount + this.draws.integer(1, 3);
    for (let index = 1; index <= nodeCount; index += 1) {
      const node = `node-${index}`;
      this.cluster.addNode({ name: node });
      const capacityBytes = this.draws.integer(40, 100) * GIB;
      if (index <= replicaCount) this.cluster.addPool({ name: `hot-${index}`, node, capacityBytes });
      else this.cluster.addPool({ name: `cold-${index}`, node, capacityBytes });
      const isTarget = index === nodeCount && !this.cluster.features.poolCordons;
      if (!isTarget && this.draws.chance(0.5)) {
        this.cluster.addPool({ name: `more-${index}`, node, capacityBytes: 200 * GIB });
      }
    }
    this.cluster.addNode({ name: 'node-app' });
    const pools = Array.from({ length: replicaCount }, (_, index) => `hot-${index + 1}`);
    const volumeId = this.cluster.createVolume({ sizeBytes: 10 * GIB, replicaCount, pools });
    // Before 2.9 nothing but the place of the target steers a removal.
    const steered = this.cluster.features.removalKnowsCordons;
    this.cluster.publish(volumeId, steered ? this.draws.oneOf(['node-1', 'node-app']) : `node-${nodeCount}`);
    this.targetPool = `cold-${nodeCount}`;
    this.targetNode = `node-${nodeCount}`;
    return volumeId;
  }

  targetPool = '';
  targetNode = '';

  plan(): void {
    const { preservation, timeout, replicaCount } = this.#options;
    const parsed = parseVolumeMigration({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      metadata: { name: NAME },
      spec: {
        policyRef: { name: 'policy' },
        volumeId: this.volumeId,
        source: { tier: 'Hot', pool: 'hot-1', node: 'node-1' },
        target: { tier: 'Cold', pool: this.targetPool, node: this.targetNode },
        plan: { steps: ['Add', 'Sync', 'Verify', ...(preservation ? [] : ['Remove'])], replicaCount, timeout },
        reason: { code: 'Demote', message: 'It is cold.' },
        preservationMode: preservation,
      },
    });
    if (parsed.kind === 'invalid') throw new Error(JSON.stringify(parsed.errors));
    const spec: VolumeMigrationSpec = parsed.value.spec;
    this.migrations.create(NAME, spec);
  }

  get volume(): VolumeView | undefined {
    return this.cluster.view().volumes.find(({ volumeId }) => volumeId === this.volumeId);
  }

  get phase(): string {
    return this.migrations.status(NAME)?.phase ?? 'Pending';
  }

  get isOver(): boolean {
    return MIGRATION_PHASES.slice(-4).some((phase) => phase === this.phase);
  }

  get lockHolder(): string {
    return this.clock.monotonic() - this.#lock.sinceMs < LOCK_MS ? this.#lock.holder : '';
  }

  /** One call of the reconciler; how long to wait for the next, undefined: it has nothing more to do. */
  async step(): Promise<number | undefined> {
    const { reconciler, ended, signal } = this.#process;
    const result = reconciler.reconcile(NAME, signal).catch(() => ({ kind: 'again', afterMs: 2_000 }) as const);
    const outcome = await Promise.race([result, ended]);
    if (outcome === 'ended') {
      this.kills += 1;
      this.#process = this.#start();
      return this.draws.integer(0, 20_000);
    }
    return outcome.kind === 'done' ? undefined : outcome.afterMs;
  }

  /** Until nothing is left to do, or the time is up. `between` says whether it did something that wakes the migration up. */
  async run(untilMs: number, between: () => boolean = () => false): Promise<void> {
    between();
    while (this.clock.monotonic() < untilMs) {
      this.looks += 1;
      if (this.looks > MOST_LOOKS) throw new Error(`more than ${MOST_LOOKS} looks: it goes in circles`);
      const afterMs = await this.step();
      if (afterMs === undefined && this.isOver) return;
      const wakeMs = this.clock.monotonic() + Math.max(Math.min(afterMs ?? 60_000, 60_000), 10);
      while (!between() && this.clock.monotonic() < wakeMs) {
        await this.clock.advance(Math.min(wakeMs - this.clock.monotonic(), SLICE_MS));
      }
    }
  }

  #start(): Process {
    const leading = new AbortController();
    const { promise: ended, resolve } = Promise.withResolvers<'ended'>();
    const lock: MigrationReconcilerOptions['lock'] = {
      acquire: async (holder) => {
        await this.#delayLock('lost before');
        if (this.lockHolder !== '' && this.lockHolder !== holder) return { kind: 'taken', by: this.lockHolder };
        this.#lock.holder = holder;
        this.#lock.sinceMs = this.clock.monotonic();
        await this.#delayLock('lost after');
        return { kind: 'held' };
      },
      release: async (holder) => {
        await this.#delayLock('lost before');
        if (this.#lock.holder === holder) this.#lock.holder = '';
        await this.#delayLock('lost after');
      },
    };
    const { settleMs } = this.#options;
    const reconciler = new MigrationReconciler({
      migrations: this.migrations,
      mover: this.mover,
      lock,
      isPolicyGone: () => this.#options.seed % 2 === 0,
      clock: this.clock,
      logger: nullLogger,
      settings: settleMs === undefined ? {} : { settleMs },
      mark: async (name) => {
        this.marks.add(name);
        if (this.isCalm) return;
        const { killShare, pauseShare } = this.#options;
        const fate = this.draws.share();
        if (fate >= killShare + pauseShare) return;
        resolve('ended');
        leading.abort();
        // A process that is dead does not go on; one that was paused finds out that it leads no more.
        if (fate < killShare) await new Promise(() => undefined);
        else await this.clock.sleep(this.draws.integer(1_000, 120_000));
      },
    });
    return { reconciler, ended, signal: leading.signal };
  }

  /** The next process starts with nothing but the object. */
  kill(): void {
    this.#process = this.#start();
  }

  takeLock(holder: string): void {
    this.#lock.holder = holder;
    this.#lock.sinceMs = this.clock.monotonic();
  }

  #fault<Kind extends Fault | CallFault>(kinds: readonly Kind[]): Kind | 'none' {
    if (this.isCalm || !this.draws.chance(this.#options.faultShare)) return 'none';
    return this.draws.oneOf(kinds);
  }

  /** As slow as any other request, and lost as often. */
  async #delayLock(kind: Fault): Promise<void> {
    const ms = this.#delayMs();
    if (ms > 0) await this.clock.advance(ms);
    else await Promise.resolve();
    if (this.#fault<Fault>(['none', kind]) !== 'none') throw lost();
  }

  #delayMs(): number {
    if (!this.#options.slow) return 0;
    return this.draws.chance(0.05) ? this.draws.integer(4_000, 20_000) : this.draws.integer(0, 300);
  }
}
