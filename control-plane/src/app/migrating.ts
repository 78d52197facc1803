/** What carries migrations out, put together: a queue, a reconciler and workers of their own, beside the reconciling of policies. */
import type { Clock, Logger } from '@couchestor/common/base';
import { LeasePlacementLock, type KubeClient } from '../adapters/kubernetes/index.ts';
import type { OperatorConfig } from '../config.ts';
import { MigrationReconciler, type MigrationReconcilerOptions } from '../hands/index.ts';
import { ObservedReconciler, runController, WorkQueue, type Vitals } from '../loop/index.ts';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';

export interface MigratingOptions {
  readonly config: OperatorConfig;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly client: KubeClient;
  readonly migrations: VolumeMigrations;
  readonly mover: StorageMover;
  readonly vitals: Vitals;
  readonly onPhase: NonNullable<MigrationReconcilerOptions['onPhase']>;
}

export interface Migrating {
  /** Runs until `signal` aborts; only while this process leads. Thrown: InvariantError only. */
  run(signal: AbortSignal): Promise<void>;
}

/** One waits for the storage system at a time; a migration mostly waits for its replica, and takes no worker then. */
const WORKERS = 8;
/** What ended with an extra replica is looked at as well. */
const RESYNC_MS = 10 * 60_000;

export function createMigrating({ config, clock, logger, ...parts }: MigratingOptions): Migrating {
  const { client, migrations, mover, vitals, onPhase } = parts;
  const { namespace, syncPollIntervalSeconds, settleTime } = config;
  const reconciler = new MigrationReconciler({
    migrations,
    mover,
    lock: new LeasePlacementLock({ client, namespace, logger }),
    clock,
    logger,
    settings: { pollIntervalMs: syncPollIntervalSeconds * 1_000, settleMs: settleTime },
    onPhase,
  });
  const options = {
    queue: new WorkQueue({ clock }),
    reconciler: new ObservedReconciler({ reconciler, vitals, clock }),
    subscribe: (changed: (name: string) => Promise<void>) => migrations.subscribe(changed),
    workers: WORKERS,
    resyncMs: RESYNC_MS,
    clock,
    logger,
  };
  return { run: (signal) => runController(options, signal) };
}
