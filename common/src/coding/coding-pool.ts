/**
 * Threads that multiply matrices with shards, so that no event loop waits for them. Shards lie in a memory that all threads see; nothing is copied.
 * Work is cut into parts of a bounded size: several threads share a large one, and one that is no longer wanted stops soon.
 */
import { assertInvariant, BoundedQueue, CoucheStorError, type Logger } from '../base/index.ts';
import { WASM_SCRATCH_BYTES, type ArenaPlace, type ShardArena } from '../erasure/index.ts';
import type { EngineWish } from './choose-engine.ts';
import type { EngineReport, ThreadData } from './coding-messages.ts';
import { CodingThread } from './coding-thread.ts';
import type { MatrixWork, WorkPart } from './matrix-work.ts';
import { SELF_TEST_BYTES } from './self-test.ts';

export interface CodingPoolOptions {
  /** Threads; the parallelism that one process may use for coding. */
  readonly threads: number;
  /** Where all shards lie. It keeps a little of it for each thread. */
  readonly arena: ShardArena;
  readonly engine: EngineWish;
  /** Bytes of inputs and outputs that may wait for a thread; a caller beyond that waits. At least PART_BYTES. */
  readonly maxQueuedBytes?: number;
  readonly logger: Logger;
}

/** What the metrics of a process show of its pool. */
export interface CodingPoolStatus {
  /** What each thread works with, or last worked with. Threads choose for themselves, so a new one may fall back alone. */
  readonly engines: readonly EngineReport[];
  /** Parts that wait for a thread, and their bytes. */
  readonly queuedParts: number;
  readonly queuedBytes: number;
  /** Parts done, their bytes, and threads that ended by themselves, since the start. */
  readonly doneParts: number;
  readonly doneBytes: number;
  readonly lostThreads: number;
}

/** Inputs and outputs of one part together: a few hundred microseconds of the fastest engine, 20 ms of the slowest. */
export const PART_BYTES = 4 * 1024 * 1024;
/** Parts end at multiples of this, so that no line of a cache is written by two threads. */
const PART_GRAIN_BYTES = 4096;
const DEFAULT_QUEUED_BYTES = 64 * 1024 * 1024;
/** A thread always has its next part, so that it does not wait for a busy event loop. */
const PARTS_IN_HAND = 2;

/** What the pool needs of a thread. */
export type Thread = Pick<CodingThread, 'engine' | 'isAlive' | 'run' | 'end'>;

type StartThread = (data: ThreadData) => Promise<Thread>;

interface Task {
  readonly part: WorkPart;
  readonly bytes: number;
  readonly job: Job;
}

/** One call of run(), while its parts are on their way. */
interface Job {
  readonly signal: AbortSignal | undefined;
  readonly differs: Uint8Array;
  pending: number;
  failure: CoucheStorError | undefined;
  /** Called when no part of it is queued or in a thread any more. */
  settled: () => void;
}

interface Seat {
  /** What the thread needs of the arena: scratch for its engine, and room to test it in. */
  readonly reserved: Uint8Array;
  thread: Promise<Thread>;
  engine: EngineReport | undefined;
}

export class CodingPool {
  readonly #options: CodingPoolOptions;
  readonly #start: StartThread;
  readonly #queue: BoundedQueue<Task>;
  readonly #seats: Seat[] = [];
  #closing: Promise<void> | undefined;
  #serving: Promise<unknown> = Promise.resolve();
  #doneParts = 0;
  #doneBytes = 0;
  #lostThreads = 0;

  private constructor(options: CodingPoolOptions, start: StartThread) {
    this.#options = options;
    this.#start = start;
    const limit = options.maxQueuedBytes ?? DEFAULT_QUEUED_BYTES;
    assertInvariant(options.threads >= 1 && limit >= PART_BYTES, 'a pool has a thread, and room for a part');
    this.#queue = new BoundedQueue({ limit, sizeOf: ({ bytes }) => bytes });
  }

  /** @throws CoucheStorError `unsupported` when the engine that was asked for cannot be used on this machine. */
  static async start(
    options: CodingPoolOptions,
    start: StartThread = (data) => CodingThread.start(data),
  ): Promise<CodingPool> {
    const pool = new CodingPool(options, start);
    try {
      for (let index = 0; index < options.threads; index += 1) pool.#takeSeat();
      await Promise.all(pool.#seats.map((seat) => seat.thread));
    } catch (error) {
      await pool.close();
      throw error;
    }
    options.logger.info('erasure coding is ready', { ...pool.status() });
    pool.#serving = Promise.all(
      pool.#seats.flatMap((seat) => Array.from({ length: PARTS_IN_HAND }, () => pool.#serve(seat))),
    );
    return pool;
  }

  get arena(): ShardArena {
    return this.#options.arena;
  }

  status(): CodingPoolStatus {
    return {
      engines: this.#seats.flatMap(({ engine }) => (engine === undefined ? [] : [engine])),
      queuedParts: this.#queue.count,
      queuedBytes: this.#queue.size,
      doneParts: this.#doneParts,
      doneBytes: this.#doneBytes,
      lostThreads: this.#lostThreads,
    };
  }

  /**
   * Carries the work out. All buffers lie in the pool's arena and belong to the threads until the promise settles, however it does;
   * after that they are the caller's again, and after an error the outputs hold anything.
   *
   * @returns for compare, a byte a row: 1 where the buffers differ; else nothing.
   * @throws CoucheStorError `invalid` for a buffer outside the arena, `cancelled` when the signal aborts or the pool closes,
   * `internal` (retryable) when a thread ended meanwhile.
   */
  async run(work: MatrixWork<Uint8Array>, signal?: AbortSignal): Promise<Uint8Array> {
    const whole = this.#placed(work);
    const job: Job = {
      signal,
      differs: new Uint8Array(work.operation.kind === 'compare' ? work.matrix.rows : 0),
      pending: 0,
      failure: undefined,
      settled: () => undefined,
    };
    for (const part of partsOf(whole)) {
      if (isOver(job)) break;
      job.pending += 1;
      try {
        await this.#queue.push({ part, bytes: bytesOf(part), job }, signal);
      } catch (error) {
        job.pending -= 1;
        job.failure ??= error as CoucheStorError;
      }
    }
    if (job.pending > 0) await new Promise<void>((resolve) => (job.settled = resolve));
    if (signal?.aborted === true) throw cancelled(signal);
    if (job.failure !== undefined) throw job.failure;
    return job.differs;
  }

  /**
   * Finishes the parts that are queued, ends the threads and gives their part of the arena back. Calls of run() that are new, or
   * still have parts to queue, are `cancelled`.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  async #close(): Promise<void> {
    this.#queue.close();
    await this.#serving;
    for (const { thread, reserved } of this.#seats.splice(0)) {
      await thread.then((started) => started.end()).catch(() => undefined);
      this.#options.arena.release(reserved);
    }
  }

  #takeSeat(): void {
    const reserved = this.#options.arena.allocate(WASM_SCRATCH_BYTES + SELF_TEST_BYTES);
    const seat: Seat = { reserved, thread: this.#startThread(reserved), engine: undefined };
    this.#seats.push(seat);
    this.#noteEngine(seat);
  }

  #startThread({ byteOffset: offset }: Uint8Array): Promise<Thread> {
    const scratch = { offset, length: WASM_SCRATCH_BYTES };
    const selfTest = { offset: offset + WASM_SCRATCH_BYTES, length: SELF_TEST_BYTES };
    return this.#start({ memory: this.#options.arena.memory, scratch, selfTest, wish: this.#options.engine });
  }

  /** A failed start is told by whoever has work for the thread. */
  #noteEngine(seat: Seat): void {
    seat.thread.then(
      ({ engine }) => (seat.engine = engine),
      () => undefined,
    );
  }

  async #serve(seat: Seat): Promise<void> {
    for (let task = await this.#queue.pop(); task !== undefined; task = await this.#queue.pop()) {
      const { job, part, bytes } = task;
      try {
        if (!isOver(job)) {
          const differs = await (await this.#threadOf(seat)).run(part);
          for (let row = 0; row < differs.length; row += 1) job.differs[row] = job.differs[row]! | differs[row]!;
          this.#doneParts += 1;
          this.#doneBytes += bytes;
        }
      } catch (error) {
        job.failure ??= error as CoucheStorError;
      }
      job.pending -= 1;
      if (job.pending === 0) job.settled();
    }
  }

  /** The seat's thread, or a new one where the last has ended. */
  async #threadOf(seat: Seat): Promise<Thread> {
    const current = seat.thread;
    const thread = await current.catch(() => undefined);
    if (thread?.isAlive === true) return thread;
    // Whoever comes first starts the next one; the others find it here.
    if (seat.thread === current) {
      this.#lostThreads += 1;
      this.#options.logger.warn('a coding thread ended and is started again', { lostThreads: this.#lostThreads });
      seat.thread = this.#startThread(seat.reserved);
      this.#noteEngine(seat);
    }
    return seat.thread;
  }

  #placed(work: MatrixWork<Uint8Array>): WorkPart {
    const place = (buffer: Uint8Array): ArenaPlace => {
      if (!this.arena.holds(buffer)) {
        throw new CoucheStorError('invalid', 'A shard is not in the arena of the pool; allocate it with pool.arena.');
      }
      if (buffer.byteLength < work.offset + work.length) {
        throw new CoucheStorError('invalid', 'A shard is shorter than the range to code.', {
          fields: { shardBytes: buffer.byteLength, offset: work.offset, length: work.length },
        });
      }
      return { offset: buffer.byteOffset, length: buffer.byteLength };
    };
    const { operation, matrix, offset, length } = work;
    return { operation, matrix, inputs: work.inputs.map(place), outputs: work.outputs.map(place), offset, length };
  }
}

const bytesOf = ({ inputs, outputs, length }: WorkPart): number => (inputs.length + outputs.length) * length;

const isOver = ({ signal, failure }: Job): boolean => signal?.aborted === true || failure !== undefined;

function* partsOf(work: WorkPart): Generator<WorkPart> {
  const buffers = work.inputs.length + work.outputs.length;
  const step = Math.max(1, Math.floor(PART_BYTES / buffers / PART_GRAIN_BYTES)) * PART_GRAIN_BYTES;
  const end = work.offset + work.length;
  for (let offset = work.offset; offset < end; offset += step) {
    yield { ...work, offset, length: Math.min(step, end - offset) };
  }
}

function cancelled(signal: AbortSignal): CoucheStorError {
  return new CoucheStorError('cancelled', 'The coding of a stripe was cancelled.', { cause: signal.reason });
}
