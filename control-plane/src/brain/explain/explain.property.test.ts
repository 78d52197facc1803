import { describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import fc from 'fast-check';
import { DECISION_CODES, type CandidatePool, type Decision, type DecisionCode } from '../../model/decision.ts';
import { decisionRecord } from './decision-record.ts';
import { HOUR_MS, NOW_MS } from './decision.fixture.ts';
import { explain } from './explain.ts';

const name = (max: number) =>
  fc.integer({ min: 1, max }).map((length) => 'abc-9'.repeat(60).slice(0, length).replace(/-$/, 'z'));
const maybe = <T>(values: fc.Arbitrary<T>) => fc.option(values, { nil: undefined });
const time = fc.integer({ min: 0, max: 4 * NOW_MS });
const iops = fc.oneof(
  fc.double({ min: 0, max: 2e9, noNaN: true }),
  fc.constantFrom(0, 500, 1500, 5000, NaN, Infinity, -1),
);
const share = fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0, 0.5, 1));
/** As adapters and deciders may write: words with odd blanks between them and any marks at the end. */
const text = fc
  .tuple(
    fc.array(fc.constantFrom('it', 'hot-a', 'PoolFull', '(x)', '💾', 'so;', 'then,', '5.5', "claim's"), {
      maxLength: 150,
    }),
    fc.constantFrom(' ', '  ', '\n', '\t '),
    fc.constantFrom('', '.', ' . ', '!', '…', ';\n', ','),
  )
  .map(([words, blank, end]) => blank + words.join(blank) + end);
const tier = fc.constantFrom('Hot' as const, 'Warm' as const, 'Cold' as const);
const placement = fc.constantFrom('Hot' as const, 'Warm' as const, 'Cold' as const, 'Unassigned' as const);
const pool = name(63).map((value) => parsePoolName(value));
const node = name(63).map((value) => parseNodeName(value));

const evidence = fc.record({
  family: fc.constantFrom('volume', 'replica', 'openebs'),
  query: text,
  windowMs: fc.integer({ min: 1, max: 400 * 24 * HOUR_MS }),
  stepMs: fc.integer({ min: 1, max: HOUR_MS }),
  sampleCount: fc.nat({ max: 1000 }),
  expectedSampleCount: fc.nat({ max: 1000 }),
  newestSampleMs: time,
});
const heat: fc.Arbitrary<Decision['heat']> = fc.oneof(
  fc.record({ kind: fc.constant('known' as const), iops, coverage: share, evidence }),
  fc
    .record({
      reason: fc.constantFrom('TelemetryUnavailable', 'NoSeries', 'Stale', 'NoSamples'),
      message: text,
      evidence: maybe(evidence),
    })
    .map(({ reason, message, evidence: found }) =>
      found === undefined
        ? { kind: 'unknown' as const, reason, message }
        : { kind: 'unknown' as const, reason, message, evidence: found },
    ),
);
const wishes: fc.Arbitrary<Decision['wishes']> = fc.oneof(
  fc.record({
    kind: fc.constant('valid' as const),
    optOut: fc.boolean(),
    pin: maybe(tier),
    minimumTier: maybe(tier),
    maximumTier: maybe(tier),
    untilMs: maybe(time),
  }),
  fc.record({ kind: fc.constant('invalid' as const), annotation: name(60), message: text, untilMs: maybe(time) }),
);
const candidate: fc.Arbitrary<CandidatePool> = fc.record({
  pool,
  node,
  verdict: fc.oneof(
    fc.record({ kind: fc.constantFrom('chosen', 'eligible'), score: fc.double({ min: 0, max: 100, noNaN: true }) }),
    fc.record({ kind: fc.constant('rejected' as const), code: fc.constant('PoolFull'), reason: text }),
  ),
});

const decision: fc.Arbitrary<Decision> = fc
  .record({
    volumeId: name(63).map((value) => parseVolumeId(value)),
    volumeName: name(253),
    claim: maybe(fc.record({ namespace: name(63), name: name(253), uid: name(36) })),
    policy: fc.record({ name: name(63), uid: name(36), generation: fc.nat() }),
    conflictingPolicies: fc.array(name(63), { maxLength: 6 }),
    decidedAtMs: time,
    code: fc.constantFrom(...(Object.keys(DECISION_CODES) as DecisionCode[])),
    reason: text,
    dryRun: fc.boolean(),
    preservation: fc.boolean(),
    placement: fc.oneof(placement, fc.constant('Mixed' as const)),
    replicas: fc.array(fc.record({ replicaId: name(36), pool: maybe(pool), node: maybe(node), tier: placement }), {
      maxLength: 6,
    }),
    heat,
    thresholds: fc.record({
      lowWatermarkIOPS: fc.constantFrom(0, 500),
      warmWatermarkIOPS: fc.constantFrom(500, 1500, 5000),
      highWatermarkIOPS: fc.constant(5000),
      minimumCoverage: share,
      hasWarmTier: fc.boolean(),
    }),
    wishes,
    wanted: maybe(
      fc.record({
        tier,
        reason: fc.constantFrom(
          'HeatAtOrBelowLow',
          'HeatAtOrAboveHigh',
          'Pinned',
          'RaisedToMinimum',
          'LoweredToMaximum',
        ),
      }),
    ),
    move: maybe(
      fc.record({
        source: fc.record({ tier: placement, pool, node, replicaId: name(36) }),
        target: fc.record({ tier, pool, node }),
        removal: fc.constantFrom('ByItself', 'ByCordon', 'Preserved'),
        replicaCount: fc.integer({ min: 1, max: 16 }),
        sizeBytes: fc.nat(),
        remainingReplicaCount: fc.nat({ max: 5 }),
        benefit: fc.nat(),
      }),
    ),
    candidates: fc.array(candidate, { maxLength: 6 }),
    remedies: fc.array(text, { maxLength: 6 }),
    earliestChangeMs: maybe(fc.oneof(time, fc.constantFrom(1e15, 1e17))),
  })
  .map((fields) => ({ ...fields, outcome: DECISION_CODES[fields.code] }));

const TELLS = {
  Move: /^Volume .* is to (be|complete)|^Dry run: volume .* would (be|complete)/,
  Stay: /stays where it is: ./,
  Wait: /waits( to move( to the (hot|warm|cold) tier)?)?: ./,
  Blocked: /cannot move( to the (hot|warm|cold) tier)?: ./,
};

describe('every decision', () => {
  it('is explained in clean sentences, the outcome first', () => {
    fc.assert(
      fc.property(decision, (any) => {
        const explained = explain(any);
        expect(explained).not.toMatch(/undefined|NaN|Infinity|\[object|null/);
        expect(explained).not.toMatch(/\s\s|[\n\t]|\.\.|[;:,]\.|^\s|\( | \)/);
        expect(explained).toMatch(/^[A-Z].*\.$/);
        expect(explained.slice(0, 1024)).toMatch(TELLS[any.outcome]);
        expect(explained.length).toBeLessThan(16_384);
      }),
      { numRuns: 500 },
    );
  });

  it('has a record that JSON carries over as it is', () => {
    fc.assert(
      fc.property(decision, (any) => {
        const record = decisionRecord(any);
        expect(JSON.parse(JSON.stringify(record))).toStrictEqual(record);
        expect(record.explanation).toBe(explain(any));
      }),
      { numRuns: 300 },
    );
  });
});
