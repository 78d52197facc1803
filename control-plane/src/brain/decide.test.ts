import { describe, expect, it } from '@jest/globals';
import type { Tier } from '@couchestor/common/api';
import type { ClusterSnapshot, MigrationFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import type { Heat, HeatReading } from '../model/heat.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';
import {
  claimOf,
  HOUR_MS,
  knownHeat,
  migrationOf,
  NOW_MS,
  policyInput,
  poolOf,
  readingOf,
  SETTINGS,
  snapshotOf,
  TIERS,
  volumeId,
  volumeName,
  volumeOf,
} from './brain.fixture.ts';
import { decide } from './decide.ts';

const POOLS = TIERS.flatMap((tier) => [0, 1, 2].map((index) => poolOf(tier, index)));

function poolsIn(tier: Tier, count: number): typeof POOLS {
  return POOLS.filter(({ labels }) => labels.tier === tier.toLowerCase()).slice(0, count);
}

interface Case {
  readonly iops?: number | Heat;
  readonly tier?: Tier;
  readonly volume?: Partial<VolumeFacts>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly policy?: Partial<PolicyInput>;
  readonly settings?: Partial<OperatorSettings>;
  readonly migrations?: readonly MigrationFacts[];
  readonly nowMs?: number;
}

/** The decision about one volume of two replicas: published, healthy and, unless said otherwise, Cold and busy. */
function decideOne(given: Case = {}): Decision {
  const { iops = 5000, tier = 'Cold', volume, annotations = {}, spec, policy, settings, migrations = [] } = given;
  const decisions = decide({
    snapshot: snapshotOf({
      claims: [claimOf(1, { annotations })],
      volumes: [volumeOf(1, poolsIn(tier, 2), volume)],
      pools: POOLS,
      migrations,
    }),
    policies: [policyInput('policy', spec, policy)],
    heat: readingOf(new Map([[1, iops]])),
    settings: { ...SETTINGS, ...settings },
    nowMs: given.nowMs ?? NOW_MS,
  });
  expect(decisions).toHaveLength(1);
  return decisions[0]!;
}

/** Volumes of these numbers, all Cold and busy, and their decisions as `code` by number. */
function decideMany(
  count: number,
  policies: readonly PolicyInput[],
  settings: Partial<OperatorSettings> = {},
  rest: Partial<ClusterSnapshot> = {},
): Decision[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const snapshot = snapshotOf({
    claims: numbers.map((index) => claimOf(index, { labels: { half: index % 2 === 0 ? 'even' : 'odd' } })),
    volumes: numbers.map((index) => volumeOf(index, poolsIn('Cold', 1))),
    pools: POOLS,
  });
  const heat = readingOf(new Map(numbers.map((index) => [index, 5000 + index])));
  return [
    ...decide({
      snapshot: { ...snapshot, ...rest },
      policies,
      heat,
      settings: { ...SETTINGS, ...settings },
      nowMs: NOW_MS,
    }),
  ];
}

const codesOf = (decisions: readonly Decision[]): string[] => decisions.map(({ code }) => code);

describe('the decision about a volume', () => {
  it('is a move with everything it rests on', () => {
    const decision = decideOne();
    expect(decision).toMatchObject({
      volumeId: volumeId(1),
      volumeName: volumeName(1),
      claim: { namespace: 'default', name: 'data-1', uid: 'uid-1' },
      policy: { name: 'policy', uid: 'uid-policy', generation: 1 },
      conflictingPolicies: [],
      decidedAtMs: NOW_MS,
      outcome: 'Move',
      code: 'Promote',
      dryRun: false,
      preservation: false,
      placement: 'Cold',
      replicas: [
        { pool: 'cold-0', tier: 'Cold' },
        { pool: 'cold-1', tier: 'Cold' },
      ],
      heat: { kind: 'known', iops: 5000 },
      thresholds: {
        lowWatermarkIOPS: 100,
        warmWatermarkIOPS: 200,
        highWatermarkIOPS: 1000,
        minimumCoverage: 0.5,
        hasWarmTier: true,
      },
      wanted: { tier: 'Hot', reason: 'HeatAtOrAboveHigh' },
      move: { source: { tier: 'Cold' }, target: { tier: 'Hot' }, remainingReplicaCount: 1, benefit: 2e15 + 5000 },
      remedies: [],
      earliestChangeMs: undefined,
    });
    expect(decision.candidates.length).toBeGreaterThan(0);
    expect(decision.reason).toMatch(
      /^One replica moves from pool cold-\d \(Cold\) on node node-cold-\d to pool hot-\d \(Hot\) on node node-hot-\d because its heat of 5000 IOPS is at or above the high watermark of 1000, and 1 more follow\.$/,
    );
  });

  it.each<[number, Tier, string]>([
    [0, 'Hot', 'Demote'],
    [100, 'Hot', 'Demote'],
    [100.01, 'Hot', 'BetweenWatermarks'],
    [199.99, 'Hot', 'BetweenWatermarks'],
    [200, 'Hot', 'Demote'],
    [200, 'Cold', 'Promote'],
    [999.99, 'Warm', 'AtTarget'],
    [1000, 'Warm', 'Promote'],
    [1000, 'Hot', 'AtTarget'],
    [100, 'Cold', 'AtTarget'],
  ])('at %p IOPS in the %s tier is %s', (iops, tier, expected) => {
    expect(decideOne({ iops, tier }).code).toBe(expected);
  });

  it('in the warm band without warm pools is to stay', () => {
    const decision = decideOne({ iops: 500, spec: { warmPoolSelector: undefined } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'NoWarmTier', wanted: undefined });
    expect(decision.reason).toBe(
      'Its heat of 500 IOPS is from the warm watermark of 200 up to the high one of 1000, and the policy has no warmPoolSelector, so the volume stays where it is.',
    );
  });

  it('completes a move of which some replicas are done, whatever the cooldown', () => {
    const decision = decideOne({
      iops: 0,
      volume: { replicas: volumeOf(1, [...poolsIn('Cold', 1), ...poolsIn('Hot', 1)]).replicas },
      migrations: [migrationOf(1, 'm', { completedAtMs: NOW_MS - 1 })],
    });
    expect(decision).toMatchObject({
      outcome: 'Move',
      code: 'Complete',
      placement: 'Mixed',
      move: { target: { tier: 'Cold' } },
    });
  });

  it('is made by the policy of its claim only, and names the others that match', () => {
    const policies = [policyInput('younger', {}, { createdAtMs: NOW_MS }), policyInput('older')];
    expect(decideMany(1, policies)).toMatchObject([{ policy: { name: 'older' }, conflictingPolicies: ['younger'] }]);
  });

  it('waits for a policy that is not accepted', () => {
    expect(decideOne({ policy: { accepted: false } })).toMatchObject({ outcome: 'Stay', code: 'PolicyNotAccepted' });
  });

  it('is blocked where the storage system has no such volume', () => {
    const [decision] = decideMany(
      1,
      [policyInput()],
      {},
      { storage: snapshotOf({ claims: [], volumes: [], pools: POOLS }).storage },
    );
    expect(decision).toMatchObject({
      outcome: 'Blocked',
      code: 'VolumeMissing',
      placement: 'Unassigned',
      replicas: [],
    });
    expect(decision?.remedies).not.toEqual([]);
  });

  it('waits for a migration that runs, of whatever policy', () => {
    const running = migrationOf(1, 'm', { phase: 'Syncing', policy: 'gone', completedAtMs: undefined });
    const decision = decideOne({ annotations: { 'opt-out': 'true' }, migrations: [running] });
    expect(decision).toMatchObject({ outcome: 'Wait', code: 'Migrating' });
    expect(decision.reason).toBe('Migration m of policy gone from Hot to Cold is Syncing.');
  });

  it('carries over what planning finds impossible', () => {
    const decision = decideOne({ volume: { target: undefined } });
    expect(decision).toMatchObject({
      outcome: 'Blocked',
      code: 'Unpublished',
      move: undefined,
      wanted: { tier: 'Hot' },
    });
    expect(decision.remedies).not.toEqual([]);
    const extra = migrationOf(1, 'm', { phase: 'Aborted', extraReplica: true, completedAtMs: 0 });
    expect(decideOne({ migrations: [extra] })).toMatchObject({ code: 'ExtraReplica' });
  });
});

describe('unknown heat', () => {
  const unknown: Heat = { kind: 'unknown', reason: 'Stale', message: 'The newest sample is 2h old' };

  it('moves nothing, pinned or not (pitfall: no samples became heat 0, and an outage demoted the fleet)', () => {
    for (const annotations of [{}, { pin: 'hot' }, { 'minimum-tier': 'hot' }]) {
      expect(decideOne({ iops: unknown, annotations })).toMatchObject({
        outcome: 'Stay',
        code: 'HeatUnknown',
        wanted: undefined,
      });
    }
    expect(decideOne({ iops: unknown }).reason).toBe(
      'Unknown heat moves no data (Stale): The newest sample is 2h old.',
    );
  });

  it('is that of every volume while telemetry is unavailable, and of one without a series', () => {
    const unavailable: HeatReading = {
      kind: 'unavailable',
      windowMs: HOUR_MS,
      reason: 'Timeout',
      message: 'Too slow.',
      readAtMs: NOW_MS,
    };
    const snapshot = snapshotOf({ claims: [claimOf(1)], volumes: [volumeOf(1, poolsIn('Hot', 1))], pools: POOLS });
    for (const heat of [() => unavailable, readingOf(new Map())]) {
      const input = { snapshot, policies: [policyInput()], heat, settings: SETTINGS, nowMs: NOW_MS };
      expect(codesOf(decide(input))).toEqual(['HeatUnknown']);
    }
  });

  it.each([NaN, Infinity, -1])('is also one of %p IOPS', (iops) => {
    expect(decideOne({ iops }).code).toBe('HeatUnknown');
  });

  it('is not what too few samples give, but moves as little', () => {
    const decision = decideOne({ iops: knownHeat(5000, 0.4999), annotations: { pin: 'hot' } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'LowCoverage' });
    expect(decision.reason).toBe(
      'Samples cover 49.9% of the sampling window (30 of 60 steps), and policy policy asks for at least 50%.',
    );
    expect(decideOne({ iops: knownHeat(5000, 0.5) }).code).toBe('Promote');
    expect(decideOne({ iops: knownHeat(5000, NaN) }).code).toBe('LowCoverage');
  });
});

describe('the annotations of a claim', () => {
  const until = '2026-02-17T13:00:00Z';

  it('pin a volume, and say until when nothing changes', () => {
    expect(decideOne({ iops: 0, annotations: { pin: 'hot' } })).toMatchObject({
      code: 'Promote',
      wanted: { tier: 'Hot', reason: 'Pinned' },
    });
    expect(decideOne({ iops: 0, tier: 'Hot', annotations: { pin: 'hot', until } })).toMatchObject({
      code: 'AtTarget',
      earliestChangeMs: Date.parse(until),
    });
    expect(decideOne({ iops: 0, tier: 'Hot', annotations: { pin: 'hot', until }, nowMs: Date.parse(until) }).code).toBe(
      'Demote',
    );
    expect(decideOne({ tier: 'Hot', annotations: { until } }).earliestChangeMs).toBeUndefined();
  });

  it('keep a volume out, for a time or for good', () => {
    const decision = decideOne({ annotations: { 'opt-out': 'true', until } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'OptedOut', earliestChangeMs: Date.parse(until) });
    expect(decision.reason).toContain(`until ${until}`);
    expect(decideOne({ annotations: { 'opt-out': 'true' } }).earliestChangeMs).toBeUndefined();
  });

  it('keep it where it is when they cannot be understood', () => {
    const decision = decideOne({ annotations: { pin: 'nvme' } });
    expect(decision).toMatchObject({ outcome: 'Stay', code: 'InvalidAnnotation', wishes: { kind: 'invalid' } });
    expect(decision.reason).toBe(
      'The volume stays where it is: the claim\'s annotation storage.billyronks.io/pin is "nvme"; write hot or warm or cold.',
    );
  });
});

describe('a move that is possible', () => {
  const earlier = migrationOf(1, 'm');

  it('waits for the end of the cooldown, which the migrations on record tell (pitfall: it was never written)', () => {
    const decision = decideOne({ migrations: [earlier] });
    expect(decision).toMatchObject({
      outcome: 'Wait',
      code: 'CoolingDown',
      move: { target: { tier: 'Hot' } },
      earliestChangeMs: NOW_MS + 23 * HOUR_MS,
    });
    expect(decision.reason).toBe(
      'Migration m brought a replica to Cold at 2026-02-17T11:00:00Z, and the cooldown of 1d lasts until 2026-02-18T11:00:00Z.',
    );
    expect(decideOne({ migrations: [earlier], nowMs: NOW_MS + 23 * HOUR_MS }).code).toBe('Promote');
    expect(decideOne({ migrations: [earlier], spec: { cooldownPeriod: '1h' } }).code).toBe('Promote');
  });

  it('waits after a failure', () => {
    const failed = migrationOf(1, 'm', { phase: 'Failed', completedAtMs: NOW_MS });
    const decision = decideOne({ migrations: [failed] });
    expect(decision).toMatchObject({ outcome: 'Wait', code: 'BackingOff', earliestChangeMs: NOW_MS + 600_000 });
    expect(decision.reason).toBe(
      'Migration m did not succeed (2026-02-17T12:00:00Z), and the next attempt comes no earlier than 2026-02-17T12:10:00Z.',
    );
  });

  it('waits for a maintenance window', () => {
    const spec = { maintenanceWindows: [{ schedule: '0 22 * * *', duration: '2h', timeZone: 'Europe/Berlin' }] };
    const decision = decideOne({ spec });
    const opensMs = Date.parse('2026-02-17T21:00:00Z');
    expect(decision).toMatchObject({ outcome: 'Wait', code: 'OutsideWindow', earliestChangeMs: opensMs });
    expect(decision.reason).toContain('the next one opens at 2026-02-17T21:00:00Z');
    expect(decideOne({ spec, nowMs: opensMs }).code).toBe('Promote');
  });

  it('changes when its wishes end, if that is earlier than what it waits for', () => {
    const annotations = { pin: 'hot', until: '2026-02-17T12:30:00Z' };
    expect(decideOne({ annotations, migrations: [earlier] }).earliestChangeMs).toBe(NOW_MS + HOUR_MS / 2);
  });

  it('is only reported by a dry run, and removes nothing in preservation mode: of the policy or of the operator', () => {
    expect(decideOne({ spec: { dryRun: true } })).toMatchObject({ code: 'Promote', dryRun: true });
    expect(decideOne({ settings: { dryRun: true } })).toMatchObject({ code: 'Promote', dryRun: true });
    for (const decision of [
      decideOne({ spec: { preservationMode: true } }),
      decideOne({ settings: { preservationMode: true } }),
    ]) {
      expect(decision).toMatchObject({ preservation: true, move: { removal: 'Preserved' } });
      expect(decision.reason).toMatch(/^One replica is copied from/);
    }
  });
});

describe('several moves', () => {
  it('start up to the limit of the policy, those with the greatest benefit', () => {
    const decisions = decideMany(4, [policyInput('policy', { maxConcurrentMigrations: 2 })]);
    expect(codesOf(decisions)).toEqual(['PolicyLimit', 'PolicyLimit', 'Promote', 'Promote']);
    expect(decisions[0]).toMatchObject({ outcome: 'Wait', move: { target: { tier: 'Hot' } } });
    expect(decisions[0]?.reason).toBe(
      'Policy policy has 2 migrations that run or start now, and its maxConcurrentMigrations is 2.',
    );
  });

  it('start up to the limit of the operator over all policies, and count those that run', () => {
    const policies = ['even', 'odd'].map((half) =>
      policyInput(half, { volumeSelector: { matchLabels: { half } }, maxConcurrentMigrations: 3 }),
    );
    const running = migrationOf(99, 'm', { phase: 'AwaitingApproval', policy: 'even', completedAtMs: undefined });
    const decisions = decideMany(6, policies, { maxConcurrentMigrations: 4 }, { migrations: [running] });
    expect(codesOf(decisions)).toEqual([
      'OperatorLimit',
      'PolicyLimit',
      'OperatorLimit',
      'Promote',
      'Promote',
      'Promote',
    ]);
    expect(decisions[0]?.reason).toContain('--max-concurrent-migrations is 4');
  });

  it('of a dry run take nothing away from policies that really move', () => {
    const trial = policyInput('even', { volumeSelector: { matchLabels: { half: 'even' } }, dryRun: true });
    const real = policyInput('odd', { volumeSelector: { matchLabels: { half: 'odd' } } });
    const both = decideMany(2, [trial, real], { maxConcurrentMigrations: 1 });
    expect(codesOf(both)).toEqual(['Promote', 'Promote']);
    const reversed = decideMany(3, [trial, real], { maxConcurrentMigrations: 1 });
    expect(codesOf(reversed)).toEqual(['OperatorLimit', 'OperatorLimit', 'Promote']);
  });

  it('are read from one reading for each sampling window', () => {
    const asked: number[] = [];
    const reading = readingOf(new Map([[1, 0]]));
    const snapshot = snapshotOf({
      claims: [1, 2, 3].map((index) => claimOf(index, {}, { storageClassName: `c${index}` })),
      volumes: [],
      pools: POOLS,
    });
    const policies = [1, 2, 3].map((index) =>
      policyInput(`p${index}`, { storageClassName: `c${index}`, samplingWindow: index === 3 ? '2h' : '1h' }),
    );
    decide({
      snapshot,
      policies,
      heat: (windowMs) => (asked.push(windowMs), reading(windowMs)),
      settings: SETTINGS,
      nowMs: NOW_MS,
    });
    expect(asked).toEqual([HOUR_MS, 2 * HOUR_MS]);
  });
});
