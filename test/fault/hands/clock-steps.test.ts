/** The wall clock is set while a migration is under way: no pause is cut short or drawn out by it, and nothing is given up. */
import { describe, expect, it } from '@jest/globals';
import { NAME, World, type WorldOptions } from './world.ts';

const HOUR_MS = 3_600_000;
const SETTLE_MS = 35_000;
const OPTIONS: WorldOptions = {
  seed: 1,
  release: '2.10',
  replicaCount: 2,
  stalenessMs: 30_000,
  preservation: false,
  timeout: '30m',
  faultShare: 0,
  killShare: 0,
  pauseShare: 0,
  slow: false,
};

/** When each phase began. */
async function stepped(phase: string, stepMs: number): Promise<ReadonlyMap<string, number>> {
  const world = new World(OPTIONS);
  const began = new Map<string, number>();
  world.migrations.onChange = () => {
    if (began.has(world.phase)) return;
    began.set(world.phase, world.clock.monotonic());
    if (world.phase === phase) world.clock.stepWall(stepMs);
  };
  world.plan();
  await world.run(HOUR_MS);
  expect(world.phase).toBe('Completed');
  expect(world.mover.offences).toEqual([]);
  return began;
}

describe.each([HOUR_MS, -HOUR_MS])('a clock that is set by %d ms', (stepMs) => {
  it.each(['Pending', 'Adding', 'Syncing', 'Verifying', 'Removing'])('changes nothing in %s', async (phase) => {
    const began = await stepped(phase, stepMs);
    const verifiedMs = (began.get('Removing') ?? 0) - (began.get('Verifying') ?? Infinity);
    expect(verifiedMs).toBeGreaterThanOrEqual(SETTLE_MS);
    expect((began.get('Completed') ?? Infinity) - (began.get('Verifying') ?? 0)).toBeLessThan(2 * SETTLE_MS);
  });

  it('resolves no call that is under way still', async () => {
    const world = new World(OPTIONS);
    world.plan();
    world.scaleFaults.push('late');
    let isCancelled = false;
    await world.run(HOUR_MS, () => {
      if (isCancelled || world.scaleFaults.length > 0) return false;
      isCancelled = true;
      world.clock.stepWall(stepMs);
      world.migrations.edit(NAME, { cancel: true });
      return true;
    });
    expect(world.volume?.replicaCount).toBe(3);
    expect(world.migrations.status(NAME)?.extraReplica?.pool).toBe(world.targetPool);
  });
});
