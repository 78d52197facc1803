import { describe, expect, test } from '@jest/globals';
import { pathOfShard } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import {
  collectAll,
  expectedOf,
  GRACE_MS,
  openStore,
  payloadFor,
  PROOF,
  putShard,
  readAll,
  StandInPool,
  walkAll,
} from './store.fixture.ts';

describe('a shard store', () => {
  test('gives back what was put', async () => {
    const store = await openStore(await StandInPool.make());
    const expected = await putShard(store);
    expect(expected).toEqual(expectedOf(nameOf()));
    expect(await readAll(store, expected)).toEqual(payloadFor(nameOf()));
    expect(await walkAll(store)).toEqual([{ name: nameOf(), sizeBytes: 12_288, state: 'live', quarantined: false }]);
  });

  test('deletes after the grace', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    const expected = await putShard(store);
    expect(await store.delete(nameOf(), PROOF)).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS });
    await pool.clock.advance(GRACE_MS - 1);
    expect(await collectAll(store)).toEqual({ deleted: 0, keptCount: 0, kept: [] });
    expect(await readAll(store, expected)).toEqual(payloadFor(nameOf()));
    await pool.clock.advance(1);
    expect(await collectAll(store)).toEqual({ deleted: 1, keptCount: 0, kept: [] });
    expect(await readAll(store, expected)).toBe('absent');
    expect(await pool.files.stat(pathOfShard(nameOf()))).toBeUndefined();
    expect(await pool.files.entries('vol-5f0c954c')).toBeUndefined();
    expect(store.tombstones).toBe(0);
  });
});
