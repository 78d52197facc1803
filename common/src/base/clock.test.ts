import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { realClock, VirtualClock } from './clock.ts';
import { InvariantError } from './errors.ts';

describe('VirtualClock', () => {
  it('stands still until it is advanced', async () => {
    const clock = new VirtualClock(1000);
    expect([clock.now(), clock.monotonic()]).toEqual([1000, 0]);
    await clock.advance(250);
    expect([clock.now(), clock.monotonic()]).toEqual([1250, 250]);
  });

  it('runs timers in due order, equal ones in the order they were set, each at its own instant', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    for (const [name, ms] of [
      ['c', 30],
      ['a', 10],
      ['b1', 20],
      ['b2', 20],
    ] as const) {
      clock.setTimer(ms, () => ran.push(`${name}@${clock.monotonic()}`));
    }
    await clock.advance(29);
    expect(ran).toEqual(['a@10', 'b1@20', 'b2@20']);
    await clock.advance(1);
    expect(ran.at(-1)).toBe('c@30');
  });

  it('runs any set of timers sorted by due time, then by order', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.nat(50), { maxLength: 20 }), async (delays) => {
        const clock = new VirtualClock();
        const ran: number[] = [];
        delays.forEach((ms, index) => clock.setTimer(ms, () => ran.push(index)));
        await clock.advance(50);
        const expected = delays
          .map((ms, index) => ({ ms, index }))
          .sort((left, right) => left.ms - right.ms || left.index - right.index);
        expect(ran).toEqual(expected.map(({ index }) => index));
        expect(clock.pendingTimerCount).toBe(0);
      }),
      { numRuns: 50 },
    );
  });

  it('lets promises settle between two timers', async () => {
    const clock = new VirtualClock();
    const seen: string[] = [];
    const worker = async (): Promise<void> => {
      await clock.sleep(10);
      await Promise.resolve();
      await Promise.resolve();
      seen.push('worker');
    };
    const working = worker();
    clock.setTimer(11, () => seen.push('timer'));
    await clock.advance(20);
    await working;
    expect(seen).toEqual(['worker', 'timer']);
  });

  it('runs timers that are set on the way if they come due', async () => {
    const clock = new VirtualClock();
    const ticks: number[] = [];
    const tick = (): void => {
      ticks.push(clock.monotonic());
      clock.setTimer(10, tick);
    };
    clock.setTimer(10, tick);
    await clock.advance(35);
    expect(ticks).toEqual([10, 20, 30]);
    expect(clock.pendingTimerCount).toBe(1);
  });

  it('wakes a loop of sleeps at the right instants', async () => {
    const clock = new VirtualClock();
    const woken: number[] = [];
    const loop = async (): Promise<void> => {
      for (const ms of [5, 5, 90]) {
        await clock.sleep(ms);
        woken.push(clock.monotonic());
      }
    };
    const running = loop();
    await clock.advance(100);
    await running;
    expect(woken).toEqual([5, 10, 100]);
  });

  it('does not run a cancelled timer, nor mind cancelling it twice', async () => {
    const clock = new VirtualClock();
    let ran = false;
    const timer = clock.setTimer(10, () => (ran = true));
    timer.cancel();
    timer.cancel();
    await clock.advance(20);
    expect(ran).toBe(false);
  });

  it('lets one timer cancel another that is due at the same instant', async () => {
    const clock = new VirtualClock();
    const ran: string[] = [];
    clock.setTimer(10, () => {
      ran.push('first');
      second.cancel();
    });
    const second = clock.setTimer(10, () => ran.push('second'));
    await clock.advance(10);
    expect(ran).toEqual(['first']);
  });

  it('steps wall time by an hour without moving a single monotonic timer', async () => {
    for (const stepMs of [3_600_000, -3_600_000]) {
      const clock = new VirtualClock(10_000_000);
      let ranAtMs: number | undefined;
      clock.setTimer(1000, () => (ranAtMs = clock.monotonic()));
      clock.stepWall(stepMs);
      expect([clock.now(), clock.monotonic()]).toEqual([10_000_000 + stepMs, 0]);
      await clock.advance(999);
      expect(ranAtMs).toBeUndefined();
      await clock.advance(1);
      expect(ranAtMs).toBe(1000);
      expect(clock.now()).toBe(10_000_000 + stepMs + 1000);
    }
  });

  it('adds up overlapping advances', async () => {
    const clock = new VirtualClock();
    let ran = 0;
    clock.setTimer(15, () => (ran += 1));
    await Promise.all([clock.advance(10), clock.advance(10)]);
    expect([clock.monotonic(), ran]).toEqual([20, 1]);
  });

  it('throws from advance what a timer throws, and goes on from there', async () => {
    const clock = new VirtualClock();
    let ran = false;
    clock.setTimer(5, () => {
      throw new Error('timer failed');
    });
    clock.setTimer(6, () => (ran = true));
    await expect(clock.advance(10)).rejects.toThrow('timer failed');
    await clock.advance(0);
    expect(ran).toBe(true);
  });

  it('counts a negative delay as none, but never runs it synchronously', async () => {
    const clock = new VirtualClock();
    let ran = false;
    clock.setTimer(-5, () => (ran = true));
    expect(ran).toBe(false);
    await clock.advance(0);
    expect([ran, clock.monotonic()]).toEqual([true, 0]);
  });

  it('refuses to go back or to wait for no number', async () => {
    const clock = new VirtualClock();
    await expect(clock.advance(-1)).rejects.toThrow(InvariantError);
    expect(() => clock.setTimer(NaN, () => undefined)).toThrow(InvariantError);
    expect(() => realClock.setTimer(NaN, () => undefined)).toThrow(InvariantError);
  });
});

describe.each([
  ['virtual', (): VirtualClock => new VirtualClock()],
  ['real', (): typeof realClock => realClock],
])('sleep on the %s clock', (_name, create) => {
  it('rejects at once when the signal has aborted already', async () => {
    const reason = new Error('stopped');
    await expect(create().sleep(1e9, AbortSignal.abort(reason))).rejects.toMatchObject({
      code: 'cancelled',
      cause: reason,
    });
  });

  it('rejects when the signal aborts during the wait', async () => {
    const controller = new AbortController();
    const sleeping = create().sleep(1e9, controller.signal);
    controller.abort();
    await expect(sleeping).rejects.toMatchObject({ code: 'cancelled', retryable: false });
  });
});

describe('sleep', () => {
  it('leaves no timer behind when cancelled', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(1000, controller.signal);
    expect(clock.pendingTimerCount).toBe(1);
    controller.abort();
    await expect(sleeping).rejects.toThrow('cancelled');
    expect(clock.pendingTimerCount).toBe(0);
  });

  it('ignores an abort after the end', async () => {
    const clock = new VirtualClock();
    const controller = new AbortController();
    const sleeping = clock.sleep(10, controller.signal);
    await clock.advance(10);
    controller.abort();
    await expect(sleeping).resolves.toBeUndefined();
  });
});

describe('realClock', () => {
  it('never runs a timer early', async () => {
    for (const ms of [0, 1, 1.5, 7]) {
      const startMs = realClock.monotonic();
      await realClock.sleep(ms);
      expect(realClock.monotonic() - startMs).toBeGreaterThanOrEqual(ms);
    }
  });

  it('waits through delays that are too long for one timeout of Node', async () => {
    let ran = false;
    const timer = realClock.setTimer(2 ** 40, () => (ran = true));
    await realClock.sleep(20);
    timer.cancel();
    expect(ran).toBe(false);
  });

  it('does not run a cancelled timer', async () => {
    let ran = false;
    realClock.setTimer(1, () => (ran = true)).cancel();
    await realClock.sleep(20);
    expect(ran).toBe(false);
  });

  it('tells wall time', () => {
    expect(Math.abs(realClock.now() - Date.now())).toBeLessThan(60_000);
  });
});
