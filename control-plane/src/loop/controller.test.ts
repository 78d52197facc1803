import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, InvariantError, nullLogger, VirtualClock } from '@couchestor/common/base';
import { runController, type ReconcileResult } from './controller.ts';
import { WorkQueue } from './work-queue.ts';

let clock: VirtualClock;
let queue: WorkQueue;
let stop: AbortController;
let running: Promise<void>;
let keys: string[];
let log: string[];
let changed: ((key: string) => Promise<void>) | undefined;

function start(reconcile: (key: string) => Promise<ReconcileResult>): void {
  const reconciler = {
    reconcile: (key: string) => {
      log.push(key);
      return reconcile(key);
    },
    reportFailure: (key: string, error: CoucheStorError) => {
      log.push(`${key} failed: ${error.code}`);
      return key === 'broken' ? Promise.reject(new CoucheStorError('forbidden', 'x')) : Promise.resolve();
    },
  };
  const subscribe = (handler: (key: string) => Promise<void>): (() => void) => {
    changed = handler;
    let isOver = false;
    void keys.reduce((before, key) => before.then(() => (isOver ? undefined : handler(key))), Promise.resolve());
    return () => {
      isOver = true;
      changed = undefined;
    };
  };
  running = runController(
    { queue, reconciler, subscribe, workers: 2, resyncMs: 60_000, clock, logger: nullLogger },
    stop.signal,
  );
}

beforeEach(() => {
  clock = new VirtualClock();
  queue = new WorkQueue({ clock, random: () => 0.5 });
  stop = new AbortController();
  keys = ['a'];
  log = [];
});

afterEach(async () => {
  stop.abort();
  await clock.advance(0);
  await running.catch(() => undefined);
  expect(clock.pendingTimerCount).toBe(0);
  expect(changed).toBeUndefined();
});

const failing = (code: 'conflict' | 'unavailable' | 'invalid', times: number): (() => Promise<ReconcileResult>) => {
  let left = times;
  return () => {
    left -= 1;
    return left < 0 ? Promise.resolve({ kind: 'done' }) : Promise.reject(new CoucheStorError(code, 'x'));
  };
};

describe('runController', () => {
  it('reconciles what exists, what changes, and everything again at a resync', async () => {
    start(() => Promise.resolve({ kind: 'done' }));
    await clock.advance(0);
    await changed?.('b');
    await clock.advance(0);
    expect(log).toEqual(['a', 'b']);
    await clock.advance(60_000);
    expect(log).toEqual(['a', 'b', 'a']);
  });

  it.each(['conflict', 'unavailable'] as const)('tries again after %s, with growing pauses', async (code) => {
    start(failing(code, 3));
    await clock.advance(0);
    expect(log).toEqual(['a']);
    await clock.advance(75 + 150 + 300);
    expect(log).toEqual(['a', 'a', 'a', 'a']);
    expect(queue.failuresOf('a')).toBe(0);
  });

  it('waits as long as the API asks', async () => {
    const fields = { retryAfterMs: 20_000 };
    start(() =>
      log.length > 1
        ? Promise.resolve({ kind: 'done' })
        : Promise.reject(new CoucheStorError('tooManyRequests', 'x', { fields })),
    );
    await clock.advance(19_999);
    expect(log).toEqual(['a']);
    await clock.advance(1);
    expect(log).toEqual(['a', 'a']);
  });

  it('shows a lasting failure on the object and leaves it alone', async () => {
    keys = ['a', 'broken'];
    start(failing('invalid', 2));
    await clock.advance(50_000);
    expect(log.sort()).toEqual(['a', 'a failed: invalid', 'broken', 'broken failed: invalid']);
  });

  it('comes back when the reconciler asks for it', async () => {
    let asked = false;
    start(() => {
      const result: ReconcileResult = asked ? { kind: 'done' } : { kind: 'again', afterMs: 5_000 };
      asked = true;
      return Promise.resolve(result);
    });
    await clock.advance(4_999);
    expect(log).toEqual(['a']);
    await clock.advance(1);
    expect(log).toEqual(['a', 'a']);
  });

  it('works every key off with a queue that is too small for them, at every resync', async () => {
    queue = new WorkQueue({ clock, capacity: 2, random: () => 0.5 });
    keys = ['a', 'b', 'c', 'd', 'e'];
    start(() => Promise.resolve({ kind: 'again', afterMs: 10_000 }));
    await clock.advance(59_000);
    expect([...new Set(log)].sort()).toEqual(keys);
    log = [];
    await clock.advance(60_000);
    expect([...new Set(log)].sort()).toEqual(keys);
  });

  it('does not begin again before the last key had its turn, however long that takes', async () => {
    queue = new WorkQueue({ clock, capacity: 2, random: () => 0.5 });
    keys = ['a', 'b', 'c', 'd', 'e', 'f', 'g', 'h', 'i', 'j', 'k', 'l'];
    start(async () => {
      await clock.sleep(25_000);
      return { kind: 'done' };
    });
    await clock.advance(160_000);
    expect(log.slice(0, keys.length).sort()).toEqual(keys);
    stop.abort();
    await clock.advance(60_000);
  });

  it('does not survive a broken invariant', async () => {
    start(() => Promise.reject(new InvariantError('bug')));
    await expect(running).rejects.toBeInstanceOf(InvariantError);
    expect([changed, clock.pendingTimerCount]).toEqual([undefined, 0]);
  });

  it('ends when told to, also before it began', async () => {
    stop.abort();
    start(() => Promise.resolve({ kind: 'done' }));
    await running;
    expect(log).toEqual([]);
  });
});
