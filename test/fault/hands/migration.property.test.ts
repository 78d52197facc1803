/**
 * Whatever is lost, refused, killed or changed on the way, a migration ends as it says it has: no volume is ever short of healthy
 * replicas, no cordon is left behind, and an extra replica is recorded exactly when there is one. The seed replays a run.
 */
import { describe, expect, it } from '@jest/globals';
import { RandomDraws, type Release } from '@couchestor/sandbox/mayastor';
import { HAPPENINGS, Happenings, type Happening } from './happenings.ts';
import { NAME, World } from './world.ts';

const RELEASES: readonly Release[] = ['2.5', '2.7', '2.8', '2.9', '2.10', '2.10', '2.9'];
const SEEDS_PER_HAPPENING = 25;
const HOUR_MS = 3_600_000;

interface Run {
  readonly world: World;
  readonly preserved: boolean;
  readonly asked: number;
}

async function run(seed: number, kind: Happening): Promise<Run> {
  const draws = new RandomDraws(seed * 7919 + 17);
  const release = draws.oneOf(RELEASES);
  // Earlier ones can only be steered where no more than the old replica is away from the target.
  const asked = release === '2.9' || release === '2.10' ? draws.integer(1, 3) : 1;
  const preserved = draws.chance(0.15);
  const world = new World({
    seed,
    release,
    replicaCount: asked,
    stalenessMs: draws.oneOf([0, 10_000, 30_000]),
    preservation: preserved,
    timeout: draws.oneOf(['3m', '10m', '30m']),
    faultShare: draws.oneOf([0, 0.1, 0.3]),
    killShare: draws.oneOf([0, 0.03, 0.1]),
    pauseShare: draws.oneOf([0, 0.03]),
    slow: draws.chance(0.3),
  });
  world.plan();
  const happenings = new Happenings(world, kind, draws);
  await world.run(2 * HOUR_MS, happenings.tick);
  world.isCalm = true;
  await world.run(world.clock.monotonic() + 5 * 60_000, happenings.tick);
  happenings.end();
  // Self-heal and late answers have their time too.
  await world.clock.advance(2 * 60_000);
  // Somebody who scales it as well wants a number of which the plan knows nothing.
  if (kind !== 'scaled by somebody else' && draws.chance(0.5)) await cleanUp(world, draws);
  return { world, preserved, asked };
}

/** A person asks for the extra replica to be removed, on a cluster that is not calm either. */
async function cleanUp(world: World, draws: RandomDraws): Promise<void> {
  world.migrations.edit(NAME, { cleanup: true });
  world.isCalm = false;
  await world.run(world.clock.monotonic() + HOUR_MS / 2);
  world.isCalm = true;
  if (draws.chance(0.2)) world.migrations.edit(NAME, { cleanup: false });
  await world.run(world.clock.monotonic() + HOUR_MS / 2);
}

function expectSafe({ world }: Run): void {
  expect(world.cluster.violations).toEqual([]);
  expect(world.mover.offences).toEqual([]);
  expect(world.migrations.offences).toEqual([]);
}

function expectTidy({ world }: Run): void {
  const status = world.migrations.status(NAME);
  expect(world.isOver).toBe(true);
  expect(status?.cordons).toBeUndefined();
  expect(world.lockHolder).not.toBe(NAME);
  const { nodes, pools } = world.cluster.view();
  expect(nodes.flatMap(({ cordons }) => cordons)).toEqual([]);
  expect(pools.filter(({ cordon }) => cordon !== undefined)).toEqual([]);
}

function expectTruth({ world, preserved, asked }: Run, kind: Happening): void {
  const status = world.migrations.status(NAME);
  const { volume } = world;
  const recorded = status?.extraReplica !== undefined && status.extraReplica.removedTime === undefined;
  if (volume === undefined) {
    expect(recorded && !world.migrations.isReleased(NAME) && status.phase === 'Failed').toBe(false);
    return;
  }
  if (kind !== 'scaled by somebody else') {
    expect({ recorded, count: volume.replicaCount }).toEqual({
      recorded: volume.replicaCount > asked,
      count: volume.replicaCount,
    });
  }
  if (status?.phase !== 'Completed') return;
  const ids = volume.replicas.map(({ replicaId }) => replicaId);
  expect(ids.includes(status.oldReplica?.replicaId ?? '')).toBe(preserved && recorded);
}

describe.each(HAPPENINGS)('a migration with faults and ends of its process, and then: %s', (kind) => {
  it('is safe, leaves nothing behind, and says what is true', async () => {
    for (let index = 0; index < SEEDS_PER_HAPPENING; index += 1) {
      const seed = 1000 * (HAPPENINGS.indexOf(kind) + 1) + index;
      const result = await run(seed, kind);
      try {
        expectSafe(result);
        expectTidy(result);
        expectTruth(result, kind);
      } catch (error) {
        const { phase, message } = result.world.migrations.status(NAME) ?? {};
        throw new Error(`Seed ${seed}, ${phase ?? 'no phase'}: ${message ?? ''}\n${String(error)}`, { cause: error });
      }
    }
  });
});
