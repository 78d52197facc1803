import { describe, expect, it } from '@jest/globals';
import { findCondition, parseStoragePolicy, type Condition, type StoragePolicyStatus } from '@couchestor/common/api';
import { parsePoolName, parseVolumeId } from '@couchestor/common/base';
import { decisionOf, known, NOW_MS, promotion } from '../explain/decision.fixture.ts';
import type { Decision } from '../../model/decision.ts';
import { acceptedStatus, policyStatus, stalledStatus, type PolicyRound } from './policy-status.ts';
import type { Status } from './status-changes.ts';
import type { StoragePolicyRecord } from '../../model/storage-policy-record.ts';

const MINUTE_MS = 60_000;
const MINUTES_5 = 5 * MINUTE_MS;
const totals = { succeeded: 7, failed: 1, aborted: 2, cancelled: 3 };
const history = [
  {
    migration: 'typical-1',
    volumeId: 'v-1',
    from: 'Cold',
    to: 'Hot',
    outcome: 'Completed',
    completionTime: '2026-02-01T00:00:00Z',
  },
];

function documentOf(spec: object, status: Status = {}): object {
  return {
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'StoragePolicy',
    metadata: { name: 'typical' },
    spec: {
      highWatermarkIOPS: 5000,
      lowWatermarkIOPS: 500,
      storageClassName: 'mayastor',
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
      ...spec,
    },
    status,
  };
}

const policyOf = (status: Status = {}, spec: object = {}, generation = 3): StoragePolicyRecord => ({
  name: 'typical',
  uid: 'p-1',
  generation,
  parsed: parseStoragePolicy(documentOf(spec)),
  status,
});
const fine = { healthy: true, reason: 'Answering', message: 'It answers.' };
const broken = { healthy: false, reason: 'Unreachable', message: 'It does not answer.' };
const roundOf = (decisions: readonly Decision[] | undefined, fields: Partial<PolicyRound> = {}): PolicyRound => ({
  decisions,
  telemetry: fine,
  storage: fine,
  conflicts: [],
  activeMigrations: 0,
  awaitingApproval: 0,
  ended: [],
  roundAtMs: NOW_MS,
  ...fields,
});
const named = (decision: Decision, name: string): Decision => ({
  ...decision,
  volumeId: parseVolumeId(name),
  volumeName: name,
});
/** As it comes back from the API. */
const stored = (status: Status | undefined): Status => JSON.parse(JSON.stringify(status)) as Status;
const conditionsOf = (status: Status | undefined): readonly Condition[] => status?.conditions as readonly Condition[];
/** In a round `afterMs` later, on what an earlier round has left. */
const later = (before: Status, round: PolicyRound, afterMs = MINUTE_MS): Status | undefined =>
  policyStatus(policyOf(before), { ...round, roundAtMs: NOW_MS + afterMs }, NOW_MS + afterMs);

const moving = decisionOf('Promote', { move: promotion });

describe('Tiering 6: totals, history and observedGeneration survive every reconcile', () => {
  const other: Condition = {
    type: 'Reviewed',
    status: 'True',
    reason: 'ByJane',
    message: '',
    lastTransitionTime: '2024-01-01T00:00:00Z',
  };
  const before = { totals, history, conditions: [other], unknown: { kept: true } };

  it.each<[string, PolicyRound, object]>([
    ['a round with decisions', roundOf([moving]), {}],
    ['a round without any', roundOf([]), {}],
    ['a round that could decide nothing', roundOf(undefined, { storage: broken, telemetry: broken }), {}],
    ['a policy that is switched off', roundOf([]), { enabled: false }],
    ['a policy that cannot be read', roundOf([]), { highWatermarkIOPS: -1 }],
  ])('%s', (_what, round, spec) => {
    const status = policyStatus(policyOf(before, spec), round, NOW_MS);
    expect(status).toMatchObject({ totals, history, unknown: { kept: true }, observedGeneration: 3 });
    expect(conditionsOf(status)[0]).toEqual(other);
    expect(findCondition(conditionsOf(status), 'Accepted')?.observedGeneration).toBe(3);
  });

  it('and nothing is made up where there is nothing', () => {
    const status = policyStatus(policyOf(), roundOf([moving]), NOW_MS);
    expect(status).not.toHaveProperty('totals');
    expect(status).not.toHaveProperty('history');
  });
});

describe('the status after a round', () => {
  const decisions = [
    named(decisionOf('AtTarget', { placement: 'Hot' }), 'v-1'),
    named(decisionOf('HeatUnknown', { heat: { kind: 'unknown', reason: 'NoSeries', message: 'None.' } }), 'v-2'),
    named(decisionOf('CoolingDown', { placement: 'Mixed', earliestChangeMs: NOW_MS + 1 }), 'v-3'),
    named(decisionOf('NoPool', { placement: 'Warm' }), 'v-4'),
    named({ ...moving, claim: undefined, dryRun: true }, 'v-5'),
    named(decisionOf('HeatUnknown', { placement: 'Unassigned', heat: known(NaN) }), 'v-0'),
  ];
  const status = policyStatus(policyOf(), roundOf(decisions, { activeMigrations: 2, awaitingApproval: 1 }), NOW_MS);

  it('counts', () => {
    expect(status).toMatchObject({
      lastReconcileTime: '2026-02-17T09:30:00Z',
      activeMigrations: 2,
      awaitingApproval: 1,
      volumes: { watched: 6, hot: 1, warm: 1, cold: 2, mixed: 1, unassigned: 1, unknownHeat: 2 },
      decisionCounts: { move: 1, wait: 1, blocked: 1, stay: 3 },
    });
  });

  it('lists the decisions, the most telling first', () => {
    expect((status as StoragePolicyStatus).decisions?.map(({ volumeName, code }) => [volumeName, code])).toEqual([
      ['v-5', 'Promote'],
      ['v-4', 'NoPool'],
      ['v-3', 'CoolingDown'],
      ['v-0', 'HeatUnknown'],
      ['v-2', 'HeatUnknown'],
      ['v-1', 'AtTarget'],
    ]);
  });

  it('tells of each what there is to tell', () => {
    const [move, , waiting, unknown] = (status as StoragePolicyStatus).decisions ?? [];
    expect(move).toEqual({
      volumeId: 'v-5',
      volumeName: 'v-5',
      outcome: 'Move',
      code: 'Promote',
      from: 'Cold',
      to: 'Hot',
      sourcePool: 'cold-a',
      targetPool: 'hot-c',
      heatIOPS: 6200.4,
      coveragePercent: 97,
      message: expect.stringMatching(/^Dry run: volume v-5 \(without a claim\) would be promoted/),
      since: '2026-02-17T09:30:00Z',
      dryRun: true,
    });
    // Not before the truth, though the API has whole seconds.
    expect(waiting).toMatchObject({ earliestChangeTime: '2026-02-17T09:30:01Z', claim: { name: 'orders' } });
    expect(unknown).not.toHaveProperty('heatIOPS');
  });

  it('passes the parser at its largest, and stays small enough to be stored', () => {
    const long = 'n'.repeat(253);
    const longest = Array.from({ length: 300 }, (_, index) => ({
      ...moving,
      volumeId: parseVolumeId(`${'v'.repeat(60)}${String(index).padStart(3, '0')}`),
      volumeName: long,
      claim: { namespace: 'n'.repeat(63), name: long, uid: 'u' },
      heat: known(1e9, 1),
      move: { ...promotion, target: { ...promotion.target, pool: parsePoolName('p'.repeat(63)) } },
      // The end of a cooldown of ten thousand years, which no API takes for a time.
      earliestChangeMs: Date.UTC(12_026, 0),
    }));
    const large = stored(policyStatus(policyOf(), roundOf(longest), NOW_MS)) as StoragePolicyStatus;
    expect(parseStoragePolicy(documentOf({}, { ...large }))).toMatchObject({ kind: 'ok' });
    expect(large.decisions).toHaveLength(100);
    expect(large.decisionCounts).toMatchObject({ move: 300 });
    expect(JSON.stringify(large).length).toBeLessThan(100 * 2.5 * 1024);
  });
});

describe('the conditions of a round', () => {
  it('tell of telemetry and storage', () => {
    const status = policyStatus(policyOf(), roundOf([], { telemetry: broken }), NOW_MS);
    expect(conditionsOf(status)).toMatchObject([
      { type: 'Accepted', status: 'True', reason: 'Valid' },
      { type: 'TelemetryHealthy', status: 'False', reason: 'Unreachable', observedGeneration: 3 },
      { type: 'StorageHealthy', status: 'True', reason: 'Answering' },
    ]);
  });

  it('name the older policies that decide, as long as there are some', () => {
    const conflicts = [
      { policy: 'b', volumeCount: 2 },
      { policy: 'a', volumeCount: 1 },
    ];
    const status = stored(policyStatus(policyOf(), roundOf([], { conflicts }), NOW_MS));
    expect(findCondition(conditionsOf(status), 'Conflict')).toMatchObject({
      status: 'True',
      message:
        '3 volumes that this policy matches are decided about by older policies: a (1), b (2). Narrow a volumeSelector so that one policy matches each volume.',
    });
    const one = policyStatus(policyOf(), roundOf([], { conflicts: conflicts.slice(1) }), NOW_MS);
    expect(findCondition(conditionsOf(one), 'Conflict')?.message).toMatch(/^1 volume that this policy matches is /);
    // Where nothing was decided nobody looked for conflicts.
    const undecided = later(status, roundOf(undefined, { storage: broken }));
    expect(findCondition(conditionsOf(undecided), 'Conflict')).toBeDefined();
    expect(findCondition(conditionsOf(later(status, roundOf([]))), 'Conflict')).toBeUndefined();
  });

  it('are cut to what the API takes', () => {
    const conflicts = Array.from({ length: 60 }, (_, index) => ({
      policy: `p${index}-${'x'.repeat(60)}`,
      volumeCount: 1,
    }));
    const message = findCondition(
      conditionsOf(policyStatus(policyOf(), roundOf([], { conflicts }), NOW_MS)),
      'Conflict',
    )?.message;
    expect(message).toMatch(/ and 50 more\. Narrow/);
    const ten = policyStatus(policyOf(), roundOf([], { conflicts: conflicts.slice(0, 10) }), NOW_MS);
    expect(findCondition(conditionsOf(ten), 'Conflict')?.message).not.toMatch(/more/);
    expect(Array.from(message ?? '').length).toBeLessThanOrEqual(1024);
  });

  it('are taken back from a policy that is switched off, whose counts are zero and which says so', () => {
    const before = stored(policyStatus(policyOf(), roundOf([moving]), NOW_MS));
    const status = policyStatus(policyOf(before, { enabled: false }, 4), roundOf(undefined), NOW_MS);
    expect(status).toMatchObject({
      volumes: { watched: 0, cold: 0 },
      decisionCounts: { move: 0, stay: 0 },
      decisions: [],
      observedGeneration: 4,
    });
    expect(conditionsOf(status)).toMatchObject([{ type: 'Accepted', status: 'True', reason: 'Disabled' }]);
  });

  it('end what held up the policy', () => {
    const stalled = stored(stalledStatus(policyOf(), { reason: 'Forbidden', message: 'No.' }, NOW_MS));
    expect(conditionsOf(stalled)).toMatchObject([{ type: 'Stalled' }]);
    const after = policyStatus(policyOf(stalled), roundOf([]), NOW_MS);
    expect(findCondition(conditionsOf(after), 'Stalled')).toBeUndefined();
    expect(conditionsOf(acceptedStatus(policyOf(stalled), NOW_MS))).toMatchObject([{ type: 'Accepted' }]);
  });

  it('that follow from the spec, or from a failure, are written once', () => {
    const accepted = stored(acceptedStatus(policyOf(), NOW_MS));
    expect(acceptedStatus(policyOf(accepted), NOW_MS + MINUTE_MS)).toBeUndefined();
    expect(acceptedStatus(policyOf(accepted, {}, 4), NOW_MS)).toMatchObject({ observedGeneration: 4 });
    expect(acceptedStatus(policyOf({ ...accepted, observedGeneration: 2 }), NOW_MS)).toEqual(accepted);
    const failure = { reason: 'Forbidden', message: 'No.' };
    const stalled = stored(stalledStatus(policyOf(accepted), failure, NOW_MS));
    expect(stalledStatus(policyOf(stalled), failure, NOW_MS + MINUTE_MS)).toBeUndefined();
    expect(stalledStatus(policyOf(stalled), { ...failure, reason: 'Invalid' }, NOW_MS)).toBeDefined();
  });
});

describe('what is worth a write', () => {
  const before = stored(policyStatus(policyOf(), roundOf([moving]), NOW_MS));
  const jitter = roundOf([{ ...moving, heat: known(6_300), earliestChangeMs: NOW_MS + 9 * MINUTE_MS }], {
    telemetry: { ...fine, message: 'It answers in 3 ms.' },
  });

  it('nothing, when only heat, wording and time are new', () => {
    expect(later(before, jitter)).toBeUndefined();
    expect(later(before, jitter, MINUTES_5 - 1)).toBeUndefined();
  });

  it('even these when they are five minutes old, or of a clock that was set back', () => {
    expect(later(before, jitter, MINUTES_5)).toMatchObject({
      lastReconcileTime: '2026-02-17T09:35:00Z',
      decisions: [{ heatIOPS: 6300, since: '2026-02-17T09:30:00Z' }],
    });
    expect(later(before, roundOf([moving]), MINUTES_5)).toBeDefined();
    expect(later(before, roundOf([moving]), -MINUTES_5)).toBeDefined();
  });

  it.each<[string, PolicyRound]>([
    [
      'another target',
      roundOf([{ ...moving, move: { ...promotion, target: { ...promotion.target, pool: parsePoolName('hot-d') } } }]),
    ],
    ['another code', roundOf([decisionOf('OutsideWindow', { move: promotion })])],
    ['another place', roundOf([{ ...moving, placement: 'Mixed' }])],
    ['a volume more', roundOf([moving, named(moving, 'v-2')])],
    ['a volume less', roundOf([])],
    ['a migration that started', roundOf([moving], { activeMigrations: 1 })],
    ['telemetry that fails', roundOf([moving], { telemetry: broken })],
    ['a conflict', roundOf([moving], { conflicts: [{ policy: 'a', volumeCount: 1 }] })],
  ])('at once: %s', (_what, round) => {
    expect(later(before, round)).toBeDefined();
  });

  it('since when a decision holds changes with outcome, code or tier alone', () => {
    const since = (round: PolicyRound) => (later(before, round) as StoragePolicyStatus).decisions?.[0]?.since;
    expect(since(roundOf([{ ...moving, placement: 'Mixed' }]))).toBe('2026-02-17T09:30:00Z');
    expect(since(roundOf([decisionOf('PolicyLimit')]))).toBe('2026-02-17T09:31:00Z');
    expect(since(roundOf([{ ...moving, wanted: { tier: 'Warm', reason: 'Pinned' } }]))).toBe('2026-02-17T09:31:00Z');
  });

  it('keeps what was decided while nothing can be decided, and writes that once', () => {
    const round = roundOf(undefined, { storage: broken });
    const status = stored(later(before, round));
    expect(status).toMatchObject({ decisions: before.decisions, volumes: before.volumes });
    expect(status.lastReconcileTime).toBe(before.lastReconcileTime);
    const again = { ...round, storage: { ...broken, message: 'It still does not answer.' } };
    expect(later(status, again, 9 * MINUTES_5)).toBeUndefined();
  });

  it('nothing of a round that decided by another version or incarnation of the policy', () => {
    expect(policyStatus(policyOf(before, {}, 4), roundOf([moving]), NOW_MS)).toBeUndefined();
    const recreated = { ...moving, policy: { ...moving.policy, uid: 'p-2' } };
    expect(policyStatus(policyOf(), roundOf([recreated]), NOW_MS)).toBeUndefined();
  });

  it('survives a stored status of any shape', () => {
    const odd = { decisions: [null, 7, { volumeId: moving.volumeId }], lastReconcileTime: 5 };
    for (const conditions of ['none', [null, 7, {}, { type: 'Accepted' }]]) {
      const status = stored(policyStatus(policyOf({ ...odd, conditions }), roundOf([moving]), NOW_MS));
      expect(parseStoragePolicy(documentOf({}, status))).toMatchObject({ kind: 'ok' });
    }
  });
});
