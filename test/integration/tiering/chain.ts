/**
 * The operator's parts as its process puts them together, without its HTTP servers and its lease: from the Kubernetes API, Mayastor
 * and heat through decisions to the status in the Kubernetes API. A second chain on the same surroundings is a restart.
 */
import { nullLogger, VirtualClock, type Clock } from '@couchestor/common/base';
import {
  EventRecorder,
  HttpTransport,
  KubeClient,
  KubernetesClusterObjects,
  KubernetesStoragePolicies,
  KubernetesVolumeMigrations,
  type GuardOptions,
  type InformerTiming,
} from '@couchestor/control-plane/adapters/kubernetes';
import { MayastorRestSystem, type MayastorRestSystemOptions } from '@couchestor/control-plane/adapters/mayastor';
import { decide } from '@couchestor/control-plane/brain';
import {
  Announcer,
  MigrationAccounts,
  PlanningRound,
  runController,
  StoragePolicyReconciler,
  WorkQueue,
  type AnnouncerOptions,
  type PlanningParts,
  type PlanningRoundOptions,
  type StoragePolicyReconcilerOptions,
} from '@couchestor/control-plane/loop';
import type { OperatorSettings } from '@couchestor/control-plane/model';
import { KubeConfig } from '@kubernetes/client-node';
import { setTimeout as sleep } from 'node:timers/promises';
import { POLICIES, type StoredPolicy, type Surroundings } from './surroundings.ts';

export type Report = Parameters<PlanningRoundOptions['onReport']>[0];
export type Decided = NonNullable<Report['decisions']>[number];

export interface ChainOptions {
  readonly heat: PlanningParts['heat'];
  readonly settings?: Partial<OperatorSettings>;
  /** Of a round for each of its dependencies. */
  readonly timeoutMs?: number;
  readonly intervalMs?: number;
  readonly mayastor?: Partial<MayastorRestSystemOptions>;
  readonly informers?: { readonly timing: Partial<InformerTiming>; readonly guard: Partial<GuardOptions> };
  readonly requestTimeoutMs?: number;
  readonly onReport?: (report: Report) => void;
  /** Of the API server; by default its own. */
  readonly apiPort?: number;
  /** Puts something between two parts, that sees what passes. */
  readonly between?: {
    readonly storage?: (real: Storage) => Storage;
    readonly events?: (real: Events) => Events;
    readonly announcer?: (real: Announcing) => Announcing;
  };
}

export type Storage = PlanningParts['storage'];
export type Events = AnnouncerOptions['events'];
export type Announcing = StoragePolicyReconcilerOptions['announcer'];

/** A virtual clock goes on by this much before a round, so that no earlier one is used again and its rate allows it. */
const BETWEEN_ROUNDS_MS = 10_000;
const IN_STEP_WITHIN_MS = 10_000;
const DEFAULT_SETTINGS = {
  maxConcurrentMigrations: 10,
  maxMigrationsPerHour: 1_000,
  dryRun: false,
  preservationMode: false,
  poolReserve: 0.1,
};
/** The user in the API server's eyes; faults of this user strike nobody else. */
export const OPERATOR = 'operator';

export class Chain {
  readonly policies: KubernetesStoragePolicies;
  readonly objects: KubernetesClusterObjects;
  readonly rounds: PlanningRound;
  /** Of the latest round. */
  report: Report | undefined;
  readonly #around: Surroundings;
  readonly #clock: Clock;
  readonly #transport: HttpTransport;
  readonly #storage: MayastorRestSystem;
  readonly #events: EventRecorder;
  readonly #reconciler: StoragePolicyReconciler;
  readonly #stop = new AbortController();
  readonly #running: Promise<unknown>[] = [];
  /** What ended a part that should have gone on. */
  failure: unknown;

  constructor(around: Surroundings, options: ChainOptions) {
    const { clock } = around;
    this.#around = around;
    this.#clock = clock;
    const config = new KubeConfig();
    config.loadFromString(kubeconfigOf(around, options.apiPort));
    this.#transport = new HttpTransport({ config });
    const { requestTimeoutMs = 10_000, informers = {}, mayastor = {}, timeoutMs = 30_000, between = {} } = options;
    const client = new KubeClient({ transport: this.#transport, requestTimeoutMs, requestsPerSecond: 200, burst: 200 });
    this.policies = new KubernetesStoragePolicies({ client, ...informers });
    this.objects = new KubernetesClusterObjects({ client, policies: this.policies.informer, ...informers });
    this.#storage = new MayastorRestSystem({ url: around.rest.url, clock, version: '2.10.0', ...mayastor });
    const settings = { ...DEFAULT_SETTINGS, ...options.settings };
    this.rounds = new PlanningRound({
      parts: {
        storage: between.storage?.(this.#storage) ?? this.#storage,
        objects: this.objects,
        policies: this.policies,
        heat: options.heat,
        decide,
        settings,
        clock,
        metrics: { heatQueried: () => undefined },
        timeoutMs,
      },
      intervalMs: options.intervalMs ?? 1_000,
      onOutdated: () => undefined,
      onReport: (report) => {
        this.report = report;
        options.onReport?.(report);
      },
      logger: nullLogger,
      signal: this.#stop.signal,
    });
    this.#events = new EventRecorder({ client, reportingController: 'test/operator', reportingInstance: 'operator-0' });
    const events = between.events?.(this.#events) ?? this.#events;
    const told = new Announcer({ events, logger: nullLogger, dryRun: settings.dryRun });
    const announcer = between.announcer?.(told) ?? told;
    const { policies, rounds } = this;
    const migrations = new KubernetesVolumeMigrations(this.objects.migrations);
    const accounts = new MigrationAccounts({ migrations, clock, logger: nullLogger });
    this.#reconciler = new StoragePolicyReconciler({
      policies,
      rounds,
      announcer,
      accounts,
      clock,
      logger: nullLogger,
    });
  }

  /** The caches fill and stay in step, and Events are written; rounds are made when asked for. */
  follow(): this {
    const { signal } = this.#stop;
    const informers = [this.policies.informer, ...this.objects.informers];
    this.#runs(...informers.map((informer) => informer.run(signal)), this.#events.run(signal));
    return this;
  }

  /** Everything runs by itself, as in the process; on a virtual clock for as long as somebody lets time pass. */
  run(workers = 2): this {
    const { signal } = this.#stop;
    this.follow();
    const controller = {
      queue: new WorkQueue({ clock: this.#clock, backoffBaseMs: 20, backoffMaxMs: 500 }),
      reconciler: this.#reconciler,
      subscribe: (changed: (name: string) => Promise<void>) => this.policies.subscribe(changed),
      workers,
      resyncMs: 60_000,
      clock: this.#clock,
      logger: nullLogger,
    };
    this.#runs(
      this.rounds.run(() => undefined, signal),
      runController(controller, signal),
    );
    return this;
  }

  /** A round on the present state of everything, and the status of the policy after it. */
  async round(policy: string): Promise<StoredPolicy> {
    await this.inStep();
    if (this.#clock instanceof VirtualClock) await this.#clock.advance(BETWEEN_ROUNDS_MS);
    else await this.#clock.sleep(this.rounds.restMs);
    await this.reconcile(policy);
    return this.#around.stored(policy);
  }

  reconcile(policy: string): Promise<unknown> {
    return this.#reconciler.reconcile(policy, this.#stop.signal);
  }

  decision(volumeId: string): Decided {
    const found = this.report?.decisions?.find((decision) => decision.volumeId === volumeId);
    if (found === undefined) throw new Error(`nothing is decided about ${volumeId}`);
    return found;
  }

  /** When the caches have what the API server has. */
  async inStep(): Promise<void> {
    const startedMs = performance.now();
    while (!this.#isInStep()) {
      if (performance.now() - startedMs > IN_STEP_WITHIN_MS) throw new Error('the caches do not get into step');
      await sleep(2);
    }
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running);
    this.#storage.close();
    this.#transport.close();
  }

  #runs(...parts: readonly Promise<unknown>[]): void {
    const failed = (error: unknown): void => void (this.failure ??= error);
    this.#running.push(...parts.map((part) => part.catch(failed)));
  }

  #isInStep(): boolean {
    const { store } = this.#around.kube;
    const core = (resource: string) => ({ group: '', resource });
    const caches = [
      { cache: this.policies.informer, resource: POLICIES },
      { cache: this.objects.migrations.informer, resource: { ...POLICIES, resource: 'volumemigrations' } },
      { cache: this.objects.volumes, resource: core('persistentvolumes') },
      { cache: this.objects.claims, resource: core('persistentvolumeclaims') },
      { cache: this.objects.nodes, resource: core('nodes') },
    ];
    return caches.every(({ cache, resource }) => {
      const snapshot = cache.snapshot();
      if (snapshot.kind === 'refused') return false;
      const known = snapshot.entries.map(({ raw }) => raw.metadata.resourceVersion);
      const stored = store.list(resource).map(({ metadata }) => metadata.resourceVersion);
      return known.sort().join() === stored.sort().join();
    });
  }
}

function kubeconfigOf({ kube }: Surroundings, apiPort: number | undefined): string {
  const kubeconfig = kube.kubeconfig({ username: OPERATOR, groups: ['system:masters'] });
  return apiPort === undefined ? kubeconfig : kubeconfig.replace(new URL(kube.url).port, String(apiPort));
}
