/** Shards of these tests, whose bytes follow from their paths, and the store that has them; for tests and for the processes they kill. */
import { createCipheriv, createHash } from 'node:crypto';
import { parseNodeName, realClock, type Clock } from '@couchestor/common/base';
import { chooseCrc32c } from '@couchestor/common/coding';
import { initPool, LinuxPoolFiles, Pool, type PoolFiles } from '@couchestor/agent/pools';
import { parseShardPath, WindowPool, type ExpectedShard, type ShardIdentity } from '@couchestor/agent/shards';
import { ShardStore, type DeletionProof, type PutShard } from '@couchestor/agent/store';

export const { crc32c } = chooseCrc32c();

export interface Sample {
  readonly identity: ShardIdentity;
  readonly payload: Uint8Array;
  readonly expected: ExpectedShard;
}

/** @param bytes - of the payload; by default a little more than two blocks. */
export function sampleOf(path: string, bytes = 135_000): Sample {
  const name = parseShardPath(path);
  const key = createHash('md5').update(path).digest();
  const payload = createCipheriv('aes-128-ctr', key, Buffer.alloc(16)).update(new Uint8Array(bytes));
  const scheme = { matrixId: 'rs-cauchy1/1', dataShards: 4, parityShards: 2, localGroups: 0 };
  const expected = { name, payloadBytes: bytes, checksum: crc32c(payload) };
  return { identity: { name, scheme, createdBy: 'couchestor-agent/test' }, payload, expected };
}

/** For every shard of an epoch below 1000. */
export const PROOF: DeletionProof = { kind: 'stripeVoid', currentEpoch: 1000, observedAt: 1, resourceVersion: '1' };

const RECORD = new TextEncoder().encode('{"seq":9}');

export async function begin(store: ShardStore, { identity, payload }: Sample): Promise<PutShard> {
  const put = await store.put(identity, { maxPayloadBytes: payload.length, purpose: 'data' });
  await put.append(payload);
  return put;
}

export async function commit(put: PutShard): Promise<void> {
  await put.commit({ logicalLength: put.appendedBytes, record: RECORD });
}

export async function putSample(store: ShardStore, path: string): Promise<void> {
  await commit(await begin(store, sampleOf(path)));
}

export interface Opened {
  readonly pool: Pool;
  readonly store: ShardStore;
  readonly close: () => Promise<void>;
}

interface Opening {
  readonly clock?: Clock;
  readonly graceMs?: number;
  /** What the pool uses instead of its files, and without its lock. */
  readonly around?: (files: PoolFiles) => PoolFiles;
}

export async function openStore(
  folder: string,
  { clock = realClock, graceMs = 3_600_000, around }: Opening = {},
): Promise<Opened> {
  const pool = around === undefined ? await Pool.open(folder, { clock }) : await startPool(folder, clock, around);
  const allocate = (bytes: number): Uint8Array => new Uint8Array(bytes);
  const sizes = { windowBytes: 65_536, windows: 4, waiting: 16, allocate };
  const [windows, readWindows] = [new WindowPool(sizes), new WindowPool(sizes)];
  try {
    const store = await ShardStore.open(pool, { windows, readWindows, crc32c, clock, graceMs });
    const close = async (): Promise<void> => {
      await store.close();
      await pool.close();
    };
    return { pool, store, close };
  } catch (error) {
    await pool.close();
    throw error;
  }
}

async function startPool(folder: string, clock: Clock, around: (files: PoolFiles) => PoolFiles): Promise<Pool> {
  const files = await LinuxPoolFiles.open(folder);
  try {
    return await Pool.start(around(files), { clock }, { hasLock: true, release: () => files.close() });
  } catch (error) {
    await files.close();
    throw error;
  }
}

/** What reading the whole shard gives: `whole`, why it is missing, or that bytes were served which were never written. */
export async function servedOf(store: ShardStore, path: string): Promise<string> {
  const { payload, expected } = sampleOf(path);
  const found = await store.read(expected);
  if (found.kind === 'missing') return found.reason;
  if (found.kind === 'unreadable') return found.kind;
  try {
    const into = new Uint8Array(payload.length);
    const read = await found.reader.read(0, into);
    if (read.kind !== 'verified') return read.kind;
    return Buffer.compare(into, payload) === 0 ? 'whole' : 'served with other bytes';
  } finally {
    await found.close();
  }
}

/** An empty pool in the folder. */
export async function makePool(folder: string): Promise<void> {
  await initPool(folder, { node: parseNodeName('node-1'), tier: 'cold', clock: realClock });
}
