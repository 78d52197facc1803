import { expect, it } from '@jest/globals';
import { allOf } from './all-of.ts';

const untilAborted = (signal: AbortSignal): Promise<void> =>
  new Promise((resolve) => {
    signal.addEventListener('abort', () => resolve(), { once: true });
  });

it('ends when all have ended', async () => {
  const stop = new AbortController();
  const running = allOf([untilAborted, untilAborted], stop.signal);
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
  await expect(allOf([other, () => Promise.reject(failure)], new AbortController().signal)).rejects.toBe(failure);
  expect(ended).toBe(true);
});
