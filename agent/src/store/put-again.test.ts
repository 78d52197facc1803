/** What a put does that finds something under its name. */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { INCOMING_FOLDER } from '../pools/index.ts';
import { InterposedFiles, type Around } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard } from '../shards/index.ts';
import { crc32c, identityOf, nameOf, payloadOf, stripeOf, writeShard } from '../shards/shards.fixture.ts';
import type { PutShard } from './answers.ts';
import type { ShardStore } from './shard-store.ts';
import { stripeFolderOf } from './shard-folders.ts';
import {
  expectedOf,
  fileAt,
  openStore,
  payloadFor,
  putShard,
  readAll,
  StandInPool,
  writeFile,
} from './store.fixture.ts';

const NAME = nameOf();
const PATH = pathOfShard(NAME);
const ERROR = new CoucheStorError('unavailable', 'EIO');

async function begin(store: ShardStore, payload = payloadFor(NAME), name = NAME): Promise<PutShard> {
  const put = await store.put(identityOf({ name }), { maxPayloadBytes: payload.length, purpose: 'data' });
  await put.append(payload);
  return put;
}

async function world(): Promise<{ files: PowerLossFiles; pool: StandInPool; store: ShardStore }> {
  const files = new PowerLossFiles();
  const pool = await StandInPool.make(files);
  return { files, pool, store: await openStore(pool) };
}

/** From lose() on, what is synced is not as it was written. */
async function lossyWorld(): Promise<{ disk: PowerLossFiles; pool: StandInPool; store: ShardStore; lose: () => void }> {
  const disk = new PowerLossFiles();
  let isLossy = false;
  const files = new InterposedFiles(disk, async ({ operation, path }, run) => {
    const result = await run();
    if (isLossy && operation === 'sync') fileAt(disk, path).content.fill(0, 0, 512);
    return result;
  });
  const pool = await StandInPool.make(files);
  return { disk, pool, store: await openStore(pool), lose: () => (isLossy = true) };
}

/** Nothing on its way, and no room set aside. */
async function expectNothingLeft({ files, reserved }: StandInPool): Promise<void> {
  expect(await files.entries(INCOMING_FOLDER)).toEqual([]);
  expect(reserved.size).toBe(0);
}

/** The same shard, as a program of a later version might write its header. */
function ofNewerVersion(shard: Uint8Array): Buffer {
  const bytes = Buffer.from(shard);
  bytes.writeUInt32LE(2, 8);
  bytes.writeUInt32LE(crc32c(bytes.subarray(0, 4092)), 4092);
  return bytes;
}

/** It cannot sync the folder of the stripe, drops what it was to write there, and tells of it once. What changes later it does write. */
class LossyKernel {
  state: 'sound' | 'failing' | 'lost' = 'sound';

  readonly around: Around = async ({ operation, path }, run) => {
    // A pool takes no writes after that.
    if (operation === 'unlink' && path === PATH) throw ERROR;
    if (operation === 'rename' && path === PATH && this.state === 'lost') this.state = 'sound';
    if (operation !== 'syncFolder' || path !== stripeFolderOf(NAME) || this.state === 'sound') return run();
    if (this.state === 'lost') return undefined as never;
    this.state = 'lost';
    throw ERROR;
  };
}

describe('a put of what is there already', () => {
  it('succeeds for the same shard, with the same bytes', async () => {
    const { files, pool, store } = await world();
    await putShard(store);
    const before = Buffer.from(fileAt(files, PATH).content);
    expect(await putShard(store)).toEqual(expectedOf(NAME));
    expect(fileAt(files, PATH).content).toEqual(before);
    await expectNothingLeft(pool);
  });

  it('gives the name again, so that a sync which an earlier process has lost is not relied on', async () => {
    const [disk, kernel] = [new PowerLossFiles(), new LossyKernel()];
    const files = new InterposedFiles(disk, kernel.around);
    const first = await openStore(await StandInPool.make(files));
    kernel.state = 'failing';
    await expect(putShard(first)).rejects.toBe(ERROR);
    expect(kernel.state).toBe('lost');
    const next = await openStore(new StandInPool(files));
    const expected = await putShard(next);
    for (const outcome of disk.disk.outcomes(64, () => 0)) {
      const store = await openStore(new StandInPool(new PowerLossFiles(outcome)));
      expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    }
  });

  it('whose own file is not as it was written is refused, and the one that is there stays', async () => {
    const { pool, store, lose } = await lossyWorld();
    const expected = await putShard(store);
    const put = await begin(store);
    lose();
    await expect(put.commit(stripeOf())).rejects.toMatchObject({ code: 'corrupt' });
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    await expectNothingLeft(pool);
  });

  it('and whose own file is not as it was written leaves a damaged one: what is right of it may be wanted', async () => {
    const { disk, pool, store, lose } = await lossyWorld();
    await putShard(store);
    fileAt(disk, PATH).content[4100]! ^= 1;
    const damaged = Buffer.from(fileAt(disk, PATH).content);
    const put = await begin(store);
    lose();
    await expect(put.commit(stripeOf())).rejects.toMatchObject({ code: 'corrupt' });
    expect(fileAt(disk, PATH).content).toEqual(damaged);
    await expectNothingLeft(pool);
  });

  it('stays when its name cannot be synced: somebody may rely on it', async () => {
    let isFailing = false;
    const files = new InterposedFiles(new PowerLossFiles(), (step, run) =>
      isFailing && step.operation === 'syncFolder' ? Promise.reject(ERROR) : run(),
    );
    const pool = await StandInPool.make(files);
    const store = await openStore(pool);
    const expected = await putShard(store);
    isFailing = true;
    await expect(putShard(store)).rejects.toBe(ERROR);
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    expect(pool.reserved.size).toBe(0);
  });

  it.each([
    ['of another length', payloadOf(99)],
    ['of the same length', payloadOf(100, 77)],
  ])('is a conflict for another content %s, and the first one stays', async (_, payload) => {
    const { pool, store } = await world();
    const expected = await putShard(store);
    await expect(putShard(store, NAME, payload)).rejects.toMatchObject({
      code: 'conflict',
      fields: { field: 'name', path: PATH },
    });
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    await expectNothingLeft(pool);
  });

  it('replaces what is no shard', async () => {
    const other = payloadOf(100, 77);
    const whole = await writeShard(payloadFor(NAME));
    const corruptOther = Buffer.from((await writeShard(other)).bytes);
    corruptOther[4100] = (corruptOther[4100] ?? 0) ^ 1;
    const corrupt = Buffer.from(whole.bytes);
    corrupt[4100] = (corrupt[4100] ?? 0) ^ 1;
    for (const bytes of [
      new Uint8Array(),
      whole.bytes.subarray(0, 5000),
      Buffer.alloc(12_288),
      corrupt,
      corruptOther,
    ]) {
      const { pool, store } = await world();
      await putShard(store, nameOf({ index: 2 }), payloadOf(1));
      await writeFile(pool.files, PATH, bytes);
      const expected = await putShard(store);
      expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
      await expectNothingLeft(pool);
    }
  });

  it('is a conflict when another shard, one of a newer version, or no file is there', async () => {
    const elsewhere = await writeShard(payloadFor(NAME), { identity: identityOf({ name: nameOf({ index: 0 }) }) });
    const newer = ofNewerVersion((await writeShard(payloadFor(NAME))).bytes);
    const { files, pool, store } = await world();
    await putShard(store, nameOf({ index: 2 }));
    const places = [nameOf(), nameOf({ index: 4 }), nameOf({ index: 5 })] as const;
    await writeFile(files, pathOfShard(places[0]), elsewhere.bytes);
    await writeFile(files, pathOfShard(places[1]), newer);
    await files.makeFolder(pathOfShard(places[2]));
    for (const name of places) await expect(putShard(store, name)).rejects.toMatchObject({ code: 'conflict' });
    expect(fileAt(files, pathOfShard(places[0])).content.equals(elsewhere.bytes)).toBe(true);
    expect(fileAt(files, pathOfShard(places[1])).content.equals(newer)).toBe(true);
    await expectNothingLeft(pool);
  });

  it.each([
    ['its beginning', 1],
    ['its payload', 5],
  ])('goes with the error of the disk when %s cannot be read', async (_, failAt) => {
    const files = new PowerLossFiles();
    const error = new CoucheStorError('unavailable', 'EIO');
    let reads = -Infinity;
    const pool = await StandInPool.make(
      new InterposedFiles(files, (step, run) =>
        step.operation === 'read' && step.path === PATH && (reads += 1) >= failAt ? Promise.reject(error) : run(),
      ),
    );
    const store = await openStore(pool);
    await putShard(store);
    const before = fileAt(files, PATH);
    reads = 0;
    await expect(putShard(store, NAME, payloadOf(100, 77))).rejects.toBe(error);
    expect(fileAt(files, PATH)).toBe(before);
    await expectNothingLeft(pool);
  });
});
