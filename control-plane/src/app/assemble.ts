/** The control plane, put together: plain constructors, in the order of what needs what. */
import { randomBytes } from 'node:crypto';
import { hostname } from 'node:os';
import type { KubeConfig } from '@kubernetes/client-node';
import type { Clock, Logger } from '@couchestor/common/base';
import {
  EventRecorder,
  HttpTransport,
  KubeClient,
  KubernetesClusterObjects,
  KubernetesStoragePolicies,
  KubernetesVolumeMigrations,
  LeaseElector,
  LossAcceptance,
} from '../adapters/kubernetes/index.ts';
import { PromClientMetrics } from '../adapters/prom-client/prom-client-metrics.ts';
import { decide } from '../brain/index.ts';
import type { OperatorConfig } from '../config.ts';
import {
  Announcer,
  ObservedReconciler,
  PlanningRound,
  StoragePolicyReconciler,
  Vitals,
  WorkQueue,
  type PlanningParts,
  type Reconciler,
} from '../loop/index.ts';
import { DecisionBoard } from '../model/decision-board.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import { createHeatSource, createStorageBackend } from './backends.ts';
import { HealthMonitor, type WatchedCache } from './health-monitor.ts';
import { Leading } from './leading.ts';
import { createMigrating, type Migrating, type MigratingOptions } from './migrating.ts';

export interface OperatorOptions {
  readonly config: OperatorConfig;
  readonly kubeConfig: KubeConfig;
  readonly version: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** Called at every boundary of a migration's steps; for tests that end the process there. */
  readonly mark?: MigratingOptions['mark'];
}

interface Running {
  run(signal: AbortSignal): Promise<void>;
}

interface Cache extends Running {
  waitForSync(signal: AbortSignal): Promise<void>;
}

export interface OperatorParts {
  readonly policies: StoragePolicies;
  readonly informers: readonly Cache[];
  readonly losses: Running;
  readonly events: Running;
  readonly rounds: PlanningRound;
  readonly vitals: Vitals;
  readonly queue: WorkQueue;
  readonly reconciler: Reconciler;
  readonly migrating: Migrating;
  readonly leading: Leading;
  readonly board: DecisionBoard;
  readonly metrics: PromClientMetrics;
  readonly health: HealthMonitor;
  /** Ends its connections. */
  close(): void;
}

export const CONTROLLER = 'storage.billyronks.io/control-plane';
export const LEASE_NAME = 'couchestor-operator';
/** For the storage system and for each reading of heat, their own retries included. */
export const OBSERVE_TIMEOUT_MS = 30_000;
/** Waiting for a round and its rate, and a few tries of a write. */
const MAX_RECONCILE_MS = 5 * 60_000;

/** Nothing runs yet. Thrown when the configuration cannot be meant: CoucheStorError `invalid`. */
export function assemble(options: OperatorOptions, stop: AbortSignal): OperatorParts {
  const { config, kubeConfig, version, clock, logger } = options;
  const transport = new HttpTransport({ config: kubeConfig, clock, userAgent: `couchestor-operator/${version}` });
  const client = new KubeClient({ transport, clock });
  const policies = new KubernetesStoragePolicies({ client, logger });
  const objects = new KubernetesClusterObjects({ client, logger, policies: policies.informer });
  const caches: readonly (WatchedCache & { readonly informer: Cache })[] = [
    { resource: 'storagepolicies', informer: policies.informer },
    { resource: 'volumemigrations', informer: objects.migrations.informer },
    { resource: 'persistentvolumes', informer: objects.volumes },
    { resource: 'persistentvolumeclaims', informer: objects.claims },
    { resource: 'nodes', informer: objects.nodes },
  ];
  const losses = new LossAcceptance({
    ...{ client, logger, namespace: config.namespace, name: LEASE_NAME },
    informers: [policies.informer, ...objects.informers],
  });
  const metrics = new PromClientMetrics(version);
  const board = new DecisionBoard();
  const vitals = new Vitals({ clock, maxWorkMs: MAX_RECONCILE_MS });
  const { system: storage, mover } = createStorageBackend(options, client);
  const queue = new WorkQueue({ clock });
  const rounds = new PlanningRound({
    parts: { ...planningParts(options), storage, objects, policies, metrics },
    intervalMs: config.reconcileInterval,
    onReport: (report: PlanningReport) => {
      board.update(report);
      metrics.planned(report);
      migrating.offer(report);
    },
    onOutdated: (restMs) => {
      const known = policies.snapshot();
      if (known.kind === 'ok') for (const { name } of known.policies) queue.addAfter(name, restMs);
    },
    logger,
    signal: stop,
  });
  const unsubscribe = objects.subscribe(() => rounds.noteChange());
  const identity = `${hostname()}_${randomBytes(8).toString('hex')}`;
  const events = new EventRecorder({ client, reportingController: CONTROLLER, reportingInstance: identity, logger });
  const announcer = new Announcer({ events, logger, dryRun: config.dryRun });
  // Its own connections, so that no other traffic holds up renewals.
  const leaseTransport = new HttpTransport({ config: kubeConfig, clock, userAgent: 'couchestor-operator-lease' });
  const leading = new Leading(config.leaderElect ? electorOf(options, identity, leaseTransport) : undefined);
  const migrations = new KubernetesVolumeMigrations(objects.migrations);
  const isLeader = (): boolean => leading.isLeader;
  const migrating = createMigrating({
    ...{ config, clock, logger, client, policies, objects, migrations, mover, events, metrics, vitals, isLeader },
    mark: options.mark,
  });
  const { accounts } = migrating;
  const reconciler = new StoragePolicyReconciler({ policies, rounds, announcer, accounts, clock, logger });
  const health = new HealthMonitor(vitals, caches, board);
  metrics.observe({
    isLeader,
    queue: () => queue,
    caches: () => health.cacheStates(),
    droppedEvents: () => events.droppedCount,
  });
  return {
    policies,
    informers: caches.map(({ informer }) => informer),
    losses,
    events,
    rounds,
    vitals,
    queue,
    reconciler: new ObservedReconciler({ reconciler, metrics, vitals, clock }),
    migrating,
    leading,
    board,
    metrics,
    health,
    close: () => {
      unsubscribe();
      transport.close();
      leaseTransport.close();
    },
  };
}

function planningParts(
  options: OperatorOptions,
): Pick<PlanningParts, 'heat' | 'decide' | 'settings' | 'clock' | 'timeoutMs'> {
  const { maxConcurrentMigrations, maxMigrationsPerHour, dryRun, preservationMode, poolReserve } = options.config;
  return {
    heat: createHeatSource(options),
    decide,
    settings: {
      maxConcurrentMigrations,
      maxMigrationsPerHour,
      dryRun,
      preservationMode,
      poolReserve: poolReserve / 100,
    },
    clock: options.clock,
    timeoutMs: OBSERVE_TIMEOUT_MS,
  };
}

function electorOf(
  { config, clock, logger }: OperatorOptions,
  identity: string,
  transport: HttpTransport,
): LeaseElector {
  const { namespace } = config;
  return new LeaseElector({
    client: new KubeClient({ transport, clock }),
    namespace,
    name: LEASE_NAME,
    identity,
    logger,
  });
}
