/**
 * One process of the control plane, put together as its app does it: rounds of planning, the reconciling of policies with its
 * accounts, and what starts, carries out and forgets migrations. Only what is behind the ports is a simulation.
 */
import { nullLogger, type VirtualClock } from '@couchestor/common/base';
import { MigrationReconciler, type MigrationReconcilerOptions } from '@couchestor/control-plane/hands';
import {
  Announcer,
  MigrationAccounts,
  MigrationAnnouncer,
  MigrationGate,
  MigrationRetention,
  MigrationStarter,
  PlanningRound,
  runController,
  StoragePolicyReconciler,
  WorkQueue,
  type Decide,
  type PlanningParts,
  type PlanningRoundOptions,
} from '@couchestor/control-plane/loop';
import type { OperatorSettings } from '@couchestor/control-plane/model';
import type { Ports } from './kubernetes.ts';
import type { Life } from './life.ts';

export type Report = Parameters<PlanningRoundOptions['onReport']>[0];

export interface OperatorProcessOptions {
  readonly life: Life;
  readonly clock: VirtualClock;
  readonly ports: Ports;
  readonly policyNames: ReadonlySet<string>;
  readonly heat: PlanningParts['heat'];
  readonly storage: PlanningParts['storage'];
  readonly mover: MigrationReconcilerOptions['mover'];
  readonly decide: Decide;
  readonly settings: OperatorSettings;
  readonly intervalMs: number;
  readonly random: () => number;
  readonly onReport: (report: Report) => void;
  readonly mark: NonNullable<MigrationReconcilerOptions['mark']>;
  /** What ended a part that should have gone on. */
  readonly onFailure: (error: unknown) => void;
}

const RESYNC_MS = 10 * 60_000;

export class OperatorProcess {
  readonly life: Life;
  /** Of the latest round. */
  report: Report | undefined;

  constructor(options: OperatorProcessOptions) {
    const { life, clock, heat, storage, mover, decide, settings, intervalMs } = options;
    this.life = life;
    const logger = nullLogger;
    const { policies, objects, migrations, lock } = options.ports;
    const { signal } = life;
    const base = { clock, logger, policies, objects, migrations };
    const queueOptions = { clock, random: options.random };
    const queue = new WorkQueue(queueOptions);
    const starter = new MigrationStarter({
      ...base,
      settings: { ...settings, migrationTimeoutMinutes: 30 },
      isLeader: () => life.isRunning,
      metrics: { migrationCreated: () => undefined },
    });
    const gate = new MigrationGate({ ...base, settings, intervalMs });
    const migrationQueue = new WorkQueue(queueOptions);
    const rounds = new PlanningRound({
      parts: {
        ...{ storage, objects, policies, heat, decide, settings, clock },
        metrics: { heatQueried: () => undefined },
        timeoutMs: 30_000,
      },
      intervalMs,
      onReport: (report) => {
        this.report = report;
        options.onReport(report);
        gate.offer(report);
        starter.offer(report);
      },
      onOutdated: (restMs) => {
        for (const name of options.policyNames) queue.addAfter(name, restMs);
      },
      logger,
      signal,
    });
    const events = { record: () => undefined };
    const announcer = new MigrationAnnouncer({ events, metrics: { migrationEnded: () => undefined }, logger });
    const runs = [
      rounds.run(() => undefined, signal),
      starter.run(signal),
      new MigrationRetention(base).run(signal),
      runController(
        {
          queue,
          reconciler: new StoragePolicyReconciler({
            ...base,
            rounds,
            announcer: new Announcer({ events, logger, dryRun: settings.dryRun }),
            accounts: new MigrationAccounts(base),
          }),
          subscribe: (changed) => policies.subscribe(changed),
          workers: 4,
          resyncMs: RESYNC_MS,
          clock,
          logger,
        },
        signal,
      ),
      runController(
        {
          queue: migrationQueue,
          reconciler: new MigrationReconciler({
            ...{ migrations, mover, lock, clock, logger, gate, mark: options.mark },
            wake: (name) => void migrationQueue.add(name),
            isPolicyGone: ({ name, uid }) => {
              const found = policies.lookup(name);
              return found.kind === 'found' ? found.policy.uid !== uid : found.kind === 'absent';
            },
            onPhase: (record, _from, to) => announcer.announce(record, to),
          }),
          subscribe: (changed) => migrations.subscribe(changed),
          workers: 8,
          resyncMs: RESYNC_MS,
          clock,
          logger,
        },
        signal,
      ),
    ];
    const unsubscribe = objects.subscribe(() => rounds.noteChange());
    signal.addEventListener('abort', unsubscribe, { once: true });
    for (const run of runs) run.catch(options.onFailure);
  }
}
