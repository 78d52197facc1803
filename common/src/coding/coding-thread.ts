/** The pool's side of one thread: parts go in, answers come out in the same order, and its end fails what it still had in hand. */
import { Worker } from 'node:worker_threads';
import { assertInvariant, CoucheStorError } from '../base/index.ts';
import type { EngineReport, ThreadData, ThreadMessage } from './coding-messages.ts';
import type { WorkPart } from './matrix-work.ts';

interface Waiting {
  readonly resolve: (differs: Uint8Array) => void;
  readonly reject: (error: CoucheStorError) => void;
}

export class CodingThread {
  readonly #worker: Worker;
  readonly #waiting: Waiting[] = [];
  readonly #ended: Promise<void>;
  #isAlive = true;
  /** What it codes with; known once it has started. */
  readonly engine: EngineReport;

  private constructor(worker: Worker, engine: EngineReport) {
    this.#worker = worker;
    this.engine = engine;
    worker.on('message', (message: ThreadMessage) => this.#take(message));
    let cause: Error | undefined;
    worker.on('error', (error: Error) => {
      cause = error;
    });
    this.#ended = new Promise((resolve) => {
      worker.once('exit', () => {
        this.#isAlive = false;
        for (const { reject } of this.#waiting.splice(0)) reject(threadEnded(cause));
        resolve();
      });
    });
    // A thread that nobody waits for keeps no process alive. Listeners count as waiting, so this comes after them.
    worker.unref();
  }

  /**
   * @throws CoucheStorError `unsupported` when the engine that was asked for cannot be used, `internal` when the thread ends
   * before it is ready.
   */
  static async start(data: ThreadData): Promise<CodingThread> {
    const worker = new Worker(new URL('./coding-worker.ts', import.meta.url), { workerData: data });
    const first = await new Promise<ThreadMessage>((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', (error) => reject(threadEnded(error)));
      worker.once('exit', () => reject(threadEnded(undefined)));
    });
    if (first.kind === 'refused') throw new CoucheStorError('unsupported', first.message);
    assertInvariant(first.kind === 'ready', 'a thread begins with what it works with');
    const { name, detail, rejected } = first;
    return new CodingThread(worker, { name, detail, rejected });
  }

  get isAlive(): boolean {
    return this.#isAlive;
  }

  /**
   * @returns for compare, a byte a row; else nothing.
   * @throws CoucheStorError `internal` (may be repeated) when the thread ends before the part was done, `invalid` for a part that
   * cannot be sent.
   */
  async run(part: WorkPart): Promise<Uint8Array> {
    if (!this.#isAlive) throw threadEnded(undefined);
    try {
      this.#worker.postMessage(part);
    } catch (cause) {
      throw new CoucheStorError('invalid', 'A part of the work cannot be sent to a thread.', { cause });
    }
    this.#worker.ref();
    return new Promise((resolve, reject) => this.#waiting.push({ resolve, reject }));
  }

  /** Resolves when no code of it runs any more: from then on its buffers are nobody's. */
  async end(): Promise<void> {
    await this.#worker.terminate();
    await this.#ended;
  }

  #take(message: ThreadMessage): void {
    const waiting = this.#waiting.shift();
    assertInvariant(waiting !== undefined, 'a thread answers what it was sent');
    if (this.#waiting.length === 0) this.#worker.unref();
    if (message.kind === 'done') waiting.resolve(message.differs);
    else if (message.kind === 'failed') waiting.reject(new CoucheStorError('internal', message.message));
    else assertInvariant(false, 'a thread is ready once');
  }
}

function threadEnded(cause: unknown): CoucheStorError {
  return new CoucheStorError('internal', 'A coding thread ended; what it was working on has to be repeated.', {
    retryable: true,
    ...(cause === undefined ? {} : { cause }),
  });
}
