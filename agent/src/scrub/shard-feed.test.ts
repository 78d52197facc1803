import { CoucheStorError } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { nameOf } from '../shards/shards.fixture.ts';
import { compareShardNames, type StoredShard, type WalkOptions } from '../store/index.ts';
import { ShardFeed } from './shard-feed.ts';

/** Of these sizes, in their order; a call that has no size yet fails once. */
class FakeStore {
  readonly ended: string[] = [];
  readonly failing: Set<number>;
  readonly #shards: readonly StoredShard[];

  constructor(sizes: readonly number[], failing: readonly number[] = []) {
    this.failing = new Set(failing);
    this.#shards = sizes.map((sizeBytes, index) => {
      return { name: nameOf({ index: 10 + index }), sizeBytes, state: 'live', quarantined: false };
    });
  }

  async *walk({ after }: WalkOptions = {}): AsyncGenerator<StoredShard> {
    try {
      for (const [index, shard] of this.#shards.entries()) {
        if (after !== undefined && compareShardNames(shard.name, after) <= 0) continue;
        await Promise.resolve();
        if (this.failing.delete(index)) throw new CoucheStorError('resourceExhausted', 'too many open files');
        yield shard;
      }
    } finally {
      this.ended.push('a walk');
    }
  }
}

/** Sizes of what comes together, an error as its code. */
async function takenFrom(feed: ShardFeed): Promise<(number[] | string)[]> {
  const all: (number[] | string)[] = [];
  for (;;) {
    try {
      const taken = await feed.take({ most: 3, bytes: 100 });
      if (taken.length === 0) return all;
      all.push(taken.map(({ sizeBytes }) => sizeBytes));
    } catch (error) {
      all.push(error instanceof CoucheStorError ? error.code : 'another error');
    }
  }
}

describe('a feed of shards', () => {
  it('gives a few at a time that are short enough together, and a long one alone', async () => {
    const store = new FakeStore([1, 2, 3, 4, 99, 2, 100, 1, 500, 50, 50, 50]);
    expect(await takenFrom(new ShardFeed(store, undefined))).toEqual([
      ...[[1, 2, 3], [4], [99], [2], [100], [1], [500]],
      ...[[50, 50], [50]],
    ]);
    expect(await takenFrom(new ShardFeed(store, nameOf({ index: 18 })))).toEqual([[50, 50], [50]]);
  });

  it('leaves none out, and gives none twice, wherever the walk fails', async () => {
    const sizes = [1, 2, 3, 4, 5, 6, 7];
    for (let first = 0; first < sizes.length; first += 1) {
      for (let second = first; second < sizes.length; second += 1) {
        const taken = await takenFrom(new ShardFeed(new FakeStore(sizes, [first, second]), undefined));
        expect(taken.filter((item) => typeof item !== 'string').flat()).toEqual(sizes);
        expect(new Set(taken.filter((item) => typeof item === 'string'))).not.toContain('another error');
      }
    }
  });

  it('says that it cannot go on when it has nothing to give', async () => {
    const feed = new ShardFeed(new FakeStore([1, 2], [0]), undefined);
    await expect(feed.take({ most: 3, bytes: 100 })).rejects.toMatchObject({ code: 'resourceExhausted' });
    expect(await feed.take({ most: 3, bytes: 100 })).toHaveLength(2);
  });

  it('ends the walk it has begun', async () => {
    const store = new FakeStore([1, 2]);
    const feed = new ShardFeed(store, undefined);
    await feed.take({ most: 1, bytes: 100 });
    expect(store.ended).toEqual([]);
    await feed.close();
    await feed.close();
    expect(store.ended).toEqual(['a walk']);
  });
});
