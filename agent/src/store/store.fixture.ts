/** Stores for tests: on a disk in memory, with a clock that stands still, and the shortest way to put a shard and to read one. */
import { parseNodeName, parsePoolUuid, VirtualClock, type Clock } from '@couchestor/common/base';
import {
  INCOMING_FOLDER,
  POOL_FOLDER,
  QUARANTINE_FOLDER,
  TOMBSTONES_FOLDER,
  PoolHealth,
  type PoolFiles,
  type PoolIdentity,
} from '../pools/index.ts';
import { FileNode, FolderNode } from '../pools/power-loss-disk.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { BLOCK_BYTES, WindowPool, type ExpectedShard, type ShardName } from '../shards/index.ts';
import { crc32c, identityOf, nameOf, payloadOf, stripeOf } from '../shards/shards.fixture.ts';
import type { FoundShard, RangeFromStore } from './answers.ts';
import type { DeletionProof } from './deletion-proof.ts';
import { ShardStore, type StoreLimits } from './shard-store.ts';
import type { StorePool } from './store-parts.ts';
import type { StoredShard, WalkOptions } from './stored-shard.ts';
import { Tombstones, type Tombstone } from './tombstones.ts';

export const GRACE_MS = 3_600_000;

/** A pool that takes everything; its state is what the test says. */
export class StandInPool implements StorePool {
  readonly files: PoolFiles;
  readonly clock: VirtualClock;
  readonly health: PoolHealth;
  readonly reserved = new Set<object>();
  /** Bytes of each admission. */
  readonly admitted: number[] = [];
  refusal: Error | undefined;
  readonly identity: PoolIdentity = {
    ...{ formatVersion: 1, uuid: parsePoolUuid('pool-1'), node: parseNodeName('node-1') },
    ...({ tier: 'warm', createdAt: '2025-01-01T00:00:00.000Z' } as const),
  };

  constructor(files: PoolFiles, clock = new VirtualClock()) {
    this.files = files;
    this.clock = clock;
    this.health = new PoolHealth(files.label, clock);
  }

  /** With the folders that an empty pool has, all of them durable. */
  static async make(files: PoolFiles = new PowerLossFiles()): Promise<StandInPool> {
    await files.makeFolder(POOL_FOLDER);
    for (const folder of [INCOMING_FOLDER, TOMBSTONES_FOLDER, QUARANTINE_FOLDER]) await files.makeFolder(folder);
    await files.syncFolder(POOL_FOLDER);
    await files.syncFolder('');
    return new StandInPool(files);
  }

  admit: StorePool['admit'] = (bytes) => {
    if (this.refusal !== undefined) return Promise.reject(this.refusal);
    const reservation = { release: () => void this.reserved.delete(reservation) };
    this.reserved.add(reservation);
    this.admitted.push(bytes);
    return Promise.resolve(reservation);
  };
}

export function windowsOf(windows = 8, waiting = 64): WindowPool {
  return new WindowPool({ windowBytes: 2 * BLOCK_BYTES, windows, waiting, allocate: (bytes) => new Uint8Array(bytes) });
}

export async function openStore(
  pool: StorePool & { readonly clock: Clock },
  {
    limits = {},
    windows = windowsOf(),
    readWindows = windowsOf(),
  }: { limits?: Partial<StoreLimits>; windows?: WindowPool; readWindows?: WindowPool } = {},
): Promise<ShardStore> {
  return ShardStore.open(pool, { windows, readWindows, crc32c, clock: pool.clock, graceMs: GRACE_MS, limits });
}

/** From the disk, as the collector reads it before a shard goes. */
export async function tombstoneOf(files: PoolFiles, name: ShardName): Promise<Tombstone | undefined> {
  return new Tombstones({ files, clock: new VirtualClock(), graceMs: 0, most: 0 }).read(name);
}

/** A payload that follows from the name alone, unless a seed says another one. */
export function payloadFor(name: ShardName, bytes = 100, seed = name.index + 1): Uint8Array {
  return payloadOf(bytes, seed);
}

export async function putShard(
  store: ShardStore,
  name: ShardName = nameOf(),
  payload: Uint8Array = payloadFor(name),
): Promise<ExpectedShard> {
  const put = await store.put(identityOf({ name }), { maxPayloadBytes: payload.length, purpose: 'data' });
  await put.append(payload);
  const { checksum } = await put.commit(stripeOf());
  return { name, payloadBytes: payload.length, checksum };
}

export function expectedOf(name: ShardName, payload: Uint8Array = payloadFor(name)): ExpectedShard {
  return { name, payloadBytes: payload.length, checksum: crc32c(payload) };
}

/** The payload, or why there is none; the same whether the shard is opened first, or read in one go. */
export async function readAll(store: ShardStore, expected: ExpectedShard): Promise<Uint8Array | string> {
  const [one, other] = [await readOpened(store, expected), await readInOneGo(store, expected)];
  const isSame = typeof one === 'string' ? one === other : Buffer.from(one).equals(Buffer.from(other));
  if (!isSame) throw new Error(`opened first it is ${String(one)}, in one go ${String(other)}`);
  return one;
}

/** The payload, or why there is none. */
export async function readOpened(store: ShardStore, expected: ExpectedShard): Promise<Uint8Array | string> {
  const found: FoundShard = await store.read(expected);
  if (found.kind !== 'open') return answerIn(found);
  const into = new Uint8Array(expected.payloadBytes);
  const read = await found.reader.read(0, into);
  await found.close();
  return read.kind === 'verified' ? into : answerIn(read);
}

/** The payload, or why there is none. */
export async function readInOneGo(store: ShardStore, expected: ExpectedShard): Promise<Uint8Array | string> {
  const into = new Uint8Array(expected.payloadBytes).fill(0xbb);
  const read = await store.readRange(expected, 0, into);
  if (read.kind === 'verified') return into;
  return into.every((byte) => byte === 0) ? answerIn(read) : 'bytes that nobody has verified';
}

function answerIn(answer: RangeFromStore): string {
  if (answer.kind === 'missing') return answer.reason;
  return answer.kind === 'unreadable' && !('block' in answer) ? answer.error.message : answer.kind;
}

/** One that fits every shard of the epochs before it. */
export const PROOF: DeletionProof = {
  ...{ kind: 'stripeVoid', observedAt: 1, resourceVersion: '7' },
  currentEpoch: 1000,
};

export async function collectAll(store: ShardStore): Promise<ReturnType<ShardStore['collect']>['report']> {
  const collector = store.collect();
  while ((await collector.step()) === 'busy');
  return collector.report;
}

export async function walkAll(store: ShardStore, options: WalkOptions = {}): Promise<StoredShard[]> {
  const shards: StoredShard[] = [];
  for await (const shard of store.walk(options)) shards.push(shard);
  return shards;
}

/** What lies under a path, to be damaged by hand. */
export function fileAt({ disk }: PowerLossFiles, path: string): FileNode {
  let node: FileNode | FolderNode | undefined = disk.root;
  for (const name of path.split('/')) node = node instanceof FolderNode ? node.entries.get(name) : undefined;
  if (node instanceof FileNode) return node;
  throw new Error(`${path} is no file`);
}

/** A file that nobody here has written. */
export async function writeFile(files: PoolFiles, path: string, bytes: Uint8Array): Promise<void> {
  const device = await files.create(path);
  if (bytes.length > 0) await device.write(0, bytes);
  await device.sync();
  await device.close();
}
