import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, parseVolumeId } from '@couchestor/common/base';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import type { StoreScan } from './store-scan.ts';
import { openStore, payloadFor, putShard, StandInPool, writeFile } from './store.fixture.ts';

async function finish(scan: StoreScan): Promise<StoreScan['report']> {
  while ((await scan.step()) !== 'done');
  return scan.report;
}

async function world(): Promise<{ files: PowerLossFiles; pool: StandInPool; store: ShardStore }> {
  const files = new PowerLossFiles();
  const pool = await StandInPool.make(files);
  return { files, pool, store: await openStore(pool) };
}

describe('a scan', () => {
  it('counts shards and bytes of each volume', async () => {
    const { store } = await world();
    for (const index of [0, 1, 2]) await putShard(store, nameOf({ volumeId: 'a', index }));
    await putShard(store, nameOf({ volumeId: 'b' }), payloadFor(nameOf(), 5000));
    expect(await finish(store.scan())).toEqual({
      isDone: true,
      progress: 1,
      volumes: new Map([
        [parseVolumeId('a'), { shards: 3, bytes: 3 * 12_288 }],
        [parseVolumeId('b'), { shards: 1, bytes: 16_384 }],
      ]),
      shards: 4,
      bytes: 3 * 12_288 + 16_384,
      foreign: 0,
      foreignExamples: [],
      emptyFolders: 0,
      refused: new Map(),
    });
  });

  it('of nothing is done at once', async () => {
    const { store } = await world();
    const scan = store.scan();
    expect(scan.report).toMatchObject({ isDone: false, progress: 0 });
    expect(await scan.step()).toBe('done');
    expect(await scan.step()).toBe('done');
    expect(scan.report).toMatchObject({ isDone: true, progress: 1, shards: 0 });
  });

  it('names what is foreign, at every depth, and leaves it alone', async () => {
    const { files, store } = await world();
    await putShard(store, nameOf({ volumeId: 'a' }));
    const foreign = ['README', 'a/7-42/3.1.shard~', 'a/7-42/notes', 'a/notes'];
    for (const path of foreign) await writeFile(files, path, Buffer.from('?'));
    await files.makeFolder('Volume');
    await files.makeFolder('a/7');
    await files.makeFolder('lost+found');
    const report = await finish(store.scan());
    expect(report).toMatchObject({ shards: 1, foreign: 6, emptyFolders: 0 });
    expect(report.foreignExamples.toSorted()).toEqual([...foreign, 'Volume', 'a/7'].toSorted());
    for (const path of foreign) expect(await files.stat(path)).toMatchObject({ kind: 'file' });
    expect(await files.stat('a/7')).toMatchObject({ kind: 'folder' });
  });

  it('keeps a bounded number of examples', async () => {
    const { files, store } = await world();
    await files.makeFolder('a');
    for (let at = 0; at < 150; at += 1) await writeFile(files, `a/x${at}`, new Uint8Array());
    const report = await finish(store.scan());
    expect(report.foreign).toBe(150);
    expect(report.foreignExamples).toHaveLength(100);
  });

  it('removes the folders that a crash left empty', async () => {
    const { files, store } = await world();
    await putShard(store, nameOf({ volumeId: 'a' }));
    for (const path of ['a/8-1', 'b', 'b/1-1', 'b/1-2', 'c']) await files.makeFolder(path);
    expect(await finish(store.scan())).toMatchObject({ shards: 1, emptyFolders: 5, foreign: 0 });
    expect((await files.entries(''))?.map(({ name }) => name)).toEqual(['.couchestor', 'a']);
    expect(await files.entries('a')).toHaveLength(1);
  });

  it('removes nothing while the pool takes no writes', async () => {
    const { files, pool, store } = await world();
    await files.makeFolder('b');
    pool.health.note('fileSystemReadOnly', 'EROFS');
    expect(await finish(store.scan())).toMatchObject({ emptyFolders: 0 });
    expect(await files.stat('b')).toBeDefined();
  });

  it('does a bounded piece at a time, and says how far it is', async () => {
    const { store } = await world();
    for (let counter = 0; counter < 300; counter += 1) await putShard(store, nameOf({ stripeId: `7-${counter}` }));
    const scan = store.scan();
    const progress = [scan.report.progress];
    let steps = 0;
    while ((await scan.step()) === 'busy') {
      steps += 1;
      progress.push(scan.report.progress);
      expect(scan.report.shards).toBeLessThanOrEqual(128 * steps);
    }
    expect(steps).toBe(2);
    expect(progress).toEqual(progress.toSorted((a, b) => a - b));
    expect(scan.report).toMatchObject({ shards: 300, progress: 1 });
  });

  it('goes on where it was after a step that failed, and counts nothing twice', async () => {
    const error = new CoucheStorError('unavailable', 'EIO');
    let calls = 0;
    let failAt = Infinity;
    const files = new InterposedFiles(new PowerLossFiles(), (_, run) =>
      (calls += 1) === failAt ? Promise.reject(error) : run(),
    );
    const store = await openStore(await StandInPool.make(files));
    for (const volumeId of ['a', 'b']) {
      for (const index of [0, 1]) await putShard(store, nameOf({ volumeId, index }));
    }
    await files.makeFolder('c');
    await writeFile(files, 'a/foreign', new Uint8Array());
    const wanted = { shards: 4, bytes: 4 * 12_288, foreign: 1 };
    for (let at = 1; ; at += 1) {
      await files.makeFolder('c');
      [calls, failAt] = [0, at];
      const scan = store.scan();
      let failures = 0;
      for (let state = 'busy'; state !== 'done';) {
        state = await scan.step().catch((thrown: unknown) => {
          expect(thrown).toBe(error);
          failures += 1;
          return 'failed';
        });
      }
      expect(scan.report).toMatchObject(wanted);
      expect(failures).toBe(calls < at ? 0 : 1);
      if (failures === 0) break;
    }
    expect(failAt).toBeGreaterThan(8);
  });

  it('waits for a put that has made the folder which it would remove', async () => {
    const [made, gate] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
    const [listed, disk] = [Promise.withResolvers<boolean>(), new PowerLossFiles()];
    const files = new InterposedFiles(disk, async (step, run) => {
      const result = await run();
      if (step.operation === 'entries' && step.path === 'vol-5f0c954c/7-42') listed.resolve(true);
      if (step.operation !== 'makeFolder' || step.path !== 'vol-5f0c954c/7-42') return result;
      made.resolve(true);
      await gate.promise;
      return result;
    });
    const store = await openStore(await StandInPool.make(files));
    const put = putShard(store);
    await made.promise;
    const scanned = finish(store.scan());
    await listed.promise;
    await new Promise((resolve) => setImmediate(resolve));
    gate.resolve(true);
    await put;
    expect(await scanned).toMatchObject({ emptyFolders: 0 });
    expect(await finish(store.scan())).toMatchObject({ shards: 1 });
  });
});
