/** For tests: a starter of migrations with everything around it as fields that a test sets. */
import { parseVolumeMigration, type VolumeMigrationSpec } from '@couchestor/common/api';
import { nullLogger, parseNodeName, parsePoolName, parseVolumeId, VirtualClock } from '@couchestor/common/base';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { Decision, PlannedMove } from '../model/decision.ts';
import { decisionFixture, READY, reportFixture } from '../model/decision.fixture.ts';
import type { PlanningReport } from '../model/planning-report.ts';
import type { StoragePolicyLookup } from '../ports/storage-policies.ts';
import { MigrationStarter, type MigrationStarterOptions } from './migration-starter.ts';
import { FakeVolumeMigrations } from './migrations.fixture.ts';
import { policyRecord } from './planning.fixture.ts';

const place = (pool: string, node: string) => ({ pool: parsePoolName(pool), node: parseNodeName(node) });

export function move(changes: Partial<PlannedMove> = {}): PlannedMove {
  return {
    source: { tier: 'Hot', ...place('hot-1', 'node-1'), replicaId: 'r-1' },
    target: { tier: 'Cold', ...place('cold-1', 'node-2') },
    removal: 'ByCordon',
    replicaCount: 3,
    sizeBytes: 4_096,
    remainingReplicaCount: 1,
    benefit: 1,
    ...changes,
  };
}

export function moving(name: string, changes: Partial<Decision> = {}): Decision {
  return decisionFixture(name, 'Demote', { move: move(), ...changes });
}

export function ofPolicy(name: string, generation = 1): Pick<Decision, 'policy'> {
  return { policy: { name, uid: `uid-${name}`, generation } };
}

/** A migration of the volume that its name tells. */
export function fact(name: string, changes: Partial<MigrationFacts> = {}): MigrationFacts {
  return {
    name,
    volumeId: parseVolumeId(name.replace(/-\d+$/, '')),
    policy: 'gold',
    phase: 'Syncing',
    from: 'Hot',
    to: 'Cold',
    targetPool: undefined,
    startedAtMs: undefined,
    completedAtMs: undefined,
    extraReplica: false,
    ...changes,
  };
}

export class StarterStage {
  readonly clock = new VirtualClock();
  readonly migrations = new FakeVolumeMigrations();
  readonly policies = new Map<string, StoragePolicyLookup>();
  /** Results of creations. */
  readonly counted: string[] = [];
  /** What the cache knows of migrations, histories included. */
  facts: MigrationFacts[] = [];
  isLeader = true;
  stop = new AbortController();
  running: Promise<void> = Promise.resolve();

  constructor() {
    // What is created is not seen until a test says so.
    this.migrations.lagging = [];
    this.policy('gold');
  }

  policy(name: string, changes: object = {}): void {
    const policy = policyRecord(name, { maxConcurrentMigrations: 10, ...changes });
    this.policies.set(name, { kind: 'found', policy });
  }

  /** One that runs. */
  starter(changes: Partial<MigrationStarterOptions['settings']> = {}): MigrationStarter {
    const starter = new MigrationStarter({
      policies: { lookup: (name) => this.policies.get(name) ?? { kind: 'absent' } },
      objects: { snapshot: () => ({ kind: 'ok', claims: [], nodeLabels: new Map(), migrations: this.facts }) },
      migrations: this.migrations,
      settings: {
        maxConcurrentMigrations: 10,
        maxMigrationsPerHour: 100,
        dryRun: false,
        migrationTimeoutMinutes: 30,
        ...changes,
      },
      isLeader: () => this.isLeader,
      metrics: { migrationCreated: (result) => void this.counted.push(result) },
      clock: this.clock,
      logger: nullLogger,
    });
    this.running = starter.run(this.stop.signal);
    return starter;
  }

  /** Of a round that begins now, with all its dependencies healthy. */
  report(decisions: readonly Decision[], changes: Partial<PlanningReport> = {}): PlanningReport {
    const names = new Set(['gold', ...decisions.map(({ policy }) => policy.name)]);
    const telemetryOf = new Map([...names].map((name) => [name, READY]));
    return reportFixture({ decisions, telemetryOf, startedAtMs: this.clock.now(), ...changes });
  }

  /** The names of what was created for it. */
  async offer(starter: MigrationStarter, report: PlanningReport): Promise<string[]> {
    const before = this.migrations.created.length;
    starter.offer(report);
    await this.clock.advance(0);
    return this.migrations.created.slice(before).map(({ metadata }) => metadata.name);
  }

  /** Of the first that was created. */
  spec(): VolumeMigrationSpec {
    const parsed = parseVolumeMigration(this.migrations.created[0]);
    if (parsed.kind === 'ok') return parsed.value.spec;
    throw new Error(parsed.errors.map(({ field, message }) => `${field} ${message}`).join());
  }
}
