/**
 * Migrations, put together: what starts them from decisions, what carries them out with a queue and workers of its own, what
 * counts and tells their ends, and what forgets them. All of it beside the reconciling of policies, and on the leader alone. An
 * operator that only looks on neither starts nor forgets any.
 */
import { allOrNone, type Clock, type Logger } from '@couchestor/common/base';
import { LeasePlacementLock, type KubeClient } from '../adapters/kubernetes/index.ts';
import type { OperatorConfig } from '../config.ts';
import { MigrationReconciler, type MigrationReconcilerOptions } from '../hands/index.ts';
import {
  MigrationAccounts,
  MigrationAnnouncer,
  MigrationGate,
  MigrationRetention,
  MigrationStarter,
  ObservedReconciler,
  runController,
  WorkQueue,
  type Vitals,
} from '../loop/index.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { ClusterObjects } from '../ports/cluster-objects.ts';
import type { Events } from '../ports/events.ts';
import type { OperatorMetrics } from '../ports/operator-metrics.ts';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';
import { isPolicyGone } from './policy-gone.ts';

export interface MigratingOptions {
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly client: KubeClient;
  readonly policies: StoragePolicies;
  readonly objects: ClusterObjects;
  readonly migrations: VolumeMigrations;
  readonly mover: StorageMover;
  readonly events: Events;
  readonly metrics: OperatorMetrics;
  readonly vitals: Vitals;
  readonly isLeader: () => boolean;
  readonly mark: MigrationReconcilerOptions['mark'];
}

export interface Migrating {
  readonly accounts: MigrationAccounts;
  /** Told of every round of planning. */
  offer(report: PlanningReport): void;
  /** Runs until `signal` aborts; only while this process leads. Thrown: InvariantError only. */
  run(signal: AbortSignal): Promise<void>;
}

/** One waits for the storage system at a time; a migration mostly waits for its replica, and takes no worker then. */
const WORKERS = 8;
const RESYNC_MS = 10 * 60_000;

export function createMigrating(options: MigratingOptions): Migrating {
  const { config, clock, logger, policies, migrations, vitals } = options;
  const starter = createStarter(options);
  const { maxMigrationsPerHour } = config;
  const retention = new MigrationRetention({ policies, migrations, maxMigrationsPerHour, clock, logger });
  const queue = new WorkQueue({ clock });
  const gate = new MigrationGate({ ...options, settings: config, intervalMs: config.reconcileInterval });
  const controller = {
    queue,
    reconciler: new ObservedReconciler({ reconciler: createReconciler(options, queue, gate), vitals, clock }),
    subscribe: (changed: (name: string) => Promise<void>) => migrations.subscribe(changed),
    workers: WORKERS,
    resyncMs: RESYNC_MS,
    clock,
    logger,
  };
  return {
    accounts: new MigrationAccounts({ migrations, clock, logger }),
    offer: (report) => {
      gate.offer(report);
      starter.offer(report);
    },
    run: async (signal) => {
      await allOrNone(signal, (all) => {
        const acting = config.dryRun ? [] : [starter.run(all), retention.run(all)];
        return [runController(controller, all), ...acting];
      });
    },
  };
}

function createStarter(options: MigratingOptions): MigrationStarter {
  return new MigrationStarter({ ...options, settings: options.config });
}

function createReconciler(
  { config, ...options }: MigratingOptions,
  queue: WorkQueue,
  gate: MigrationGate,
): MigrationReconciler {
  const { client, logger, policies, metrics } = options;
  const { namespace, syncPollIntervalSeconds, settleTime, dryRun, preservationMode } = config;
  const announcer = new MigrationAnnouncer({ ...options, dryRun });
  return new MigrationReconciler({
    ...options,
    lock: new LeasePlacementLock({ client, namespace, logger }),
    isPolicyGone: (policy) => isPolicyGone(policies, policy),
    gate,
    wake: (name) => void queue.add(name),
    operator: { dryRun, preservation: preservationMode },
    settings: { pollIntervalMs: syncPollIntervalSeconds * 1_000, settleMs: settleTime },
    onPhase: (record, _from, to) => announcer.announce(record, to),
    onCallFailure: (call, { code }) => metrics.migrationCallFailed(call, code),
    onStranded: (record, message) => announcer.announceStranded(record, message),
  });
}
