/** The placement lock when its writes are struck, and when many want it while requests of all kinds fail. */
import { setTimeout as sleep } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { LEASES, LeasePlacementLock } from '@couchestor/control-plane/adapters/kubernetes';
import type { FaultEffect } from '@couchestor/sandbox/kube';
import { ADAPTER, Lab } from './lab.ts';

const { signal } = new AbortController();
const NAME = { namespace: 'default', name: 'couchestor-placement' };
const HELD = { kind: 'held' };
const EFFECTS: readonly (readonly [string, FaultEffect])[] = [
  ['lost before its effect', { kind: 'reset' }],
  ['lost after its effect', { kind: 'after-effect', then: 'reset' }],
  ['followed by a server error', { kind: 'after-effect', then: 'status' }],
  ['answered with 500', { kind: 'status', code: 500 }],
  ['answered with 409', { kind: 'status', code: 409 }],
  ['never answered', { kind: 'drop' }],
];

let lab: Lab;

beforeEach(async () => {
  lab = await Lab.open();
});
afterEach(() => lab.close());

const newLock = (): LeasePlacementLock =>
  new LeasePlacementLock({ client: lab.client, namespace: NAME.namespace, backoffBaseMs: 5 });
const strike = (verb: string, effect: FaultEffect, times = 1) =>
  lab.server.faults.add({ match: { user: ADAPTER, verb, path: /leases/ }, times, effect });
async function holder(): Promise<unknown> {
  const { spec } = await lab.admin.get(LEASES, NAME);
  return (spec as { holderIdentity?: string }).holderIdentity;
}

describe.each(EFFECTS)('a write of the placement lock that is %s', (_, effect) => {
  it('neither loses it nor leaves it behind', async () => {
    const [lock, other] = [newLock(), newLock()];
    const creation = strike('create', effect);
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    const renewal = strike('update', effect);
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    expect(await other.acquire('m-2', signal)).toEqual({ kind: 'taken', by: 'm-1' });
    const release = strike('update', effect);
    await lock.release('m-1', signal);
    expect(await holder()).toBe('');
    const takeOver = strike('update', effect);
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
    expect([creation, renewal, release, takeOver].map(({ hits }) => hits)).toEqual([1, 1, 1, 1]);
  });
});

describe('a lease that is deleted', () => {
  it('is made again for its holder, under another uid, and for nobody who knew of it', async () => {
    const [lock, other] = [newLock(), newLock()];
    await lock.acquire('m-1', signal);
    await other.acquire('m-2', signal);
    const { uid } = (await lab.admin.get(LEASES, NAME)).metadata;
    await lab.admin.delete(LEASES, NAME);
    expect(await other.acquire('m-2', signal)).toEqual({ kind: 'taken', by: 'm-1' });
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    expect((await lab.admin.get(LEASES, NAME)).metadata.uid).not.toBe(uid);
    expect(await other.acquire('m-2', signal)).toEqual({ kind: 'taken', by: 'm-1' });
  });
});

describe('many that want the placement lock', () => {
  it('never have it at the same time, and each gets it, while requests of every kind fail', async () => {
    const inside = new Set<string>();
    let together = 0;
    let calls = 0;
    /** Before every second call: another way to fail, for whoever makes the next such request. */
    const disturb = (): (() => void) => {
      calls += 1;
      if (calls % 2 === 0) return () => undefined;
      const [, effect] = EFFECTS[calls % (EFFECTS.length - 1)]!;
      const fault = strike(calls % 3 === 0 ? 'get' : 'update', effect);
      return () => fault.remove();
    };
    const attempt = async <T>(call: () => Promise<T>): Promise<T | undefined> => {
      const calm = disturb();
      const result = await call().catch(() => undefined);
      calm();
      return result;
    };
    /** Drives one migration as the operator does: again until it is held, then the work, then the release. */
    const drive = async (migration: string): Promise<number> => {
      const lock = newLock();
      let turns = 0;
      while (turns < 5 && !ending.aborted) {
        await sleep(2);
        if ((await attempt(() => lock.acquire(migration, ending)))?.kind !== 'held') continue;
        inside.add(migration);
        together = Math.max(together, inside.size);
        await sleep(5);
        inside.delete(migration);
        while (!(await attempt(async () => lock.release(migration, ending).then(() => true))) && !ending.aborted);
        turns += 1;
      }
      return turns;
    };
    const ending = AbortSignal.timeout(15_000);
    const turns = await Promise.all(['m-1', 'm-2', 'm-3', 'm-4'].map(drive));
    expect([together, turns]).toEqual([1, [5, 5, 5, 5]]);
  });
});
