/** Shards that are looked at side by side, so that a disk does not wait while short ones are opened and closed. */
import type { StoredShard } from '../store/index.ts';
import { OPENING_BYTES, ShardExamination, type ExaminationParts, type ShardResult } from './shard-examination.ts';

interface Examined {
  readonly examination: ShardExamination;
  result: ShardResult | undefined;
}

export class ExaminationBatch {
  readonly #stepBytes: number;
  readonly #examined: readonly Examined[];

  constructor(parts: ExaminationParts, shards: readonly StoredShard[]) {
    this.#stepBytes = stepBytesOf(parts);
    this.#examined = shards.map((shard) => ({ examination: new ShardExamination(parts, shard), result: undefined }));
  }

  /** What the next step reads; at most stepBytesOf(). */
  get nextBytes(): number {
    return this.#next().reduce((bytes, { examination }) => bytes + examination.nextBytes, 0);
  }

  /** In their order, when all are done. */
  get results(): readonly (readonly [StoredShard, ShardResult])[] | undefined {
    const results = this.#examined.flatMap(({ examination: { shard }, result }) =>
      result === undefined ? [] : [[shard, result] as const],
    );
    return results.length === this.#examined.length ? results : undefined;
  }

  /** @throws CoucheStorError as ShardExamination.step(), when all that were begun have ended; it may be asked for again. */
  async step(): Promise<void> {
    const steps = this.#next().map(async (examined) => {
      examined.result = await examined.examination.step();
    });
    for (const step of await Promise.allSettled(steps)) if (step.status === 'rejected') throw step.reason;
  }

  async close(): Promise<void> {
    await Promise.all(this.#examined.map(({ examination }) => examination.close()));
  }

  /** The first that are not finished, and no more than fit in a step: what was short when it was listed may be long by now. */
  #next(): Examined[] {
    let bytes = 0;
    const unfinished = this.#examined.filter(({ result }) => result === undefined);
    const tooMuch = unfinished.findIndex(({ examination }) => (bytes += examination.nextBytes) > this.#stepBytes);
    return tooMuch < 0 ? unfinished : unfinished.slice(0, Math.max(1, tooMuch));
  }
}

/** The most that one step reads. */
export function stepBytesOf({ sliceBytes }: Pick<ExaminationParts, 'sliceBytes'>): number {
  return OPENING_BYTES + sliceBytes;
}
