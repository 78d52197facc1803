import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { type Clock, type CoucheStorError, InvariantError, VirtualClock } from '@couchestor/common/base';
import { FakeKubeApi } from './fake-kube-api.ts';
import { isRecord } from './kube-object.ts';
import { KubeClient } from './kube-client.ts';
import { LeaseElector, type ElectionEnd, type Leadership } from './lease-elector.ts';

const collection = '/apis/coordination.k8s.io/v1/namespaces/system/leases';

let api: FakeKubeApi;
let clock: VirtualClock;
let candidates: Candidate[];

/** A process that stands for election; kill() is a power cut. */
class Candidate {
  readonly identity: string;
  readonly stop = new AbortController();
  readonly elector: LeaseElector;
  leadership: Leadership | undefined;
  lostReason: CoucheStorError | undefined;
  end: ElectionEnd | undefined;
  /** How far this process's clock is ahead of its timers: what a pause looks like to the process that wakes up. */
  pausedMs = 0;
  /** How long answers take to come back to this process. */
  answerDelayMs = 0;
  /** Holds up the end of `lead` after its signal aborts. */
  windUpMs = 0;
  #dead = false;

  constructor(identity: string) {
    this.identity = identity;
    const transport = {
      request: async (request: Parameters<FakeKubeApi['request']>[0]) => {
        if (this.#dead) return new Promise<never>(() => undefined);
        const answer = await api.request(request);
        if (this.answerDelayMs > 0) await clock.sleep(this.answerDelayMs);
        return answer;
      },
      open: (request: Parameters<FakeKubeApi['open']>[0]) => api.open(request),
      close: () => undefined,
    };
    const own: Clock = {
      now: () => clock.now(),
      monotonic: () => clock.monotonic() + this.pausedMs,
      sleep: (ms, signal) => clock.sleep(ms, signal),
      setTimer: (ms, run) => clock.setTimer(ms, run),
    };
    const client = new KubeClient({ transport, clock: own });
    this.elector = new LeaseElector({ client, namespace: 'system', name: 'leader', identity, random: () => 0.5 });
    candidates.push(this);
    void this.elector
      .run(this.stop.signal, {
        lead: async (leadership) => {
          this.leadership = leadership;
          await new Promise((resolve) => leadership.signal.addEventListener('abort', resolve, { once: true }));
          await clock.sleep(this.windUpMs);
        },
        onLost: (reason) => (this.lostReason = reason),
      })
      .then((end) => (this.end = end));
  }

  get leads(): boolean {
    return this.leadership?.isValid() === true;
  }

  kill(): void {
    this.#dead = true;
  }
}

const lease = (): Record<string, unknown> => {
  const spec = api.object(collection, 'leader')?.spec;
  return isRecord(spec) ? { ...spec } : {};
};
const leaders = (): string[] => candidates.filter((candidate) => candidate.leads).map(({ identity }) => identity);

/** Advances in small steps and checks at each that nobody shares the lead. */
async function pass(ms: number): Promise<void> {
  for (let passed = 0; passed < ms; passed += 100) {
    await clock.advance(100);
    expect(leaders().length).toBeLessThanOrEqual(1);
  }
}

beforeEach(() => {
  api = new FakeKubeApi();
  clock = new VirtualClock();
  candidates = [];
});

afterEach(async () => {
  for (const candidate of candidates) candidate.stop.abort();
  await clock.advance(10_000);
});

describe('LeaseElector', () => {
  it('leads at once on a free lease, renews it, and says since when in words for people', async () => {
    const a = new Candidate('a');
    await pass(100);
    expect(a.leadership?.epoch).toBe(1);
    await pass(30_000);
    expect(leaders()).toEqual(['a']);
    expect(lease()).toMatchObject({ holderIdentity: 'a', leaseDurationSeconds: 6, leaseTransitions: 1 });
    expect(lease().renewTime).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
    expect(lease().acquireTime).toBe('2025-01-01T00:00:00.000000Z');
  });

  it('lets a restarted process lead within 10 s of a kill, with a higher epoch', async () => {
    const a = new Candidate('a-1');
    await pass(5_000);
    a.kill();
    const killedMs = clock.monotonic();
    await pass(2_000);
    const restarted = new Candidate('a-2');
    while (!restarted.leads) await pass(100);
    expect(clock.monotonic() - killedMs).toBeLessThan(10_000);
    expect(restarted.leadership?.epoch).toBe(2);
  });

  it('lets a candidate that was waiting take over when the claim lapses, not before', async () => {
    const a = new Candidate('a');
    await pass(1_000);
    const b = new Candidate('b');
    await pass(20_000);
    expect(leaders()).toEqual(['a']);
    a.kill();
    await pass(3_900);
    expect(leaders()).toEqual(['a']);
    await pass(4_000);
    expect(leaders()).toEqual(['b']);
    expect(a.lostReason).toMatchObject({ code: 'timeout' });
    expect(b.leadership?.epoch).toBe(2);
  });

  it.each([3_600_000, -3_600_000])('changes nothing when the wall clock steps by %d ms', async (stepMs) => {
    const a = new Candidate('a');
    const b = new Candidate('b');
    await pass(5_000);
    const before = leaders();
    for (let round = 0; round < 3; round += 1) {
      clock.stepWall(stepMs);
      await pass(5_000);
      expect(leaders()).toEqual(before);
    }
    expect([a.end, b.end]).toEqual([undefined, undefined]);
    expect(lease().leaseTransitions).toBe(1);
  });

  it('ignores what the lease says of time', async () => {
    api.put(collection, {
      metadata: { name: 'leader', namespace: 'system' },
      spec: {
        holderIdentity: 'old',
        leaseDurationSeconds: 6,
        leaseTransitions: 7,
        renewTime: '1999-01-01T00:00:00.000000Z',
      },
    });
    const a = new Candidate('a');
    await pass(5_900);
    expect(leaders()).toEqual([]);
    await pass(200);
    expect(leaders()).toEqual(['a']);
    expect(a.leadership?.epoch).toBe(8);
  });

  it('releases the lease on a graceful stop, after its work has ended, so that the next leads soon', async () => {
    const a = new Candidate('a');
    a.windUpMs = 8_000;
    await pass(1_000);
    const b = new Candidate('b');
    a.stop.abort();
    await pass(7_900);
    expect(a.leadership?.signal.aborted).toBe(true);
    expect(lease().holderIdentity).toBe('a');
    await pass(1_600);
    expect(a.end).toEqual({ kind: 'stopped' });
    expect(a.lostReason).toBeUndefined();
    expect(b.leads).toBe(true);
    expect(b.leadership?.epoch).toBe(2);
  });

  it('stops waiting for election when told to', async () => {
    new Candidate('a');
    await pass(1_000);
    const b = new Candidate('b');
    await pass(1_000);
    b.stop.abort();
    await pass(100);
    expect(b.end).toEqual({ kind: 'stopped' });
    expect(b.elector.holder).toBe('a');
  });

  it('survives an outage shorter than the renew deadline and gives up on a longer one', async () => {
    const a = new Candidate('a');
    await pass(1_000);
    api.fault({ kind: 'status', code: 500 }, { times: Infinity });
    await pass(2_500);
    api.clearFaults();
    await pass(5_000);
    expect(leaders()).toEqual(['a']);
    api.fault({ kind: 'hang' }, { times: Infinity });
    await pass(5_000);
    expect(a.end).toMatchObject({ kind: 'lost', reason: { code: 'timeout' } });
    expect(a.leadership?.signal.aborted).toBe(true);
    expect(a.lostReason).toBeDefined();
  });

  it('goes on after a renewal whose answer was lost, and after somebody edited the lease', async () => {
    new Candidate('a');
    await pass(1_000);
    api.fault({ kind: 'lostAnswer' }, { verb: 'update', times: 2 });
    await pass(5_000);
    const current = api.object(collection, 'leader')!;
    api.put(collection, { ...current, metadata: { ...current.metadata, labels: { edited: 'yes' } } });
    await pass(5_000);
    expect(leaders()).toEqual(['a']);
    expect(lease().leaseTransitions).toBe(1);
  });

  it('knows at once after a pause that the lease no longer holds, before any timer has run', async () => {
    const a = new Candidate('a');
    await pass(1_000);
    a.pausedMs = 5_000;
    expect(a.leadership?.signal.aborted).toBe(false);
    expect(a.leadership?.isValid()).toBe(false);
    await pass(2_000);
    expect(a.end).toMatchObject({ kind: 'lost' });
  });

  it('counts a claim from before it was sent, however late the answer came', async () => {
    const a = new Candidate('a');
    a.answerDelayMs = 900;
    await pass(2_000);
    expect(a.leads).toBe(true);
    a.kill();
    // Sent once the absence of a lease was known, after 900 ms.
    await pass(2_800);
    expect(a.leads).toBe(true);
    await pass(200);
    expect(a.leads).toBe(false);
  });

  it('takes no edit by others for a sign of life', async () => {
    const a = new Candidate('a');
    await pass(1_000);
    const b = new Candidate('b');
    a.kill();
    for (let edit = 0; edit < 8; edit += 1) {
      const current = api.object(collection, 'leader')!;
      api.put(collection, { ...current, metadata: { ...current.metadata, labels: { edit: String(edit) } } });
      await pass(1_000);
    }
    expect(b.leads).toBe(true);
  });

  it('knows its own first claim when its answer was lost', async () => {
    api.fault({ kind: 'lostAnswer' }, { verb: 'create' });
    const a = new Candidate('a');
    await pass(2_000);
    expect(a.leadership?.epoch).toBe(1);
  });

  it('stops at once when another holds the lease', async () => {
    const a = new Candidate('a');
    await pass(1_000);
    api.put(collection, {
      metadata: { name: 'leader', namespace: 'system' },
      spec: { ...lease(), holderIdentity: 'thief', leaseTransitions: 2 },
    });
    await pass(1_500);
    expect(a.end).toMatchObject({ kind: 'lost', reason: { code: 'conflict' } });
  });

  it('makes a deleted lease anew with a higher epoch', async () => {
    const a = new Candidate('a');
    await pass(1_000);
    api.remove(collection, 'leader');
    await pass(3_000);
    expect(leaders()).toEqual(['a']);
    expect(lease()).toMatchObject({ holderIdentity: 'a', leaseTransitions: 2 });
    a.kill();
    const b = new Candidate('b');
    await pass(7_000);
    expect(b.leadership?.epoch).toBe(3);
  });

  it('does not take a deleted lease for a free one while its holder may still lead', async () => {
    const a = new Candidate('a');
    const b = new Candidate('b');
    await pass(2_000);
    expect(leaders()).toEqual(['a']);
    api.remove(collection, 'leader');
    a.kill();
    await pass(2_500);
    expect([b.leads, a.leads]).toEqual([false, true]);
    await pass(6_000);
    expect(leaders()).toEqual(['b']);
    expect(b.leadership?.epoch).toBe(2);
  });

  it('keeps the lead when one connection falls silent and the next works', async () => {
    const a = new Candidate('a');
    await pass(1_500);
    for (let round = 0; round < 3; round += 1) {
      api.fault({ kind: 'hang' }, { verb: 'update' });
      await pass(8_000);
    }
    expect(leaders()).toEqual(['a']);
    expect([a.end, a.leadership?.epoch]).toEqual([undefined, 1]);
  });

  it('does not begin to lead when it was stopped as its claim was answered', async () => {
    api.fault({ kind: 'before', run: () => a.stop.abort() }, { verb: 'create' });
    const a = new Candidate('a');
    await pass(100);
    expect([a.leadership, a.end]).toEqual([undefined, { kind: 'stopped' }]);
    expect(lease().holderIdentity).toBe('');
  });

  it('lets one of two lead that start together', async () => {
    new Candidate('a');
    new Candidate('b');
    await pass(10_000);
    expect(leaders()).toHaveLength(1);
  });

  it('waits out a server that refuses it', async () => {
    api.fault({ kind: 'status', code: 403 }, { times: 5 });
    const a = new Candidate('a');
    await pass(4_000);
    expect(a.leads).toBe(false);
    await pass(3_000);
    expect(a.leads).toBe(true);
  });

  it.each(['standing for election', 'leading'])('does not survive a broken invariant while %s', async (when) => {
    const client = new KubeClient({ transport: api, clock });
    const broken = (): Promise<never> => Promise.reject(new InvariantError('bug'));
    const stop = new AbortController();
    if (when === 'leading') client.replace = broken;
    else client.get = broken;
    const elector = new LeaseElector({ client, namespace: 'system', name: 'other', identity: 'x', random: () => 0.5 });
    const lead = () => new Promise<void>(() => undefined);
    const ended = expect(elector.run(stop.signal, { lead, onLost: () => undefined })).rejects.toThrow(InvariantError);
    await clock.advance(2_000);
    await ended;
    stop.abort();
  });
});
