import { describe, expect, it } from '@jest/globals';
import type { Tier } from '@couchestor/common/api';
import {
  migrationOf,
  NOW_MS,
  policyInput,
  replicaOf,
  snapshotOf,
  volumeId,
  volumeName,
  volumeOf,
} from './brain.fixture.ts';
import { codesOf, decideMany, decideOne, POOLS, poolsIn } from './decide.fixture.ts';

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
      /^One replica moves from pool cold-\d \(Cold\) on node node-cold-\d to pool hot-\d \(Hot\) on node node-hot-\d because its heat of 5000 IOPS is at or above the high watermark of 1000, and 1 more follows\.$/,
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

  it('says of how many replicas a volume is where it belongs', () => {
    expect(decideOne({ tier: 'Hot' }).reason).toMatch(/^All 2 replicas are in the Hot tier/);
    const one = { replicaCount: 1, replicas: [replicaOf(poolsIn('Hot', 1)[0]!, 1)] };
    expect(decideOne({ tier: 'Hot', volume: one }).reason).toMatch(/^The only replica is in the Hot tier/);
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

  it('is first of all that there is no such volume', () => {
    const running = migrationOf(1, 'm', { phase: 'Syncing', completedAtMs: undefined });
    const { storage } = snapshotOf({ claims: [], volumes: [], pools: POOLS });
    expect(codesOf(decideMany(1, [policyInput()], {}, { storage, migrations: [running] }))).toEqual(['VolumeMissing']);
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
