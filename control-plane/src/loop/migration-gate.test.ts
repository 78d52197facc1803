import { beforeEach, describe, expect, it } from '@jest/globals';
import { formatTimestamp, type VolumeMigrationStatus } from '@couchestor/common/api';
import { VirtualClock } from '@couchestor/common/base';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import { decisionFixture, reportFixture } from '../model/decision.fixture.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { StoragePolicyLookup } from '../ports/storage-policies.ts';
import { MigrationGate } from './migration-gate.ts';
import { fact } from './migration-starter.fixture.ts';
import { migrationRecord } from './migrations.fixture.ts';
import { policyRecord } from './planning.fixture.ts';

const NOON_MS = Date.UTC(2025, 0, 1, 12);
const INTERVAL_MS = 60_000;
const NIGHTLY = [{ schedule: '0 22 * * *', timeZone: 'UTC', duration: '4h' }];

let clock: VirtualClock;
let lookup: StoragePolicyLookup;
let facts: MigrationFacts[];
let isReady: boolean;
let gate: MigrationGate;

beforeEach(() => {
  clock = new VirtualClock(NOON_MS);
  facts = [];
  isReady = true;
  policy();
  gate = gateOf();
});

function policy(changes: object = {}): void {
  lookup = { kind: 'found', policy: policyRecord('gold', { maxConcurrentMigrations: 10, ...changes }) };
}

function gateOf(settings: { atOnce?: number; perHour?: number } = {}): MigrationGate {
  const { atOnce = 5, perHour = 6 } = settings;
  return new MigrationGate({
    policies: { lookup: () => lookup },
    objects: {
      snapshot: () =>
        isReady
          ? { kind: 'ok', claims: [], nodeLabels: new Map(), migrations: facts }
          : { kind: 'refused', message: 'The cache is not ready.' },
    },
    settings: { maxConcurrentMigrations: atOnce, maxMigrationsPerHour: perHour },
    intervalMs: INTERVAL_MS,
    clock,
  });
}

/** Decided so many minutes ago; undefined: made by hand. */
function waiting(name: string, decidedMinutesAgo?: number, policyRef: object = {}): VolumeMigrationRecord {
  const decisionTime =
    decidedMinutesAgo === undefined ? undefined : formatTimestamp(clock.now() - decidedMinutesAgo * 60_000);
  const status: VolumeMigrationStatus = { phase: 'Pending' };
  const spec = {
    reason: { code: 'Demote', message: 'Cold.', decisionTime },
    policyRef: { name: 'gold', ...policyRef },
  };
  return migrationRecord(name, { status, spec: JSON.parse(JSON.stringify(spec)) as object });
}

function decided(stands: 'yes' | 'no' | 'unknown', changes: Partial<Decision> = {}): void {
  const { volumeId } = fact('v-1-1');
  const state = { migration: 'v-1-1', stands, reason: 'So it is.' };
  gate.offer(
    reportFixture({ decisions: [decisionFixture('v', 'Migrating', { volumeId, waiting: state, ...changes })] }),
  );
}

const reasonOf = (record: VolumeMigrationRecord): string => {
  const admission = gate.admit(record);
  return admission.kind === 'waits' ? admission.reason : admission.kind;
};
const begun = (name: string, minutesAgo: number, changes: Partial<MigrationFacts> = {}): MigrationFacts =>
  fact(name, { startedAtMs: clock.now() - minutesAgo * 60_000, ...changes });

describe('a migration that may begin', () => {
  it('has a policy that acts', () => {
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
    policy({ enabled: false });
    expect(reasonOf(waiting('v-1-1'))).toBe('PolicyDisabled');
    policy({ dryRun: true });
    expect(reasonOf(waiting('v-1-1'))).toBe('PolicyDryRun');
    policy({ storageClassName: '' });
    expect(reasonOf(waiting('v-1-1'))).toBe('PolicyNotAccepted');
    lookup = { kind: 'refused', message: 'Not now.' };
    expect(reasonOf(waiting('v-1-1'))).toBe('CacheNotReady');
  });

  it('waits for a policy that it names alone, and fails without the very one that it was made for', () => {
    expect(reasonOf(waiting('v-1-1', undefined, { uid: 'uid-gold' }))).toBe('admitted');
    expect(reasonOf(waiting('v-1-1', undefined, { uid: 'uid-before' }))).toBe('refused');
    lookup = { kind: 'absent' };
    expect(reasonOf(waiting('v-1-1'))).toBe('PolicyMissing');
    expect(reasonOf(waiting('v-1-1', undefined, { uid: 'uid-gold' }))).toBe('refused');
  });

  it('begins within a maintenance window', async () => {
    policy({ maintenanceWindows: NIGHTLY });
    expect(gate.admit(waiting('v-1-1'))).toMatchObject({
      reason: 'OutsideWindow',
      message: expect.stringContaining('2025-01-01T22:00'),
    });
    await clock.advance(11 * 3_600_000);
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
  });

  it('does not begin beside as many as may run, of its policy or of all', () => {
    const others = { policy: 'silver' };
    facts = [
      begun('v-2-1', 90),
      begun('v-3-1', 90),
      begun('v-4-1', 90, others),
      begun('v-1-1', 0, { phase: 'Pending' }),
    ];
    policy({ maxConcurrentMigrations: 2 });
    expect(reasonOf(waiting('v-1-1'))).toBe('PolicyLimit');
    policy();
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
    gate = gateOf({ atOnce: 3 });
    expect(reasonOf(waiting('v-1-1'))).toBe('OperatorLimit');
    facts = facts.map((one) => ({ ...one, phase: one.name === 'v-2-1' ? 'Completed' : one.phase }));
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
    isReady = false;
    expect(reasonOf(waiting('v-1-1'))).toBe('CacheNotReady');
  });

  it('is not kept waiting by others that wait', () => {
    facts = ['v-2-1', 'v-3-1'].map((name) => begun(name, 1, { phase: 'AwaitingApproval' }));
    policy({ maxConcurrentMigrations: 1 });
    gate = gateOf({ atOnce: 1, perHour: 1 });
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
  });

  it('counts from the moment in which it is let through, until a cache has shown it or should have', async () => {
    gate = gateOf({ atOnce: 1 });
    gate.begins(waiting('v-2-1'));
    expect(reasonOf(waiting('v-2-1'))).toBe('admitted');
    expect(reasonOf(waiting('v-1-1'))).toBe('OperatorLimit');
    facts = [begun('v-2-1', 0)];
    expect(reasonOf(waiting('v-1-1'))).toBe('OperatorLimit');
    facts = [begun('v-2-1', 0, { phase: 'Completed' })];
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
    gate.begins(waiting('v-3-1'));
    await clock.advance(61_000);
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
  });
});

describe('the hour', () => {
  it('is full with as many as began within it', async () => {
    gate = gateOf({ perHour: 2 });
    facts = [begun('v-2-1', 59, { phase: 'Completed' }), begun('v-3-1', 5, { phase: 'Failed' }), begun('v-4-1', 61)];
    expect(reasonOf(waiting('v-1-1'))).toBe('RateLimit');
    await clock.advance(60_000);
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
    gate.begins(waiting('v-5-1'));
    expect(reasonOf(waiting('v-1-1'))).toBe('RateLimit');
  });

  it('is not over because the wall clock steps', async () => {
    gate = gateOf({ perHour: 2 });
    facts = [begun('v-2-1', 5, { phase: 'Completed' })];
    gate.offer(reportFixture());
    gate.begins(waiting('v-3-1'));
    facts = [...facts, begun('v-3-1', 0)];
    clock.stepWall(2 * 3_600_000);
    expect(reasonOf(waiting('v-1-1'))).toBe('RateLimit');
    clock.stepWall(-4 * 3_600_000);
    expect(reasonOf(waiting('v-1-1'))).toBe('RateLimit');
    await clock.advance(56 * 60_000);
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
  });
});

describe('the decision that a migration was made for', () => {
  it('counts by itself while it is young, and then as long as rounds repeat it', async () => {
    expect(reasonOf(waiting('v-1-1', 9))).toBe('admitted');
    expect(reasonOf(waiting('v-1-1', 11))).toBe('DecisionUnknown');
    expect(reasonOf(waiting('v-1-1', -1))).toBe('DecisionUnknown');
    decided('yes');
    expect(reasonOf(waiting('v-1-1', 11))).toBe('admitted');
    expect(reasonOf(waiting('v-2-1', 11))).toBe('DecisionUnknown');
    await clock.advance(INTERVAL_MS + 5 * 60_000);
    expect(reasonOf(waiting('v-1-1', 11))).toBe('DecisionUnknown');
    decided('unknown');
    expect(reasonOf(waiting('v-1-1', 11))).toBe('DecisionUnknown');
  });

  it('is superseded by a round that says so, or by another policy that decides now', () => {
    decided('no');
    expect(gate.admit(waiting('v-1-1', 1))).toEqual({ kind: 'superseded', message: 'So it is.' });
    expect(reasonOf(waiting('v-1-2', 1))).toBe('admitted');
    decided('yes', { policy: { name: 'silver', uid: 'uid-silver', generation: 1 } });
    expect(gate.admit(waiting('v-1-1', 1))).toMatchObject({
      kind: 'superseded',
      message: expect.stringContaining('silver'),
    });
  });

  it('is not superseded by a round that could not rely on everything', () => {
    decided('yes');
    const unhealthy = { healthy: false, reason: 'Down', message: '' };
    gate.offer(reportFixture({ storage: unhealthy }));
    gate.offer(reportFixture({ kubernetes: unhealthy }));
    gate.offer(reportFixture({ decisions: undefined }));
    expect(reasonOf(waiting('v-1-1', 11))).toBe('admitted');
  });

  it("is nobody else's when a person made the object by hand", () => {
    decided('no');
    expect(reasonOf(waiting('v-1-1'))).toBe('admitted');
  });
});
