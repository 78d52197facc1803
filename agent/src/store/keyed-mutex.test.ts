import { describe, expect, it } from '@jest/globals';
import { KeyedMutex } from './keyed-mutex.ts';

describe('a keyed mutex', () => {
  it('lets one at a time do its work for a key, in the order of asking', async () => {
    const mutex = new KeyedMutex();
    const seen: string[] = [];
    const work = (name: string) => async (): Promise<string> => {
      seen.push(`${name} begins`);
      await new Promise((resolve) => setImmediate(resolve));
      seen.push(`${name} ends`);
      return name;
    };
    const results = await Promise.all([
      mutex.run('a', work('1')),
      mutex.run('a', work('2')),
      mutex.run('a', work('3')),
    ]);
    expect(results).toEqual(['1', '2', '3']);
    expect(seen).toEqual(['1 begins', '1 ends', '2 begins', '2 ends', '3 begins', '3 ends']);
  });

  it('lets different keys go on beside each other', async () => {
    const mutex = new KeyedMutex();
    const { promise: gate, resolve: open } = Promise.withResolvers<string>();
    const waiting = mutex.run('a', () => gate);
    expect(await mutex.run('b', () => Promise.resolve('done'))).toBe('done');
    open('opened');
    expect(await waiting).toBe('opened');
  });

  it('goes on after one that failed', async () => {
    const mutex = new KeyedMutex();
    const failing = mutex.run('a', () => Promise.reject(new Error('no')));
    const next = mutex.run('a', () => Promise.resolve('yes'));
    await expect(failing).rejects.toThrow('no');
    expect(await next).toBe('yes');
  });
});
