/** The same store on real file systems, in pools that are opened as an agent opens them. */
import { expect, it } from '@jest/globals';
import { parseNodeName, VirtualClock } from '@couchestor/common/base';
import { mkdir, open, readdir, rename, rm, symlink, truncate } from 'node:fs/promises';
import { join } from 'node:path';
import { describeOnDisk, describeOnTmpfs, type ScratchFolder } from '../devices/scratch-folder.fixture.ts';
import { initPool, Pool, QUARANTINE_FOLDER, TOMBSTONES_FOLDER } from '../pools/index.ts';
import { MAX_STRIPE_RECORD_BYTES, pathOfShard } from '../shards/index.ts';
import { identityOf, nameOf, payloadOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import {
  collectAll,
  expectedOf,
  GRACE_MS,
  openStore,
  payloadFor,
  PROOF,
  putShard,
  readAll,
  walkAll,
} from './store.fixture.ts';

interface World {
  readonly path: string;
  readonly pool: Pool;
  readonly store: ShardStore;
  readonly clock: VirtualClock;
  close(): Promise<void>;
}

async function opened(path: string, clock = new VirtualClock()): Promise<World> {
  const pool = await Pool.open(path, { clock });
  const store = await openStore(pool);
  const close = async (): Promise<void> => {
    await store.close();
    await pool.close();
  };
  return { path, pool, store, clock, close };
}

async function made(scratch: ScratchFolder): Promise<World> {
  const path = scratch.path('pool');
  await mkdir(path);
  await initPool(path, { node: parseNodeName('node-1'), tier: 'warm', clock: new VirtualClock() });
  return opened(path);
}

async function flip(path: string, offset: number): Promise<void> {
  const file = await open(path, 'r+');
  const byte = new Uint8Array(1);
  await file.read(byte, 0, 1, offset);
  await file.write(Uint8Array.of((byte[0] ?? 0) ^ 0xff), 0, 1, offset);
  await file.close();
}

const NAME = nameOf();
const PATH = pathOfShard(NAME);

const descriptors = async (): Promise<number> => (await readdir('/proc/self/fd')).length;

function suite(scratch: ScratchFolder): void {
  it.each([TOMBSTONES_FOLDER, QUARANTINE_FOLDER])('is not opened once %s is lost', async (folder) => {
    const world = await made(scratch);
    await world.store.quarantine(NAME.volumeId, 'metadata are lost');
    await world.close();
    await rm(join(world.path, folder), { recursive: true });
    for (let time = 0; time < 2; time += 1) {
      const pool = await Pool.open(world.path, { clock: world.clock });
      await expect(openStore(pool)).rejects.toMatchObject({
        code: 'corrupt',
        fields: { path: `${world.path}/${folder}` },
      });
      await pool.close();
    }
  });

  it('leaves no file open', async () => {
    const world = await made(scratch);
    const { store } = world;
    await putShard(store, nameOf({ index: 0 }));
    const before = await descriptors();
    const expected = await putShard(store);
    await putShard(store);
    await expect(putShard(store, NAME, payloadOf(9))).rejects.toMatchObject({ code: 'conflict' });
    const put = await store.put(identityOf({ name: nameOf({ index: 4 }) }), { maxPayloadBytes: 9, purpose: 'data' });
    await put.abort();
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    expect(await readAll(store, { ...expected, checksum: 1 })).toBe('otherChecksum');
    await store.delete(NAME, PROOF);
    await world.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1 });
    expect(await descriptors()).toBe(before);
    await world.close();
  });

  it('keeps what was put for the next process, and nothing of what was not', async () => {
    const first = await made(scratch);
    const payload = payloadOf(300_001);
    const expected = await putShard(first.store, NAME, payload);
    const begun = await first.store.put(identityOf({ name: nameOf({ index: 4 }) }), {
      ...{ maxPayloadBytes: 100_000, purpose: 'data' },
    });
    await begun.append(payloadOf(100_000));
    await first.close();
    const second = await opened(first.path);
    // As bytes: to compare them one by one takes seconds.
    expect(Buffer.from(await readAll(second.store, expected)).equals(payload)).toBe(true);
    expect(await walkAll(second.store)).toMatchObject([{ name: NAME, sizeBytes: 311_296, state: 'live' }]);
    expect(await readdir(join(first.path, '.couchestor/incoming'))).toEqual([]);
    await second.close();
  });

  it('takes a record as long as may be, and many shards at once', async () => {
    const world = await made(scratch);
    const names = Array.from({ length: 60 }, (_, at) => nameOf({ stripeId: `7-${at % 12}`, index: at % 5 }));
    await Promise.all(
      names.map(async (name) => {
        const put = await world.store.put(identityOf({ name }), { maxPayloadBytes: 100, purpose: 'repair' });
        await put.append(payloadFor(name));
        await put.commit({ logicalLength: 1, record: payloadOf(MAX_STRIPE_RECORD_BYTES) });
      }),
    );
    for (const name of names) expect(await readAll(world.store, expectedOf(name))).toEqual(payloadFor(name));
    const scan = world.store.scan();
    while ((await scan.step()) !== 'done');
    expect(scan.report).toMatchObject({ shards: 60, foreign: 0 });
    expect((await world.pool.usage()).reservedBytes).toBe(0);
    await world.close();
  });

  it('deletes for good, folders and all, over the end of a process', async () => {
    const first = await made(scratch);
    await putShard(first.store);
    await first.store.delete(NAME, PROOF);
    await first.store.quarantine(NAME.volumeId, 'wait');
    await first.close();
    const second = await opened(first.path);
    expect(second.store.leftovers).toMatchObject({ tombstones: 1, quarantines: 1, foreign: [] });
    await second.store.release(NAME.volumeId);
    await second.clock.advance(GRACE_MS);
    expect(await collectAll(second.store)).toEqual({ deleted: 1, keptCount: 0, kept: [] });
    expect(await readdir(first.path)).toEqual(['.couchestor']);
    expect(await readdir(join(first.path, '.couchestor/tombstones'))).toEqual([]);
    await second.close();
  });

  it('finds what the disk has lost or changed, and takes the shard again', async () => {
    const world = await made(scratch);
    const { path, pool, store } = world;
    const expected = await putShard(store);
    const file = join(path, PATH);
    for (const [damage, reason] of [
      [() => flip(file, 4096 + 99), 'corrupt'],
      [() => truncate(file, 8192), 'incomplete'],
      [() => truncate(file, 8191), 'incomplete'],
      [() => truncate(file, 0), 'incomplete'],
      [() => flip(file, 0), 'notAShard'],
    ] as const) {
      await damage();
      expect(await readAll(store, expected)).toBe(reason);
      await putShard(store);
      expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    }
    expect(pool.health.state).toBe('Degraded');
    await world.close();
  });

  it('serves no shard for another one, and follows no link', async () => {
    const world = await made(scratch);
    const { path, store } = world;
    const other = nameOf({ index: 4 });
    for (const name of [NAME, other]) await putShard(store, name);
    await rename(join(path, pathOfShard(other)), join(path, PATH));
    expect(await readAll(store, expectedOf(NAME))).toBe('otherShard');
    await expect(putShard(store)).rejects.toMatchObject({ code: 'conflict' });
    await symlink(join(path, PATH), join(path, pathOfShard(other)));
    expect(await readAll(store, expectedOf(other))).toBe('notAShard');
    await expect(putShard(store, other)).rejects.toMatchObject({ code: 'conflict' });
    await expect(store.delete(other, PROOF)).rejects.toMatchObject({ code: 'conflict' });
    const scan = store.scan();
    while ((await scan.step()) !== 'done');
    expect(scan.report).toMatchObject({ shards: 1, foreignExamples: [pathOfShard(other)] });
    await world.close();
  });
}

describeOnDisk('a store on a disk', suite);
describeOnTmpfs('a store on a tmpfs', suite);
