import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, parseVolumeId } from '@couchestor/common/base';
import { INCOMING_FOLDER } from '../pools/index.ts';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { BLOCK_BYTES, layoutOf, MAX_STRIPE_RECORD_BYTES, pathOfShard } from '../shards/index.ts';
import { identityOf, nameOf, payloadOf, stripeOf } from '../shards/shards.fixture.ts';
import type { PutShard } from './answers.ts';
import type { ShardStore } from './shard-store.ts';
import {
  expectedOf,
  fileAt,
  openStore,
  payloadFor,
  PROOF,
  putShard,
  readAll,
  StandInPool,
  walkAll,
  windowsOf,
} from './store.fixture.ts';

const NAME = nameOf();
const PATH = pathOfShard(NAME);

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

/** Nothing on its way, and no room set aside. */
async function expectNothingLeft({ files, reserved }: StandInPool): Promise<void> {
  expect(await files.entries(INCOMING_FOLDER)).toEqual([]);
  expect(reserved.size).toBe(0);
}

describe('a put', () => {
  it('sets room aside for all that the shard may become, until it is committed', async () => {
    const { pool, store } = await world();
    const put = await begin(store);
    expect(pool.admitted).toEqual([layoutOf({ payloadBytes: 100, recordBytes: MAX_STRIPE_RECORD_BYTES }).fileBytes]);
    expect(pool.reserved.size).toBe(1);
    expect(await walkAll(store)).toEqual([]);
    await put.commit(stripeOf());
    await expectNothingLeft(pool);
  });

  it('that is aborted leaves nothing, however often', async () => {
    const { pool, store } = await world();
    const put = await begin(store);
    await put.abort();
    await put.abort();
    await expectNothingLeft(pool);
    expect(await walkAll(store)).toEqual([]);
  });

  it('knows the checksum for the record before it is committed', async () => {
    const { store } = await world();
    const put = await begin(store);
    expect(put.appendedBytes).toBe(100);
    expect(put.checksum).toBe(expectedOf(NAME).checksum);
    const record = new TextEncoder().encode('what is known at the end');
    await put.commit({ logicalLength: 9, record });
    const found = await store.read(expectedOf(NAME));
    expect(found).toMatchObject({ kind: 'open', reader: { stripe: { logicalLength: 9, record } } });
    if (found.kind === 'open') await found.close();
  });

  it('has an end: what comes later is refused, and changes nothing', async () => {
    const { files, pool, store } = await world();
    const put = await begin(store);
    await put.commit(stripeOf());
    const { content } = fileAt(files, PATH);
    await expect(put.append(payloadOf(0))).rejects.toMatchObject({ code: 'gone', fields: { path: PATH } });
    await expect(put.commit(stripeOf())).rejects.toMatchObject({ code: 'gone' });
    await put.abort();
    expect(fileAt(files, PATH).content).toBe(content);
    await expectNothingLeft(pool);
  });

  it('takes one call at a time', async () => {
    const { pool, store } = await world();
    const put = await begin(store);
    const commit = put.commit(stripeOf());
    await expect(put.commit(stripeOf())).rejects.toThrow('one call at a time');
    await commit;
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
    await expectNothingLeft(pool);
  });

  it('that is aborted beside a commit stays, and the abort waits for it', async () => {
    const { pool, store } = await world();
    const put = await begin(store);
    const ended: string[] = [];
    await Promise.all([
      put.commit(stripeOf()).then(() => ended.push('commit')),
      ...['abort', 'another'].map((name) => put.abort().then(() => ended.push(name))),
    ]);
    expect(ended).toEqual(['commit', 'abort', 'another']);
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
    await expectNothingLeft(pool);
  });

  it('that is aborted beside an append leaves nothing, and takes no more', async () => {
    const { pool, store } = await world();
    const put = await store.put(identityOf(), { maxPayloadBytes: 2 * BLOCK_BYTES, purpose: 'data' });
    const append = put.append(payloadOf(BLOCK_BYTES + 1));
    const abort = put.abort();
    await expect(put.append(payloadOf(1))).rejects.toMatchObject({ code: 'gone' });
    await Promise.all([append, abort]);
    expect(await walkAll(store)).toEqual([]);
    await expectNothingLeft(pool);
  });

  it('is refused for a length that no payload has, and takes no more than it said', async () => {
    const { pool, store } = await world();
    for (const maxPayloadBytes of [0, -1, 1.5, NaN, 2 ** 32 + 1]) {
      await expect(store.put(identityOf(), { maxPayloadBytes, purpose: 'data' })).rejects.toMatchObject({
        code: 'invalid',
        fields: { field: 'maxPayloadBytes' },
      });
    }
    const put = await begin(store);
    await expect(put.append(payloadOf(1))).rejects.toMatchObject({ code: 'invalid', fields: { field: 'payload' } });
    await put.commit(stripeOf());
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
    await expectNothingLeft(pool);
  });

  it('that was told what no footer can hold is told better, and succeeds', async () => {
    const { store } = await world();
    const put = await store.put(identityOf(), { maxPayloadBytes: 100, purpose: 'data' });
    await expect(put.commit(stripeOf())).rejects.toMatchObject({ code: 'invalid', fields: { field: 'payload' } });
    await put.append(payloadFor(NAME));
    const record = new Uint8Array(MAX_STRIPE_RECORD_BYTES + 1);
    await expect(put.commit({ logicalLength: 1, record })).rejects.toMatchObject({ fields: { field: 'record' } });
    await put.commit(stripeOf());
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });

  it('of what no header can hold leaves nothing', async () => {
    const { pool, store } = await world();
    const options = { maxPayloadBytes: 1, purpose: 'data' } as const;
    await expect(store.put(identityOf({ createdBy: '' }), options)).rejects.toMatchObject({ code: 'invalid' });
    await expectNothingLeft(pool);
  });

  it('is refused without room, and when as many are in flight as may be', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { limits: { putsInFlight: 1 } });
    pool.refusal = new CoucheStorError('resourceExhausted', 'no room');
    await expect(begin(store)).rejects.toBe(pool.refusal);
    pool.refusal = undefined;
    const put = await begin(store);
    await expect(begin(store)).rejects.toMatchObject({ code: 'tooManyRequests', fields: { most: 1 } });
    await put.abort();
    await (await begin(store)).commit(stripeOf());
    await expectNothingLeft(pool);
  });

  it('finds no memory, and leaves nothing', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { windows: windowsOf(1, 0) });
    const put = await begin(store);
    await expect(begin(store)).rejects.toMatchObject({ code: 'tooManyRequests' });
    await put.commit(stripeOf());
    await expectNothingLeft(pool);
  });

  it('holds up no reader, though its sender is slow', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { windows: windowsOf(1, 9), readWindows: windowsOf(1, 9) });
    const expected = await putShard(store);
    const slow = await begin(store, undefined, nameOf({ index: 4 }));
    expect(await readAll(store, expected)).toEqual(payloadFor(NAME));
    await slow.abort();
  });

  it('is read back without the memory that others wait for', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { windows: windowsOf(2, 9) });
    const [first, second] = [await begin(store), await begin(store, undefined, nameOf({ index: 4 }))];
    // Takes the window that the first gives back, and holds it until the second has ended.
    const third = begin(store, undefined, nameOf({ index: 5 }));
    await first.commit(stripeOf());
    await second.commit(stripeOf());
    await (await third).commit(stripeOf());
    expect(await walkAll(store)).toHaveLength(3);
  });
});

describe('a put that is not to be', () => {
  it('is refused at once where the shard waits for its deletion, and where the volume is quarantined', async () => {
    const { pool, store } = await world();
    await putShard(store);
    await store.delete(NAME, PROOF);
    await expect(begin(store)).rejects.toMatchObject({ code: 'conflict', fields: { field: 'name' } });
    const strange = parseVolumeId('strange');
    await store.quarantine(strange, 'nobody knows it');
    const name = nameOf({ volumeId: 'strange' });
    await expect(begin(store, undefined, name)).rejects.toMatchObject({ fields: { field: 'volumeId' } });
    expect(await walkAll(store)).toHaveLength(1);
    await expectNothingLeft(pool);
  });

  it('is refused at its end when that has happened meanwhile', async () => {
    const { pool, store } = await world();
    await putShard(store);
    const [again, other] = [await begin(store), await begin(store, undefined, nameOf({ index: 4 }))];
    await store.delete(NAME, PROOF);
    await expect(again.commit(stripeOf())).rejects.toMatchObject({ code: 'conflict', fields: { field: 'name' } });
    await store.quarantine(NAME.volumeId, 'nobody knows it');
    await expect(other.commit(stripeOf())).rejects.toMatchObject({ fields: { field: 'volumeId' } });
    expect((await walkAll(store)).map(({ state }) => state)).toEqual(['tombstoned']);
    await expectNothingLeft(pool);
  });

  it('is over when the device refuses it as it would a wrong call', async () => {
    const error = new CoucheStorError('invalid', 'misaligned', { fields: { fault: 'misaligned' } });
    const files = new InterposedFiles(new PowerLossFiles(), (step, run) =>
      step.operation === 'write' && step.path.endsWith('.part') ? Promise.reject(error) : run(),
    );
    const pool = await StandInPool.make(files);
    await expect(putShard(await openStore(pool))).rejects.toBe(error);
    await expectNothingLeft(pool);
  });

  it('is none when something else is read back: the file goes, and the pool is told', async () => {
    const files = new PowerLossFiles();
    const lying = new InterposedFiles(files, async (step, run) => {
      const result = await run();
      if (step.operation === 'rename' && step.path === PATH) {
        const { content } = fileAt(files, PATH);
        content[4100] = (content[4100] ?? 0) ^ 1;
      }
      return result;
    });
    const pool = await StandInPool.make(lying);
    const store = await openStore(pool);
    await expect(putShard(store)).rejects.toMatchObject({
      code: 'corrupt',
      fields: { path: PATH, reason: 'corruptBlocks' },
    });
    expect(await readAll(store, expectedOf(NAME))).toBe('absent');
    expect(pool.health.report).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'corruptShards' }] });
    await expectNothingLeft(pool);
  });
});

describe('puts at once', () => {
  it('of the same shard all succeed', async () => {
    const { pool, store } = await world();
    const puts = await Promise.all([begin(store), begin(store), begin(store)]);
    await Promise.all(puts.map((put) => put.commit(stripeOf())));
    expect(await walkAll(store)).toHaveLength(1);
    expect(await readAll(store, expectedOf(NAME))).toEqual(payloadFor(NAME));
    await expectNothingLeft(pool);
  });

  it('of different contents under one name: one succeeds, and is the one that is there', async () => {
    const { pool, store } = await world();
    const payloads = [payloadOf(100, 1), payloadOf(100, 2), payloadOf(101, 3)];
    const puts = await Promise.all(payloads.map((payload) => begin(store, payload)));
    const outcomes = await Promise.allSettled(puts.map((put) => put.commit(stripeOf())));
    const winners = outcomes.flatMap(({ status }, index) => (status === 'fulfilled' ? [payloads[index]] : []));
    expect(winners).toHaveLength(1);
    const [winner = payloadOf(1)] = winners;
    expect(await readAll(store, expectedOf(NAME, winner))).toEqual(winner);
    await expectNothingLeft(pool);
  });

  it('of a stripe and its volume make their folders once, and sync what names them once', async () => {
    const steps: string[] = [];
    const files = new InterposedFiles(new PowerLossFiles(), async ({ operation, path }, run) => {
      const result = await run();
      const isNew = operation === 'makeFolder' && result === true;
      if (isNew || (operation === 'syncFolder' && !path.includes('/'))) steps.push(`${operation} ${path}`);
      return result;
    });
    const store = await openStore(await StandInPool.make(files));
    steps.length = 0;
    await Promise.all([0, 1, 2, 3, 4, 5].map((index) => putShard(store, nameOf({ index }))));
    const { volumeId, stripeId } = NAME;
    const made = [`makeFolder ${volumeId}`, `makeFolder ${volumeId}/${stripeId}`];
    expect(steps).toEqual([...made, `syncFolder ${volumeId}`, 'syncFolder ']);
    expect(await walkAll(store)).toHaveLength(6);
  });
});

describe('a store that is closed', () => {
  it('is not held up by a caller who goes on and on', async () => {
    const { pool, store } = await world();
    const put = await store.put(identityOf(), { maxPayloadBytes: 2 ** 30, purpose: 'data' });
    const goingOn = (async () => {
      for (;;) await put.append(payloadOf(1));
    })();
    const ended = expect(goingOn).rejects.toMatchObject({ code: 'gone' });
    await store.close();
    await ended;
    await expectNothingLeft(pool);
  });

  it('waits for nobody who waits for what its puts have', async () => {
    const pool = await StandInPool.make();
    const store = await openStore(pool, { windows: windowsOf(1, 9) });
    await begin(store);
    const waiting = [1, 2, 3].map((index) => begin(store, undefined, nameOf({ index })));
    const ended = Promise.allSettled(waiting);
    await store.close();
    for (const { status } of await ended) expect(status).toBe('rejected');
    await expectNothingLeft(pool);
  });

  it('waits for nobody who waits for what another store has', async () => {
    const pool = await StandInPool.make();
    const windows = windowsOf(1, 9);
    await windows.acquire();
    const store = await openStore(pool, { windows });
    const ended = expect(begin(store)).rejects.toMatchObject({ code: 'gone', fields: { field: 'store' } });
    for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    await store.close();
    await ended;
    await expectNothingLeft(pool);
  });

  it('waits for commits, aborts other puts, and takes no calls', async () => {
    const { pool, store } = await world();
    const [committed, open] = [await begin(store), await begin(store, undefined, nameOf({ index: 4 }))];
    const commit = committed.commit(stripeOf());
    await Promise.all([store.close(), store.close()]);
    await commit;
    await expectNothingLeft(pool);
    await expect(open.append(new Uint8Array())).rejects.toMatchObject({ code: 'gone', fields: { field: 'put' } });
    await open.abort();
    await expect(store.read(expectedOf(NAME))).rejects.toMatchObject({ code: 'gone' });
    expect(() => store.walk()).toThrow('closed');
    const next = await openStore(pool);
    expect(await readAll(next, expectedOf(NAME))).toEqual(payloadFor(NAME));
  });
});
