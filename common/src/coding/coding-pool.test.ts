/** The pool's own decisions, with threads that do what the test says; what real threads compute is in coding-threads.test.ts. */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, nullLogger, type LogFields, type Logger } from '../base/index.ts';
import { ShardArena } from '../erasure/index.ts';
import { CodingPool, PART_BYTES, type Thread } from './coding-pool.ts';
import type { MatrixWork, WorkPart } from './matrix-work.ts';

const MIB = 1024 * 1024;

/** Holds the parts it gets until the test finishes or fails them. */
class HeldThread implements Thread {
  readonly engine = { name: 'typescript', detail: 'held', rejected: [] } as const;
  isAlive = true;
  readonly parts: WorkPart[] = [];
  readonly #settle: { resolve: (differs: Uint8Array) => void; reject: (error: CoucheStorError) => void }[] = [];

  run(part: WorkPart): Promise<Uint8Array> {
    this.parts.push(part);
    return new Promise((resolve, reject) => this.#settle.push({ resolve, reject }));
  }

  finish(differs = new Uint8Array()): void {
    this.#settle.shift()?.resolve(differs);
  }

  die(): void {
    this.isAlive = false;
    const ended = new CoucheStorError('internal', 'A coding thread ended.', { retryable: true });
    for (const { reject } of this.#settle.splice(0)) reject(ended);
  }

  end(): Promise<void> {
    this.die();
    return Promise.resolve();
  }
}

interface Stage {
  readonly pool: CodingPool;
  readonly threads: HeldThread[];
}

async function stage(threads = 1, maxQueuedBytes?: number, logger: Logger = nullLogger): Promise<Stage> {
  const started: HeldThread[] = [];
  const options = {
    threads,
    arena: new ShardArena(64 * MIB),
    engine: 'auto',
    logger,
    ...(maxQueuedBytes === undefined ? {} : { maxQueuedBytes }),
  } as const;
  const pool = await CodingPool.start(options, () => {
    const thread = new HeldThread();
    started.push(thread);
    return Promise.resolve(thread);
  });
  return { pool, threads: started };
}

function copying(pool: CodingPool, bytes: number, kind: 'multiply' | 'compare' = 'multiply'): MatrixWork<Uint8Array> {
  const matrix = { rows: 1, columns: 1, coefficients: Uint8Array.of(1) };
  const [input, output] = [pool.arena.allocate(bytes), pool.arena.allocate(bytes)];
  return { operation: { kind }, matrix, inputs: [input], outputs: [output], offset: 0, length: bytes };
}

/** Lets everything happen that waits for nothing but promises. */
const settled = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

const codeOf = (promise: Promise<unknown>): Promise<unknown> =>
  promise.then(
    () => 'done',
    (error: unknown) => (error instanceof CoucheStorError ? error.code : error),
  );

describe('a pool', () => {
  it('cuts large work into parts that cover it without a gap, and shares them among its threads', async () => {
    const { pool, threads } = await stage(2);
    const bytes = 3 * PART_BYTES + 12_345;
    const done = pool.run(copying(pool, bytes));
    for (let round = 0; round < 10; round += 1) {
      await settled();
      for (const thread of threads) thread.finish();
    }
    await done;
    const parts = threads.flatMap((thread) => thread.parts).sort((left, right) => left.offset - right.offset);
    expect(threads.every((thread) => thread.parts.length > 1)).toBe(true);
    let end = 0;
    for (const part of parts) {
      expect(part.offset).toBe(end);
      expect(2 * part.length).toBeLessThanOrEqual(PART_BYTES);
      end += part.length;
    }
    expect(end).toBe(bytes);
    expect(pool.status()).toMatchObject({ doneParts: parts.length, doneBytes: 2 * bytes, queuedParts: 0 });
    await pool.close();
  });

  it('does nothing for no bytes', async () => {
    const { pool, threads } = await stage();
    await pool.run(copying(pool, 0));
    expect(threads[0]?.parts).toEqual([]);
    await pool.close();
  });

  it('joins what the parts of a comparison found', async () => {
    const { pool, threads } = await stage();
    const done = pool.run(copying(pool, PART_BYTES, 'compare'));
    await settled();
    threads[0]?.finish(Uint8Array.of(1));
    threads[0]?.finish(Uint8Array.of(0));
    expect(await done).toEqual(Uint8Array.of(1));
    await pool.close();
  });

  it('lets callers wait when enough is queued, and takes no more than its limit', async () => {
    const { pool, threads } = await stage(1, PART_BYTES);
    const works = Array.from({ length: 6 }, () => pool.run(copying(pool, PART_BYTES / 2)));
    await settled();
    // Two are in the thread's hands, one fills the queue, three wait before it.
    expect(threads[0]?.parts).toHaveLength(2);
    expect(pool.status()).toMatchObject({ queuedParts: 1, queuedBytes: PART_BYTES });
    for (let round = 0; round < 6; round += 1) {
      threads[0]?.finish();
      await settled();
      expect(pool.status().queuedBytes).toBeLessThanOrEqual(PART_BYTES);
    }
    await Promise.all(works);
    await pool.close();
  });

  it('refuses shards from elsewhere and shards that are too short, and starts nothing', async () => {
    const { pool, threads } = await stage();
    const work = copying(pool, 100);
    expect(await codeOf(pool.run({ ...work, inputs: [new Uint8Array(100)] }))).toBe('invalid');
    expect(await codeOf(pool.run({ ...work, outputs: [new Uint8Array(new SharedArrayBuffer(100))] }))).toBe('invalid');
    expect(await codeOf(pool.run({ ...work, length: 101 }))).toBe('invalid');
    expect(await codeOf(pool.run({ ...work, offset: 1, length: 100 }))).toBe('invalid');
    expect(threads[0]?.parts).toEqual([]);
    await pool.close();
  });

  it('gives its part of the arena back when it closes', async () => {
    const { pool } = await stage(3);
    const { arena } = pool;
    expect(arena.allocatedCount).toBe(3);
    await pool.close();
    expect(arena.allocatedCount).toBe(0);
  });

  it('closes once, whoever asks', async () => {
    const { pool, threads } = await stage(2);
    const begun = pool.run(copying(pool, 100));
    await settled();
    const closing = [pool.close(), pool.close()];
    let isClosed = false;
    void closing[1]!.then(() => (isClosed = true));
    await settled();
    expect(isClosed).toBe(false);
    for (const thread of threads) thread.finish();
    await begun;
    await Promise.all(closing);
    expect(threads.every((thread) => !thread.isAlive)).toBe(true);
  });

  it('says in its log what it works with, and when a thread was lost', async () => {
    const lines: unknown[] = [];
    const logger = {
      ...nullLogger,
      info: (message: string, fields?: LogFields) => lines.push([message, fields?.engines]),
      warn: (message: string, fields?: LogFields) => lines.push([message, fields?.lostThreads]),
    };
    const { pool, threads } = await stage(1, undefined, logger);
    threads[0]?.die();
    const again = pool.run(copying(pool, 64));
    await settled();
    threads[1]?.finish();
    await again;
    expect(lines).toEqual([
      ['erasure coding is ready', [threads[0]?.engine]],
      ['a coding thread ended and is started again', 1],
    ]);
    await pool.close();
  });

  it('finishes what was begun and refuses the rest when it closes', async () => {
    const { pool, threads } = await stage();
    const begun = codeOf(pool.run(copying(pool, 100)));
    await settled();
    const closing = pool.close();
    expect(await codeOf(pool.run(copying(pool, 100)))).toBe('cancelled');
    threads[0]?.finish();
    expect(await begun).toBe('done');
    await closing;
  });
});

describe('work that is cancelled', () => {
  it('before it began starts nothing', async () => {
    const { pool, threads } = await stage();
    expect(await codeOf(pool.run(copying(pool, 100), AbortSignal.abort()))).toBe('cancelled');
    expect(threads[0]?.parts).toEqual([]);
    await pool.close();
  });

  it('sends no further part, and holds its buffers until the ones under way have ended', async () => {
    const { pool, threads } = await stage();
    const abort = new AbortController();
    let result: unknown;
    const done = codeOf(pool.run(copying(pool, 4 * PART_BYTES), abort.signal)).then((code) => (result = code));
    await settled();
    abort.abort();
    await settled();
    expect(result).toBeUndefined();
    threads[0]?.finish();
    await settled();
    expect(result).toBeUndefined();
    threads[0]?.finish();
    await done;
    expect(result).toBe('cancelled');
    expect(threads[0]?.parts).toHaveLength(2);
    expect(pool.status()).toMatchObject({ queuedParts: 0, queuedBytes: 0 });
    await pool.close();
  });

  it('leaves the room it waited for to others', async () => {
    const { pool, threads } = await stage(1, PART_BYTES);
    const abort = new AbortController();
    const first = Array.from({ length: 3 }, () => pool.run(copying(pool, PART_BYTES / 2)));
    await settled();
    const unwanted = codeOf(pool.run(copying(pool, PART_BYTES / 2), abort.signal));
    const wanted = pool.run(copying(pool, 64));
    await settled();
    abort.abort();
    expect(await unwanted).toBe('cancelled');
    for (let round = 0; round < 4; round += 1) {
      threads[0]?.finish();
      await settled();
    }
    await Promise.all([...first, wanted]);
    await pool.close();
  });
});

describe('a seat', () => {
  it('never has two threads on one scratch, however many parts a dead one had in hand', async () => {
    const { pool, threads } = await stage();
    const lost = [pool.run(copying(pool, 64)), pool.run(copying(pool, 64))].map(codeOf);
    await settled();
    threads[0]?.die();
    expect(await Promise.all(lost)).toEqual(['internal', 'internal']);
    const again = [pool.run(copying(pool, 64)), pool.run(copying(pool, 64))];
    await settled();
    expect(threads).toHaveLength(2);
    threads[1]?.finish();
    threads[1]?.finish();
    await Promise.all(again);
    await pool.close();
  });

  it('tells what its present thread works with', async () => {
    const { pool, threads } = await stage(2);
    expect(pool.status().engines).toEqual([threads[0]?.engine, threads[1]?.engine]);
    await pool.close();
  });
});

describe('a thread that ends by itself', () => {
  it('fails what it had in hand as repeatable, and another takes its place', async () => {
    const { pool, threads } = await stage();
    const lost = pool.run(copying(pool, 100));
    await settled();
    threads[0]?.die();
    await expect(lost).rejects.toMatchObject({ code: 'internal', retryable: true });
    const again = pool.run(copying(pool, 100));
    await settled();
    expect(threads).toHaveLength(2);
    threads[1]?.finish();
    await again;
    expect(pool.status().lostThreads).toBe(1);
    await pool.close();
  });

  it('fails the whole work once, without sending what is left of it', async () => {
    const { pool, threads } = await stage();
    const lost = codeOf(pool.run(copying(pool, 4 * PART_BYTES)));
    await settled();
    threads[0]?.die();
    expect(await lost).toBe('internal');
    expect(threads[0]?.parts).toHaveLength(2);
    expect(pool.status()).toMatchObject({ queuedParts: 0 });
    await pool.close();
  });

  it('that cannot be started again fails work with the reason, and is tried again for the next', async () => {
    const { arena, pool, threads, failures } = await failingStage();
    threads[0]?.die();
    failures.left = 1;
    expect(await codeOf(pool.run(copying(pool, 64)))).toBe('unsupported');
    const again = pool.run(copying(pool, 64));
    await settled();
    threads[1]?.finish();
    await again;
    await pool.close();
    expect(arena.freeBytes).toBeGreaterThan(0);
  });

  it('never lets a pool start half', async () => {
    const arena = new ShardArena(2 * MIB);
    const refused = CodingPool.start({ threads: 2, arena, engine: 'native', logger: nullLogger }, () =>
      Promise.reject(new CoucheStorError('unsupported', 'no')),
    );
    expect(await codeOf(refused)).toBe('unsupported');
    expect(arena.allocatedCount).toBe(0);
  });
});

async function failingStage(): Promise<Stage & { arena: ShardArena; failures: { left: number } }> {
  const threads: HeldThread[] = [];
  const failures = { left: 0 };
  const arena = new ShardArena(2 * MIB);
  const pool = await CodingPool.start({ threads: 1, arena, engine: 'auto', logger: nullLogger }, () => {
    if (failures.left > 0) {
      failures.left -= 1;
      return Promise.reject(new CoucheStorError('unsupported', 'no thread'));
    }
    const thread = new HeldThread();
    threads.push(thread);
    return Promise.resolve(thread);
  });
  return { pool, threads, arena, failures };
}
