/** Mayastor refuses a scale-down for hours: it is asked again, and hardly more often than it answers differently. */
import { expect, it } from '@jest/globals';
import { NAME, World } from './world.ts';

const HOUR_MS = 3_600_000;

interface Load {
  readonly calls: number;
  readonly writes: number;
}

/** What a removal costs that is refused until the migration times out, or a cleanup after it, for so long. */
async function refused(cleanupMs: number): Promise<Load & { readonly world: World }> {
  const quiet = { faultShare: 0, killShare: 0, pauseShare: 0, slow: false };
  const plan = { release: '2.10', replicaCount: 2, preservation: false, timeout: '30m' } as const;
  const world = new World({ seed: 1, stalenessMs: 30_000, ...plan, ...quiet });
  world.plan();
  world.scaleFaults.push('none', ...Array.from({ length: 5_000 }, () => 'refused' as const));
  if (cleanupMs > 0) {
    await world.run(HOUR_MS);
    world.migrations.edit(NAME, { cleanup: true });
  }
  const [faultsBefore, writesBefore] = [world.scaleFaults.length, world.migrations.walks.length];
  await world.run(world.clock.monotonic() + (cleanupMs > 0 ? cleanupMs : HOUR_MS));
  return {
    world,
    calls: faultsBefore - world.scaleFaults.length,
    writes: world.migrations.walks.length - writesBefore,
  };
}

it('a removal that is refused until its timeout asks a few times', async () => {
  const { world, calls, writes } = await refused(0);
  expect(world.phase).toBe('Aborted');
  expect(calls).toBeGreaterThan(4);
  expect(calls).toBeLessThan(12);
  expect(writes).toBeLessThan(80);
});

it('a cleanup that is refused for ever asks every ten minutes in the end, and again when somebody edits the object', async () => {
  const { world, calls, writes } = await refused(3 * HOUR_MS);
  expect(calls).toBeLessThan(25);
  expect(writes).toBeLessThan(130);
  expect(world.migrations.status(NAME)?.message).toContain('refused to remove a replica');
  const before = world.scaleFaults.length;
  world.migrations.edit(NAME, { cleanup: false });
  await world.run(world.clock.monotonic() + 61_000);
  world.migrations.edit(NAME, { cleanup: true });
  await world.run(world.clock.monotonic() + 61_000);
  expect(before - world.scaleFaults.length).toBeGreaterThanOrEqual(3);
  world.scaleFaults.length = 0;
  await world.run(world.clock.monotonic() + HOUR_MS / 4);
  expect(world.migrations.status(NAME)?.extraReplica?.removedTime).toBeDefined();
});
