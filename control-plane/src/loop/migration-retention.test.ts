import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { formatTimestamp, type MigrationOutcome, type VolumeMigrationStatus } from '@couchestor/common/api';
import { CoucheStorError, InvariantError, nullLogger, VirtualClock } from '@couchestor/common/base';
import fc from 'fast-check';
import { recordedStatus } from '../brain/status/accounting.ts';
import { restOf } from '../brain/cooldown.ts';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { StoragePoliciesSnapshot } from '../ports/storage-policies.ts';
import { expiredMigrations, MigrationRetention } from './migration-retention.ts';
import { FakeVolumeMigrations, migrationRecord, statusOf } from './migrations.fixture.ts';
import { policyRecord } from './planning.fixture.ts';

const HOUR_MS = 3_600_000;
const NOW_MS = Date.UTC(2025, 5, 1);
const extraReplica = { replicaId: 'r-2', pool: 'cold-1', node: 'node-2', recordedTime: '2025-01-01T00:00:00Z' };

interface Changes {
  readonly status?: Partial<VolumeMigrationStatus> | object;
  readonly spec?: object;
  readonly record?: Partial<VolumeMigrationRecord>;
}

/** Completed, counted, and ended so many hours before now. */
function ended(name: string, hoursAgo: number, { status = {}, spec = {}, record = {} }: Changes = {}) {
  const completionTime = formatTimestamp(NOW_MS - hoursAgo * HOUR_MS);
  const counted = recordedStatus({ phase: 'Completed', completionTime }, 'gold', NOW_MS);
  return migrationRecord(name, { status: { ...counted, ...status }, spec, record });
}
const failed = (name: string, hoursAgo: number, phase: MigrationOutcome = 'Failed'): VolumeMigrationRecord =>
  ended(name, hoursAgo, { status: { phase } });
const gold = (cooldownPeriod = '1h'): StoragePolicyRecord => policyRecord('gold', { cooldownPeriod });
const expired = (
  migrations: readonly VolumeMigrationRecord[],
  policies: readonly StoragePolicyRecord[] = [gold()],
): string[] => expiredMigrations(migrations, policies, NOW_MS).map(({ name }) => name);

describe('a migration that ended', () => {
  it('goes after a day, the earliest first', () => {
    const migrations = [ended('v-1-1', 25), ended('v-2-1', 30), ended('v-3-1', 24), ended('v-4-1', 23)];
    expect(expired(migrations)).toEqual(['v-2-1', 'v-1-1']);
  });

  it('goes after the cooldown of its policy, where that is longer', () => {
    const migrations = [ended('v-1-1', 73), ended('v-2-1', 71)];
    expect(expired(migrations, [gold('72h')])).toEqual(['v-1-1']);
  });

  it.each<[string, VolumeMigrationRecord]>([
    ['has not ended', ended('v-1-1', 99, { status: { phase: 'Syncing' } })],
    ['has not begun', migrationRecord('v-1-1')],
    ['is not counted yet', ended('v-1-1', 99, { status: { conditions: [] } })],
    ['left an extra replica', ended('v-1-1', 99, { status: { phase: 'Aborted', extraReplica } })],
    [
      'preserved its source, though nobody wrote that down',
      ended('v-1-1', 99, {
        spec: { preservationMode: true, plan: { steps: ['Add', 'Sync', 'Verify'], replicaCount: 2 } },
      }),
    ],
    ['only rehearsed', ended('v-1-1', 99, { spec: { dryRun: true } })],
    ['is deleted already', ended('v-1-1', 99, { record: { deleting: true } })],
    ['does not say when it ended', ended('v-1-1', 99, { status: { completionTime: undefined } })],
    ['belongs to a policy that is gone', ended('v-1-1', 99, { spec: { policyRef: { name: 'gone' } } })],
    ['cannot be read', { ...ended('v-1-1', 99), parsed: { kind: 'invalid', errors: [] } }],
  ])('stays if it %s', (_what, record) => {
    expect(expired([record])).toEqual([]);
  });

  it('stays while its policy cannot be read, and goes once its extra replica is removed', () => {
    expect(expired([ended('v-1-1', 99)], [policyRecord('gold', { highWatermarkIOPS: -1 })])).toEqual([]);
    const removed = { ...extraReplica, removedTime: extraReplica.recordedTime };
    expect(expired([ended('v-1-1', 99, { status: { phase: 'Aborted', extraReplica: removed } })])).toEqual(['v-1-1']);
  });

  it('stays as the last of its volume, and as the last that completed, while any policy could rest on it', () => {
    const policies = [gold(), policyRecord('silver', { cooldownPeriod: '100h' })];
    const migrations = [ended('v-1-1', 98), ended('v-1-2', 97), failed('v-1-3', 96), ended('v-2-1', 101)];
    expect(expired(migrations, policies)).toEqual(['v-2-1', 'v-1-1']);
  });

  it('stays while something older of its volume does', () => {
    const standing = ended('v-1-1', 99, { status: { phase: 'Aborted', extraReplica } });
    expect(expired([standing, ended('v-1-2', 90), ended('v-2-1', 80)])).toEqual(['v-2-1']);
  });

  it('stays as one of the failures in a row that the back-off counts, the last nine', () => {
    const failures = Array.from({ length: 12 }, (_, index) => failed(`v-1-${index + 1}`, 100 - index));
    const lately = failed('v-1-13', 2, 'Cancelled');
    expect(expired([...failures, lately])).toEqual(['v-1-1', 'v-1-2', 'v-1-3', 'v-1-4']);
    expect(expired([...failures, ended('v-1-13', 2)])).toHaveLength(12);
    expect(expired(failures)).toHaveLength(12);
  });

  it('is in the order that decisions have, when others of its volume ended in the same second', () => {
    const sameSecond = [failed('v-1-2', 109, 'Aborted'), failed('v-1-3', 109, 'Completed')];
    expect(expired([failed('v-1-1', 0), ...sameSecond], [gold('0h')])).toEqual(['v-1-3']);
  });

  it('never goes while the rest of its volume would be another without it', () => {
    const end = fc.record({
      phase: fc.constantFrom<MigrationOutcome>('Completed', 'Failed', 'Aborted', 'Cancelled'),
      hoursAgo: fc.integer({ min: 0, max: 120 }),
    });
    const factsOf = (record: VolumeMigrationRecord): MigrationFacts[] => {
      const status = statusOf(record);
      if (record.parsed.kind === 'invalid' || status === undefined) return [];
      const { volumeId } = record.parsed.value.spec;
      const rest = { from: 'Hot', to: 'Cold', targetPool: undefined, startedAtMs: undefined } as const;
      const completedAtMs = Date.parse(status.completionTime ?? '');
      const { phase } = status;
      return [{ ...rest, name: record.name, volumeId, policy: 'gold', phase, completedAtMs, extraReplica: false }];
    };
    fc.assert(
      fc.property(fc.array(end, { maxLength: 25 }), fc.integer({ min: 0, max: 90 }), (ends, cooldownHours) => {
        const migrations = ends.map(({ phase, hoursAgo }, index) => failed(`v-1-${index + 1}`, hoursAgo, phase));
        const gone = new Set(expired(migrations, [gold(`${cooldownHours}h`)]));
        const untilMs = (left: readonly VolumeMigrationRecord[]): number | undefined => {
          const cooldownPeriodMs = cooldownHours * HOUR_MS;
          const rest = restOf({ migrations: left.flatMap(factsOf), cooldownPeriodMs, wanted: 'Hot', nowMs: NOW_MS });
          return rest.kind === 'none' ? undefined : rest.untilMs;
        };
        expect(untilMs(migrations.filter(({ name }) => !gone.has(name)))).toBe(untilMs(migrations));
      }),
    );
  });
});

describe('MigrationRetention', () => {
  let clock: VirtualClock;
  let migrations: FakeVolumeMigrations;
  let policies: StoragePoliciesSnapshot;
  let stop: AbortController;
  let running: Promise<void>;
  /** After the first pause it looks. */
  const pass = (): Promise<void> => clock.advance(10 * 60_000);

  beforeEach(() => {
    clock = new VirtualClock(NOW_MS);
    migrations = new FakeVolumeMigrations();
    policies = { kind: 'ok', policies: [gold()] };
    stop = new AbortController();
    running = start();
  });

  const start = (maxMigrationsPerHour = 6): Promise<void> =>
    new MigrationRetention({
      policies: { snapshot: () => policies },
      migrations,
      maxMigrationsPerHour,
      clock,
      logger: nullLogger,
    }).run(stop.signal);

  afterEach(async () => {
    stop.abort();
    await running;
    expect(clock.pendingTimerCount).toBe(0);
  });

  it('removes what has expired, some at a time', async () => {
    for (let index = 0; index < 30; index += 1) migrations.put(ended(`v-${index}-1`, 60 - index / 10));
    migrations.put(ended('young-1', 1));
    await pass();
    expect(migrations.removed).toEqual(Array.from({ length: 20 }, (_, index) => `v-${index}-1`));
    await pass();
    expect([migrations.removed.length, [...migrations.stored.keys()]]).toEqual([30, ['young-1']]);
  });

  it('removes more within an hour than may start within one', async () => {
    stop.abort();
    await running;
    stop = new AbortController();
    running = start(1_000);
    const all = Array.from({ length: 1_100 }, (_, index) => ended(`v-${index}-1`, 2_000 - index));
    migrations.put(...all);
    await clock.advance(3_600_000);
    expect(migrations.removed).toHaveLength(1_100);
  });

  it('removes nothing while a cache may not be relied on', async () => {
    migrations.put(ended('v-1-1', 60));
    policies = { kind: 'refused', message: 'Not now.' };
    await pass();
    policies = { kind: 'ok', policies: [gold()] };
    migrations.isRefused = true;
    await pass();
    expect(migrations.removed).toEqual([]);
  });

  it('leaves off at a failure until the next time', async () => {
    migrations.put(ended('v-1-1', 60), ended('v-2-1', 50));
    migrations.before = () => {
      migrations.before = () => undefined;
      throw new CoucheStorError('unavailable', 'No answer.');
    };
    await pass();
    expect(migrations.removed).toEqual([]);
    await pass();
    expect(migrations.removed).toEqual(['v-1-1', 'v-2-1']);
  });

  it('ends with the leadership, in the middle of its work too', async () => {
    migrations.put(ended('v-1-1', 60), ended('v-2-1', 50));
    migrations.before = () => stop.abort();
    await pass();
    expect(migrations.removed).toEqual(['v-1-1']);
  });

  it('hides no broken invariant', async () => {
    migrations.put(ended('v-1-1', 60));
    migrations.before = () => {
      throw new InvariantError('This cannot be.');
    };
    const broken = expect(running).rejects.toThrow('This cannot be.');
    await pass();
    await broken;
    running = Promise.resolve();
  });
});
