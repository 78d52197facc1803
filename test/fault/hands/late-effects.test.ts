/** A call that was given up and takes effect all the same: the end is told only once it is known what the call did. */
import { describe, expect, it } from '@jest/globals';
import type { CallFault } from './cluster-mover.ts';
import { NAME, World } from './world.ts';

const HOUR_MS = 3_600_000;

/** Cancelled as soon as the call of this step has been given up, in the same process or in the one after it. */
async function cancelledAfter(step: 'Add' | 'Remove', killed: boolean, settleMs = 35_000): Promise<World> {
  const quiet = { faultShare: 0, killShare: 0, pauseShare: 0, slow: false };
  const plan = { release: '2.10', replicaCount: 2, preservation: false, timeout: '30m' } as const;
  const world = new World({ seed: 1, stalenessMs: settleMs - 1_000, settleMs, ...plan, ...quiet });
  world.plan();
  world.scaleFaults.push(...(step === 'Add' ? (['late'] as const) : (['none', 'late'] as const)));
  let isCancelled = false;
  await world.run(HOUR_MS, () => {
    if (isCancelled || world.scaleFaults.length > 0) return false;
    isCancelled = true;
    if (killed) world.kill();
    world.migrations.edit(NAME, { cancel: true });
    return true;
  });
  return world;
}

describe.each([false, true])(
  'a call that takes effect after it was given up, the process killed meanwhile: %s',
  (killed) => {
    it('leaves an extra replica that is recorded, if it added one', async () => {
      const world = await cancelledAfter('Add', killed);
      expect(world.phase).toBe('Cancelled');
      expect(world.volume?.replicaCount).toBe(3);
      expect(world.migrations.status(NAME)?.extraReplica?.pool).toBe(world.targetPool);
      expect(world.cluster.violations).toEqual([]);
    });

    it('leaves it recorded also where answers are said to be a second old', async () => {
      const world = await cancelledAfter('Add', killed, 1_000);
      expect(world.volume?.replicaCount).toBe(3);
      expect(world.migrations.status(NAME)?.extraReplica?.pool).toBe(world.targetPool);
    });

    it('has moved the replica, if it removed the old one', async () => {
      const world = await cancelledAfter('Remove', killed);
      expect(world.phase).toBe('Completed');
      expect(world.volume?.replicaCount).toBe(2);
      expect(world.migrations.status(NAME)).not.toHaveProperty('extraReplica');
      expect(world.cluster.violations).toEqual([]);
    });
  },
);

/** Stopped as soon as the call for a cordon has been given up; which are left when it must have taken effect. */
async function cordonsLeft(faults: readonly CallFault[], stop: (world: World) => void): Promise<readonly string[]> {
  const quiet = { faultShare: 0, killShare: 0, pauseShare: 0, slow: false };
  const plan = { release: '2.10', replicaCount: 2, preservation: false, timeout: '30m' } as const;
  const world = new World({ seed: 1, stalenessMs: 30_000, ...plan, ...quiet });
  world.plan();
  world.cordonFaults.push(...faults);
  let isStopped = false;
  await world.run(HOUR_MS, () => {
    if (isStopped || world.cordonFaults.length > 0) return false;
    isStopped = true;
    stop(world);
    return true;
  });
  await world.clock.advance(60_000);
  expect(world.migrations.status(NAME)).not.toHaveProperty('cordons');
  expect([world.isOver, world.lockHolder]).toEqual([true, '']);
  const { nodes, pools } = world.cluster.view();
  return [
    ...nodes.filter(({ cordons }) => cordons.length > 0),
    ...pools.filter(({ cordon }) => cordon !== undefined),
  ].map(({ name }) => name);
}

const cancel = (world: World): void => world.migrations.edit(NAME, { cancel: true });

describe('a cordon that takes effect after its call was given up', () => {
  it.each<[string, (world: World) => void]>([
    ['is cancelled', cancel],
    ['is deleted', (world) => world.migrations.delete(NAME)],
    [
      'is cancelled, and its process killed',
      (world) => {
        world.kill();
        cancel(world);
      },
    ],
    [
      'goes on in another process',
      (world) => {
        world.kill();
      },
    ],
  ])('is lifted when the migration %s', async (_, stop) => {
    expect(await cordonsLeft(['late'], stop)).toEqual([]);
  });

  it('is lifted when the next attempt is refused, and when it is that of a removal', async () => {
    expect(await cordonsLeft(['late', 'refused'], () => undefined)).toEqual([]);
    expect(await cordonsLeft(['none', 'late'], cancel)).toEqual([]);
  });
});
