/**
 * The operator's metrics in a registry of their own. What describes the present (decisions, placements, queues, caches) is set
 * anew for every round or read at the scrape, so that series of deleted policies disappear. Labels take values from closed sets
 * and the names of policies, of which a bounded number is told apart.
 */
import type { MigrationOutcome } from '@couchestor/common/api';
import type { ErrorCode } from '@couchestor/common/base';
import { Counter, Gauge, Histogram, Registry } from 'prom-client';
import type { PlanningReport } from '../../model/planning-report.ts';
import { sumOf } from '../../model/planning-report.ts';
import { MIGRATION_CALLS, type MigrationCall, type OperatorMetrics } from '../../ports/operator-metrics.ts';

export interface CacheState {
  /** Such as `storagepolicies`. */
  readonly resource: string;
  readonly state: string;
  readonly ready: boolean;
  readonly objectCount: number;
}

/** What is looked up when somebody scrapes. */
export interface Observables {
  readonly isLeader: () => boolean;
  readonly queue: () => { readonly count: number; readonly delayedCount: number; readonly retryCount: number };
  readonly caches: () => readonly CacheState[];
  /** Kubernetes Events that were not written. */
  readonly droppedEvents: () => number;
}

/** Policies that have series of their own; the rest shares one, under a name that no policy can have. */
const MAX_POLICIES = 1_000;
export const OTHER_POLICIES = '_other';
const CACHE_STATES = ['starting', 'synced', 'suspect', 'stopped'] as const;
const SHORT_SECONDS = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30];
const MIGRATION_SECONDS = [15, 30, 60, 120, 300, 600, 1_200, 1_800, 3_600, 7_200, 14_400, 28_800, 86_400];
const STATUS_OF = {
  Completed: 'completed',
  Aborted: 'aborted',
  Failed: 'failed',
  Cancelled: 'cancelled',
} as const satisfies Record<MigrationOutcome, string>;
const ROUND_SECONDS = [0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 30, 60];

export class PromClientMetrics implements OperatorMetrics {
  readonly #registry = new Registry();
  readonly #reconciles = this.#counter('reconcile_total', 'Reconciliations of StoragePolicies that ended.');
  readonly #errors = this.#counter('reconcile_errors_total', 'Reconciliations of StoragePolicies that failed.');
  readonly #reconcileSeconds = new Histogram({
    name: 'storage_operator_reconcile_duration_seconds',
    help: 'How long a reconciliation takes, waiting for a round of planning included.',
    buckets: SHORT_SECONDS,
    registers: [this.#registry],
  });
  readonly #roundSeconds = new Histogram({
    name: 'storage_operator_round_duration_seconds',
    help: 'How long a round of planning takes: observing, reading heat and deciding.',
    buckets: ROUND_SECONDS,
    registers: [this.#registry],
  });
  readonly #decisions = this.#gauge('decisions', 'Volumes by policy and by what was decided in the last round.', [
    'policy',
    'outcome',
    'code',
  ]);
  readonly #volumes = this.#gauge('volumes', 'Volumes by policy and by where their replicas are.', [
    'policy',
    'placement',
  ]);
  readonly #active = this.#gauge('active_migrations', 'Migrations that have not ended.');
  readonly #telemetry = this.#gauge('telemetry_healthy', 'Whether the last round could rely on Prometheus.');
  readonly #storage = this.#gauge('storage_healthy', 'Whether the last round could rely on the storage system.');
  readonly #heatQueries = this.#counter('heat_queries_total', 'Readings of heat, by whether they can be relied on.', [
    'result',
  ]);

  readonly #creations = this.#counter('migration_creations_total', 'VolumeMigrations created, and failures to.', [
    'result',
  ]);
  readonly #migrations = this.#counter('migrations_total', 'Migrations that ended, by how they did.', ['status']);
  readonly #migrationSeconds = new Histogram({
    name: 'storage_operator_migration_duration_seconds',
    help: 'How long a migration takes from its first step to its end, however it ends.',
    buckets: MIGRATION_SECONDS,
    registers: [this.#registry],
  });
  readonly #callFailures = this.#counter(
    'migration_call_failures_total',
    'Calls of migrations that failed or were refused, by call and by the code of the error.',
    ['call', 'code'],
  );
  readonly #extraReplicas = this.#gauge('extra_replicas', 'Migrations that left both copies of a replica.');

  constructor(version: string) {
    this.#gauge('build_info', 'Always 1; the version is in the label.', ['version']).set({ version }, 1);
    // All series exist from the start, so that a rate over them has a first value.
    for (const result of ['success', 'failure'] as const) {
      this.#heatQueries.inc({ result }, 0);
      this.#creations.inc({ result }, 0);
    }
    for (const call of MIGRATION_CALLS) this.#callFailures.inc({ call, code: 'unavailable' }, 0);
    for (const status of Object.values(STATUS_OF)) this.#migrations.inc({ status }, 0);
  }

  /** Adds what is looked up at every scrape. Call once. */
  observe({ isLeader, queue, caches, droppedEvents }: Observables): void {
    const at = (name: string, help: string, labelNames: readonly string[], collect: (gauge: Gauge) => void): void => {
      new Gauge({
        name: `storage_operator_${name}`,
        help,
        labelNames,
        registers: [this.#registry],
        collect() {
          collect(this);
        },
      });
    };
    at('leader', 'Whether this process is the one that acts.', [], (gauge) => gauge.set(isLeader() ? 1 : 0));
    at('workqueue_depth', 'Policies ready to be reconciled.', [], (gauge) => gauge.set(queue().count));
    at('workqueue_delayed', 'Policies to be reconciled later.', [], (gauge) => gauge.set(queue().delayedCount));
    const totalAt = (name: string, help: string, total: () => number): void => {
      new Counter({
        name: `storage_operator_${name}`,
        help,
        registers: [this.#registry],
        collect() {
          this.reset();
          this.inc(total());
        },
      });
    };
    totalAt('workqueue_retries_total', 'Reconciliations that were put off after a failure.', () => queue().retryCount);
    totalAt('events_dropped_total', 'Kubernetes Events that were too many, or that the API refused.', droppedEvents);
    at('informer_state', '1 for the state that the cache of a resource is in.', ['resource', 'state'], (gauge) => {
      for (const cache of caches()) {
        for (const state of CACHE_STATES) {
          gauge.set({ resource: cache.resource, state }, cache.state === state ? 1 : 0);
        }
      }
    });
    at('informer_ready', 'Whether decisions may rest on the cache of a resource.', ['resource'], (gauge) => {
      for (const { resource, ready } of caches()) gauge.set({ resource }, ready ? 1 : 0);
    });
    at('informer_objects', 'Objects in the cache of a resource.', ['resource'], (gauge) => {
      for (const { resource, objectCount } of caches()) gauge.set({ resource }, objectCount);
    });
  }

  reconciled(durationMs: number, outcome: 'success' | 'failure'): void {
    this.#reconciles.inc();
    if (outcome === 'failure') this.#errors.inc();
    this.#reconcileSeconds.observe(durationMs / 1000);
  }

  heatQueried(result: 'success' | 'failure'): void {
    this.#heatQueries.inc({ result });
  }

  migrationCreated(result: 'success' | 'failure'): void {
    this.#creations.inc({ result });
  }

  migrationCallFailed(call: MigrationCall, code: ErrorCode): void {
    this.#callFailures.inc({ call, code });
  }

  migrationEnded(outcome: MigrationOutcome, durationMs: number | undefined): void {
    this.#migrations.inc({ status: STATUS_OF[outcome] });
    if (durationMs !== undefined) this.#migrationSeconds.observe(durationMs / 1000);
  }

  planned(report: PlanningReport): void {
    this.#roundSeconds.observe(report.durationMs / 1000);
    this.#telemetry.set(report.telemetry.healthy ? 1 : 0);
    this.#storage.set(report.storage.healthy ? 1 : 0);
    // What is known of migrations comes from Kubernetes.
    if (report.kubernetes.healthy) {
      this.#active.set(sumOf(report.activeMigrations));
      this.#extraReplicas.set(report.extraReplicaCount);
    }
    this.#decisions.reset();
    this.#volumes.reset();
    const named = new Set(report.policyNames.toSorted().slice(0, MAX_POLICIES));
    for (const { policy: decidedBy, outcome, code, placement } of report.decisions ?? []) {
      const policy = named.has(decidedBy.name) ? decidedBy.name : OTHER_POLICIES;
      this.#decisions.inc({ policy, outcome, code });
      this.#volumes.inc({ policy, placement });
    }
  }

  get contentType(): string {
    return this.#registry.contentType;
  }

  /** Everything in the text format of Prometheus. */
  async expose(): Promise<string> {
    return this.#registry.metrics();
  }

  #counter<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) {
    return new Counter({ name: `storage_operator_${name}`, help, labelNames, registers: [this.#registry] });
  }

  #gauge<Label extends string = never>(name: string, help: string, labelNames: readonly Label[] = []) {
    return new Gauge({ name: `storage_operator_${name}`, help, labelNames, registers: [this.#registry] });
  }
}
