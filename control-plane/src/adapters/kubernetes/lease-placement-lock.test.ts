import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock, type Clock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import { isRecord } from './kube-object.ts';
import { KubeClient } from './kube-client.ts';
import { LeasePlacementLock } from './lease-placement-lock.ts';
import type { KubeTransport } from './transport.ts';

const LEASES = '/apis/coordination.k8s.io/v1/namespaces/system/leases';
const NAME = 'couchestor-placement';
const DURATION_MS = 300_000;
const { signal } = new AbortController();
const HELD = { kind: 'held' };
const takenBy = (by: string): object => ({ kind: 'taken', by });

let api: FakeKubeApi;
let clock: VirtualClock;
/** What the answers to requests made now wait for on their way back. */
let heldUp: Promise<undefined>;
/** Of two processes. */
let lock: LeasePlacementLock;
let other: LeasePlacementLock;

beforeEach(() => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  heldUp = Promise.resolve(undefined);
  // Retries do not wait; time passes when a test says so.
  const hasty: Clock = {
    now: () => clock.now(),
    monotonic: () => clock.monotonic(),
    setTimer: (ms, run) => clock.setTimer(ms, run),
    sleep: () => Promise.resolve(),
  };
  const newLock = (): LeasePlacementLock => {
    const transport: KubeTransport = {
      request: async (request) => {
        const arrived = heldUp;
        const answer = await api.request(request);
        await arrived;
        return answer;
      },
      open: (request) => api.open(request),
      close: () => undefined,
    };
    const client = new KubeClient({ transport, clock: hasty, requestsPerSecond: 1e6, burst: 1e6 });
    return new LeasePlacementLock({ client, namespace: 'system', random: () => 0.5 });
  };
  [lock, other] = [newLock(), newLock()];
});

function lease(): Readonly<Record<string, unknown>> {
  const spec = api.object(LEASES, NAME)?.spec;
  return isRecord(spec) ? spec : {};
}
const writes = (): number => api.verbs(/leases/).filter((verb) => verb !== 'get').length;

describe('LeasePlacementLock', () => {
  it('is held by one migration, in whichever process', async () => {
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    expect(lease()).toMatchObject({ holderIdentity: 'm-1', leaseDurationSeconds: 300, leaseTransitions: 1 });
    expect(await lock.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    expect(await other.acquire('m-1', signal)).toEqual(HELD);
    expect(lease()).toMatchObject({ holderIdentity: 'm-1', leaseTransitions: 1 });
  });

  it('takes a name as long as an object may have', async () => {
    const name = `${'a'.repeat(63)}-999`;
    expect(await lock.acquire(name, signal)).toEqual(HELD);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy(name));
  });

  it('is free at once after its holder released it, and for nobody else', async () => {
    await lock.acquire('m-1', signal);
    await other.release('m-2', signal);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await lock.release('m-1', signal);
    expect(lease().holderIdentity).toBe('');
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
    await lock.release('m-1', signal);
    expect(lease()).toMatchObject({ holderIdentity: 'm-2', leaseTransitions: 2 });
  });

  it('does nothing when there is nothing to release', async () => {
    await lock.release('m-1', signal);
    expect(writes()).toBe(0);
  });

  it('is taken over from a holder that was seen unchanged for all its time, not before', async () => {
    await lock.acquire('m-1', signal);
    await clock.advance(DURATION_MS * 10);
    // For this process, the time begins with the first look.
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await clock.advance(DURATION_MS - 1);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await clock.advance(1);
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
    expect(await lock.acquire('m-1', signal)).toEqual(takenBy('m-2'));
  });

  it('is kept by a holder that acquires it again in time', async () => {
    await lock.acquire('m-1', signal);
    for (let round = 0; round < 10; round += 1) {
      expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
      await clock.advance(DURATION_MS - 1);
      expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    }
  });

  it.each([86_400_000, -86_400_000])('is not opened by a wall clock that steps by %d ms', async (stepMs) => {
    await lock.acquire('m-1', signal);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    clock.stepWall(stepMs);
    await clock.advance(DURATION_MS - 1);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
  });

  it('asks as much patience as the record asks for, and ignores labels', async () => {
    const spec = { holderIdentity: 'm-1', leaseDurationSeconds: 600, renewTime: '1999-01-01T00:00:00.000000Z' };
    const put = (labels: object): void =>
      void api.put(LEASES, { metadata: { name: NAME, namespace: 'system', labels }, spec });
    put({});
    expect(await lock.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await clock.advance(500_000);
    put({ edited: 'yes' });
    expect(await lock.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await clock.advance(100_000);
    expect(await lock.acquire('m-2', signal)).toEqual(HELD);
  });

  it('is not free because somebody deleted the lease, and its holder gets it back', async () => {
    await lock.acquire('m-1', signal);
    await other.acquire('m-2', signal);
    api.remove(LEASES, NAME);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    // Deleted and made again, it has another uid and still the same holder.
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    api.remove(LEASES, NAME);
    await clock.advance(DURATION_MS);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await clock.advance(DURATION_MS);
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
  });

  it('writes a release down where the lease was deleted, for those who remember the claim', async () => {
    await lock.acquire('m-1', signal);
    await other.acquire('m-2', signal);
    api.remove(LEASES, NAME);
    await lock.release('m-1', signal);
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
  });

  it('has one winner when two migrations claim it at the same moment', async () => {
    const both = [lock.acquire('m-1', signal), other.acquire('m-2', signal)];
    expect((await Promise.all(both)).map(({ kind }) => kind).sort()).toEqual(['held', 'taken']);
    const [winner = ''] = [lease().holderIdentity].map(String);
    await lock.release(winner, signal);
    const again = [lock.acquire('m-3', signal), lock.acquire('m-4', signal), other.acquire('m-5', signal)];
    expect((await Promise.all(again)).filter(({ kind }) => kind === 'held')).toHaveLength(1);
  });

  it('does not act on an answer that was old when it arrived, nor lets another call act on it', async () => {
    await lock.acquire('m-0', signal);
    await lock.release('m-0', signal);
    const arrival = Promise.withResolvers<undefined>();
    heldUp = arrival.promise;
    const late = lock.acquire('m-3', signal);
    await new Promise(setImmediate);
    heldUp = Promise.resolve(undefined);
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    arrival.resolve(undefined);
    expect(await Promise.all([late, lock.acquire('m-2', signal)])).toEqual([takenBy('m-1'), takenBy('m-1')]);
  });
});

describe('LeasePlacementLock when requests fail', () => {
  it.each([
    ['lost before its effect', { kind: 'reset', sent: true }],
    ['lost after its effect', { kind: 'lostAnswer' }],
    ['answered with 500', { kind: 'status', code: 500 }],
    ['answered with 409', { kind: 'status', code: 409 }],
  ] as const)('holds it and lets it go though each first write is %s', async (_, fault) => {
    for (const verb of ['create', 'update'] as const) api.fault(fault, { verb });
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    expect(await lock.acquire('m-1', signal)).toEqual(HELD);
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    api.fault(fault, { verb: 'update' });
    await lock.release('m-1', signal);
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
    expect(lease().leaseTransitions).toBe(2);
  });

  it('never says held of a write that was not confirmed', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'create', times: Infinity });
    api.fault({ kind: 'lostAnswer' }, { verb: 'update', times: Infinity });
    await expect(lock.acquire('m-1', signal)).rejects.toMatchObject({ code: 'unavailable' });
    api.clearFaults();
    expect(await other.acquire('m-2', signal)).toEqual(takenBy('m-1'));
    await lock.release('m-1', signal);
    expect(await other.acquire('m-2', signal)).toEqual(HELD);
  });

  it('gives up on conflicts that do not end, and at once on what no repetition mends', async () => {
    api.fault({ kind: 'status', code: 409 }, { verb: 'create', times: Infinity });
    await expect(lock.acquire('m-1', signal)).rejects.toMatchObject({ code: 'conflict' });
    expect(writes()).toBe(5);
    api.clearFaults();
    api.fault({ kind: 'status', code: 403 }, { verb: 'create' });
    await expect(lock.acquire('m-1', signal)).rejects.toMatchObject({ code: 'forbidden' });
    expect(writes()).toBe(6);
  });

  it('sees who has it when the lease changes hands during the write', async () => {
    await lock.acquire('m-1', signal);
    await lock.release('m-1', signal);
    const steal = (): void => {
      const { metadata } = api.object(LEASES, NAME)!;
      api.put(LEASES, { metadata, spec: { ...lease(), holderIdentity: 'm-9', leaseDurationSeconds: 300 } });
    };
    api.fault({ kind: 'before', run: steal }, { verb: 'update' });
    expect(await lock.acquire('m-1', signal)).toEqual(takenBy('m-9'));
    api.fault({ kind: 'before', run: () => api.remove(LEASES, NAME) }, { verb: 'update' });
    await lock.acquire('m-9', signal);
    expect(lease().holderIdentity).toBe('m-9');
  });

  it('ends with its signal', async () => {
    const stop = new AbortController();
    api.fault({ kind: 'hang' });
    const acquiring = lock.acquire('m-1', stop.signal);
    stop.abort();
    await expect(acquiring).rejects.toMatchObject({ code: 'cancelled' });
  });
});
