/** Rounds of planning, with the real decisions, beside a migration that has cordoned pools or nodes for a moment. */
import { describe, expect, it } from '@jest/globals';
import type { Cordon } from '@couchestor/common/api';
import { decide } from '../brain/index.ts';
import { claimOf, migrationOf, nodeOf, NOW_MS, poolOf, readingOf, volumeOf } from '../brain/brain.fixture.ts';
import type { NodeFacts, PoolFacts } from '../model/cluster-snapshot.ts';
import { planOnce } from './plan-once.ts';
import { NO_STORAGE } from '../model/storage.fixture.ts';
import { PlanningStage, policyRecord } from './planning.fixture.ts';

const hot = [poolOf('Hot', 0), poolOf('Hot', 1)] as const;
const cold = poolOf('Cold', 0);
const setTime = '2026-02-17T11:59:59Z';
const ofPool: Cordon = { kind: 'Pool', name: cold.pool, setTime };
const ofNode: Cordon = { kind: 'Node', name: cold.node, label: 'couchestor-1', setTime };

interface Scene {
  readonly pool?: Partial<PoolFacts>;
  readonly node?: Partial<NodeFacts>;
  /** Of the migration of another volume, as the cache has it before and after the storage system answers. */
  readonly before?: readonly Cordon[];
  readonly after?: readonly Cordon[];
}

/** What a round decides about a volume that belongs on the only cold pool. */
async function decided({ pool = {}, node = {}, before, after = before }: Scene) {
  const stage = new PlanningStage();
  await stage.clock.advance(NOW_MS - stage.clock.now());
  stage.policies = { kind: 'ok', policies: [policyRecord('gold')] };
  const known = (cordons: readonly Cordon[] | undefined): void => {
    const steering = migrationOf(2, 'v2-1', { phase: 'Adding', ...(cordons === undefined ? {} : { cordons }) });
    stage.objects = { kind: 'ok', claims: [claimOf(1)], nodeLabels: new Map(), migrations: [steering] };
  };
  known(before);
  stage.observe = () => {
    known(after);
    const pools = [...hot, { ...cold, ...pool }];
    const nodes = [...hot.map(nodeOf), { ...nodeOf(cold), ...node }];
    return Promise.resolve({ ...NO_STORAGE, volumes: [volumeOf(1, [hot[0]]), volumeOf(2, [hot[1]])], pools, nodes });
  };
  const read = readingOf(new Map([[1, 0]]));
  stage.read = (windowMs) => Promise.resolve(read(windowMs));
  const report = await planOnce(stage.parts({ decide }), 1, new AbortController().signal);
  const [decision] = report.decisions ?? [];
  return `${decision?.outcome} ${decision?.code}`;
}

describe('a volume whose target is cordoned by a migration of another volume', () => {
  it.each([
    ['on its pool', { pool: { cordoned: true }, before: [ofPool] }],
    ['on its node', { node: { cordoned: true, cordonLabels: ['couchestor-1'] }, before: [ofNode] }],
    ['set during the round', { pool: { cordoned: true }, before: [], after: [ofPool] }],
    ['lifted during the round', { pool: { cordoned: true }, before: [ofPool], after: [] }],
  ])('moves as if the cordon were not there: %s', async (_, scene) => {
    expect(await decided(scene)).toBe('Move Demote');
  });

  it.each([
    ['a pool without a migration that set it', { pool: { cordoned: true } }],
    ['a node beside ours', { node: { cordoned: true, cordonLabels: ['couchestor-1', 'disks'] }, before: [ofNode] }],
    ['a pool that is drained besides', { pool: { cordoned: true, cordonedByOthers: true }, before: [ofPool] }],
  ])('stays where a person has cordoned %s', async (_, scene) => {
    expect(await decided(scene)).toBe('Blocked NoPool');
  });
});
