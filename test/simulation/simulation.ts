/**
 * The control plane and everything around it in one process, on one virtual clock, from one seed: eyes, brain, loop and hands as they
 * are, with the stand-in of Mayastor and Kubernetes in memory. Steps change, break and mend things; invariants are judged after each.
 */
import { VirtualClock } from '@couchestor/common/base';
import { decide } from '@couchestor/control-plane/brain';
import type { Decide, PlanningParts } from '@couchestor/control-plane/loop';
import type { OperatorSettings } from '@couchestor/control-plane/model';
import { MayastorCluster, RandomDraws, type Release } from '@couchestor/sandbox/mayastor';
import { ClusterMover, type CallFault } from '../fault/hands/cluster-mover.ts';
import type { Fault } from '../fault/hands/in-memory-migrations.ts';
import { lost } from '../fault/hands/in-memory-migrations.ts';
import { Invariants } from './invariants.ts';
import { InMemoryKubernetes, type Ports } from './kubernetes.ts';
import { Life } from './life.ts';
import { Moments } from './moments.ts';
import { OperatorProcess, type Report } from './operator-process.ts';
import { Telemetry } from './telemetry.ts';
import { moverWith, type Mover } from './watched-mover.ts';

/** Puts something wrong between two parts, for tests that want it to be found. */
export interface Plants {
  readonly migrations?: (real: Ports['migrations']) => Ports['migrations'];
  readonly decide?: (real: Decide) => Decide;
  readonly heat?: (real: PlanningParts['heat']) => PlanningParts['heat'];
  readonly mover?: (real: Mover) => Mover;
}

export interface SimulationOptions {
  readonly seed: number;
  readonly settings?: Partial<OperatorSettings>;
  /** Calls that take no time, for runs at size. */
  readonly isQuick?: boolean;
  readonly intervalMs?: number;
  readonly plants?: Plants;
}

const RELEASES: readonly Release[] = ['2.8', ...Array<Release>(5).fill('2.9'), ...Array<Release>(10).fill('2.10')];
const MIB = 1024 ** 2;
const READS = ['volume', 'surroundings', 'rebuildHistory'] as const;
const CALLS = ['setReplicaCount', 'cordonNode', 'uncordonNode', 'cordonPool', 'uncordonPool'] as const;
/** A lease that nobody renews lasts this long. */
const LEASE_MS = 15_000;

export class Simulation {
  readonly clock = new VirtualClock();
  readonly draws: RandomDraws;
  readonly cluster: MayastorCluster;
  readonly kubernetes: InMemoryKubernetes;
  readonly telemetry: Telemetry;
  readonly mover: ClusterMover;
  readonly settings: OperatorSettings;
  readonly invariants: Invariants;
  readonly moments: Moments;
  /** Policies that were there at some time. */
  readonly policyNames = new Set<string>();
  /** Shares of calls that end in a fault, and of boundaries at which the process ends. */
  readonly shares = { storage: 0, kubernetes: 0, kill: 0 };
  storageIsDown = false;
  kills = 0;
  readonly #options: SimulationOptions;
  readonly #intervalMs: number;
  #leader: OperatorProcess | undefined;
  #isStarting = false;

  constructor(options: SimulationOptions) {
    this.#options = options;
    const { seed, isQuick = false } = options;
    const draws = new RandomDraws(seed * 7919 + 31);
    this.draws = draws;
    const { clock } = this;
    const release = isQuick ? '2.10' : draws.oneOf(RELEASES);
    const rebuildBytesPerSecond = (isQuick ? 100 : draws.oneOf([20, 50, 200])) * MIB;
    this.cluster = new MayastorCluster({ clock, release, seed, rebuildBytesPerSecond });
    this.telemetry = new Telemetry(clock, this.cluster);
    const lagMs = isQuick ? 0 : draws.oneOf([0, 100, 1_500]);
    const stalenessMs = isQuick ? 10_000 : draws.oneOf([0, 10_000, 30_000]);
    this.kubernetes = new InMemoryKubernetes({
      clock,
      lagMs,
      collectMs: () => (draws.chance(0.5) ? 0 : draws.integer(1, 30_000)),
      draw: () => this.#fault<Fault>(this.shares.kubernetes, ['lost before', 'lost after']),
    });
    this.mover = new ClusterMover({
      cluster: this.cluster,
      clock,
      stalenessMs,
      draw: () => this.#fault<CallFault>(this.shares.storage, ['refused', 'lost before', 'lost after', 'late']),
      // Those of a process take their time on the way there and back.
      delayMs: () => 0,
      lookMs: isQuick ? 2_000 : 0,
    });
    this.settings = {
      maxConcurrentMigrations: draws.integer(1, 5),
      maxMigrationsPerHour: draws.oneOf([6, 12, 1_000]),
      dryRun: false,
      preservationMode: false,
      poolReserve: 0.1,
      ...options.settings,
    };
    this.#intervalMs = options.intervalMs ?? draws.oneOf([60_000, 120_000]);
    this.invariants = new Invariants(this);
    this.moments = new Moments(clock, draws);
    const { onMigration } = this.kubernetes;
    this.kubernetes.onMigration = (name, record) => {
      onMigration(name, record);
      if (record !== undefined) this.moments.saw(record);
    };
    this.#start();
  }

  /** A run at size, in which nobody has time to approve. */
  get isQuick(): boolean {
    return this.#options.isQuick === true;
  }

  get leader(): OperatorProcess | undefined {
    return this.#leader;
  }

  get report(): Report | undefined {
    return this.#leader?.report;
  }

  putPolicy(name: string, spec: object): void {
    this.policyNames.add(name);
    this.kubernetes.putPolicy(name, spec);
    this.invariants.noteSpec(name);
  }

  deletePolicy(name: string): void {
    this.kubernetes.deletePolicy(name);
    this.invariants.noteSpec(name);
  }

  deleteVolume(volumeId: string): void {
    this.cluster.deleteVolume(volumeId);
    this.kubernetes.setClaim(volumeId, undefined);
  }

  async pass(ms: number): Promise<void> {
    await this.clock.advance(ms);
    this.invariants.check();
  }

  /** With SIGKILL; the next one acts once the lease has run out. */
  kill(process = this.#leader): void {
    if (process === undefined || process !== this.#leader) return;
    this.kills += 1;
    process.life.kill();
    this.#leader = undefined;
    this.#startLater(LEASE_MS + this.draws.integer(0, 5_000));
  }

  /** The leader stands still, another takes over, and then the first goes on where it was. */
  pauseLeader(): void {
    const paused = this.#leader;
    if (paused === undefined) return;
    paused.life.pause();
    this.#leader = undefined;
    this.#startLater(LEASE_MS + 1_000);
    this.clock.setTimer(this.draws.integer(LEASE_MS, 120_000), () => void paused.life.resume());
  }

  ensureLeader(): void {
    if (this.#leader === undefined && !this.#isStarting) this.#start();
  }

  stop(): void {
    this.#leader?.life.kill();
  }

  #startLater(ms: number): void {
    this.#isStarting = true;
    this.clock.setTimer(ms, () => this.#start());
  }

  #start(): void {
    this.#isStarting = false;
    const { clock, draws, telemetry, invariants } = this;
    const { plants = {}, isQuick = false } = this.#options;
    const life = new Life({
      clock,
      transitMs: () => (isQuick || draws.chance(0.8) ? 0 : draws.integer(1, draws.chance(0.05) ? 4_000 : 200)),
    });
    const ports = this.kubernetes.portsFor(life);
    const before = (): void => {
      if (this.storageIsDown) throw lost();
    };
    const { conduct } = invariants;
    const watched = moverWith(this.mover, {
      setReplicaCount: (volumeId, count) => {
        conduct.checkScale(volumeId, count);
        return this.mover.setReplicaCount(volumeId, count);
      },
      cordonNode: (node, label) => {
        conduct.checkCordon('Node', node, label);
        return this.mover.cordonNode(node, label);
      },
      cordonPool: (pool) => {
        conduct.checkCordon('Pool', pool);
        return this.mover.cordonPool(pool);
      },
    });
    const mover = plants.mover?.(watched) ?? watched;
    // What the metrics said to the round that is under way, whatever is made of it.
    const measured = new Set<string>();
    const witnessed: PlanningParts['heat'] = {
      read: async (windowMs, signal) => {
        const reading = await telemetry.read(windowMs, signal);
        const heats = reading.kind === 'read' ? reading.byVolumeName : [];
        for (const [name, { kind }] of heats) if (kind === 'known') measured.add(name);
        return reading;
      },
    };
    const judged: Decide = (input) => {
      const decisions = (plants.decide?.(decide) ?? decide)(input);
      invariants.checkDecisions(input, decisions);
      for (const { outcome, volumeId, volumeName } of decisions) {
        if (outcome === 'Move' && measured.has(volumeName)) invariants.noteMeasured(volumeId);
      }
      measured.clear();
      return decisions;
    };
    const heat = plants.heat?.(witnessed) ?? witnessed;
    const process: OperatorProcess = new OperatorProcess({
      life,
      clock,
      ports: { ...ports, migrations: plants.migrations?.(ports.migrations) ?? ports.migrations },
      policyNames: this.policyNames,
      heat: life.gate(heat, ['read'], () => undefined),
      storage: life.gate({ observe: () => this.mover.observe() }, ['observe'], before),
      mover: life.gate(mover, [...READS, ...CALLS], before),
      decide: judged,
      settings: this.settings,
      intervalMs: this.#intervalMs,
      random: () => draws.share(),
      onReport: () => undefined,
      mark: async () => {
        if (!draws.chance(this.shares.kill)) return;
        this.kill(process);
        await new Promise(() => undefined);
      },
      onFailure: (error) => invariants.breach(`a part ended: ${error instanceof Error ? error.stack : String(error)}`),
    });
    this.#leader = process;
  }

  #fault<Kind extends Fault | CallFault>(share: number, kinds: readonly Kind[]): Kind | 'none' {
    return share > 0 && this.draws.chance(share) ? this.draws.oneOf(kinds) : 'none';
  }
}
