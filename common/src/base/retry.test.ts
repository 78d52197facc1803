import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { VirtualClock } from './clock.ts';
import { CoucheStorError, InvariantError } from './errors.ts';
import { backoffDelayMs, retry } from './retry.ts';

const justBelowOne = 1 - Number.EPSILON;

function unavailable(fields: Record<string, number> = {}): CoucheStorError {
  return new CoucheStorError('unavailable', 'down', { fields });
}

/** Fails with the given errors in turn, then returns; remembers when it was called. */
function failing(
  clock: VirtualClock,
  errors: readonly Error[],
): { run: (attempt: number) => Promise<string>; calledAtMs: number[] } {
  const calledAtMs: number[] = [];
  return {
    calledAtMs,
    run: (attempt) => {
      calledAtMs.push(clock.monotonic());
      const error = errors[attempt];
      return error === undefined ? Promise.resolve(`attempt ${attempt}`) : Promise.reject(error);
    },
  };
}

describe('backoffDelayMs', () => {
  it('doubles its bound until the maximum', () => {
    const bounds = [0, 1, 2, 3, 4, 5000].map((attempt) =>
      backoffDelayMs({ attempt, baseMs: 100, maxMs: 1000, random: () => 1 }),
    );
    expect(bounds).toEqual([100, 200, 400, 800, 1000, 1000]);
  });

  it('stays within its bounds for any input', () => {
    fc.assert(
      fc.property(
        fc.nat(),
        fc.nat(),
        fc.nat(),
        fc.double({ min: 0, max: justBelowOne, noNaN: true }),
        (attempt, baseMs, maxMs, random) => {
          const delayMs = backoffDelayMs({ attempt, baseMs, maxMs, random: () => random });
          expect(delayMs).toBeGreaterThanOrEqual(0);
          expect(delayMs).toBeLessThanOrEqual(maxMs);
        },
      ),
    );
  });
});

describe('retry', () => {
  it('returns the first success after growing waits', async () => {
    const clock = new VirtualClock();
    const { run, calledAtMs } = failing(clock, [unavailable(), unavailable(), unavailable()]);
    const result = retry(run, { attempts: 4, baseMs: 100, maxMs: 300, clock, random: () => 1 });
    await clock.advance(10_000);
    await expect(result).resolves.toBe('attempt 3');
    expect(calledAtMs).toEqual([0, 100, 300, 600]);
  });

  it('throws the last error, as it was, after the last attempt', async () => {
    const clock = new VirtualClock();
    const errors = [unavailable(), unavailable()];
    const { run, calledAtMs } = failing(clock, errors);
    const result = expect(retry(run, { attempts: 2, baseMs: 1, maxMs: 1, clock })).rejects.toBe(errors[1]);
    await clock.advance(100);
    await result;
    expect(calledAtMs).toHaveLength(2);
    expect(clock.pendingTimerCount).toBe(0);
  });

  it('does not repeat what another attempt cannot help', async () => {
    const clock = new VirtualClock();
    const conflict = new CoucheStorError('conflict', 'changed meanwhile');
    const { run, calledAtMs } = failing(clock, [conflict]);
    await expect(retry(run, { attempts: 5, baseMs: 1, maxMs: 1, clock })).rejects.toBe(conflict);
    expect(calledAtMs).toHaveLength(1);
  });

  it('recognises system errors, and obeys a caller that decides by itself', async () => {
    const clock = new VirtualClock();
    const reset = Object.assign(new Error('reset'), { code: 'ECONNRESET' });
    const bug = new TypeError('a bug');
    const options = { attempts: 2, baseMs: 1, maxMs: 1, clock };
    const first = retry(failing(clock, [reset]).run, options);
    const second = retry(failing(clock, [bug]).run, { ...options, retryable: (error) => error === bug });
    await clock.advance(10);
    await expect(first).resolves.toBe('attempt 1');
    await expect(second).resolves.toBe('attempt 1');
    await expect(retry(failing(clock, [bug]).run, options)).rejects.toBe(bug);
  });

  it('waits as long as the server asks, up to the maximum', async () => {
    const clock = new VirtualClock();
    const { run, calledAtMs } = failing(clock, [
      unavailable({ retryAfterMs: 700 }),
      unavailable({ retryAfterMs: 1e9 }),
    ]);
    const result = retry(run, { attempts: 3, baseMs: 1, maxMs: 1000, clock, random: () => 0 });
    await clock.advance(10_000);
    await result;
    expect(calledAtMs).toEqual([0, 700, 1700]);
  });

  it('ends its wait when cancelled', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const { run, calledAtMs } = failing(clock, [unavailable()]);
    const result = retry(run, {
      attempts: 2,
      baseMs: 1000,
      maxMs: 1000,
      clock,
      random: () => 1,
      signal: controller.signal,
    });
    await clock.advance(1);
    controller.abort();
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect([calledAtMs.length, clock.pendingTimerCount]).toEqual([1, 0]);
  });

  it('does not even start when cancelled before', async () => {
    const clock = new VirtualClock();
    const { run, calledAtMs } = failing(clock, []);
    const result = retry(run, { attempts: 2, baseMs: 1, maxMs: 1, clock, signal: AbortSignal.abort() });
    await expect(result).rejects.toMatchObject({ code: 'cancelled' });
    expect(calledAtMs).toEqual([]);
  });

  it('makes at least one attempt', async () => {
    const clock = new VirtualClock();
    await expect(retry(failing(clock, []).run, { attempts: 0, baseMs: 1, maxMs: 1, clock })).rejects.toThrow(
      InvariantError,
    );
  });
});
