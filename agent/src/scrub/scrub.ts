/**
 * Reads every shard of a store and compares it with its checksums, one pass from the first to the last in their order, beside whatever
 * else the pool does. How far it is, and what it has found, is on the disk every so often: a scrub that ends, however, goes on
 * where it was last known to be, and what cannot be known is looked at again, never left out. It repairs nothing and deletes nothing.
 */
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import type { Crc32c } from '@couchestor/common/coding';
import { allocateAligned } from '../devices/index.ts';
import { BLOCK_BYTES, pathOfShard, WindowPool } from '../shards/index.ts';
import type { ShardStore, StoredShard, Worker, WorkerState } from '../store/index.ts';
import { ExaminationBatch, stepBytesOf } from './examination-batch.ts';
import { ScrubPace } from './scrub-pace.ts';
import {
  counted,
  ended,
  newPass,
  passingOver,
  readScrubRecord,
  writeScrubRecord,
  type ScrubRecord,
} from './scrub-record.ts';
import type { ExaminationParts, ShardResult } from './shard-examination.ts';
import { ShardFeed } from './shard-feed.ts';

export type ScrubbedStore = Pick<ShardStore, 'pool' | 'walk'>;

export interface ScrubOptions {
  readonly crc32c: Crc32c;
  readonly clock: Clock;
  /** Rest after each step, as a multiple of what it took; 0: none. */
  readonly tranquility: number;
  /** At least BLOCK_BYTES. Default: as fast as the disk. */
  readonly bandwidthBytesPerSecond?: number | undefined;
  /** How old what is kept on the disk gets at most: what is looked at again after a kill. */
  readonly checkpointMs: number;
  /** Short shards that are looked at side by side, each in a window of its own. Default 4. */
  readonly atOnce?: number | undefined;
  /** Begins a new pass, also where one has not ended, or could not be kept. Default false. */
  readonly restart?: boolean | undefined;
  /** Called after each shard, the vanished ones included. */
  readonly onResult?: ((shard: StoredShard, result: ShardResult) => void) | undefined;
}

export interface ScrubReport extends ScrubRecord {
  /** Why what is on the disk is older than checkpointMs; the scrub goes on. */
  readonly checkpointError: CoucheStorError | undefined;
}

const WINDOW_BYTES = 2 * 1024 * 1024;

/** What a step reads of a payload when nothing limits it. */
const SLICE_BYTES = 8 * WINDOW_BYTES;

const AT_ONCE = 4;

/** So that a limited scrub reads all the time, and not in bursts. */
const SLICES_PER_SECOND = 8;

export class Scrub implements Worker {
  readonly #store: ScrubbedStore;
  readonly #options: ScrubOptions;
  readonly #examinationParts: ExaminationParts;
  readonly #pace: ScrubPace;
  #record: ScrubRecord;
  #feed: ShardFeed | undefined;
  #batch: ExaminationBatch | undefined;
  #keptMs: number;
  #checkpointError: CoucheStorError | undefined;

  private constructor(store: ScrubbedStore, options: ScrubOptions, record: ScrubRecord) {
    const { crc32c, clock, tranquility, bandwidthBytesPerSecond, atOnce = AT_ONCE } = options;
    const sliceBytes = sliceBytesFor(bandwidthBytesPerSecond);
    const windows = new WindowPool({
      windowBytes: WINDOW_BYTES,
      windows: atOnce,
      waiting: 0,
      allocate: allocateAligned,
    });
    this.#store = store;
    this.#options = options;
    this.#record = record;
    this.#examinationParts = { files: store.pool.files, windows, crc32c, sliceBytes };
    this.#pace = new ScrubPace({ clock, tranquility, bandwidthBytesPerSecond, stepBytes: stepBytesOf({ sliceBytes }) });
    this.#keptMs = clock.monotonic();
  }

  /**
   * Goes on with the pass that has not ended, or begins the next one. A record of earlier passes that is damaged, cannot be read or is
   * of another pool begins a new one too, which says so in `begunAnew`.
   * @throws CoucheStorError `invalid`, naming the option; else of the disk, where it will pass.
   */
  static async open(store: ScrubbedStore, options: ScrubOptions): Promise<Scrub> {
    checkOptions(options);
    const { pool } = store;
    const { clock, restart = false } = options;
    const { last, begunAnew } = await lastRecord(pool);
    const goesOn = last !== undefined && last.endedAt === undefined && !restart;
    for (const { kind, name, pass } of last?.findings ?? []) {
      if (kind !== 'unreadable') pool.health.noteCorrupt(pathOfShard(name));
      if (pass !== last?.pass) pool.health.scrubLooksAt(pathOfShard(name));
    }
    if (goesOn) return new Scrub(store, options, last);
    pool.health.scrubBegins();
    const scrub = new Scrub(store, options, newPass({ pool: pool.identity.uuid, clock, last, begunAnew }));
    await scrub.#keep();
    return scrub;
  }

  get report(): ScrubReport {
    return { ...this.#record, checkpointError: this.#checkpointError };
  }

  /** Milliseconds until a step that was `throttled` would do something. */
  get waitMs(): number {
    return this.#pace.waitMs;
  }

  /** Looks at a few shards, or at a piece of a long one. `idle`: the file system has failed, and says nothing of shards. */
  async step(): Promise<WorkerState> {
    const { clock } = this.#options;
    if (this.#record.endedAt !== undefined) return 'done';
    if (this.#hasFailed()) return 'idle';
    if (this.#pace.waitMs > 0) return 'throttled';
    this.#batch ??= await this.#nextBatch();
    if (this.#hasFailed()) return this.#giveUpBatch(this.#batch);
    if (this.#batch === undefined) return this.#endPass();
    if (!this.#pace.tryBegin(this.#batch.nextBytes)) return 'throttled';
    const begunMs = clock.monotonic();
    await this.#batch.step();
    this.#pace.rest(begunMs);
    if (this.#hasFailed()) return this.#giveUpBatch(this.#batch);
    await this.#takeResults(this.#batch);
    return this.#pace.waitMs > 0 ? 'throttled' : 'busy';
  }

  /**
   * Steps and rests until the pass has ended, the file system has failed (`idle`) or `signal` aborts (`throttled`). What was reached by
   * then is on the disk.
   */
  async run(signal?: AbortSignal): Promise<WorkerState> {
    try {
      while (signal?.aborted !== true) {
        const state = await this.step();
        if (state === 'throttled') await this.#rest(signal);
        else if (state !== 'busy') return state;
      }
      return 'throttled';
    } finally {
      await this.close();
    }
  }

  /** Between steps. Keeps what was reached. May be called again, and step() may go on. */
  async close(): Promise<void> {
    await this.#batch?.close();
    await this.#leaveFeed();
    if (this.#record.endedAt === undefined) await this.#keep();
  }

  async #rest(signal: AbortSignal | undefined): Promise<void> {
    try {
      await this.#options.clock.sleep(this.#pace.waitMs, signal);
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError) || thrown.code !== 'cancelled') throw thrown;
    }
  }

  /** Undefined: there are no more. */
  async #nextBatch(): Promise<ExaminationBatch | undefined> {
    this.#feed ??= this.#newFeed();
    const limits = { most: this.#options.atOnce ?? AT_ONCE, bytes: this.#examinationParts.sliceBytes };
    const shards = await this.#feed.take(limits);
    for (const { name } of shards) this.#store.pool.health.scrubLooksAt(pathOfShard(name));
    return shards.length === 0 ? undefined : new ExaminationBatch(this.#examinationParts, shards);
  }

  #newFeed(): ShardFeed {
    const onRefused = (path: string, error: CoucheStorError): void => {
      if (!this.#hasFailed()) this.#record = passingOver(this.#record, path, error);
    };
    return new ShardFeed({ walk: (options) => this.#store.walk({ ...options, onRefused }) }, this.#record.after);
  }

  async #leaveFeed(): Promise<void> {
    const feed = this.#feed;
    this.#feed = undefined;
    this.#batch = undefined;
    await feed?.close();
  }

  /** What a failed file system says of shards is of no use; they are looked at again. */
  async #giveUpBatch(batch: ExaminationBatch | undefined): Promise<WorkerState> {
    await batch?.close();
    await this.#leaveFeed();
    return 'idle';
  }

  async #takeResults({ results }: ExaminationBatch): Promise<void> {
    if (results === undefined) return;
    const { clock, checkpointMs, onResult } = this.#options;
    this.#batch = undefined;
    for (const [shard, result] of results) {
      this.#record = counted(this.#record, shard, result, clock);
      const isBad = result.kind === 'corrupt' || result.kind === 'missing';
      if (isBad) this.#store.pool.health.noteCorrupt(pathOfShard(shard.name));
      onResult?.(shard, result);
    }
    if (clock.monotonic() - this.#keptMs >= checkpointMs) await this.#keep();
  }

  async #endPass(): Promise<WorkerState> {
    await this.#leaveFeed();
    this.#record = ended(this.#record, this.#options.clock);
    // First: what the pool is told may be that it takes no writes any more.
    await this.#keep();
    const { health } = this.#store.pool;
    const { counters, passedOver } = this.#record;
    const { corrupt, missing, unreadable } = counters;
    health.scrubbed({ corruptShards: corrupt + missing, unreadableShards: unreadable });
    for (const { detail } of passedOver.slice(0, 1)) health.note('diskErrors', detail);
    return 'done';
  }

  /** After too many errors of single files it goes on: how many there really are is what it finds out. */
  #hasFailed(): boolean {
    return this.#store.pool.health.reasons.some(({ cause }) => cause === 'fileSystemFailed');
  }

  /** A pool that takes no writes is scrubbed all the same; only more of it again, should this process end. */
  async #keep(): Promise<void> {
    this.#keptMs = this.#options.clock.monotonic();
    try {
      await writeScrubRecord(this.#store.pool.files, this.#record);
      this.#checkpointError = undefined;
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
      this.#checkpointError = thrown;
    }
  }
}

interface LastRecord {
  readonly last?: ScrubRecord;
  readonly begunAnew?: string;
}

async function lastRecord({ files, identity }: ScrubbedStore['pool']): Promise<LastRecord> {
  try {
    const last = await readScrubRecord(files);
    if (last === undefined || last.pool === identity.uuid) return last === undefined ? {} : { last };
    return { begunAnew: `the record of earlier passes is of pool ${last.pool}` };
  } catch (thrown) {
    if (!(thrown instanceof CoucheStorError) || thrown.retryable) throw thrown;
    return { begunAnew: `the record of earlier passes cannot be used: ${thrown.message}` };
  }
}

function sliceBytesFor(bandwidthBytesPerSecond = Infinity): number {
  const blocks = Math.floor(bandwidthBytesPerSecond / SLICES_PER_SECOND / BLOCK_BYTES);
  return Math.min(Math.max(blocks, 1) * BLOCK_BYTES, SLICE_BYTES);
}

function checkOptions({ tranquility, bandwidthBytesPerSecond, checkpointMs, atOnce = AT_ONCE }: ScrubOptions): void {
  const problem =
    (!isAtLeast(tranquility, 0) && (['tranquility', tranquility, 'give 0 or more'] as const)) ||
    (!isAtLeast(checkpointMs, 0) && (['checkpointMs', checkpointMs, 'give milliseconds'] as const)) ||
    (!(Number.isInteger(atOnce) && atOnce >= 1) && (['atOnce', atOnce, 'give a whole number from 1 on'] as const)) ||
    (bandwidthBytesPerSecond !== undefined &&
      !isAtLeast(bandwidthBytesPerSecond, BLOCK_BYTES) &&
      (['bandwidthBytesPerSecond', bandwidthBytesPerSecond, `give at least ${BLOCK_BYTES}`] as const));
  if (problem === false) return;
  const [field, value, remedy] = problem;
  throw new CoucheStorError('invalid', `${field}: ${value} cannot be used; ${remedy}.`, { fields: { field } });
}

function isAtLeast(value: number, least: number): boolean {
  return Number.isFinite(value) && value >= least;
}
