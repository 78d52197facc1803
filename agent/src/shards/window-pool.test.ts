import { describe, expect, it } from '@jest/globals';
import { BLOCK_BYTES } from './shard-layout.ts';
import { WindowPool, type WindowPoolOptions } from './window-pool.ts';

function poolOf(changes: Partial<WindowPoolOptions> = {}): { pool: WindowPool; made: Uint8Array[] } {
  const made: Uint8Array[] = [];
  const allocate = (bytes: number): Uint8Array => {
    const window = new Uint8Array(bytes);
    made.push(window);
    return window;
  };
  return { pool: new WindowPool({ windowBytes: BLOCK_BYTES, windows: 2, waiting: 1, allocate, ...changes }), made };
}

describe('a pool of windows', () => {
  it('makes a window when one is needed, and uses it again', async () => {
    const { pool, made } = poolOf();
    expect(made).toEqual([]);
    const window = await pool.acquire();
    pool.release(window);
    expect(await pool.acquire()).toBe(window);
    expect(made).toHaveLength(1);
    expect(pool.inUse).toBe(1);
  });

  it('lets the next one wait, in the order of asking, and refuses whoever comes then', async () => {
    const { pool, made } = poolOf({ waiting: 2 });
    const [first, second] = [await pool.acquire(), await pool.acquire()];
    const order: string[] = [];
    const third = pool.acquire().then((window) => (order.push('third'), window));
    const fourth = pool.acquire().then((window) => (order.push('fourth'), window));
    await expect(pool.acquire()).rejects.toMatchObject({ code: 'tooManyRequests', fields: { windows: 2, waiting: 2 } });
    pool.release(second);
    pool.release(first);
    expect(await Promise.all([third, fourth])).toEqual([second, first]);
    expect(order).toEqual(['third', 'fourth']);
    expect(made).toHaveLength(2);
    expect(pool.inUse).toBe(2);
  });

  it('gives nothing to who has stopped waiting, and lets another one wait', async () => {
    const { pool } = poolOf({ windows: 1 });
    const window = await pool.acquire();
    const [leaving, staying] = [new AbortController(), new AbortController()];
    const left = pool.acquire(leaving.signal);
    const reason = new Error('never mind');
    leaving.abort(reason);
    await expect(left).rejects.toBe(reason);
    const waiting = pool.acquire(staying.signal);
    pool.release(window);
    expect(await waiting).toBe(window);
    staying.abort();
    expect(pool.inUse).toBe(1);
    await expect(pool.acquire(leaving.signal)).rejects.toBe(reason);
  });

  it('takes a window back once', async () => {
    const { pool } = poolOf();
    const window = await pool.acquire();
    pool.release(window);
    expect(() => pool.release(window)).toThrow('Invariant broken');
    expect(() => pool.release(new Uint8Array(BLOCK_BYTES))).toThrow('Invariant broken');
  });

  it.each([
    { windowBytes: 0 },
    { windowBytes: 4096 },
    { windowBytes: BLOCK_BYTES + 1 },
    { windows: 0 },
    { waiting: -1 },
  ])('is not made of %j', (changes) => {
    expect(() => poolOf(changes)).toThrow(expect.objectContaining({ code: 'invalid', fields: { field: 'windows' } }));
  });
});
