import { describe, expect, it } from '@jest/globals';
import { parseVolumeId } from '@couchestor/common/base';
import fc from 'fast-check';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import { stripeFolderOf } from './shard-folders.ts';
import type { ShardStore } from './shard-store.ts';
import { openStore, putShard, StandInPool, walkAll, writeFile } from './store.fixture.ts';
import { compareShardNames } from './stored-shard.ts';

/** Folders of which one name begins another, and numbers that sort as texts. */
const NAMES = [
  nameOf({ volumeId: 'a', stripeId: '1-0', index: 0, placement: 10 }),
  nameOf({ volumeId: 'a', stripeId: '1-0', index: 0, placement: 2 }),
  nameOf({ volumeId: 'a', stripeId: '1-0', index: 1 }),
  nameOf({ volumeId: 'a', stripeId: '1-0', index: 2 }),
  nameOf({ volumeId: 'a', stripeId: '10-1', index: 0 }),
  nameOf({ volumeId: 'a', stripeId: '2-1', index: 5 }),
  nameOf({ volumeId: 'a-b', stripeId: '1-1', index: 0 }),
  nameOf({ volumeId: 'a.b', stripeId: '1-1', index: 0 }),
  nameOf({ volumeId: 'b', stripeId: '9-9', index: 4 }),
];

async function world(names: readonly ShardName[] = NAMES): Promise<{ files: PowerLossFiles; store: ShardStore }> {
  const files = new PowerLossFiles();
  const store = await openStore(await StandInPool.make(files));
  for (const name of names.toReversed()) await putShard(store, name);
  return { files, store };
}

const pathsOf = (shards: readonly { readonly name: ShardName }[]): string[] =>
  shards.map(({ name }) => pathOfShard(name));

async function pages(store: ShardStore, limit: number): Promise<string[][]> {
  const all: string[][] = [];
  for (let cursor: string | undefined; ;) {
    const { shards, next } = await store.list({ limit, cursor });
    all.push(pathsOf(shards));
    if (next === undefined) return all;
    cursor = next;
  }
}

describe('the order of shards', () => {
  it('is that in which they are met', async () => {
    const { store } = await world();
    const shards = await walkAll(store);
    expect(pathsOf(shards)).toEqual(pathsOf(NAMES.map((name) => ({ name }))));
    expect(NAMES.toReversed().toSorted(compareShardNames)).toEqual(NAMES);
    expect(NAMES.map((name) => compareShardNames(name, name))).toEqual(NAMES.map(() => 0));
  });

  it('holds from any shard on, whether it is there or not', async () => {
    const { store } = await world();
    const segment = fc.constantFrom('0', 'a', 'a-b', 'a.b', 'ab', 'b', 'c');
    const stripe = fc.tuple(fc.nat({ max: 11 }), fc.nat({ max: 2 })).map(([epoch, counter]) => `${epoch}-${counter}`);
    const names = fc
      .record({ volumeId: segment, stripeId: stripe, index: fc.nat({ max: 5 }), placement: fc.nat({ max: 11 }) })
      .map(nameOf);
    await fc.assert(
      fc.asyncProperty(fc.oneof(names, fc.constantFrom(...NAMES)), async (after) => {
        const expected = NAMES.filter((name) => compareShardNames(name, after) > 0).map((name) => ({ name }));
        expect(pathsOf(await walkAll(store, { after }))).toEqual(pathsOf(expected));
      }),
    );
  });

  it('can be asked for one volume', async () => {
    const { store } = await world();
    const volumeId = parseVolumeId('a');
    expect(await walkAll(store, { volumeId })).toHaveLength(6);
    expect(await walkAll(store, { volumeId, after: NAMES[3] })).toHaveLength(2);
    expect(await walkAll(store, { volumeId: parseVolumeId('nobody') })).toEqual([]);
  });
});

describe('a walk', () => {
  it('passes over what is foreign, and what goes while it goes on', async () => {
    const { files, store } = await world();
    for (const path of ['b/9-9/4.1.shard.tmp', 'b/9-9/04.1.shard', 'b/readme', 'a/1-0/x']) {
      await writeFile(files, path, Buffer.from('?'));
    }
    await files.makeFolder('B');
    await files.makeFolder('lost+found');
    await files.makeFolder('b/9-9/5.1.shard');
    const seen: string[] = [];
    for await (const { name } of store.walk()) {
      seen.push(pathOfShard(name));
      if (seen.length === 1) await files.unlink('a-b/1-1/0.1.shard');
      if (seen.length === 2) await files.removeFolder('a-b/1-1');
    }
    expect(seen).toEqual(pathsOf(NAMES.map((name) => ({ name }))).filter((path) => !path.startsWith('a-b')));
  });

  it('meets what is there all the time once, and the rest at most once, whatever comes and goes', async () => {
    const universe = ['a', 'b'].flatMap((volumeId) =>
      ['1-1', '1-2', '2-1'].flatMap((stripeId) => [0, 1].map((index) => nameOf({ volumeId, stripeId, index }))),
    );
    const kinds = fc.array(fc.constantFrom('stays', 'comes and goes', 'is elsewhere'), {
      minLength: universe.length,
      maxLength: universe.length,
    });
    const changes = fc.array(fc.nat({ max: universe.length - 1 }), { maxLength: 30 });
    await fc.assert(
      fc.asyncProperty(kinds, changes, fc.integer({ min: 1, max: 4 }), async (kind, toggled, limit) => {
        const { files, store } = await world(universe.filter((_, at) => kind[at] === 'stays'));
        const rest = [...toggled];
        const toggle = async (): Promise<void> => {
          const at = rest.pop();
          const name = at === undefined || kind[at] !== 'comes and goes' ? undefined : universe[at];
          if (name === undefined) return;
          if (await files.unlink(pathOfShard(name)).catch(() => false)) await files.removeFolder(stripeFolderOf(name));
          else await putShard(store, name);
        };
        const met: string[] = [];
        for await (const { name } of store.walk()) {
          met.push(pathOfShard(name));
          await toggle();
        }
        const listed: string[] = [];
        for (let cursor: string | undefined, isMore = true; isMore;) {
          const { shards, next } = await store.list({ limit, cursor });
          listed.push(...pathsOf(shards));
          [cursor, isMore] = [next, next !== undefined];
          await toggle();
        }
        const staying = universe.filter((_, at) => kind[at] === 'stays').map(pathOfShard);
        for (const found of [met, listed]) {
          expect(found).toEqual([...new Set(found)]);
          expect(found.filter((path) => staying.includes(path))).toEqual(staying);
        }
      }),
      { numRuns: 50 },
    );
  });

  it('of an empty pool ends at once', async () => {
    const { store } = await world([]);
    expect(await walkAll(store)).toEqual([]);
    expect(await store.list({ limit: 1 })).toEqual({ shards: [] });
  });
});

describe('a list', () => {
  it('comes in pages of any length, and all pages are all shards', async () => {
    const { store } = await world();
    const all = pathsOf(NAMES.map((name) => ({ name })));
    for (let limit = 1; limit <= NAMES.length + 1; limit += 1) {
      const found = await pages(store, limit);
      expect(found.flat()).toEqual(all);
      expect(found.slice(0, -1).every((page) => page.length === limit)).toBe(true);
      expect(found.at(-1)?.length).toBeGreaterThan(0);
    }
  });

  it('goes on where the last shard of a page has gone', async () => {
    const { files, store } = await world();
    const { next } = await store.list({ limit: 3 });
    await files.unlink(next ?? '');
    const { shards } = await store.list({ limit: 100, cursor: next });
    expect(shards).toHaveLength(NAMES.length - 3);
  });

  it.each([0, -1, 1.5, 1001, NaN])('is refused for a limit of %d', async (limit) => {
    const { store } = await world([]);
    await expect(store.list({ limit })).rejects.toMatchObject({ code: 'invalid', fields: { field: 'limit' } });
  });

  it('is refused for a cursor that no list gave, whatever it is', async () => {
    const { store } = await world();
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(
        '',
        '..',
        '../../etc/passwd',
        'a/1-0',
        'a/1-0/0.2.shard/',
        '/a/1-0/0.2.shard',
        'a/1-0/0.02.shard',
      ),
      fc
        .tuple(fc.constantFrom(...NAMES).map(pathOfShard), fc.nat(), fc.string({ minLength: 1 }))
        .map(([path, at, text]) => {
          const cut = at % path.length;
          return `${path.slice(0, cut)}${text}${path.slice(cut)}`;
        }),
    );
    await fc.assert(
      fc.asyncProperty(texts, async (cursor) => {
        const found = await store.list({ limit: 1, cursor }).catch((thrown: unknown) => thrown);
        if (found instanceof Error) expect(found).toMatchObject({ code: 'invalid', fields: { field: 'cursor' } });
        else expect(cursor).toMatch(/^[a-z0-9.-]+\/\d+-\d+\/\d+\.\d+\.shard$/);
      }),
      { numRuns: 500 },
    );
  });

  it('is refused for the cursor of another volume', async () => {
    const { store } = await world();
    const list = store.list({ limit: 1, cursor: 'b/9-9/4.1.shard', volumeId: parseVolumeId('a') });
    await expect(list).rejects.toMatchObject({ fields: { field: 'cursor' } });
  });
});
