import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, parseVolumeId } from '@couchestor/common/base';
import { QUARANTINE_FOLDER, replaceSealed } from '../pools/index.ts';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard } from '../shards/index.ts';
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
  walkAll,
  writeFile,
} from './store.fixture.ts';

const NAME = nameOf();
const OTHER = nameOf({ volumeId: 'other' });
const { volumeId } = NAME;
const RECORD = `${QUARANTINE_FOLDER}/${volumeId}.json`;

/** With two shards of two volumes, of which the first is quarantined. */
async function world(): Promise<{ files: PowerLossFiles; pool: StandInPool; store: ShardStore }> {
  const files = new PowerLossFiles();
  const pool = await StandInPool.make(files);
  const store = await openStore(pool);
  for (const name of [NAME, OTHER]) await putShard(store, name);
  await store.quarantine(volumeId, 'nobody knows it');
  return { files, pool, store };
}

describe('a volume that is quarantined', () => {
  it('keeps its shards, which can be read, and takes no delete; others do', async () => {
    const { pool, store } = await world();
    await expect(store.delete(NAME, PROOF)).rejects.toMatchObject({
      code: 'conflict',
      fields: { field: 'volumeId', volumeId },
      message: expect.stringContaining('nobody knows it'),
    });
    expect(await store.delete(OTHER, PROOF)).toMatchObject({ kind: 'tombstoned' });
    expect(await walkAll(store)).toMatchObject([
      { name: OTHER, state: 'tombstoned', quarantined: false },
      { name: NAME, state: 'live', quarantined: true },
    ]);
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1 });
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });

  it('is known to the next one who opens the store', async () => {
    const { pool, store } = await world();
    const quarantine = { volumeId, reason: 'nobody knows it', since: pool.clock.now() };
    expect(store.quarantined()).toEqual([quarantine]);
    await store.close();
    const next = await openStore(pool);
    expect(next.quarantined()).toEqual([quarantine]);
    await expect(next.delete(NAME, PROOF)).rejects.toMatchObject({ code: 'conflict' });
  });

  it('keeps the first reason', async () => {
    const { store } = await world();
    await store.quarantine(volumeId, 'another reason');
    expect(store.quarantined()).toMatchObject([{ reason: 'nobody knows it' }]);
  });

  it('suspends deletions that had begun, and their grace begins again when it is released', async () => {
    const { pool, store } = await world();
    expect(await store.release(volumeId)).toBe(true);
    await store.delete(NAME, PROOF);
    await store.quarantine(volumeId, 'wait');
    await pool.clock.advance(2 * GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0, keptCount: 0 });
    await store.release(volumeId);
    expect(await store.release(volumeId)).toBe(false);
    expect(await collectAll(store)).toMatchObject({ deleted: 0 });
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 1 });
  });

  it('begins no grace again but that of its own shards', async () => {
    const { pool, store } = await world();
    await store.delete(OTHER, PROOF);
    await pool.clock.advance(1000);
    await store.release(volumeId);
    expect(await store.delete(OTHER, PROOF)).toEqual({ kind: 'tombstoned', dueInMs: GRACE_MS - 1000 });
  });

  it('takes an undelete', async () => {
    const { pool, store } = await world();
    await store.release(volumeId);
    await store.delete(NAME, PROOF);
    await store.quarantine(volumeId, 'wait');
    expect(await store.undelete(NAME)).toBe(true);
    await store.release(volumeId);
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0 });
  });

  it.each(['', 'x'.repeat(1025)])('needs a reason that can be shown: %j', async (reason) => {
    const { store } = await world();
    await expect(store.quarantine(OTHER.volumeId, reason)).rejects.toMatchObject({ fields: { field: 'reason' } });
    expect(store.quarantined()).toHaveLength(1);
  });

  it('may be one of which there is nothing', async () => {
    const { store } = await world();
    await store.quarantine(parseVolumeId('to-come'), 'a restore will bring it');
    await expect(putShard(store, nameOf({ volumeId: 'to-come' }))).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('a volume that nobody knows', () => {
  const known = (...volumeIds: string[]) => Promise.resolve(new Set(volumeIds.map((text) => parseVolumeId(text))));

  it('is quarantined, and nothing of it is deleted', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool);
    for (const name of [NAME, OTHER]) await putShard(store, name);
    expect(await store.quarantineUnknown(() => known('other', 'elsewhere'))).toEqual([volumeId]);
    expect(await store.quarantineUnknown(() => known('other'))).toEqual([]);
    expect(store.quarantined()).toMatchObject([{ volumeId, reason: 'nothing is known of this volume' }]);
    await expect(store.delete(NAME, PROOF)).rejects.toMatchObject({ code: 'conflict' });
    await pool.clock.advance(GRACE_MS);
    expect(await collectAll(store)).toMatchObject({ deleted: 0 });
    expect(await walkAll(store)).toHaveLength(2);
  });

  it('is each of them when nothing at all is known: deletions stop, nothing goes', async () => {
    const { store } = await world();
    await store.delete(OTHER, PROOF);
    expect(await store.quarantineUnknown(() => known())).toEqual(['other']);
    expect(await walkAll(store)).toMatchObject([{ quarantined: true }, { quarantined: true }]);
  });

  it('is not one that is made while it is asked for', async () => {
    const store = await openStore(await StandInPool.make());
    const strangers = store.quarantineUnknown(async () => {
      await putShard(store);
      return known();
    });
    expect(await strangers).toEqual([]);
  });

  it('is none when it cannot be asked for', async () => {
    const { store } = await world();
    const error = new CoucheStorError('unavailable', 'the API does not answer');
    await expect(store.quarantineUnknown(() => Promise.reject(error))).rejects.toBe(error);
    expect(store.quarantined()).toHaveLength(1);
  });
});

describe('the record of a quarantine', () => {
  it('is one of a limited number', async () => {
    const store = await openStore(await StandInPool.make(), { limits: { quarantines: 1 } });
    await store.quarantine(volumeId, 'first');
    await store.quarantine(volumeId, 'again');
    const second = store.quarantine(OTHER.volumeId, 'second');
    await expect(second).rejects.toMatchObject({ code: 'resourceExhausted', fields: { quarantines: 1 } });
    expect(store.quarantined()).toHaveLength(1);
  });

  it('that is damaged, or of another volume, still holds', async () => {
    const { files, pool, store } = await world();
    await store.quarantine(OTHER.volumeId, 'nobody knows this either');
    fileAt(files, RECORD).content = fileAt(files, `${QUARANTINE_FOLDER}/other.json`).content;
    fileAt(files, `${QUARANTINE_FOLDER}/other.json`).content = Buffer.from('{}');
    await store.close();
    const next = await openStore(pool);
    const reason = expect.stringContaining('damaged');
    expect(next.quarantined()).toMatchObject([
      { volumeId: 'other', reason },
      { volumeId, reason },
    ]);
    for (const name of [NAME, OTHER])
      await expect(next.delete(name, PROOF)).rejects.toMatchObject({ code: 'conflict' });
    expect(await next.release(volumeId)).toBe(true);
    expect(await next.delete(NAME, PROOF)).toMatchObject({ kind: 'tombstoned' });
  });

  it.each([
    ['a reason that is no text', { volumeId, reason: 7, since: 1 }],
    ['no reason', { volumeId, since: 1 }],
    ['more than anybody knows', { volumeId, reason: 'why', since: 1, until: 2 }],
  ])('still holds with %s', async (_, record) => {
    const { pool, store } = await world();
    await store.close();
    await replaceSealed(pool.files, RECORD, record);
    const next = await openStore(pool);
    expect(next.quarantined()).toMatchObject([{ volumeId, reason: expect.stringContaining('damaged') }]);
  });

  it('that could not be written holds in this process, and the caller is told', async () => {
    const error = new CoucheStorError('resourceExhausted', 'ENOSPC');
    let isFull = false;
    const files = new InterposedFiles(new PowerLossFiles(), (step, run) =>
      isFull && step.operation === 'create' ? Promise.reject(error) : run(),
    );
    const store = await openStore(await StandInPool.make(files));
    await putShard(store);
    isFull = true;
    await expect(store.quarantine(volumeId, 'nobody knows it')).rejects.toBe(error);
    await expect(store.delete(NAME, PROOF)).rejects.toMatchObject({ code: 'conflict' });
    isFull = false;
    await store.quarantine(volumeId, 'nobody knows it');
    expect(await files.entries(QUARANTINE_FOLDER)).toHaveLength(1);
  });

  it('that an earlier process had no time to sync is not lost once it was seen', async () => {
    const disk = new PowerLossFiles();
    let isKilled = false;
    const files = new InterposedFiles(disk, (step, run) => {
      if (step.operation === 'rename') isKilled = true;
      return isKilled && step.operation === 'syncFolder' ? Promise.reject(new Error('killed')) : run();
    });
    const store = await openStore(await StandInPool.make(files));
    await expect(store.quarantine(volumeId, 'nobody knows it')).rejects.toThrow('killed');
    const seen = await openStore(new StandInPool(disk));
    expect(seen.quarantined()).toHaveLength(1);
    for (const left of disk.disk.outcomes(1, () => 0)) {
      const next = await openStore(new StandInPool(new PowerLossFiles(left)));
      expect(next.quarantined()).toEqual(seen.quarantined());
    }
  });

  it('is none with a name that no volume has, and stays where it is', async () => {
    const { files, pool, store } = await world();
    const strange = [`${QUARANTINE_FOLDER}/-no.json`, `${QUARANTINE_FOLDER}/README`];
    for (const path of strange) await writeFile(files, path, Buffer.from('?'));
    await store.close();
    const next = await openStore(pool);
    expect(next.quarantined()).toHaveLength(1);
    expect(next.leftovers).toMatchObject({ quarantines: 1, foreign: strange });
    expect(await files.entries(QUARANTINE_FOLDER)).toHaveLength(3);
  });
});

describe('a quarantine that begins while the volume is collected', () => {
  it('ends when nothing more of it is deleted', async () => {
    const path = pathOfShard(NAME);
    for (const operation of ['unlink', 'openDirect', 'open'] as const) {
      const [reached, gate] = [Promise.withResolvers<boolean>(), Promise.withResolvers<boolean>()];
      let isOn = false;
      const disk = new PowerLossFiles();
      const files = new InterposedFiles(disk, async (step, run) => {
        const isHere = isOn && step.operation === operation && step.path.includes('7-42');
        if (isHere) {
          reached.resolve(true);
          await gate.promise;
        }
        return run();
      });
      const pool = await StandInPool.make(files);
      const store = await openStore(pool);
      await putShard(store);
      await store.delete(NAME, PROOF);
      await pool.clock.advance(GRACE_MS);
      isOn = true;
      const collected = collectAll(store);
      await reached.promise;
      let wasThere = false;
      const quarantined = store.quarantine(volumeId, 'stop').then(async () => {
        wasThere = (await disk.stat(path)) !== undefined;
      });
      gate.resolve(true);
      await Promise.all([collected, quarantined]);
      // What was there when the quarantine began to hold is there for good.
      expect((await disk.stat(path)) !== undefined).toBe(wasThere);
      expect(wasThere).toBe(operation !== 'unlink');
    }
  });
});
