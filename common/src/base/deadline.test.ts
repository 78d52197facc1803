import { describe, expect, it } from '@jest/globals';
import { VirtualClock } from './clock.ts';
import { Deadline, unlessAborted, withDeadline } from './deadline.ts';

const never = new Promise<never>(() => undefined);

describe('a call under a deadline', () => {
  const clock = new VirtualClock();

  it('gives its own answer', async () => {
    await expect(withDeadline({ clock, timeoutMs: 10, what: 'It' }, () => Promise.resolve(7))).resolves.toBe(7);
    await expect(
      withDeadline({ clock, timeoutMs: 10, what: 'It' }, () => Promise.reject(new Error('its own'))),
    ).rejects.toThrow('its own');
  });

  it('ends when time runs out, whether or not it obeys', async () => {
    let seen: AbortSignal | undefined;
    const call = withDeadline({ clock, timeoutMs: 30_000, what: 'It' }, (signal) => {
      seen = signal;
      return never;
    });
    const ended = expect(call).rejects.toMatchObject({ code: 'timeout', message: 'It took longer than 30s.' });
    await clock.advance(29_999);
    expect(seen?.aborted).toBe(false);
    await clock.advance(1);
    expect(seen?.aborted).toBe(true);
    await ended;
  });

  it('ends with whoever called', async () => {
    const caller = new AbortController();
    const call = withDeadline({ clock, timeoutMs: 10, signal: caller.signal, what: 'It' }, () => never);
    caller.abort();
    await expect(call).rejects.toMatchObject({ code: 'cancelled', message: 'It was cancelled.' });
    const late = withDeadline({ clock, timeoutMs: 10, signal: caller.signal, what: 'It' }, () => never);
    await expect(late).rejects.toMatchObject({ code: 'cancelled' });
  });

  it('tells the deadline of its caller as a deadline', async () => {
    const call = withDeadline({ clock, timeoutMs: 10, what: 'The round' }, (signal) =>
      withDeadline({ clock, timeoutMs: 30, signal, what: 'The request' }, () => never),
    );
    const ended = expect(call).rejects.toMatchObject({ code: 'timeout', message: 'The round took longer than 10ms.' });
    await clock.advance(10);
    await ended;
  });

  it('has as much time again after each restart', async () => {
    const deadline = new Deadline({ clock, timeoutMs: 10, what: 'It' });
    await clock.advance(9);
    deadline.restart();
    await clock.advance(9);
    expect(deadline.signal.aborted).toBe(false);
    deadline.restart(5);
    await clock.advance(5);
    expect(deadline.signal.aborted).toBe(true);
    deadline.release();
  });
});

describe('a wait that a signal ends', () => {
  it('is for the promise, or for the signal', async () => {
    const caller = new AbortController();
    await expect(unlessAborted(Promise.resolve(7), caller.signal)).resolves.toBe(7);
    const wait = unlessAborted(never, caller.signal, 'Waiting for pods');
    caller.abort();
    await expect(wait).rejects.toMatchObject({ code: 'cancelled', message: 'Waiting for pods was cancelled.' });
    await expect(unlessAborted(never, caller.signal)).rejects.toMatchObject({ code: 'cancelled' });
  });
});
