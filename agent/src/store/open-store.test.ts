import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { INCOMING_FOLDER, newIncomingPath, QUARANTINE_FOLDER, TOMBSTONES_FOLDER } from '../pools/index.ts';
import { InterposedFiles, type FileStep } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { BLOCK_BYTES, pathOfShard } from '../shards/index.ts';
import { crc32c, identityOf, nameOf, payloadOf, stripeOf, writeShard } from '../shards/shards.fixture.ts';
import { ShardStore } from './shard-store.ts';
import {
  expectedOf,
  fileAt,
  openStore,
  payloadFor,
  PROOF,
  putShard,
  readAll,
  StandInPool,
  windowsOf,
  writeFile,
} from './store.fixture.ts';

const NAME = nameOf();
const PATH = pathOfShard(NAME);

describe('a store that is opened', () => {
  it('removes what was being written when an earlier process ended', async () => {
    const pool = await StandInPool.make();
    for (const bytes of [new Uint8Array(), payloadOf(5000)]) await writeFile(pool.files, newIncomingPath(), bytes);
    const store = await openStore(pool);
    expect(store.leftovers).toEqual({ incoming: 2, tombstones: 0, quarantines: 0, foreign: [] });
    expect(await pool.files.entries(INCOMING_FOLDER)).toEqual([]);
  });

  it('leaves alone what is foreign beside tombstones', async () => {
    const pool = await StandInPool.make();
    const names = ['README', 'vol_7-42_3.1.json.bak', 'vol_7-42_03.1.json', 'vol_7_3.1.json', 'vol_7-42_3.1_x.json'];
    for (const name of names) await writeFile(pool.files, `${TOMBSTONES_FOLDER}/${name}`, Buffer.from('?'));
    await pool.files.makeFolder(`${INCOMING_FOLDER}/folder`);
    const store = await openStore(pool);
    expect(store.tombstones).toBe(0);
    expect(store.leftovers.foreign).toHaveLength(names.length + 1);
    expect(await pool.files.entries(TOMBSTONES_FOLDER)).toHaveLength(names.length);
  });

  it.each([INCOMING_FOLDER, TOMBSTONES_FOLDER, QUARANTINE_FOLDER])('is refused without %s', async (folder) => {
    const pool = await StandInPool.make();
    await pool.files.removeFolder(folder);
    await expect(openStore(pool)).rejects.toMatchObject({ code: 'corrupt', message: expect.stringContaining(folder) });
  });

  it.each([-1, NaN, Infinity])('is refused for a grace of %d ms', async (graceMs) => {
    const pool = await StandInPool.make();
    const memory = { windows: windowsOf(), readWindows: windowsOf() };
    const opening = ShardStore.open(pool, { ...memory, crc32c, clock: pool.clock, graceMs });
    await expect(opening).rejects.toMatchObject({ code: 'invalid', fields: { field: 'graceMs' } });
  });

  it('is refused while the pool has a store, of which nothing is cleared away', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    const put = await store.put(identityOf(), { maxPayloadBytes: 100, purpose: 'data' });
    await put.append(payloadFor(NAME));
    await expect(openStore(pool)).rejects.toMatchObject({ code: 'conflict', fields: { field: 'store' } });
    await put.commit(stripeOf());
    await store.close();
    expect(await readAll(await openStore(pool), expectedOf(NAME))).toEqual(payloadFor(NAME));
  });

  it('that failed is followed by one that succeeds', async () => {
    const pool = await StandInPool.make();
    await pool.files.removeFolder(QUARANTINE_FOLDER);
    await expect(openStore(pool)).rejects.toMatchObject({ code: 'corrupt' });
    await pool.files.makeFolder(QUARANTINE_FOLDER);
    await openStore(pool);
  });

  it('changes nothing where the pool takes no writes, and can be read', async () => {
    const pool = await StandInPool.make();
    const before = await openStore(pool);
    await putShard(before);
    await before.delete(NAME, PROOF);
    await before.close();
    await writeFile(pool.files, newIncomingPath(), new Uint8Array());
    pool.health.note('withoutLock', 'EROFS');
    const store = await openStore(pool);
    expect(store.leftovers).toEqual({ incoming: 0, tombstones: 1, quarantines: 0, foreign: [] });
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
    expect(await pool.files.entries(INCOMING_FOLDER)).toHaveLength(1);
  });

  it('opens although a leftover cannot be removed', async () => {
    const error = new CoucheStorError('unavailable', 'EIO');
    const files = new InterposedFiles(new PowerLossFiles(), (step, run) =>
      step.operation === 'unlink' ? Promise.reject(error) : run(),
    );
    const pool = await StandInPool.make(files);
    await writeFile(files, newIncomingPath(), new Uint8Array());
    expect((await openStore(pool)).leftovers).toMatchObject({ incoming: 0 });
  });
});

describe('a shard that is read', () => {
  it('is missing when it is absent, another one, or an older one', async () => {
    const files = new PowerLossFiles();
    const pool = await StandInPool.make(files);
    const store = await openStore(pool);
    expect(await readAll(store, expectedOf(NAME))).toBe('absent');
    await putShard(store);
    expect(await readAll(store, { ...expectedOf(NAME), payloadBytes: 99 })).toBe('otherLength');
    expect(await readAll(store, { ...expectedOf(NAME), checksum: 7 })).toBe('otherChecksum');
    expect(pool.health.state).toBe('Online');
    const other = await writeShard(payloadFor(NAME), { identity: identityOf({ name: nameOf({ index: 0 }) }) });
    fileAt(files, PATH).content = other.bytes;
    expect(await readAll(store, expectedOf(NAME))).toBe('otherShard');
    expect(pool.health.report).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'corruptShards' }] });
  });
});

describe('the health of the pool', () => {
  it('is told of corrupt blocks that are met by reading', async () => {
    const files = new PowerLossFiles();
    const pool = await StandInPool.make(files);
    const store = await openStore(pool);
    const expected = await putShard(store);
    const { content } = fileAt(files, PATH);
    content.writeUInt8(content.readUInt8(4100) ^ 1, 4100);
    expect(await readAll(store, expected)).toBe('corrupt');
    expect(pool.health.report).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'corruptShards' }] });
  });

  it('is told of them also where the disk refuses what comes after them', async () => {
    const error = new CoucheStorError('unavailable', 'EIO', { fields: { fault: 'system', errno: 'EIO' } });
    const files = new PowerLossFiles();
    let reads = -Infinity;
    const refusing = new InterposedFiles(files, (step, run) =>
      step.operation === 'read' && ++reads === 2 ? Promise.reject(error) : run(),
    );
    const pool = await StandInPool.make(refusing);
    const store = await openStore(pool);
    const found = await store.read(await putShard(store, NAME, payloadOf(3 * BLOCK_BYTES)));
    if (found.kind !== 'open') throw new Error(found.kind);
    const { content } = fileAt(files, PATH);
    content.writeUInt8(content.readUInt8(4100) ^ 1, 4100);
    reads = 0;
    expect(await found.reader.read(0, new Uint8Array(3 * BLOCK_BYTES))).toMatchObject({ kind: 'unreadable', block: 1 });
    expect(pool.health.reasons).toMatchObject([{ cause: 'corruptShards' }]);
    await found.close();
  });

  it('is told of them also by who wants to know and not to read', async () => {
    const files = new PowerLossFiles();
    const pool = await StandInPool.make(files);
    const store = await openStore(pool);
    const found = await store.read(await putShard(store));
    if (found.kind !== 'open') throw new Error(found.kind);
    expect(await found.reader.verify(0, 100)).toEqual({ kind: 'verified' });
    const { content } = fileAt(files, PATH);
    content.writeUInt8(content.readUInt8(4100) ^ 1, 4100);
    expect(await found.reader.verify(0, 100)).toEqual({ kind: 'corrupt', blocks: [0] });
    expect(pool.health.state).toBe('Degraded');
    await found.close();
  });

  it('hears of a shard once, however often it is read', async () => {
    const files = new PowerLossFiles();
    const pool = await StandInPool.make(files);
    const store = await openStore(pool);
    const expected = await putShard(store);
    fileAt(files, PATH).content = Buffer.alloc(12_288);
    for (let at = 0; at < 3; at += 1) expect(await readAll(store, expected)).toBe('notAShard');
    expect(pool.health.reasons).toMatchObject([{ detail: expect.stringContaining('1 shard is corrupt') }]);
  });
});

describe('shards that are read at once', () => {
  it('are limited, and none is left open', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { limits: { openShards: 2 } });
    const expected = await putShard(store);
    const [first, second] = [await store.read(expected), await store.read(expected)];
    await expect(store.read(expected)).rejects.toMatchObject({ code: 'tooManyRequests', fields: { openShards: 2 } });
    if (first.kind !== 'open' || second.kind !== 'open') throw new Error('they are there');
    await first.close();
    await first.close();
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    await store.close();
    await expect(second.reader.read(0, new Uint8Array(1))).resolves.toMatchObject({ kind: 'unreadable' });
    await second.close();
  });

  it('do not count when nothing was opened', async () => {
    const error = new CoucheStorError('unavailable', 'EIO', { fields: { fault: 'system', errno: 'EIO' } });
    let failing: FileStep['operation'] | undefined;
    const files = new InterposedFiles(new PowerLossFiles(), (step, run) =>
      step.operation === failing ? Promise.reject(error) : run(),
    );
    const store = await openStore(await StandInPool.make(files), { limits: { openShards: 1 } });
    const expected = await putShard(store);
    for (failing of ['open', 'read'] as const) {
      for (let at = 0; at < 3; at += 1) expect(await store.read(expected)).toEqual({ kind: 'unreadable', error });
    }
    failing = undefined;
    for (let at = 0; at < 3; at += 1) expect(await readAll(store, { ...expected, checksum: 1 })).toBe('otherChecksum');
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
  });

  it('are none where no file is', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    await putShard(store, nameOf({ index: 0 }));
    await pool.files.makeFolder(PATH);
    expect(await readAll(store, expectedOf(NAME))).toBe('notAShard');
  });
});

describe('calls at once', () => {
  it('are limited', async () => {
    const store = await openStore(await StandInPool.make(), { limits: { calls: 1 } });
    const first = store.list({ limit: 1 });
    await expect(store.list({ limit: 1 })).rejects.toMatchObject({ code: 'tooManyRequests' });
    expect(await first).toEqual({ shards: [] });
    expect(await store.list({ limit: 1 })).toEqual({ shards: [] });
  });
});
