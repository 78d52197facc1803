/** Real threads on a real arena, with each engine: the bytes they compute, and what is left behind when they are stopped. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { loadNative } from '@couchestor/native';
import { createHash } from 'node:crypto';
import type { CoucheStorError } from '../base/index.ts';
import { nullLogger } from '../base/index.ts';
import { createScheme, ErasureCodec, ShardArena, TypeScriptEngine, WASM_SCRATCH_BYTES } from '../erasure/index.ts';
import type { EngineReport, ThreadData } from './coding-messages.ts';
import { CodingPool, PART_BYTES } from './coding-pool.ts';
import { CodingThread } from './coding-thread.ts';
import type { WorkPart } from './matrix-work.ts';
import { PooledCodec } from './pooled-codec.ts';
import { SELF_TEST_BYTES } from './self-test.ts';

const MIB = 1024 * 1024;
const scheme = createScheme({ kind: 'reedSolomon', dataShards: 4, parityShards: 2 });
const oracle = new ErasureCodec(scheme, new TypeScriptEngine());

/** The same bytes in every run, and different ones for every seed. */
function noise(bytes: Uint8Array, seed: number): Uint8Array {
  bytes.set(createHash('shake256', { outputLength: bytes.length }).update(String(seed)).digest());
  return bytes;
}

const plain = (buffers: readonly Uint8Array[]): Uint8Array[] => buffers.map((buffer) => buffer.slice());

const hasAddon = loadNative().kind === 'loaded';
const engines = [...(hasAddon ? (['native'] as const) : []), 'wasm', 'typescript'] as const;

describe.each(engines)('threads with the engine %s', (engine) => {
  let pool: CodingPool;
  let codec: PooledCodec;

  beforeAll(async () => {
    pool = await CodingPool.start({ threads: 2, arena: new ShardArena(64 * MIB), engine, logger: nullLogger });
    codec = new PooledCodec(scheme, pool);
  });

  afterAll(async () => {
    await pool.close();
    expect(pool.arena.allocatedCount).toBe(0);
  });

  /** Six shards, the parity computed by the oracle. */
  function stripe(bytes: number): { shards: Uint8Array[]; expected: Uint8Array[]; release: () => void } {
    const shards = Array.from({ length: 6 }, (_, index) => noise(pool.arena.allocate(bytes), bytes + index + 1));
    const expected = plain(shards);
    oracle.encode(expected.slice(0, 4), expected.slice(4));
    return { shards, expected, release: () => shards.forEach((shard) => pool.arena.release(shard)) };
  }

  it.each([1, 63, 4096, 100_003, PART_BYTES / 4 + 77])(
    'encodes, verifies and reconstructs shards of %d bytes',
    async (bytes) => {
      const { shards, expected, release } = stripe(bytes);
      await codec.encode(shards.slice(0, 4), shards.slice(4));
      expect(Buffer.concat(shards).equals(Buffer.concat(expected))).toBe(true);
      expect(await codec.verify(shards.slice(0, 4), shards.slice(4))).toEqual([]);

      const [lost, other] = [shards[1]!.fill(0), shards[4]!.fill(0)];
      await codec.reconstruct(
        shards.map((shard, index) => (index === 1 || index === 4 ? undefined : shard)),
        [
          { shard: 1, bytes: lost },
          { shard: 4, bytes: other },
        ],
      );
      expect(Buffer.concat(shards).equals(Buffer.concat(expected))).toBe(true);

      const last = shards[5]!;
      last[bytes - 1] = last[bytes - 1]! ^ 0x80;
      expect(await codec.verify(shards.slice(0, 4), shards.slice(4))).toEqual([5]);
      release();
    },
  );

  it('encodes shard by shard, and a range of one shard', async () => {
    const { shards, expected, release } = stripe(70_001);
    for (const parity of shards.slice(4)) parity.fill(0);
    for (const shard of [2, 0, 3, 1]) await codec.encodeIncrement(shard, shards[shard]!, shards.slice(4));
    expect(Buffer.concat(shards).equals(Buffer.concat(expected))).toBe(true);
    const range = pool.arena.allocate(4097);
    await codec.reconstructRange(
      shards.map((shard, index) => (index === 2 ? undefined : shard)),
      { shard: 2, bytes: range },
      65_000,
    );
    expect(Buffer.from(range).equals(expected[2]!.subarray(65_000, 69_097))).toBe(true);
    pool.arena.release(range);
    release();
  });

  it('keeps many stripes apart that are encoded at once', async () => {
    const stripes = Array.from({ length: 24 }, (_, index) => stripe(8192 + index));
    await Promise.all(stripes.map(({ shards }) => codec.encode(shards.slice(0, 4), shards.slice(4))));
    for (const { shards, expected, release } of stripes) {
      expect(Buffer.concat(shards).equals(Buffer.concat(expected))).toBe(true);
      release();
    }
  });

  it('touches no buffer any more once cancelled work has been told so', async () => {
    const { shards, release } = stripe(PART_BYTES / 2);
    for (let round = 0; round < 3; round += 1) {
      const abort = new AbortController();
      const parity = shards.slice(4);
      const coding = codec.encode(shards.slice(0, 4), parity, { signal: abort.signal });
      // Promises alone: the threads have their parts by then, and no answer of theirs has been heard.
      for (let turn = 0; turn < 50; turn += 1) await Promise.resolve();
      abort.abort();
      await expect(coding).rejects.toMatchObject({ code: 'cancelled' });
      for (const shard of parity) shard.fill(0xee);
      await codec.verify(shards.slice(0, 4), parity);
      const sentinel = Buffer.alloc(PART_BYTES / 2, 0xee);
      expect(parity.every((shard) => sentinel.equals(shard))).toBe(true);
    }
    release();
  });

  it('works on a range of every shard, and leaves the rest as it is', async () => {
    const { shards, expected, release } = stripe(3000);
    const range = { offset: 1001, length: 900 };
    const [data, parity] = [shards.slice(0, 4), shards.slice(4)];
    const merged = (index: number): Buffer => {
      const before = noise(new Uint8Array(3000), 3000 + index + 1);
      before.set(expected[index]!.subarray(1001, 1901), 1001);
      return Buffer.from(before);
    };
    await codec.encode(data, parity, { range });
    for (const index of [4, 5]) expect(merged(index).equals(shards[index]!)).toBe(true);
    expect(await codec.verify(data, parity, { range })).toEqual([]);
    expect(await codec.verify(data, parity)).toEqual([4, 5]);

    for (const shard of parity) shard.fill(0, 1001, 1901);
    for (const shard of [0, 1, 2, 3]) await codec.encodeIncrement(shard, data[shard]!, parity, { range });
    for (const index of [4, 5]) expect(merged(index).equals(shards[index]!)).toBe(true);

    const lost = shards[2]!.fill(0);
    const left = shards.map((shard, index) => (index === 2 ? undefined : shard));
    await codec.reconstruct(left, [{ shard: 2, bytes: lost }], { range });
    expect(Buffer.from(expected[2]!.subarray(1001, 1901)).equals(lost.subarray(1001, 1901))).toBe(true);
    expect(lost.subarray(0, 1001).every((byte) => byte === 0) && lost.subarray(1901).every((byte) => byte === 0)).toBe(
      true,
    );
    release();
  });

  it('begins nothing that was cancelled before', async () => {
    const { shards, release } = stripe(128);
    const [data, parity, signal] = [shards.slice(0, 4), shards.slice(4), AbortSignal.abort()];
    const output = { shard: 4, bytes: parity[0]! };
    const left = shards.map((shard, index) => (index === 4 ? undefined : shard));
    const before = Buffer.concat(parity);
    const calls = [
      codec.encode(data, parity, { signal }),
      codec.encodeIncrement(0, data[0]!, parity, { signal }),
      codec.verify(data, parity, { signal }),
      codec.reconstruct(left, [output], { signal }),
      codec.reconstructRange(left, output, 0, signal),
    ];
    for (const call of calls) await expect(call).rejects.toMatchObject({ code: 'cancelled' });
    expect(before.equals(Buffer.concat(parity))).toBe(true);
    release();
  });

  it('refuses what the codec refuses, before any thread hears of it', async () => {
    const before = pool.status().doneParts;
    const { shards, release } = stripe(64);
    const refusals = [
      codec.encode(shards.slice(0, 3), shards.slice(4)),
      codec.encode(shards.slice(0, 4), shards.slice(4), { range: { offset: 1, length: 64 } }),
      codec.encode(plain(shards.slice(0, 4)), plain(shards.slice(4))),
      codec.reconstruct(shards.slice(0, 3).concat(Array.from({ length: 3 })), [{ shard: 5, bytes: shards[5]! }]),
    ];
    const codes = await Promise.all(
      refusals.map((refused) => refused.catch((error: unknown) => (error as CoucheStorError).code)),
    );
    expect(codes).toEqual(['invalid', 'invalid', 'invalid', 'unavailable']);
    expect(pool.status().doneParts).toBe(before);
    release();
  });

  it('tells what it works with', () => {
    expect(pool.status().engines).toHaveLength(2);
    expect(pool.status().engines).toMatchObject([
      { name: engine, rejected: [] },
      { name: engine, rejected: [] },
    ]);
  });
});

describe('a pool that may choose', () => {
  it('takes the fastest engine there is, and tells what is missing', async () => {
    const options = { threads: 1, arena: new ShardArena(2 * MIB), engine: 'auto', logger: nullLogger } as const;
    const pool = await CodingPool.start(options);
    const [{ name, rejected }] = pool.status().engines as [EngineReport];
    expect(name).toBe(hasAddon ? 'native' : 'wasm');
    expect(rejected.map(({ name: missing, reason }) => `${missing}: ${reason}`).join()).toMatch(
      hasAddon ? /^$/ : /^native: .*node native\/build\.mjs makes it/,
    );
    await pool.close();
  });

  it('does not start on an engine that was asked for and is not there', async () => {
    const options = { threads: 2, arena: new ShardArena(2 * MIB), engine: 'native', logger: nullLogger } as const;
    const started = CodingPool.start(options).then(
      (pool) => pool.close(),
      (error: unknown) => (error as CoucheStorError).code,
    );
    expect(await started).toBe(hasAddon ? undefined : 'unsupported');
    expect(options.arena.allocatedCount).toBe(0);
  });
});

describe('a thread', () => {
  const start = (): Promise<{ thread: CodingThread; part: WorkPart }> => {
    const arena = new ShardArena(256 * MIB);
    const place = (length: number): { offset: number; length: number } => {
      const { byteOffset: offset } = arena.allocate(length);
      return { offset, length };
    };
    const scratch = place(WASM_SCRATCH_BYTES);
    const selfTest = place(SELF_TEST_BYTES);
    const matrix = { rows: 1, columns: 1, coefficients: Uint8Array.of(2) };
    const operation = { kind: 'multiply' } as const;
    const length = 64 * MIB;
    const part: WorkPart = { operation, matrix, inputs: [place(length)], outputs: [place(length)], offset: 0, length };
    return CodingThread.start({ memory: arena.memory, scratch, selfTest, wish: 'typescript' }).then((thread) => ({
      thread,
      part,
    }));
  };

  it('that ends in the middle fails what it had in hand, and everything after', async () => {
    const { thread, part } = await start();
    const lost = [thread.run(part), thread.run(part)];
    const failures = Promise.all(lost.map((run) => run.catch((error: unknown) => error)));
    await thread.end();
    for (const failure of await failures) expect(failure).toMatchObject({ code: 'internal', retryable: true });
    expect(thread.isAlive).toBe(false);
    await expect(thread.run(part)).rejects.toMatchObject({ code: 'internal' });
  });

  it('that cannot begin says so, whether it refuses or fails', async () => {
    const scratch = { offset: 0, length: 64 };
    const { memory } = new ShardArena(2 * MIB);
    const data = { memory, scratch, selfTest: scratch, wish: 'wasm' } as const;
    await expect(CodingThread.start(data)).rejects.toMatchObject({ code: 'unsupported' });
    const nothing = undefined as unknown as ThreadData;
    await expect(CodingThread.start(nothing)).rejects.toMatchObject({ code: 'internal', retryable: true });
  });

  it('refuses a part that cannot be sent, and goes on', async () => {
    const { thread, part } = await start();
    const unsendable = { ...part, note: () => undefined } as WorkPart;
    await expect(thread.run(unsendable)).rejects.toMatchObject({ code: 'invalid' });
    expect(await thread.run({ ...part, length: 64 })).toEqual(new Uint8Array());
    await thread.end();
  });

  it('answers a part that cannot be with an error, and goes on', async () => {
    const { thread, part } = await start();
    await expect(thread.run({ ...part, inputs: [] })).rejects.toMatchObject({ code: 'internal' });
    await expect(thread.run({ ...part, inputs: [{ offset: 0, length: 512 * MIB }] })).rejects.toMatchObject({
      code: 'internal',
    });
    expect(await thread.run({ ...part, length: 64 })).toEqual(new Uint8Array());
    await thread.end();
  });
});
