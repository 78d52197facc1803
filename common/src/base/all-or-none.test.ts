import { expect, it } from '@jest/globals';
import { allOrNone } from './all-or-none.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

it('ends when all have ended', async () => {
  const stop = new AbortController();
  const running = allOrNone(stop.signal, (signal) => [untilAborted(signal), untilAborted(signal)]);
  stop.abort();
  await running;
});

it('ends the others when one fails, and throws what that one threw', async () => {
  const failure = new Error('a bug');
  let ended = false;
  const other = async (signal: AbortSignal): Promise<void> => {
    await untilAborted(signal);
    ended = true;
  };
  const { signal } = new AbortController();
  await expect(allOrNone(signal, (all) => [other(all), Promise.reject(failure)])).rejects.toBe(failure);
  expect(ended).toBe(true);
});
