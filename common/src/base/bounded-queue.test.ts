import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { BoundedQueue } from './bounded-queue.ts';
import { InvariantError } from './errors.ts';

/** Whether a promise is still pending once everything that can settle has settled. */
async function isPending(promise: Promise<unknown>): Promise<boolean> {
  let pending = true;
  const settled = (): void => void (pending = false);
  promise.then(settled, settled);
  await new Promise((resolve) => setImmediate(resolve));
  return pending;
}

describe('BoundedQueue', () => {
  it('hands items out in the order they came', async () => {
    const queue = new BoundedQueue<number>({ limit: 3 });
    for (const item of [1, 2, 3]) await queue.push(item);
    expect([await queue.pop(), queue.tryPop(), await queue.pop(), queue.tryPop()]).toEqual([1, 2, 3, undefined]);
  });

  it('refuses or holds back what is beyond its limit', async () => {
    const queue = new BoundedQueue<string>({ limit: 1 });
    expect([queue.tryPush('a'), queue.tryPush('b')]).toEqual([true, false]);
    const waiting = queue.push('c');
    expect(await isPending(waiting)).toBe(true);
    expect(queue.tryPop()).toBe('a');
    await waiting;
    expect([queue.count, queue.tryPop()]).toEqual([1, 'c']);
  });

  it('measures items by their size', async () => {
    const queue = new BoundedQueue<Uint8Array>({ limit: 100, sizeOf: (bytes) => bytes.byteLength });
    expect(queue.tryPush(new Uint8Array(60))).toBe(true);
    expect(queue.tryPush(new Uint8Array(41))).toBe(false);
    expect(queue.tryPush(new Uint8Array(40))).toBe(true);
    expect([queue.size, queue.count]).toEqual([100, 2]);
    await expect(queue.push(new Uint8Array(101))).rejects.toMatchObject({
      code: 'invalid',
      fields: { size: 101, limit: 100 },
    });
  });

  it('does not let a small item overtake a large one that waits', async () => {
    const queue = new BoundedQueue<number>({ limit: 10, sizeOf: (size) => size });
    queue.tryPush(8);
    const large = queue.push(9);
    expect(queue.tryPush(1)).toBe(false);
    const small = queue.push(1);
    expect(queue.tryPop()).toBe(8);
    await Promise.all([large, small]);
    expect([queue.tryPop(), queue.tryPop()]).toEqual([9, 1]);
  });

  it('wakes waiting consumers in order, one for each item', async () => {
    const queue = new BoundedQueue<string>({ limit: 2 });
    const [first, second] = [queue.pop(), queue.pop()];
    queue.tryPush('a');
    expect(await first).toBe('a');
    expect(await isPending(second)).toBe(true);
    queue.tryPush('b');
    expect(await second).toBe('b');
    expect(queue.count).toBe(0);
  });

  it('drains after close, and refuses whatever comes or waits', async () => {
    const queue = new BoundedQueue<string>({ limit: 1 });
    queue.tryPush('a');
    const waiting = queue.push('b');
    queue.close();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(queue.push('c')).rejects.toMatchObject({ code: 'cancelled' });
    expect([queue.closed, queue.tryPush('d')]).toEqual([true, false]);
    expect([await queue.pop(), await queue.pop()]).toEqual(['a', undefined]);
  });

  it('ends consumers that wait when it closes', async () => {
    const queue = new BoundedQueue<string>({ limit: 1 });
    const waiting = queue.pop();
    queue.close();
    await expect(waiting).resolves.toBeUndefined();
  });

  it('is iterated until closed and drained', async () => {
    const queue = new BoundedQueue<number>({ limit: 2 });
    const produce = async (): Promise<void> => {
      for (let item = 0; item < 5000; item += 1) await queue.push(item);
      queue.close();
    };
    const producing = produce();
    const seen: number[] = [];
    for await (const item of queue) seen.push(item);
    await producing;
    expect(seen).toEqual(Array.from({ length: 5000 }, (_, item) => item));
  });

  it('loses no item to a consumer that gave up', async () => {
    const queue = new BoundedQueue<string>({ limit: 1 });
    const controller = new AbortController();
    const waiting = queue.pop(controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    queue.tryPush('a');
    expect(queue.tryPop()).toBe('a');
    await expect(queue.pop(controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('admits those behind a producer that gave up', async () => {
    const queue = new BoundedQueue<number>({ limit: 10, sizeOf: (size) => size });
    const controller = new AbortController();
    queue.tryPush(5);
    const large = queue.push(9, controller.signal);
    const small = queue.push(2);
    expect(await isPending(small)).toBe(true);
    controller.abort();
    await expect(large).rejects.toMatchObject({ code: 'cancelled' });
    await small;
    expect(queue.size).toBe(7);
    await expect(queue.push(1, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('ignores an abort once the item is in or out', async () => {
    const queue = new BoundedQueue<string>({ limit: 1 });
    const controller = new AbortController();
    const popping = queue.pop(controller.signal);
    await queue.push('a');
    queue.tryPush('b');
    const pushing = queue.push('c', controller.signal);
    queue.tryPop();
    controller.abort();
    await expect(Promise.all([popping, pushing])).resolves.toEqual(['a', undefined]);
    expect(queue.tryPop()).toBe('c');
  });

  it('has room for something', () => {
    expect(() => new BoundedQueue({ limit: 0 })).toThrow(InvariantError);
  });

  it('behaves as an array with a limit would', () => {
    const step = fc.oneof(fc.record({ push: fc.integer({ min: 1, max: 7 }) }), fc.constant('pop' as const));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const queue = new BoundedQueue<number>({ limit: 20, sizeOf: (size) => size });
        const model: number[] = [];
        const modelSize = (): number => model.reduce((sum, size) => sum + size, 0);
        for (const action of steps) {
          if (action === 'pop') {
            expect(queue.tryPop()).toBe(model.shift());
          } else {
            const fits = modelSize() + action.push <= 20;
            if (fits) model.push(action.push);
            expect(queue.tryPush(action.push)).toBe(fits);
          }
          expect([queue.count, queue.size]).toEqual([model.length, modelSize()]);
        }
      }),
    );
  });

  it('keeps order and limit through any interleaving of producers and consumers that wait', async () => {
    const step = fc.oneof(fc.record({ push: fc.integer({ min: 1, max: 20 }) }), fc.constant('pop' as const));
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 60 }), async (steps) => {
        const queue = new BoundedQueue<{ readonly size: number; readonly order: number }>({
          limit: 20,
          sizeOf: ({ size }) => size,
        });
        const pushes: Promise<void>[] = [];
        const pops: Promise<unknown>[] = [];
        for (const action of steps) {
          if (action === 'pop') pops.push(queue.pop());
          else pushes.push(queue.push({ size: action.push, order: pushes.length }));
          expect(queue.size).toBeLessThanOrEqual(20);
        }
        // As many consumers as producers, so that everything settles.
        while (pops.length < pushes.length) pops.push(queue.pop());
        await Promise.all(pushes);
        queue.close();
        const popped = await Promise.all(pops);
        const expected = pops.map((_, order) =>
          order < pushes.length ? expect.objectContaining({ order }) : undefined,
        );
        expect(popped).toEqual(expected);
      }),
    );
  });
});
