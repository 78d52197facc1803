/**
 * A run of the random mode: two replicas of the operator as real processes, restarted whenever they end, through the steps of a
 * plan; then everything is mended, and within a bound it has to come to rest as it should.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type { FaultRule } from '@couchestor/sandbox/mayastor';
import { CrashLab, type Migration, type Route } from './crash-lab.ts';
import { Kubelet } from './kubelet.ts';
import { planOf, REPLICAS, tell, type Deed, type Step } from './random-plan.ts';

const GIB = 1024 ** 3;
const SPEED = 3;
const REST_WITHIN_MS = 90_000;
const POLL_MS = 100;
const PHASES_AT_REST = ['Completed', 'Aborted', 'Failed', 'Cancelled'];
const ROUTES: readonly Route[] = [
  { pools: ['pool-cold-1', 'pool-hot-1'], target: 'pool-hot-2', node: 'hot-1' },
  { pools: ['pool-cold-2', 'pool-hot-2'], target: 'pool-hot-1', node: 'hot-2' },
  { pools: ['pool-hot-1'], target: 'pool-cold-1', node: 'cold-2' },
];

export interface RandomRun {
  readonly seed: number;
  readonly stepCount: number;
  /** Empty where all came to rest as it should. */
  readonly problems: readonly string[];
  readonly schedule: readonly string[];
  readonly phases: readonly string[];
  readonly restarts: number;
  /** What the processes wrote at last. */
  readonly output: string;
}

export interface RandomRunOptions {
  readonly seed: number;
  readonly stepCount: number;
  readonly onStep?: (text: string) => void;
}

export async function randomRun({ seed, stepCount, onStep }: RandomRunOptions): Promise<RandomRun> {
  const lab = await CrashLab.start({ speed: SPEED, leaderElect: true });
  const world = new RandomWorld(lab);
  try {
    await world.start();
    const plan = planOf(seed, stepCount);
    for (const step of plan) {
      onStep?.(tell(step));
      await world.take(step);
    }
    onStep?.('everything is mended');
    const problems = await world.settle();
    return { seed, stepCount, problems, schedule: plan.map(tell), ...world.account() };
  } finally {
    world.stop();
    await lab.stop();
  }
}

class RandomWorld {
  readonly #lab: CrashLab;
  readonly #kubelets: readonly Kubelet[];
  readonly #moves: { readonly name: string; readonly volumeId: string }[] = [];
  /** What ends by itself, and is ended at the end. */
  readonly #pending = new Set<() => void>();

  constructor(lab: CrashLab) {
    this.#lab = lab;
    this.#kubelets = Array.from({ length: REPLICAS }, () => new Kubelet(lab));
  }

  async start(): Promise<void> {
    await Promise.all(this.#kubelets.map((kubelet) => kubelet.start()));
  }

  async take({ deed, restMs }: Step): Promise<void> {
    try {
      await this.#do(deed);
    } catch (error) {
      // What the cluster refuses, or the API cannot answer now, does not happen.
      if (error instanceof TypeError) throw error;
    }
    await this.#lab.clock.sleep(restMs);
  }

  async #do(deed: Deed): Promise<void> {
    const { cluster, kube } = this.#lab;
    switch (deed.kind) {
      case 'move': {
        this.#begin(deed.manual);
        return;
      }
      case 'kill':
      case 'stop': {
        this.#strike(deed);
        return;
      }
      case 'refuse': {
        this.#faults({ times: deed.times, effect: { kind: 'refusal', error: deed.error } });
        return;
      }
      case 'lose': {
        this.#faults({ times: deed.times, when: deed.when, effect: { kind: 'reset' } });
        return;
      }
      case 'kubernetes': {
        const effects = {
          '500': { kind: 'status', code: 500 },
          reset: { kind: 'reset' },
          drop: { kind: 'drop' },
          'after-effect': { kind: 'after-effect', then: 'reset' },
        } as const;
        const fault = kube.faults.add({ effect: effects[deed.failure] });
        this.#later(deed.forMs, () => fault.remove());
        return;
      }
      case 'volume':
        return this.#happen(deed);
      case 'node':
        if (cluster.view().nodes.some(({ status }) => status !== 'Online')) return;
        cluster.setNodeStatus(deed.node, 'Offline');
        this.#later(deed.forMs, () => cluster.setNodeStatus(deed.node, 'Online'));
        return;
      case 'policy':
        if (deed.what === 'edit') this.#lab.applyPolicy({ highWatermarkIOPS: 2_000 });
        else await this.#lab.deletePolicy();
    }
  }

  #begin(manual: boolean): void {
    const index = this.#moves.length;
    const route = ROUTES[index % ROUTES.length];
    if (route === undefined) return;
    this.#lab.applyPolicy();
    const { apiVersion, kind, metadata } = this.#lab.policy();
    const owner = { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true };
    const name = `move-${index + 1}`;
    const spec = manual ? { approval: { mode: 'Manual' } } : {};
    const plan = { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: route.pools.length, timeout: '3m' };
    const sizeBytes = (1 + (index % 3) * 4) * GIB;
    const options = { sizeBytes, spec: { plan, ...spec }, metadata: { ownerReferences: [owner] } };
    this.#moves.push({ name, volumeId: this.#lab.migrate(name, route, options) });
  }

  #strike({ kind, replica, mark, forMs }: Extract<Deed, { kind: 'kill' | 'stop' }>): void {
    const signal = kind === 'kill' ? 'SIGKILL' : 'SIGSTOP';
    const running = this.#kubelets.flatMap(({ current }) => (current?.hasEnded === false ? [current] : []));
    const struck = mark === '' ? running.slice(replica, replica + 1) : running;
    for (const operator of struck) {
      if (mark === '') operator.signal(signal);
      // One that stands still hears of it later.
      else void operator.meet({ mark, since: undefined, signal });
      if (kind === 'stop') this.#later(forMs, () => operator.signal('SIGCONT'));
    }
  }

  #faults(rule: Pick<FaultRule, 'times' | 'when' | 'effect'>): void {
    for (const method of ['PUT', 'DELETE']) this.#lab.cluster.faults.add({ ...rule, match: { method } });
  }

  async #happen({ what, index }: Extract<Deed, { kind: 'volume' }>): Promise<void> {
    const move = this.#moves[index % Math.max(this.#moves.length, 1)];
    if (move === undefined) return;
    const { name, volumeId } = move;
    const { cluster } = this.#lab;
    switch (what) {
      case 'cancel':
        return this.#lab.change(name, { cancel: true });
      case 'cancel and clean up':
        return this.#lab.change(name, { cancel: true, cleanup: true });
      case 'delete':
        return this.#lab.remove(name);
      case 'approve':
        return this.#approve(name);
      case 'republish':
        cluster.unpublish(volumeId);
        cluster.publish(volumeId, 'cold-2');
        return;
      case 'resize':
        cluster.volumes.resize(volumeId, (this.#lab.volume(volumeId)?.sizeBytes ?? 0) + GIB);
        return;
      case 'delete the volume':
        cluster.deleteVolume(volumeId);
        return;
      case 'fail its rebuild':
        cluster.failRebuild(volumeId);
    }
  }

  async #approveAll(): Promise<void> {
    for (const { name } of this.#moves) {
      const { approval } = this.#lab.migration(name)?.spec ?? {};
      if (approval?.mode === 'Manual' && approval.approved !== true) await this.#approve(name);
    }
  }

  #approve(name: string): Promise<void> {
    return this.#lab.change(name, { approval: { mode: 'Manual', approved: true, approvedBy: 'anna' } });
  }

  #later(ms: number, run: () => void): void {
    const once = (): void => {
      if (this.#pending.delete(once)) run();
    };
    this.#pending.add(once);
    this.#lab.clock.setTimer(ms, once);
  }

  /** What is not as it should be once all is mended and time has passed. */
  async settle(): Promise<readonly string[]> {
    const { cluster, kube } = this.#lab;
    for (const end of [...this.#pending]) end();
    kube.faults.clear();
    cluster.faults.clear();
    for (const { name, status } of cluster.view().nodes) if (status !== 'Online') cluster.setNodeStatus(name, 'Online');
    // One that would stop itself at a boundary does not stand still for ever.
    const wake = setInterval(() => {
      for (const { current } of this.#kubelets) if (current?.hasEnded === false) current.signal('SIGCONT');
    }, 1_000);
    this.#lab.applyPolicy();
    const untilMs = performance.now() + REST_WITHIN_MS;
    let problems = this.#problems();
    while (problems.length > 0 && performance.now() < untilMs) {
      await sleep(POLL_MS);
      await this.#approveAll();
      problems = this.#problems();
    }
    clearInterval(wake);
    return problems;
  }

  #problems(): readonly string[] {
    const migrations = this.#moves.map(({ name, volumeId }) => ({ volumeId, name, object: this.#lab.migration(name) }));
    const open = migrations.flatMap(({ name, object }) =>
      object === undefined || PHASES_AT_REST.includes(object.status?.phase ?? '')
        ? []
        : [`${name} has not ended: ${object.status?.phase ?? 'no phase'}: ${object.status?.message ?? ''}`],
    );
    const astray = migrations.flatMap(({ name, volumeId, object }) => {
      const volume = this.#lab.volume(volumeId);
      const extra = hasExtra(object) ? 1 : 0;
      if (volume === undefined || volume.replicaCount === volume.askedReplicaCount + extra) return [];
      return [`${name}: ${volume.replicaCount} replicas of ${volume.askedReplicaCount}, ${extra} recorded as extra`];
    });
    const unwell = migrations.flatMap(({ name, volumeId }) => {
      const volume = this.#lab.volume(volumeId);
      const good = volume?.replicas.filter(({ synced }) => synced).length ?? 0;
      if (volume === undefined || good >= volume.askedReplicaCount) return [];
      return [`${name}: ${good} good copies of ${volume.askedReplicaCount}`];
    });
    return [...open, ...astray, ...unwell, ...this.#lab.leftovers()];
  }

  account(): Pick<RandomRun, 'phases' | 'restarts' | 'output'> {
    return {
      phases: this.#moves.map(({ name }) => `${name} ${this.#lab.phase(name) ?? 'gone'}`),
      restarts: this.#kubelets.reduce((sum, { restarts }) => sum + restarts, 0),
      output: this.#kubelets.map(({ current }) => current?.output.slice(-2_000) ?? '').join('\n'),
    };
  }

  stop(): void {
    for (const kubelet of this.#kubelets) kubelet.stop();
    for (const end of [...this.#pending]) end();
  }
}

function hasExtra(migration: Migration | undefined): boolean {
  const extra = migration?.status?.extraReplica;
  return extra !== undefined && extra.removedTime === undefined;
}
