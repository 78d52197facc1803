import { parseStripeId, parseVolumeId } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { INCOMING_FOLDER, POOL_FOLDER, QUARANTINE_FOLDER, TOMBSTONES_FOLDER } from '../pools/index.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import { StoreView } from './store-view.ts';
import { openStore, PROOF, putShard, StandInPool, walkAll } from './store.fixture.ts';

async function write(pool: StandInPool, path: string, text: string): Promise<void> {
  await pool.files.unlink(path);
  const device = await pool.files.create(path);
  await device.write(0, Buffer.from(text));
  await device.close();
}

async function walked(view: StoreView, options = {}) {
  const stripes = [];
  for await (const stripe of view.stripes(options)) stripes.push(stripe);
  return {
    shards: stripes.flatMap(({ shards }) => shards),
    foreign: stripes.flatMap(({ foreign }) => foreign),
    progress: stripes.map(({ progress }) => progress),
  };
}

describe('a view of a store', () => {
  it('is what the store says of its shards, and changes nothing', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    const [first, second] = [nameOf({ stripeId: '7-1' }), nameOf({ stripeId: '7-2' })];
    for (const name of [second, first, nameOf({ volumeId: 'vol-2' })]) await putShard(store, name);
    await store.delete(first, PROOF);
    await store.quarantine(parseVolumeId('vol-2'), 'nobody knows it');
    await write(pool, `${INCOMING_FOLDER}/x.part`, 'begun');

    const view = await StoreView.open(pool);
    const { shards, foreign, progress } = await walked(view);
    expect(shards).toEqual(await walkAll(store));
    expect(shards.map(({ name, state, quarantined }) => [name.stripeId, state, quarantined])).toEqual([
      ['7-42', 'live', true],
      ['7-1', 'tombstoned', false],
      ['7-2', 'live', false],
    ]);
    expect(foreign).toEqual([]);
    expect(progress.at(-1)).toBe(1);
    expect(view.own).toMatchObject({
      incoming: 1,
      tombstones: 1,
      quarantines: [{ volumeId: 'vol-2' }],
      missing: [],
      foreign: [],
    });
    expect(await pool.files.stat(`${INCOMING_FOLDER}/x.part`)).toBeDefined();
  });

  it('is of one volume, where one is asked for', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    for (const volumeId of ['vol-1', 'vol-2', 'vol-3']) await putShard(store, nameOf({ volumeId }));
    const view = await StoreView.open(pool);
    const { shards } = await walked(view, { volumeId: parseVolumeId('vol-2') });
    expect(shards.map(({ name }) => name.volumeId)).toEqual(['vol-2']);
  });

  it('tells what is no part of a pool, and what is missing of it', async () => {
    const pool = await StandInPool.make();
    await pool.files.removeFolder(QUARANTINE_FOLDER);
    await pool.files.makeFolder('Holiday');
    await pool.files.makeFolder('vol-1');
    await write(pool, 'vol-1/notes.txt', 'x');
    await write(pool, `${POOL_FOLDER}/other`, 'x');
    await write(pool, `${TOMBSTONES_FOLDER}/no-shard.json`, 'x');
    const view = await StoreView.open(pool);
    expect(view.own.missing).toEqual([QUARANTINE_FOLDER]);
    expect(view.own.foreign).toEqual([`${POOL_FOLDER}/other`, `${TOMBSTONES_FOLDER}/no-shard.json`]);
    expect((await walked(view)).foreign.toSorted()).toEqual(['Holiday', 'vol-1/notes.txt']);
  });

  it('names records that are damaged', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    const name = nameOf({ stripeId: parseStripeId('7-1') });
    await putShard(store, name);
    await store.delete(name, PROOF);
    await store.quarantine(parseVolumeId('vol-2'), 'nobody knows it');
    const sound = await StoreView.open(pool);
    for await (const record of sound.damagedRecords()) throw new Error(record.path);

    await write(pool, `${QUARANTINE_FOLDER}/vol-2.json`, '{}');
    const tombstone = `${TOMBSTONES_FOLDER}/${pathOfShard(name)
      .replaceAll('/', '_')
      .replace(/shard$/, 'json')}`;
    await write(pool, tombstone, '{}');
    const view = await StoreView.open(pool);
    const damaged = [];
    for await (const { path, error } of view.damagedRecords()) damaged.push(`${path}: ${error.code}`);
    expect(damaged).toEqual([`${tombstone}: corrupt`, `${QUARANTINE_FOLDER}/vol-2.json: corrupt`]);
  });

  it('does without folders that are not there', async () => {
    const view = await StoreView.open(new StandInPool(new PowerLossFiles()));
    expect(view.own.missing).toEqual([INCOMING_FOLDER, TOMBSTONES_FOLDER, QUARANTINE_FOLDER]);
    expect((await walked(view)).shards).toEqual([]);
  });
});
