import { beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import fc from 'fast-check';
import { WorkQueue } from './work-queue.ts';

let clock: VirtualClock;
let queue: WorkQueue;

beforeEach(() => {
  clock = new VirtualClock();
  queue = new WorkQueue({
    clock,
    capacity: 5,
    backoffBaseMs: 100,
    backoffMaxMs: 1_000,
    random: () => 1 - Number.EPSILON,
  });
});

describe('WorkQueue', () => {
  it('queues a key once, in the order of the first add', async () => {
    for (const key of ['a', 'b', 'a', 'b', 'c']) expect(queue.add(key)).toBe(true);
    expect([await queue.take(), await queue.take(), await queue.take(), queue.count]).toEqual(['a', 'b', 'c', 0]);
  });

  it('gives a key that was added while in work to a worker only after it is done', async () => {
    queue.add('a');
    await queue.take();
    queue.add('a');
    queue.add('a');
    const next = queue.take();
    let got: string | undefined;
    void next.then((key) => (got = key));
    await clock.advance(0);
    expect(got).toBeUndefined();
    queue.done('a');
    expect(await next).toBe('a');
    queue.done('a');
    expect(queue.count).toBe(0);
  });

  it('hands a key to a waiting worker', async () => {
    const takes = [queue.take(), queue.take()];
    queue.add('a');
    queue.add('b');
    expect(await Promise.all(takes)).toEqual(['a', 'b']);
  });

  it('doubles the pause of a failing key up to a limit, until it is forgotten', () => {
    const pauses = Array.from({ length: 6 }, () => {
      const pauseMs = Math.round(queue.retry('a'));
      return pauseMs;
    });
    expect(pauses).toEqual([100, 200, 400, 800, 1_000, 1_000]);
    expect(queue.failuresOf('a')).toBe(6);
    queue.forget('a');
    expect(Math.round(queue.retry('a'))).toBe(100);
  });

  it('keeps the earliest of several times, and an add beats them all', async () => {
    queue.addAfter('a', 500);
    queue.addAfter('a', 200);
    queue.addAfter('a', 900);
    await clock.advance(199);
    expect([queue.count, queue.delayedCount]).toEqual([0, 1]);
    await clock.advance(1);
    expect([queue.count, queue.delayedCount]).toEqual([1, 0]);
    queue.addAfter('b', 500);
    queue.add('b');
    expect([queue.count, queue.delayedCount, clock.pendingTimerCount]).toEqual([2, 0, 0]);
  });

  it('refuses new keys when full, and counts them', async () => {
    for (const key of ['a', 'b', 'c']) queue.add(key);
    queue.addAfter('d', 100);
    await queue.take();
    expect(queue.add('e')).toBe(true);
    expect(queue.add('f')).toBe(false);
    expect(queue.addAfter('g', 10)).toBe(false);
    expect(queue.add('b')).toBe(true);
    expect(queue.add('a')).toBe(true);
    expect(queue.refusedCount).toBe(2);
  });

  it('drops no retry when full, however keys came to wait twice', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    // Each fails while another change of it has come in, and then works.
    for (const key of ['a', 'b', 'c', 'd', 'e']) {
      await queue.take();
      queue.add(key);
      queue.retry(key);
      queue.done(key);
    }
    await queue.take();
    queue.done('a');
    await clock.advance(100);
    const left: (string | undefined)[] = [];
    while (queue.count > 0) left.push(await queue.take());
    expect(left.sort()).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(queue.refusedCount).toBe(0);
  });

  it('lets a key wait outside while full, and in as soon as another is done', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) await queue.offer(key);
    let entered = false;
    const offered = queue.offer('f').then(() => (entered = true));
    await clock.advance(0);
    expect([entered, queue.isOverfull]).toEqual([false, true]);
    await queue.take();
    queue.done('a');
    await offered;
    expect([queue.isOverfull, queue.refusedCount]).toEqual([false, 0]);
  });

  it('leaves no key out for ever, though every key wants to be looked at again', async () => {
    const all = Array.from({ length: 12 }, (_, index) => `key-${index}`);
    const worked = new Map<string, number>();
    const feed = async (): Promise<void> => {
      for (const key of all) await queue.offer(key);
    };
    const work = async (): Promise<void> => {
      for (let key = await queue.take(); key !== undefined; key = await queue.take()) {
        worked.set(key, (worked.get(key) ?? 0) + 1);
        queue.addAfter(key, 60_000);
        queue.done(key);
      }
    };
    const working = work();
    const feeding = feed();
    await clock.advance(300_000);
    await feeding;
    expect(all.filter((key) => !worked.has(key))).toEqual([]);
    queue.close();
    await working;
  });

  it('keeps the retry of a failing key though others wait for room', async () => {
    for (const key of ['a', 'b', 'c', 'd', 'e']) queue.add(key);
    const offered = queue.offer('f');
    await queue.take();
    queue.retry('a');
    queue.done('a');
    expect([queue.isOverfull, queue.delayedCount, queue.retryCount]).toEqual([true, 1, 1]);
    queue.close();
    await offered;
  });

  it('ends every take when closed and leaves no timer behind', async () => {
    queue.addAfter('a', 100);
    const waiting = queue.take();
    queue.close();
    expect([await waiting, await queue.take(), queue.add('b'), clock.pendingTimerCount]).toEqual([
      undefined,
      undefined,
      false,
      0,
    ]);
  });

  it('never has one key in work twice and loses none, whatever the order of calls', async () => {
    const call = fc.record({
      key: fc.constantFrom('a', 'b', 'c'),
      what: fc.constantFrom('add', 'take', 'done', 'retry'),
    });
    await fc.assert(
      fc.asyncProperty(fc.array(call), async (calls) => {
        const subject = new WorkQueue({ clock: new VirtualClock() });
        const working = new Set<string>();
        const owed = new Set<string>();
        for (const { key, what } of calls) {
          if (what === 'add') owed.add(key);
          if (what === 'add') subject.add(key);
          if (what === 'done' && working.delete(key)) subject.done(key);
          if (what === 'take' && subject.count > 0) {
            const taken = (await subject.take())!;
            expect(working.has(taken)).toBe(false);
            working.add(taken);
            owed.delete(taken);
          }
        }
        for (const key of working) subject.done(key);
        while (subject.count > 0) {
          const taken = (await subject.take())!;
          owed.delete(taken);
          subject.done(taken);
        }
        expect([...owed]).toEqual([]);
      }),
    );
  });
});
