import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import fc from 'fast-check';
import { replaceSealed, TOMBSTONES_FOLDER } from '../pools/index.ts';
import { InterposedFiles, type FileOperation } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { parseShardPath, pathOfShard } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import {
  collectAll,
  expectedOf,
  fileAt,
  GRACE_MS,
  openStore,
  payloadFor,
  PROOF,
  putShard,
  readAll,
  StandInPool,
  tombstoneOf,
  walkAll,
} from './store.fixture.ts';
import { fileOfTombstone, Tombstones } from './tombstones.ts';

const NAME = nameOf();
const ERROR = new CoucheStorError('resourceExhausted', 'ENOSPC');

class World {
  readonly disk = new PowerLossFiles();
  readonly files = new InterposedFiles(this.disk, (step, run) =>
    step.operation === this.failing && step.path.startsWith(TOMBSTONES_FOLDER) ? Promise.reject(ERROR) : run(),
  );
  /** Of the next calls that concern tombstones; they do nothing. */
  failing: FileOperation | undefined;

  /** With a shard that is live. */
  async open(): Promise<{ pool: StandInPool; store: ShardStore }> {
    const pool = await StandInPool.make(this.files);
    const store = await openStore(pool);
    await putShard(store);
    return { pool, store };
  }

  async failingAt(operation: FileOperation, call: () => Promise<unknown>): Promise<void> {
    this.failing = operation;
    await expect(call()).rejects.toBe(ERROR);
    this.failing = undefined;
  }
}

describe('the name of a tombstone', () => {
  it.each([
    ['vol-5f0c954c/7-42/3.1.shard', 'vol-5f0c954c_7-42_3.1.json'],
    ['a.shard/0-0/0.0.shard', 'a.shard_0-0_0.0.json'],
    [`${'v'.repeat(63)}/9007199254740991-9007199254740991/255.4294967295.shard`, undefined],
  ])('is that of its shard: %s', async (path, expected) => {
    const name = parseShardPath(path);
    const file = fileOfTombstone(name).slice(TOMBSTONES_FOLDER.length + 1);
    if (expected !== undefined) expect(file).toBe(expected);
    expect(file.length).toBeLessThanOrEqual(255);
    const pool = await StandInPool.make();
    await replaceSealed(pool.files, fileOfTombstone(name), {});
    const store = await openStore(pool);
    expect(store.leftovers).toMatchObject({ tombstones: 1, foreign: [] });
    await store.undelete(name);
    expect(await pool.files.entries(TOMBSTONES_FOLDER)).toEqual([]);
  });
});

describe('the names of files among tombstones', () => {
  const tombstones = (): Tombstones => {
    const [files, clock] = [new PowerLossFiles(), new VirtualClock()];
    return new Tombstones({ files, clock, graceMs: 0, most: 1 });
  };

  it('are those of tombstones, or foreign, and nothing in between', () => {
    const whole = fileOfTombstone(NAME).slice(TOMBSTONES_FOLDER.length + 1);
    const nearly = fc.tuple(fc.nat({ max: whole.length }), fc.nat({ max: 2 }), fc.string()).map(([at, cut, text]) => {
      return `${whole.slice(0, at)}${text}${whole.slice(at + cut)}`;
    });
    fc.assert(
      fc.property(fc.oneof(nearly, fc.string({ unit: 'binary' })), (fileName) => {
        const adopted = tombstones();
        const foreign = adopted.adopt([fileName]);
        // Nobody waits here, so it is due.
        const taken = adopted.due().map((name) => fileOfTombstone(name).slice(TOMBSTONES_FOLDER.length + 1));
        expect([...foreign, ...taken]).toEqual([fileName]);
      }),
    );
  });
});

describe('a tombstone of which nobody knows whether it is there', () => {
  it('after a delete that failed: no put is taken, and the next delete makes it certain', async () => {
    const world = new World();
    const { store } = await world.open();
    await world.failingAt('syncFolder', () => store.delete(NAME, PROOF));
    await expect(putShard(store)).rejects.toMatchObject({ code: 'conflict' });
    expect(await store.delete(NAME, PROOF)).toMatchObject({ kind: 'tombstoned' });
    expect(await world.disk.entries(TOMBSTONES_FOLDER)).toHaveLength(1);
  });

  it('after a delete that failed: an undelete makes certain that it is not', async () => {
    const world = new World();
    const { store } = await world.open();
    await world.failingAt('syncFolder', () => store.delete(NAME, PROOF));
    expect(await store.undelete(NAME)).toBe(true);
    expect(await world.disk.entries(TOMBSTONES_FOLDER)).toEqual([]);
    await putShard(store);
  });

  it('after a delete that failed: what is there decides when its grace is over', async () => {
    const world = new World();
    const { pool, store } = await world.open();
    await world.failingAt('syncFolder', () => store.delete(NAME, PROOF));
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toEqual({ deleted: 1, keptCount: 0, kept: [] });
    expect(store.tombstones).toBe(0);
    expect(await walkAll(store)).toEqual([]);
  });

  it('is none after a delete that failed before it had its name', async () => {
    const world = new World();
    const { store } = await world.open();
    await world.failingAt('rename', () => store.delete(NAME, PROOF));
    expect(store.tombstones).toBe(0);
    expect(await walkAll(store)).toMatchObject([{ state: 'live' }]);
    await putShard(store);
  });

  it('is still one after a second delete that failed before it had its name', async () => {
    const world = new World();
    const { store } = await world.open();
    await world.failingAt('syncFolder', () => store.delete(NAME, PROOF));
    await world.failingAt('rename', () => store.delete(NAME, PROOF));
    await expect(putShard(store)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('after an undelete that failed: the next delete writes it again', async () => {
    for (const operation of ['unlink', 'syncFolder'] as const) {
      const world = new World();
      const { pool, store } = await world.open();
      await store.delete(NAME, PROOF);
      await world.failingAt(operation, () => store.undelete(NAME));
      await store.delete(NAME, { ...PROOF, resourceVersion: 'again' });
      expect(await tombstoneOf(pool.files, NAME)).toMatchObject({ proof: { resourceVersion: 'again' } });
      expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
    }
  });
});

describe('a tombstone by which nothing would be deleted', () => {
  const file = fileOfTombstone(NAME);
  const other = nameOf({ index: 4 });

  it.each<readonly [string, (disk: PowerLossFiles) => unknown]>([
    ['is damaged', (disk) => fileAt(disk, file).content.writeUInt8(0, 60)],
    ['is empty', (disk) => (fileAt(disk, file).content = Buffer.alloc(0))],
    ['is for another shard', (disk) => (fileAt(disk, file).content = fileAt(disk, fileOfTombstone(other)).content)],
    ['is gone', (disk) => disk.unlink(file)],
  ])('is written again by the next delete, with a new grace: it %s', async (_, spoil) => {
    const world = new World();
    const { pool, store } = await world.open();
    await putShard(store, other);
    for (const name of [NAME, other]) await store.delete(name, PROOF);
    await pool.clock.advance(GRACE_MS);
    await spoil(world.disk);
    const again = { ...PROOF, resourceVersion: 'again' };
    expect(await store.delete(NAME, again)).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS });
    expect(await collectAll(store)).toMatchObject({ deleted: 1, keptCount: 0 });
    expect(await tombstoneOf(pool.files, NAME)).toMatchObject({ name: NAME, proof: again });
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1, keptCount: 0 });
  });

  it('is left alone when it cannot be read: it may be a good one', async () => {
    const world = new World();
    const { store } = await world.open();
    await store.delete(NAME, PROOF);
    await world.failingAt('open', () => store.delete(NAME, PROOF));
    expect(await store.delete(NAME, PROOF)).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS });
  });
});

describe('an undelete of a shard that has gone', () => {
  it('says so, though its tombstone could not be removed with it', async () => {
    const world = new World();
    const { pool, store } = await world.open();
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS);
    world.failing = 'unlink';
    expect(await collectAll(store)).toMatchObject({ deleted: 1, kept: [{ error: ERROR }] });
    world.failing = undefined;
    expect(await store.undelete(NAME)).toBe(false);
    expect(store.tombstones).toBe(0);
    await putShard(store);
  });
});

describe('a tombstone that somebody has made by hand', () => {
  it.each([
    ['with a proof of another epoch', { ...PROOF, currentEpoch: 7 }, 'conflict'],
    ['without a proof', undefined, 'corrupt'],
    ['with what is no proof', { kind: 'because' }, 'corrupt'],
  ])('deletes nothing: %s', async (_, proof, code) => {
    const pool = await StandInPool.make();
    const first = await openStore(pool);
    await putShard(first);
    await first.close();
    await replaceSealed(pool.files, fileOfTombstone(NAME), { shard: pathOfShard(NAME), recordedAt: 1, proof });
    const store = await openStore(pool);
    await expect(tombstoneOf(pool.files, NAME)).rejects.toMatchObject({ code });
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0, keptCount: 1, kept: [{ error: { code } }] });
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });
});
