/** Ranges of stored shards that are read in one go: what is served, what the pool is told, and that nothing stays open. */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import type { BlockDevice } from '../devices/index.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { BLOCK_BYTES, pathOfShard, type ExpectedShard } from '../shards/index.ts';
import { nameOf, payloadOf } from '../shards/shards.fixture.ts';
import type { ShardStore, StoreLimits } from './shard-store.ts';
import { expectedOf, fileAt, openStore, putShard, StandInPool } from './store.fixture.ts';

const NAME = nameOf();
const PATH = pathOfShard(NAME);
const PAYLOAD = payloadOf(3 * BLOCK_BYTES + 100);
const EIO = new CoucheStorError('unavailable', 'EIO', { fields: { fault: 'system', errno: 'EIO' } });

/** Knows what is open, and refuses what it is told to. */
class CountedFiles extends PowerLossFiles {
  readonly devices = new Set<BlockDevice>();
  refuses: (operation: 'read' | 'close', offset: number) => boolean = () => false;

  override async open(path: string): Promise<BlockDevice | undefined> {
    const device = await super.open(path);
    if (device === undefined) return undefined;
    this.devices.add(device);
    const [read, close] = [device.read.bind(device), device.close.bind(device)];
    device.read = async (offset, into) => {
      await read(offset, into);
      if (this.refuses('read', offset)) throw EIO;
    };
    device.close = async () => {
      this.devices.delete(device);
      await close();
      if (this.refuses('close', 0)) throw EIO;
    };
    return device;
  }
}

interface Lab {
  readonly files: CountedFiles;
  readonly pool: StandInPool;
  readonly store: ShardStore;
  readonly expected: ExpectedShard;
}

async function withShard(limits: Partial<StoreLimits> = {}): Promise<Lab> {
  const files = new CountedFiles();
  const pool = await StandInPool.make(files);
  const store = await openStore(pool, { limits });
  return { files, pool, store, expected: await putShard(store, NAME, PAYLOAD) };
}

const isZeros = (bytes: Uint8Array): boolean => bytes.every((byte) => byte === 0);

describe('a range that is read in one go', () => {
  it('has the bytes of the shard, and leaves no file open', async () => {
    const { files, store, expected } = await withShard();
    const ranges = [[0, PAYLOAD.length] as const, [1, 5] as const, [BLOCK_BYTES - 1, 2] as const, [7, 0] as const];
    for (const [from, length] of ranges) {
      const into = new Uint8Array(length);
      expect(await store.readRange(expected, from, into)).toEqual({ kind: 'verified' });
      expect(Buffer.compare(into, PAYLOAD.subarray(from, from + length))).toBe(0);
      expect(files.devices.size).toBe(0);
    }
  });

  it('is zeros when it is missing or corrupt; what is damaged is told to the pool, and what is another one is not', async () => {
    const { files, pool, store, expected } = await withShard();
    const into = new Uint8Array(PAYLOAD.length);
    const read = async (of: ExpectedShard): Promise<string> => {
      into.fill(0xbb);
      const answer = await store.readRange(of, 0, into);
      expect([isZeros(into), files.devices.size]).toEqual([true, 0]);
      return answer.kind === 'missing' ? answer.reason : answer.kind;
    };
    expect(await read(expectedOf(nameOf({ index: 2 }), PAYLOAD))).toBe('absent');
    expect(await read({ ...expected, checksum: 1 })).toBe('otherChecksum');
    expect(pool.health.state).toBe('Online');
    const { content } = fileAt(files, PATH);
    content.writeUInt8(content.readUInt8(4100) ^ 1, 4100);
    expect(await read(expected)).toBe('corrupt');
    expect(pool.health.reasons).toMatchObject([{ cause: 'corruptShards' }]);
    fileAt(files, PATH).content = content.subarray(0, 4096);
    expect(await read(expected)).toBe('incomplete');
  });

  it.each([
    ['its ends', (offset: number) => offset === 0 || offset > 3 * BLOCK_BYTES, { kind: 'unreadable', error: EIO }],
    [
      'its payload',
      (offset: number) => offset > BLOCK_BYTES && offset < 3 * BLOCK_BYTES,
      { kind: 'unreadable', error: EIO, block: 1, corrupt: [] },
    ],
    ['anything', () => true, { kind: 'unreadable', error: EIO }],
  ])('is unreadable where the disk refuses %s, and can be read afterwards', async (_, isRefused, answer) => {
    const { files, pool, store, expected } = await withShard({ openShards: 1 });
    files.refuses = (operation, offset) => operation === 'read' && isRefused(offset);
    const into = new Uint8Array(PAYLOAD.length).fill(0xbb);
    for (let at = 0; at < 3; at += 1) expect(await store.readRange(expected, 0, into)).toEqual(answer);
    expect([isZeros(into), files.devices.size, pool.health.state]).toEqual([true, 0, 'Online']);
    files.refuses = () => false;
    expect(await store.readRange(expected, 0, into)).toEqual({ kind: 'verified' });
  });

  it('tells the pool of corrupt blocks also where the disk refuses those behind them', async () => {
    const { files, pool, store, expected } = await withShard();
    const { content } = fileAt(files, PATH);
    content.writeUInt8(content.readUInt8(4100) ^ 1, 4100);
    files.refuses = (operation, offset) => operation === 'read' && offset === 4096 + BLOCK_BYTES;
    const answer = await store.readRange(expected, 0, new Uint8Array(PAYLOAD.length));
    expect(answer).toMatchObject({ kind: 'unreadable', block: 1, corrupt: [0] });
    expect(pool.health.reasons).toMatchObject([{ cause: 'corruptShards' }]);
  });

  it('whose file does not close is not served', async () => {
    const { files, store, expected } = await withShard({ openShards: 1 });
    files.refuses = (operation) => operation === 'close';
    const into = new Uint8Array(PAYLOAD.length).fill(0xbb);
    await expect(store.readRange(expected, 0, into)).rejects.toBe(EIO);
    expect(isZeros(into)).toBe(true);
    files.refuses = () => false;
    expect(await store.readRange(expected, 0, into)).toEqual({ kind: 'verified' });
  });

  it('counts as a shard that is read while it is under way, and not afterwards', async () => {
    const { store, expected } = await withShard({ openShards: 1 });
    const into = new Uint8Array(5).fill(0xbb);
    const first = store.readRange(expected, 0, new Uint8Array(PAYLOAD.length));
    await expect(store.readRange(expected, 0, into)).rejects.toMatchObject({ fields: { openShards: 1 } });
    await expect(store.read(expected)).rejects.toMatchObject({ code: 'tooManyRequests' });
    expect([isZeros(into), await first]).toEqual([true, { kind: 'verified' }]);
    await expect(store.readRange(expected, PAYLOAD.length, into)).rejects.toMatchObject({ fields: { field: 'range' } });
    expect(await store.readRange(expected, 0, into)).toEqual({ kind: 'verified' });
  });

  it('is waited for when the store is closed, and refused afterwards', async () => {
    const { files, store, expected } = await withShard();
    const into = new Uint8Array(PAYLOAD.length);
    const states: string[] = [];
    const reading = store.readRange(expected, 0, into).finally(() => states.push('read'));
    await store.close().then(() => states.push('closed'));
    expect([await reading, states, files.devices.size]).toEqual([{ kind: 'verified' }, ['read', 'closed'], 0]);
    await expect(store.readRange(expected, 0, into)).rejects.toMatchObject({ code: 'gone' });
    expect(isZeros(into)).toBe(true);
  });
});
