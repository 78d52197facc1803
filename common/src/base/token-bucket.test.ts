import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { VirtualClock } from './clock.ts';
import { InvariantError } from './errors.ts';
import { TokenBucket } from './token-bucket.ts';

describe('TokenBucket', () => {
  it('lets a burst through, then its rate', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 2, clock });
    expect([bucket.tryTake(), bucket.tryTake(), bucket.tryTake()]).toEqual([true, true, false]);
    await clock.advance(99);
    expect(bucket.tryTake()).toBe(false);
    await clock.advance(1);
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false]);
  });

  it('holds no more than a burst after any idle time', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 3, clock });
    await clock.advance(1e9);
    expect([bucket.tryTake(3), bucket.tryTake()]).toEqual([true, false]);
  });

  it('says how long it takes until so many are there', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 10, burst: 4, clock });
    expect([bucket.msUntil(0), bucket.msUntil(4), bucket.tryTake(3), bucket.msUntil(1)]).toEqual([0, 0, true, 0]);
    expect([bucket.msUntil(2), bucket.msUntil(4)]).toEqual([100, 300]);
    await clock.advance(299);
    expect([bucket.msUntil(3), bucket.tryTake(4)]).toEqual([0, false]);
    await clock.advance(bucket.msUntil(4));
    expect([bucket.msUntil(4), bucket.tryTake(4)]).toEqual([0, true]);
    expect(() => bucket.msUntil(5)).toThrow(InvariantError);
  });

  it('serves those who wait in order, at its rate', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 1000, burst: 5, clock });
    const served: string[] = [];
    const taking = [5, 2, 3].map(async (count) => {
      await bucket.take(count);
      served.push(`${count}@${clock.monotonic()}`);
    });
    await clock.advance(100);
    await Promise.all(taking);
    expect(served).toEqual(['5@0', '2@2', '3@5']);
  });

  it('refuses tryTake while others wait', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 1000, burst: 1, clock });
    bucket.tryTake();
    const waiting = bucket.take();
    expect(bucket.tryTake()).toBe(false);
    await clock.advance(1);
    await waiting;
    expect(bucket.tryTake()).toBe(false);
  });

  it('takes tokens back from a caller that gave up', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 1, burst: 2, clock });
    bucket.tryTake(2);
    const controller = new AbortController();
    const waiting = bucket.take(2, controller.signal);
    controller.abort();
    await expect(waiting).rejects.toMatchObject({ code: 'cancelled' });
    await expect(bucket.take(1, controller.signal)).rejects.toMatchObject({ code: 'cancelled' });
    await clock.advance(1000);
    expect([bucket.tryTake(), bucket.tryTake()]).toEqual([true, false]);
    expect(clock.pendingTimerCount).toBe(0);
  });

  it('does not care about wall time', async () => {
    const clock = new VirtualClock();
    const bucket = new TokenBucket({ ratePerSecond: 1, burst: 1, clock });
    bucket.tryTake();
    clock.stepWall(3_600_000);
    expect(bucket.tryTake()).toBe(false);
    clock.stepWall(-7_200_000);
    await clock.advance(1000);
    expect(bucket.tryTake()).toBe(true);
  });

  it('never lets more through than a burst and its rate', async () => {
    const step = fc.record({ waitMs: fc.nat(3000), count: fc.integer({ min: 1, max: 5 }) });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const clock = new VirtualClock();
        const bucket = new TokenBucket({ ratePerSecond: 2, burst: 5, clock });
        let taken = 0;
        for (const { waitMs, count } of steps) {
          await clock.advance(waitMs);
          if (bucket.tryTake(count)) taken += count;
          expect(taken).toBeLessThanOrEqual(5 + (clock.monotonic() * 2) / 1000 + 1e-6);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('is asked for something that can be had', async () => {
    const clock = new VirtualClock();
    expect(() => new TokenBucket({ ratePerSecond: 0, burst: 1, clock })).toThrow(InvariantError);
    await expect(new TokenBucket({ ratePerSecond: 1, burst: 1, clock }).take(2)).rejects.toThrow(InvariantError);
  });
});
