import { describe, expect, it } from '@jest/globals';
import { DECISION_CODES, type CandidatePool, type Decision, type DecisionCode } from '../../model/decision.ts';
import { decisionOf, evidence, HOUR_MS, known, NOW_MS, place, promotion, replica } from './decision.fixture.ts';
import { explain } from './explain.ts';

const COLD = 'It is in the cold tier now, in the pools cold-a on node-1 and cold-b on node-2.';
const HOT = 'It is in the hot tier now, in pool hot-a on node-1.';
const served = (iops: string) =>
  `Over the last hour it served ${iops} IOPS, recent samples counting most, with samples for 97 % of that time (58 of 60, metric family volume)`;
const BUSY = `${served('6,200')}; that is at or above the high watermark of 5,000 IOPS, so by its heat it belongs in the hot tier.`;
const IDLE = `${served('0.4')}; that is at or below the low watermark of 500 IOPS, so by its heat it belongs in the cold tier.`;
const UNUSED =
  'Metric family volume has 58 of 60 samples over the last hour, the newest of 2026-02-17 09:29 UTC, 15 seconds before this decision. Nothing can reach a volume that is not published, so they say little of how busy this one is in use.';
const POLICY = 'It is watched by policy typical.';

const volume = (rest: string): string => `Volume pvc-1 (claim shop/orders) ${rest}`;
const text = (...sentences: string[]): string => sentences.join(' ');
const candidate = (pool: string, node: string, verdict: CandidatePool['verdict']): CandidatePool => ({
  ...place(pool, node),
  verdict,
});
const toHot = [
  candidate('hot-c', 'node-3', { kind: 'chosen', score: 87.6 }),
  candidate('hot-d', 'node-4', { kind: 'eligible', score: 40 }),
  candidate('hot-b', 'node-2', { kind: 'rejected', code: 'NodeHasReplica', reason: 'node-2 has a replica already.' }),
];
const tooSmall = { kind: 'rejected', code: 'PoolTooSmall', reason: 'The pool is too small.' } as const;
const hotAndIdle: Partial<Decision> = {
  placement: 'Hot',
  replicas: [replica('hot-a', 'node-1', 'Hot')],
  heat: known(0.4),
  wanted: { tier: 'Cold', reason: 'HeatAtOrBelowLow' },
};
const noWish: Partial<Decision> = { wanted: undefined };
const wishes = (fields: object): Partial<Decision> => ({
  wishes: { ...(decisionOf('AtTarget').wishes as Decision['wishes'] & { kind: 'valid' }), ...fields },
});
const waits = (cause: string, reason: string): string =>
  text(volume(`waits to move to the hot tier: ${cause}.`), reason, COLD, BUSY, POLICY);
const blocked = (cause: string, ...details: string[]): string =>
  text(volume(`cannot move to the hot tier: ${cause}.`), ...details, COLD, BUSY, POLICY);

/** For every code a decision as the brain makes it, and what is said of it. */
const GOLDEN: Readonly<Record<DecisionCode, readonly [Partial<Decision>, string]>> = {
  Promote: [
    { move: promotion, candidates: toHot },
    text(
      volume('is to be promoted to the hot tier.'),
      'The replica in pool cold-a on node-1 moves to pool hot-c on node-3, the best of 2 pools that can take it (score 88 of 100); once the new copy is in sync and verified, scale-down removes the old one by itself. 1 more replica will follow.',
      ...[COLD, BUSY, POLICY],
    ),
  ],
  Demote: [
    {
      ...hotAndIdle,
      dryRun: true,
      conflictingPolicies: ['b'],
      move: {
        source: { tier: 'Hot', ...place('hot-a', 'node-1'), replicaId: 'r' },
        target: { tier: 'Cold', ...place('cold-b', 'node-2') },
        removal: 'ByCordon',
        replicaCount: 1,
        sizeBytes: 4096,
        remainingReplicaCount: 0,
        benefit: 1,
      },
      candidates: [candidate('cold-b', 'node-2', { kind: 'chosen', score: 50 })],
    },
    text(
      'Dry run: volume pvc-1 (claim shop/orders) would be demoted to the cold tier.',
      "The replica in pool hot-a on node-1 would move to pool cold-b on node-2, the only pool that can take it; once the new copy is in sync and verified, the old one's place would be cordoned so that scale-down removes it and no other.",
      ...[HOT, IDLE],
      'It is watched by policy typical; policy b matches it as well, but is younger and does not decide about it.',
    ),
  ],
  Complete: [
    {
      placement: 'Mixed',
      replicas: [replica('hot-a', 'node-1', 'Hot'), replica('attic', 'node-2', 'Unassigned')],
      preservation: true,
      move: { ...promotion, removal: 'Preserved', remainingReplicaCount: 0 },
    },
    text(
      volume('is to complete its move to the hot tier.'),
      'The replica in pool cold-a on node-1 moves to pool hot-c on node-3; preservation mode keeps the old copy as an extra replica.',
      'Its replicas are spread over tiers now, in the pools hot-a on node-1 (hot) and attic on node-2 (no tier).',
      ...[BUSY, POLICY],
    ),
  ],
  AtTarget: [
    { ...hotAndIdle, placement: 'Hot', heat: known(5000) },
    text(
      volume('stays where it is: that is where it belongs.'),
      HOT,
      `${served('5,000')}; that is at or above the high watermark of 5,000 IOPS, so by its heat it belongs in the hot tier.`,
      'It would move to the cold tier at 500 IOPS or less, and to the warm tier from 1,500 IOPS and below 5,000 IOPS.',
      POLICY,
    ),
  ],
  BetweenWatermarks: [
    { ...noWish, heat: known(1499.96) },
    text(
      volume('stays where it is: its heat lies between two watermarks.'),
      COLD,
      `${served('1,499.96')}; that is between the low watermark of 500 IOPS and the warm watermark of 1,500 IOPS, where a volume stays where it is.`,
      'It would move to the warm tier from 1,500 IOPS and below 5,000 IOPS, and to the hot tier from 5,000 IOPS.',
      POLICY,
    ),
  ],
  NoWarmTier: [
    {
      ...noWish,
      heat: known(700),
      thresholds: { ...decisionOf('NoWarmTier').thresholds, warmWatermarkIOPS: 500, hasWarmTier: false },
    },
    text(
      volume('stays where it is: its heat asks for a warm tier, and the policy has none.'),
      COLD,
      `${served('700')}; that is between the low watermark of 500 IOPS and the high watermark of 5,000 IOPS, where a volume stays as long as the policy has no warm tier.`,
      'It would move to the hot tier from 5,000 IOPS.',
      POLICY,
    ),
  ],
  HeatUnknown: [
    { ...noWish, heat: { kind: 'unknown', reason: 'Stale', message: 'the newest sample is too old', evidence } },
    text(
      volume('stays where it is: its heat is not known, and unknown heat never moves data.'),
      COLD,
      'The newest sample is too old. Metric family volume has 58 of 60 samples over the last hour, the newest of 2026-02-17 09:29 UTC, 15 seconds before this decision.',
      'It may move again once enough fresh samples are there.',
      POLICY,
    ),
  ],
  LowCoverage: [
    { ...noWish, heat: known(6200, 0.7999), dryRun: true },
    text(
      volume('stays where it is: too few samples cover the sampling window to rely on its heat.'),
      COLD,
      'Over the last hour it served 6,200 IOPS, recent samples counting most, with samples for 79.99 % of that time (58 of 60, metric family volume); the policy asks for at least 80 %, so this heat does not count.',
      'It may move again once enough fresh samples are there.',
      POLICY,
      'This is a dry run, which would only report a move.',
    ),
  ],
  OptedOut: [
    { ...noWish, ...wishes({ optOut: true, untilMs: NOW_MS + HOUR_MS }), earliestChangeMs: NOW_MS + HOUR_MS },
    text(
      volume('stays where it is: its claim opts out of tiering.'),
      'Nothing changes before 2026-02-17 10:30 UTC, 1 hour after this decision, as long as heat, policy and cluster stay as they are.',
      ...[COLD, BUSY],
      'It takes part again when the annotation storage.billyronks.io/opt-out is removed, or at 2026-02-17 10:30 UTC.',
      POLICY,
    ),
  ],
  InvalidAnnotation: [
    {
      ...noWish,
      wishes: {
        kind: 'invalid',
        annotation: 'x',
        message: "the claim's annotation x is odd; remove it",
        untilMs: NOW_MS + HOUR_MS,
      },
      earliestChangeMs: NOW_MS + HOUR_MS,
      heat: { kind: 'unknown', reason: 'TelemetryUnavailable', message: 'Prometheus does not answer.' },
    },
    text(
      volume('stays where it is: an annotation of its claim cannot be followed.'),
      "The claim's annotation x is odd; remove it.",
      'Nothing changes before 2026-02-17 10:30 UTC, 1 hour after this decision, as long as heat, policy and cluster stay as they are.',
      COLD,
      'Its heat is not known. Prometheus does not answer.',
      'It is decided about again when the annotation is mended or removed, or at 2026-02-17 10:30 UTC.',
      POLICY,
    ),
  ],
  PolicyNotAccepted: [
    noWish,
    text(
      volume('stays where it is: the policy is not accepted, so nothing is done by it.'),
      ...[COLD, BUSY],
      'The condition Accepted of policy typical says what has to be mended.',
      POLICY,
    ),
  ],
  Migrating: [
    { reason: 'Migration typical-1 is syncing.' },
    text(
      volume('waits: a migration of it to the hot tier is under way.'),
      'Migration typical-1 is syncing.',
      ...[COLD, BUSY],
      'It is decided about again when that migration has ended.',
      POLICY,
    ),
  ],
  CoolingDown: [
    { reason: 'it moved at 08:00', earliestChangeMs: NOW_MS + 26.5 * HOUR_MS },
    waits(
      'it moved not long ago and is cooling down',
      'It moved at 08:00. Nothing changes before 2026-02-18 12:00 UTC, 1 day 2 hours after this decision, as long as heat, policy and cluster stay as they are.',
    ),
  ],
  BackingOff: [
    { reason: 'Two attempts failed in a row.', earliestChangeMs: Date.UTC(12_000, 0) },
    waits(
      'the last attempt did not succeed, and the next one comes later',
      'Two attempts failed in a row. Nothing changes in any foreseeable time, as long as heat, policy and cluster stay as they are.',
    ),
  ],
  OutsideWindow: [
    { reason: 'The next window opens at 22:00.', move: promotion },
    waits('no maintenance window is open', 'The next window opens at 22:00.').replace(
      POLICY,
      `When its turn comes, the replica in pool cold-a on node-1 would move to pool hot-c on node-3; once the new copy is in sync and verified, scale-down would remove the old one by itself. 1 more replica would follow. ${POLICY}`,
    ),
  ],
  PolicyLimit: [{ reason: 'r.' }, waits('the policy runs as many migrations as it may', 'R.')],
  OperatorLimit: [{ reason: 'r.' }, waits('the operator runs as many migrations as it may', 'R.')],
  RateLimit: [
    { reason: 'r.', earliestChangeMs: Date.UTC(2026, 1, 17, 10, 30) },
    waits(
      'the operator has started as many migrations within an hour as it may',
      'R. Nothing changes before 2026-02-17 10:30 UTC, 1 hour after this decision, as long as heat, policy and cluster stay as they are.',
    ),
  ],
  VolumeBusy: [
    { reason: '' },
    waits('the storage system has another operation under way on it', '').replace('  ', ' '),
  ],
  VolumeNotHealthy: [{ reason: 'hot-a  is\nDegraded' }, waits('it is not healthy now', 'hot-a is Degraded.')],
  Unpublished: [
    { reason: 'R.', remedies: ['start the pod that uses it.', 'Be patient'] },
    blocked('it is not published', 'R. What would help: Start the pod that uses it. Or: Be patient.').replace(
      BUSY,
      UNUSED,
    ),
  ],
  ExtraReplica: [{ reason: 'R' }, blocked('an extra replica of an earlier migration is still there', 'R.')],
  HasSnapshots: [{ reason: 'R' }, blocked('it has snapshots', 'R.')],
  PinnedTopology: [{ reason: 'R' }, blocked('its own topology keeps its replicas where they are', 'R.')],
  NoFreeNode: [{ reason: 'R' }, blocked('no node is free to take another of its replicas', 'R.')],
  NoPool: [
    { reason: 'R', candidates: [...toHot.slice(2), candidate('hot-e', 'node-5', tooSmall)] },
    blocked('no pool of that tier can take it', 'R.').replace(
      POLICY,
      `Pools of the hot tier that were looked at and cannot take it: hot-b on node-2 (node-2 has a replica already) and hot-e on node-5 (the pool is too small). ${POLICY}`,
    ),
  ],
  RemovalNotSteerable: [
    { reason: 'R' },
    blocked('the storage system would not remove the replica that has to go', 'R.'),
  ],
  BackendCannotMove: [{ reason: 'R' }, blocked('this storage system cannot move replicas', 'R.')],
  VolumeMissing: [
    { ...noWish, reason: 'R', claim: undefined, replicas: [], placement: 'Unassigned' },
    text('Volume pvc-1 (without a claim) cannot move: the storage system does not know it.', ...['R.', BUSY, POLICY]),
  ],
};

describe('the explanation of a decision', () => {
  it.each(Object.keys(DECISION_CODES) as DecisionCode[])('%s', (code) => {
    const [fields, expected] = GOLDEN[code];
    expect(explain(decisionOf(code, fields))).toBe(expected);
  });
});

describe('the pools that were looked at', () => {
  it('have a reason that they share once, and a list that ends', () => {
    const candidates = [1, 2, 3, 4].map((index) => candidate(`hot-${index}`, `node-${index}`, tooSmall));
    expect(explain(decisionOf('NoPool', { candidates }))).toContain(
      'cannot take it: hot-1 on node-1, hot-2 on node-2, hot-3 on node-3 and 1 more (the pool is too small).',
    );
  });
});

describe('what a change of heat would bring about', () => {
  const { thresholds } = decisionOf('AtTarget');
  const explained = (fields: Partial<Decision['thresholds']>, more: Partial<Decision> = {}): string =>
    explain(decisionOf('AtTarget', { placement: 'Cold', thresholds: { ...thresholds, ...fields }, ...more }));

  it('begins right above the low watermark where that is the warm one too', () => {
    expect(explained({ warmWatermarkIOPS: 500 })).toContain('to the warm tier above 500 IOPS and below 5,000 IOPS,');
    expect(explained({ warmWatermarkIOPS: 501 })).toContain('to the warm tier from 501 IOPS and below 5,000 IOPS,');
  });

  it('is never a warm tier whose band is empty', () => {
    expect(explained({ warmWatermarkIOPS: 5_000 })).toContain('It would move to the hot tier from 5,000 IOPS.');
  });

  it('has no earliest moment that is now, nor one for a move', () => {
    expect(explained({}, { earliestChangeMs: NOW_MS })).not.toContain('Nothing changes');
    const move = decisionOf('Promote', { move: promotion, earliestChangeMs: NOW_MS + HOUR_MS });
    expect(explain(move)).not.toContain('Nothing changes');
  });
});

describe('preservation', () => {
  it('lets the next replica follow only when the extra one is gone', () => {
    const move = { ...promotion, removal: 'Preserved' } as const;
    expect(explain(decisionOf('Promote', { move }))).toContain(
      'preservation mode keeps the old copy as an extra replica. 1 more replica will follow once the extra one is removed.',
    );
  });
});

describe('the wishes of a claim', () => {
  const explained = (fields: Partial<Decision>): string => explain(decisionOf('AtTarget', fields));

  it('explain a tier that the heat alone would not ask for', () => {
    expect(
      explained({ wanted: { tier: 'Cold', reason: 'Pinned' }, ...wishes({ pin: 'Cold', untilMs: NOW_MS }) }),
    ).toContain(
      'The annotation storage.billyronks.io/pin of its claim pins it to the cold tier until 2026-02-17 09:30 UTC. It stays there until the annotation storage.billyronks.io/pin is changed or removed, or at 2026-02-17 09:30 UTC.',
    );
    expect(explained({ wanted: { tier: 'Warm', reason: 'RaisedToMinimum' } })).toContain(
      'The annotation storage.billyronks.io/minimum-tier of its claim keeps it in the warm tier or above.',
    );
    expect(explained({ wanted: { tier: 'Cold', reason: 'LoweredToMaximum' } })).toContain(
      'The annotation storage.billyronks.io/maximum-tier of its claim keeps it in the cold tier or below.',
    );
  });

  it('bound what a change of heat would bring about', () => {
    expect(explained(wishes({ maximumTier: 'Warm' }))).toContain('It would move to the warm tier from 1,500 IOPS.');
    expect(explained({ ...wishes({ minimumTier: 'Warm' }), placement: 'Hot' })).toContain(
      'It would move to the warm tier at 500 IOPS or less, and to the warm tier from 1,500 IOPS and below 5,000 IOPS.',
    );
    expect(explained(wishes({ maximumTier: 'Cold' }))).toContain(
      'No heat would change that, because the annotations of its claim allow no other tier.',
    );
  });
});
