/** The placement lock on a server that validates Leases. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { LEASES, LeasePlacementLock, type KubeObject } from '@couchestor/control-plane/adapters/kubernetes';
import { Lab, until } from '../../fault/kube-adapter/lab.ts';

const { signal } = new AbortController();
const HELD = { kind: 'held' };

let lab: Lab;
let names = 0;

beforeAll(async () => {
  lab = await Lab.open();
});
afterAll(() => lab.close());

/** A lock of its own, as any number of processes see it. */
function processes(count: number, durationMs?: number): { name: string; locks: LeasePlacementLock[] } {
  const name = `placement-${(names += 1)}`;
  const options = {
    client: lab.client,
    namespace: 'default',
    name,
    ...(durationMs === undefined ? {} : { durationMs }),
  };
  return { name, locks: Array.from({ length: count }, () => new LeasePlacementLock(options)) };
}
const leaseOf = (name: string): Promise<KubeObject> => lab.admin.get(LEASES, { namespace: 'default', name });

describe('the placement lock', () => {
  it('is a Lease that people can read: who has it, since when, and how long it lasts', async () => {
    const lock = new LeasePlacementLock({ client: lab.client, namespace: 'default' });
    expect(await lock.acquire('v-1-1', signal)).toEqual(HELD);
    const microTime = expect.stringMatching(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect((await leaseOf('couchestor-placement')).spec).toEqual({
      holderIdentity: 'v-1-1',
      leaseDurationSeconds: 300,
      leaseTransitions: 1,
      acquireTime: microTime,
      renewTime: microTime,
    });
    await lock.release('v-1-1', signal);
    expect((await leaseOf('couchestor-placement')).spec).toMatchObject({ holderIdentity: '' });
  });

  it('takes the longest name that an object may have', async () => {
    const { locks } = processes(2);
    const name = [...Array.from({ length: 3 }, () => 'a'.repeat(63)), 'b'.repeat(61)].join('.');
    expect(name).toHaveLength(253);
    expect(await locks[0]!.acquire(name, signal)).toEqual(HELD);
    expect(await locks[1]!.acquire('v-1-2', signal)).toEqual({ kind: 'taken', by: name });
  });

  it('has one holder of all that try at once, and it survives the process', async () => {
    const { locks } = processes(6);
    const results = await Promise.all(locks.map((lock, index) => lock.acquire(`v-${index}-1`, signal)));
    const winner = results.findIndex(({ kind }) => kind === 'held');
    const losers = results.filter((_, index) => index !== winner);
    expect(losers).toEqual(losers.map(() => ({ kind: 'taken', by: `v-${winner}-1` })));
    const next = locks[(winner + 1) % locks.length]!;
    expect(await next.acquire(`v-${winner}-1`, signal)).toEqual(HELD);
  });

  it('is taken over when its holder was not seen to renew it for as long as it lasts', async () => {
    const { name, locks } = processes(2, 1_000);
    await locks[0]!.acquire('v-1-1', signal);
    expect(await locks[1]!.acquire('v-2-1', signal)).toEqual({ kind: 'taken', by: 'v-1-1' });
    await until(async () => (await locks[1]!.acquire('v-2-1', signal)).kind === 'held', 'the claim lapsed');
    expect((await leaseOf(name)).spec).toMatchObject({ holderIdentity: 'v-2-1', leaseTransitions: 2 });
    expect(await locks[0]!.acquire('v-1-1', signal)).toEqual({ kind: 'taken', by: 'v-2-1' });
  });

  it('needs a namespace that is there', async () => {
    const lock = new LeasePlacementLock({ client: lab.client, namespace: 'nowhere', backoffBaseMs: 1 });
    await expect(lock.acquire('v-1-1', signal)).rejects.toMatchObject({ code: 'notFound' });
  });
});
