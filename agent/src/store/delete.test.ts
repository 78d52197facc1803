import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, parsePlacement, parseShardIndex } from '@couchestor/common/base';
import { replaceSealed, TOMBSTONES_FOLDER } from '../pools/index.ts';
import { InterposedFiles, type FileStep } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard } from '../shards/index.ts';
import { identityOf, nameOf, writeShard } from '../shards/shards.fixture.ts';
import type { DeletionProof } from './deletion-proof.ts';
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
  writeFile,
} from './store.fixture.ts';
import { fileOfTombstone } from './tombstones.ts';

const NAME = nameOf();
const PATH = pathOfShard(NAME);

async function world(): Promise<{ files: PowerLossFiles; pool: StandInPool; store: ShardStore }> {
  const files = new PowerLossFiles();
  const pool = await StandInPool.make(files);
  const store = await openStore(pool);
  await putShard(store);
  return { files, pool, store };
}

async function expectLive(store: ShardStore): Promise<void> {
  expect((await walkAll(store)).map(({ state }) => state)).toEqual(['live']);
  expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
}

describe('a delete', () => {
  it('is recorded with its proof, and can be read till the grace is over', async () => {
    const { pool, store } = await world();
    expect(await store.delete(NAME, PROOF)).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS });
    expect(await tombstoneOf(pool.files, NAME)).toEqual({ name: NAME, proof: PROOF, recordedAt: pool.clock.now() });
    expect(await walkAll(store)).toMatchObject([{ name: NAME, state: 'tombstoned' }]);
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });

  it('that was asked for before keeps its proof and its grace', async () => {
    const { pool, store } = await world();
    await store.delete(NAME, PROOF);
    await pool.clock.advance(1000);
    const other: DeletionProof = { ...PROOF, resourceVersion: 'later' };
    expect(await store.delete(NAME, other)).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS - 1000 });
    expect(await tombstoneOf(pool.files, NAME)).toMatchObject({ proof: PROOF });
  });

  it('of what is not there does nothing', async () => {
    const { files, store } = await world();
    for (const name of [nameOf({ index: 4 }), nameOf({ volumeId: 'unknown' })]) {
      expect(await store.delete(name, PROOF)).toEqual({ kind: 'absent' });
    }
    expect(await files.entries(TOMBSTONES_FOLDER)).toEqual([]);
  });

  it.each<readonly [string, unknown, string]>([
    ['no proof', undefined, 'invalid'],
    ['a missing volume', { kind: 'volumeUnknown', observedAt: 1, resourceVersion: '1' }, 'invalid'],
    ['a proof for another epoch', { ...PROOF, currentEpoch: 7 }, 'conflict'],
  ])('is refused for %s, and nothing happens', async (_, proof, code) => {
    const { files, store } = await world();
    await expect(store.delete(NAME, proof as DeletionProof)).rejects.toMatchObject({ code });
    expect(await files.entries(TOMBSTONES_FOLDER)).toEqual([]);
    await expectLive(store);
  });

  it('is refused for what is no file', async () => {
    const { files, store } = await world();
    const name = nameOf({ index: 4 });
    await files.makeFolder(pathOfShard(name));
    await expect(store.delete(name, PROOF)).rejects.toMatchObject({ code: 'conflict', fields: { field: 'name' } });
  });

  it('is refused when too many wait', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { limits: { tombstones: 1 } });
    const other = nameOf({ index: 4 });
    await putShard(store);
    await putShard(store, other);
    await store.delete(NAME, PROOF);
    await expect(store.delete(other, PROOF)).rejects.toMatchObject({ code: 'resourceExhausted', retryable: true });
    await pool.clock.advance(GRACE_MS);
    await collectAll(store);
    expect(await store.delete(other, PROOF)).toMatchObject({ kind: 'tombstoned' });
  });

  describe('for a shard that is replaced, of a stripe of six', () => {
    const replacedBy = (indexes: readonly number[]): DeletionProof => ({
      ...{ kind: 'replaced', observedAt: 1, resourceVersion: '7', listedPlacement: parsePlacement(2) },
      verified: indexes.map((index) => ({
        ...{ index: parseShardIndex(index), placement: parsePlacement(2), checksum: 1, verifiedAt: 1 },
      })),
    });
    const whole = [0, 1, 2, 3, 4, 5];

    it('is done when all of them were verified', async () => {
      const { pool, store } = await world();
      await store.delete(NAME, replacedBy(whole));
      await pool.clock.advance(GRACE_MS);
      expect(await collectAll(store)).toMatchObject({ deleted: 1, keptCount: 0 });
    });

    it.each([
      ['its successor alone', [3]],
      ['one less', [0, 1, 2, 3, 4]],
      ['one that such a stripe does not have', [0, 1, 2, 3, 4, 6]],
    ])('is refused when %s was verified', async (_, indexes) => {
      const { files, store } = await world();
      await expect(store.delete(NAME, replacedBy(indexes))).rejects.toMatchObject({
        code: 'conflict',
        fields: { field: 'proof.verified' },
      });
      expect(await files.entries(TOMBSTONES_FOLDER)).toEqual([]);
      await expectLive(store);
    });

    it('is asked again when it goes, and gives way to a proof of all', async () => {
      const { files, pool, store } = await world();
      const proof = replacedBy([3]);
      await store.close();
      await replaceSealed(files, fileOfTombstone(NAME), { shard: PATH, recordedAt: 1, proof });
      const next = await openStore(pool);
      await pool.clock.advance(GRACE_MS);
      const kept = [{ path: PATH, error: { code: 'conflict', fields: { field: 'proof.verified' } } }];
      expect(await collectAll(next)).toMatchObject({ deleted: 0, kept });
      expect(await next.delete(NAME, replacedBy(whole))).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS });
      await pool.clock.advance(GRACE_MS);
      expect(await collectAll(next)).toMatchObject({ deleted: 1, keptCount: 0 });
    });
  });

  it('waits for a put of the same shard that is about to be acknowledged', async () => {
    const [renamed, gate] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
    const files = new InterposedFiles(new PowerLossFiles(), async (step, run) => {
      const result = await run();
      if (step.operation === 'rename' && step.path === PATH) {
        renamed.resolve(true);
        await gate.promise;
      }
      return result;
    });
    const store = await openStore(await StandInPool.make(files));
    const done: string[] = [];
    const put = putShard(store).then(() => done.push('put'));
    await renamed.promise;
    const deleted = store.delete(NAME, PROOF).then(({ kind }) => done.push(kind));
    gate.resolve(true);
    await Promise.all([put, deleted]);
    expect(done).toEqual(['put', 'tombstoned']);
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });
});

describe('an undelete', () => {
  it('leaves the shard as it was, also after its grace', async () => {
    const { files, pool, store } = await world();
    await store.delete(NAME, PROOF);
    await pool.clock.advance(2 * GRACE_MS);
    expect(await store.undelete(NAME)).toBe(true);
    expect(await store.undelete(NAME)).toBe(false);
    expect(await collectAll(store)).toMatchObject({ deleted: 0 });
    await expectLive(store);
    expect(await tombstoneOf(pool.files, NAME)).toBeUndefined();
    expect(await files.entries(TOMBSTONES_FOLDER)).toEqual([]);
  });
});

describe('the grace', () => {
  it('begins again for whoever opens the store', async () => {
    const { pool, store } = await world();
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS - 1);
    await store.close();
    const next = await openStore(pool);
    expect(next.leftovers).toMatchObject({ tombstones: 1 });
    await pool.clock.advance(GRACE_MS - 1);
    expect(await collectAll(next)).toMatchObject({ deleted: 0 });
    await pool.clock.advance(1);
    expect(await collectAll(next)).toMatchObject({ deleted: 1 });
  });

  it.each([3_600_000, -3_600_000])('does not hear of a wall clock that is moved by %d ms', async (stepMs) => {
    const { pool, store } = await world();
    await store.delete(NAME, PROOF);
    pool.clock.stepWall(100 * stepMs);
    expect(await collectAll(store)).toMatchObject({ deleted: 0 });
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1 });
  });
});

describe('a collection', () => {
  it('is done in steps, and says when there is more', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    const names = Array.from({ length: 20 }, (_, counter) => nameOf({ stripeId: `7-${counter}` }));
    for (const name of names) {
      await putShard(store, name);
      await store.delete(name, PROOF);
    }
    await pool.clock.advance(GRACE_MS);
    const collector = store.collect();
    expect(await collector.step()).toBe('busy');
    expect(collector.report.deleted).toBeLessThan(20);
    expect(await collector.step()).toBe('idle');
    expect(collector.report.deleted).toBe(20);
    expect(await walkAll(store)).toEqual([]);
    expect(await pool.files.entries('')).toMatchObject([{ name: '.couchestor' }]);
  });

  it('asks again, of each shard that was due when it began, whether it still is', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    const names = Array.from({ length: 20 }, (_, counter) => nameOf({ stripeId: `7-${counter}` }));
    for (const name of names) {
      await putShard(store, name);
      await store.delete(name, PROOF);
    }
    await pool.clock.advance(GRACE_MS);
    const collector = store.collect();
    await collector.step();
    const [last = NAME, lastButOne = NAME] = names.toReversed();
    for (const name of [last, lastButOne]) await store.undelete(name);
    await store.delete(last, PROOF);
    expect(await collector.step()).toBe('idle');
    expect(collector.report).toEqual({ deleted: 18, keptCount: 0, kept: [] });
    expect((await walkAll(store)).map(({ state }) => state).toSorted()).toEqual(['live', 'tombstoned']);
  });

  it('does not disturb who reads the shard', async () => {
    const { pool, store } = await world();
    const found = await store.read(expectedOf(NAME));
    if (found.kind !== 'open') throw new Error(found.kind);
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1 });
    const into = new Uint8Array(100);
    expect(await found.reader.read(0, into)).toEqual({ kind: 'verified' });
    expect(into).toEqual(payloadFor(NAME));
    await found.close();
  });

  it('takes a name that is put again later for a new shard', async () => {
    const { pool, store } = await world();
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS);
    await collectAll(store);
    await putShard(store);
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0 });
    await expectLive(store);
  });

  it('goes on beside puts into the same stripe', async () => {
    const { pool, store } = await world();
    for (let round = 0; round < 20; round += 1) {
      const [going, coming] = [nameOf({ placement: round + 1 }), nameOf({ placement: round + 2 })];
      await store.delete(going, PROOF);
      await pool.clock.advance(GRACE_MS);
      const [{ deleted }] = await Promise.all([collectAll(store), putShard(store, coming)]);
      expect(deleted).toBe(1);
      expect(await readAll(store, expectedOf(coming))).toEqual(payloadFor(coming));
      expect(await walkAll(store)).toHaveLength(1);
    }
  });

  it('removes what is no shard any more, and what somebody else has removed', async () => {
    const { files, pool, store } = await world();
    const gone = nameOf({ index: 4 });
    await putShard(store, gone);
    for (const name of [NAME, gone]) await store.delete(name, PROOF);
    fileAt(files, PATH).content[17] = 0xff;
    await files.unlink(pathOfShard(gone));
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1, keptCount: 0 });
    expect(store.tombstones).toBe(0);
    expect(await files.entries('')).toMatchObject([{ name: '.couchestor' }]);
  });

  it('does not begin while the pool takes no writes', async () => {
    const { pool, store } = await world();
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS);
    pool.health.note('fileSystemReadOnly', 'EROFS');
    expect(await collectAll(store)).toEqual({ deleted: 0, keptCount: 0, kept: [] });
    pool.health.noteProbed();
    expect(await collectAll(store)).toMatchObject({ deleted: 1 });
  });
});

describe('a shard that is due and not deleted', () => {
  it('is another one under its name', async () => {
    const { files, pool, store } = await world();
    await store.delete(NAME, PROOF);
    const other = await writeShard(payloadFor(NAME), { identity: identityOf({ name: nameOf({ index: 0 }) }) });
    await files.unlink(PATH);
    await writeFile(files, PATH, other.bytes);
    await pool.clock.advance(GRACE_MS);
    const report = await collectAll(store);
    expect(report).toMatchObject({
      deleted: 0,
      keptCount: 1,
      kept: [{ path: PATH, detail: expect.stringContaining('/0.1.shard') }],
    });
    expect(fileAt(files, PATH).content.equals(other.bytes)).toBe(true);
    expect(await collectAll(store)).toMatchObject({ keptCount: 1 });
  });

  it.each([
    ['damaged', (content: Buffer) => content.writeUInt8(content.readUInt8(99) ^ 1, 99), 'corrupt'],
    ['empty', (content: Buffer) => content.fill(0), 'corrupt'],
  ] as const)('has a tombstone that is %s, and can be undeleted', async (_, damage, code) => {
    const { files, pool, store } = await world();
    await store.delete(NAME, PROOF);
    damage(fileAt(files, fileOfTombstone(NAME)).content);
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0, kept: [{ path: PATH, error: { code } }] });
    expect(await store.undelete(NAME)).toBe(true);
    await expectLive(store);
  });

  it('has the tombstone of another one', async () => {
    const { files, pool, store } = await world();
    const other = nameOf({ index: 4 });
    await putShard(store, other);
    for (const name of [NAME, other]) await store.delete(name, PROOF);
    fileAt(files, fileOfTombstone(NAME)).content = fileAt(files, fileOfTombstone(other)).content;
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1, kept: [{ path: PATH, error: { code: 'conflict' } }] });
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });

  it('has lost its tombstone: nothing says any more that it may go', async () => {
    const { files, pool, store } = await world();
    await store.delete(NAME, PROOF);
    await files.unlink(fileOfTombstone(NAME));
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0, keptCount: 0 });
    await expectLive(store);
  });

  it('cannot be read: nobody knows what is there', async () => {
    const files = new PowerLossFiles();
    const error = new CoucheStorError('unavailable', 'EIO');
    let isFailing = false;
    const around = (step: FileStep, run: () => Promise<never>): Promise<never> =>
      isFailing && step.operation === 'read' && step.path === PATH ? Promise.reject(error) : run();
    const pool = await StandInPool.make(new InterposedFiles(files, around as never));
    const store = await openStore(pool);
    await putShard(store);
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS);
    isFailing = true;
    expect(await collectAll(store)).toMatchObject({ deleted: 0, keptCount: 1, kept: [{ path: PATH, error }] });
    isFailing = false;
    expect(await collectAll(store)).toMatchObject({ deleted: 1, keptCount: 0 });
  });
});
