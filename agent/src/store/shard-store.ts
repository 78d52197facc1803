/**
 * The shards of one pool. What it acknowledges survives a power loss and was read back; what it serves was verified just now; what it
 * deletes it deletes for a proof, after a grace, and in no volume that is quarantined. There is one for each open pool, and whoever
 * opens it owns whatever an earlier process has left.
 */
import { CoucheStorError, type Clock, type VolumeId } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { pathOfShard, type ExpectedShard, type ShardName, type WindowPool } from '../shards/index.ts';
import type {
  Deleted,
  FoundShard,
  ListOptions,
  PutOptions,
  PutRequest,
  PutShard,
  Quarantine,
  RangeFromStore,
  ShardPage,
} from './answers.ts';
import { Collector } from './collector.ts';
import { checkProof, parseDeletionProof, type DeletionProof } from './deletion-proof.ts';
import { KeyedMutex } from './keyed-mutex.ts';
import { adoptLeftovers, type Leftovers } from './leftovers.ts';
import { OpenShards } from './open-shards.ts';
import { PutInFlight } from './put-in-flight.ts';
import { Quarantines } from './quarantines.ts';
import { ShardFolders } from './shard-folders.ts';
import { volumesOf } from './shard-tree.ts';
import type { StoreParts, StorePool } from './store-parts.ts';
import { StoreScan } from './store-scan.ts';
import type { StoredShard, WalkOptions } from './stored-shard.ts';
import { StoredVerifier } from './stored-verifier.ts';
import { Tombstones } from './tombstones.ts';
import { list, walk } from './walk.ts';

export interface StoreLimits {
  readonly putsInFlight: number;
  /** Read at a time. */
  readonly openShards: number;
  /** Shards that wait for their deletion. */
  readonly tombstones: number;
  /** Volumes. */
  readonly quarantines: number;
  /** Calls at a time, whatever they wait for. */
  readonly calls: number;
  /** Shards that are read back at a time, with a window each. */
  readonly verifications: number;
}

export interface ShardStoreOptions {
  /** Of shards that are being written, each of which holds one till its end. Several stores may share them. */
  readonly windows: WindowPool;
  /** Of shards that are being read. Others, so that senders who are slow hold up no reader. */
  readonly readWindows: WindowPool;
  readonly crc32c: Crc32c;
  readonly clock: Clock;
  /** From a deletion until the file goes. */
  readonly graceMs: number;
  readonly limits?: Partial<StoreLimits>;
}

const DEFAULT_LIMITS: StoreLimits = {
  putsInFlight: 64,
  openShards: 1024,
  tombstones: 65_536,
  quarantines: 65_536,
  calls: 1024,
  verifications: 4,
};

/** Pools that have a store: another one would clear away what that is writing. */
const opened = new WeakSet<StorePool>();

export class ShardStore {
  readonly pool: StorePool;
  /** What an earlier process has left behind. */
  readonly leftovers: Leftovers;
  readonly #parts: StoreParts;
  readonly #limits: StoreLimits;
  readonly #puts = new Set<PutInFlight>();
  /** Those that wait for room or memory. */
  #putsWaiting = 0;
  readonly #open: OpenShards;
  readonly #calls = new Set<Promise<unknown>>();
  readonly #closes: AbortController;
  #closing: Promise<void> | undefined;

  private constructor(
    parts: StoreParts,
    { limits, leftovers, closes }: { limits: StoreLimits; leftovers: Leftovers; closes: AbortController },
  ) {
    this.pool = parts.pool;
    this.leftovers = leftovers;
    this.#parts = parts;
    this.#limits = limits;
    this.#closes = closes;
    this.#open = new OpenShards(parts, limits.openShards);
  }

  /**
   * The pool stays the caller's to close, after the store, as workers are the caller's to stop, before.
   * @throws CoucheStorError `conflict` when the pool has a store, which is not closed; `corrupt` when tombstones and quarantines cannot
   * be known; else of the disk.
   */
  static async open(pool: StorePool, options: ShardStoreOptions): Promise<ShardStore> {
    const { windows, readWindows, crc32c, clock, graceMs } = options;
    const limits = { ...DEFAULT_LIMITS, ...options.limits };
    if (!Number.isFinite(graceMs) || graceMs < 0) {
      throw new CoucheStorError('invalid', `graceMs: ${graceMs} is no time to wait; give milliseconds from 0 on.`, {
        fields: { field: 'graceMs' },
      });
    }
    const { files } = pool;
    const closes = new AbortController();
    const parts: StoreParts = {
      pool,
      clock,
      windows,
      closing: closes.signal,
      readWindows,
      crc32c,
      verifier: new StoredVerifier({
        files,
        crc32c,
        windowBytes: windows.windowBytes,
        atOnce: limits.verifications,
        waiting: limits.putsInFlight + limits.calls,
      }),
      tombstones: new Tombstones({ files, clock, graceMs, most: limits.tombstones }),
      quarantines: new Quarantines({ files, clock, most: limits.quarantines }),
      folders: new ShardFolders(files),
      names: new KeyedMutex(),
      volumes: new KeyedMutex(),
    };
    refuseSecond(pool);
    opened.add(pool);
    try {
      return new ShardStore(parts, { limits, leftovers: await adoptLeftovers(parts), closes });
    } catch (thrown) {
      opened.delete(pool);
      throw thrown;
    }
  }

  /** @throws CoucheStorError `resourceExhausted` when there is no room, `tooManyRequests` when too many are in flight, else as commit(). */
  async put(request: PutRequest, options: PutOptions): Promise<PutShard> {
    const { putsInFlight } = this.#limits;
    return this.#run(async () => {
      if (this.#puts.size + this.#putsWaiting >= putsInFlight) throw tooMany('shards are being written', putsInFlight);
      this.#putsWaiting += 1;
      try {
        const ended = (): unknown => this.#puts.delete(put);
        const put = await PutInFlight.begin(this.#parts, request, { options, ended });
        this.#puts.add(put);
        if (this.#closing !== undefined) await put.abort();
        this.#refuseClosed();
        return put;
      } finally {
        this.#putsWaiting -= 1;
      }
    });
  }

  /** Also of shards that will be deleted, and of volumes that are quarantined. */
  async read(expected: ExpectedShard): Promise<FoundShard> {
    return this.#run(() => this.#open.open(expected));
  }

  /**
   * The same for one range and no other: all that it needs is read at the same time, and the file is closed when it ends. Nobody else
   * uses `into` until then; unless the answer is `verified`, it holds zeros.
   * @throws CoucheStorError `invalid` for a range that is not within the expected payload, `tooManyRequests` when too many are open or
   * wait for memory.
   */
  async readRange(expected: ExpectedShard, offset: number, into: Uint8Array): Promise<RangeFromStore> {
    let read: RangeFromStore | undefined;
    try {
      read = await this.#run(() => this.#open.readRange(expected, offset, into));
      return read;
    } finally {
      if (read?.kind !== 'verified') into.fill(0);
    }
  }

  /**
   * Ends when it is sure that the shard will go: after the grace, by collect(). Asked for again, the first tombstone stays, unless by
   * it nothing would be deleted.
   * @throws CoucheStorError `invalid` for what is no proof, `conflict` for one of something else and for a quarantined volume.
   */
  async delete(name: ShardName, proof: DeletionProof): Promise<Deleted> {
    const { names, tombstones, quarantines, pool, verifier } = this.#parts;
    const path = pathOfShard(name);
    const parsed = parseDeletionProof(proof);
    checkProof(name, parsed);
    return this.#run(() =>
      names.run(path, async () => {
        quarantines.refuse(name.volumeId);
        if (!tombstones.has(name)) {
          const stat = await pool.files.stat(path);
          if (stat === undefined) return { kind: 'absent' };
          if (stat.kind !== 'file') throw notAFile(path);
        }
        // The other proofs do not speak of the whole stripe.
        const isOfStripe = parsed.kind === 'replaced' || tombstones.has(name);
        const found = isOfStripe ? await verifier.identify(name) : undefined;
        const scheme = found?.kind === 'identified' ? found.identity.scheme : undefined;
        checkProof(name, parsed, scheme);
        await tombstones.record(name, parsed, scheme);
        return { kind: 'tombstoned', dueInMs: tombstones.dueInMs(name) ?? 0 };
      }),
    );
  }

  /** Ends when the shard stays, also after a power loss. @returns false: it had no tombstone, or it has gone already. */
  async undelete(name: ShardName): Promise<boolean> {
    const { names, tombstones, pool } = this.#parts;
    const path = pathOfShard(name);
    return this.#run(() =>
      names.run(path, async () => {
        if (!tombstones.has(name)) return false;
        // A collection may have removed the file, and not the tombstone.
        const stat = await pool.files.stat(path);
        await tombstones.remove(name);
        return stat !== undefined;
      }),
    );
  }

  /** Shards that wait for their deletion. */
  get tombstones(): number {
    return this.#parts.tombstones.size;
  }

  /** In the order of compareShardNames(). A shard that is there all the time is met once, any other at most once. */
  walk(options: WalkOptions = {}): AsyncIterable<StoredShard> {
    this.#refuseClosed();
    return walk(this.#parts, options);
  }

  /** @throws CoucheStorError `invalid` for a cursor that list() did not give, and for a limit that is none. */
  async list(options: ListOptions): Promise<ShardPage> {
    return this.#run(() => list(this.#parts, options));
  }

  /** A worker that goes through the pool once. */
  scan(): StoreScan {
    this.#refuseClosed();
    return new StoreScan(this.#parts);
  }

  /** A worker that deletes what is due. */
  collect(): Collector {
    this.#refuseClosed();
    return new Collector(this.#parts);
  }

  /** Ends when nothing of the volume is deleted any more, also after a power loss. Its shards stay, and can be read. */
  async quarantine(volumeId: VolumeId, reason: string): Promise<void> {
    const { volumes, quarantines } = this.#parts;
    await this.#run(() => volumes.run(volumeId, () => quarantines.add(volumeId, reason)));
  }

  /**
   * Quarantines the volumes that have something here and that nobody knows. What is known is read after what is here was seen, so
   * that a volume which is new by then is no stranger.
   * @returns those that are quarantined from now on.
   */
  async quarantineUnknown(readKnown: () => Promise<ReadonlySet<VolumeId>>): Promise<readonly VolumeId[]> {
    const here = await this.#run(() => volumesOf(this.pool.files));
    const known = await readKnown();
    const strangers = here.filter((volumeId) => !known.has(volumeId) && !this.#parts.quarantines.has(volumeId));
    for (const volumeId of strangers) await this.quarantine(volumeId, 'nothing is known of this volume');
    return strangers;
  }

  /** The grace of each shard of the volume begins again. @returns false: it was not quarantined. */
  async release(volumeId: VolumeId): Promise<boolean> {
    const { volumes, quarantines, tombstones } = this.#parts;
    return this.#run(() =>
      volumes.run(volumeId, async () => {
        if (quarantines.has(volumeId)) tombstones.restartGrace((name) => name.volumeId === volumeId);
        return quarantines.remove(volumeId);
      }),
    );
  }

  quarantined(): readonly Quarantine[] {
    return this.#parts.quarantines.list();
  }

  /** Waits for calls under way, aborts shards that are not committed, and closes those that are read. May be called again. */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#closes.abort(this.#closedError());
    // First, because calls may wait for what these have.
    await Promise.all([...this.#puts].map((put) => put.abort()));
    await Promise.allSettled(this.#calls);
    try {
      await this.#open.close();
    } finally {
      opened.delete(this.pool);
    }
  }

  async #run<Result>(call: () => Promise<Result>): Promise<Result> {
    this.#refuseClosed();
    if (this.#calls.size >= this.#limits.calls) throw tooMany('calls are under way', this.#limits.calls);
    const running = call();
    this.#calls.add(running);
    try {
      return await running;
    } finally {
      this.#calls.delete(running);
    }
  }

  #refuseClosed(): void {
    if (this.#closing !== undefined) throw this.#closedError();
  }

  #closedError(): CoucheStorError {
    return new CoucheStorError('gone', `store: that of ${this.pool.files.label} is closed; open the pool again.`, {
      fields: { field: 'store' },
    });
  }
}

function refuseSecond(pool: StorePool): void {
  if (!opened.has(pool)) return;
  throw new CoucheStorError(
    'conflict',
    `store: that of ${pool.files.label} is open already; use it, or close it before another one is opened.`,
    { fields: { field: 'store' } },
  );
}

function notAFile(path: string): CoucheStorError {
  return new CoucheStorError(
    'conflict',
    `name: what is stored as ${path} is no regular file, and nothing that was put here; find out whose it is.`,
    { fields: { field: 'name', path } },
  );
}

function tooMany(what: string, most: number): CoucheStorError {
  return new CoucheStorError('tooManyRequests', `${most} ${what}, as many as may be; try again when some have ended.`, {
    fields: { most },
  });
}
