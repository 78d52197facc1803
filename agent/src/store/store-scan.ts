/**
 * Goes once through all folders, a bounded piece at a time: how much each volume has, and what is there that is no shard. Only folders
 * that hold nothing are removed, as a crash between making one and filling it leaves them; what is foreign stays as it is.
 */
import type { VolumeId } from '@couchestor/common/base';
import type { ScanReport, VolumeTotals } from './answers.ts';
import { ShardTree, type TreeStep } from './shard-tree.ts';
import { takesWrites, type StoreParts } from './store-parts.ts';
import { storedOf } from './walk.ts';
import type { Worker, WorkerState } from './worker.ts';

/** After which a step ends, with the stripe that it is at. */
const SHARDS_PER_STEP = 512;

/** The same for stripes, of which some may be empty. */
const STRIPES_PER_STEP = 128;

const MAX_FOREIGN_EXAMPLES = 100;

const NONE: VolumeTotals = { shards: 0, bytes: 0 };

export class StoreScan implements Worker {
  readonly #parts: StoreParts;
  readonly #tree: ShardTree;
  readonly #volumes = new Map<VolumeId, VolumeTotals>();
  readonly #foreignExamples: string[] = [];
  /** Not counted yet. */
  #pending: TreeStep | undefined;
  #total = NONE;
  #foreign = 0;
  #emptyFolders = 0;
  #isDone = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#tree = new ShardTree(parts.pool.files);
  }

  get report(): ScanReport {
    return {
      ...this.#total,
      isDone: this.#isDone,
      progress: this.#tree.progress,
      volumes: this.#volumes,
      foreign: this.#foreign,
      foreignExamples: this.#foreignExamples,
      emptyFolders: this.#emptyFolders,
    };
  }

  async step(): Promise<WorkerState> {
    let shards = 0;
    for (let stripes = 0; stripes < STRIPES_PER_STEP && shards < SHARDS_PER_STEP; stripes += 1) {
      this.#pending ??= await this.#tree.next();
      if (this.#pending === undefined) {
        this.#isDone = true;
        return 'done';
      }
      shards += this.#pending.shards.length;
      await this.#take(this.#pending);
      this.#pending = undefined;
    }
    return 'busy';
  }

  /** Counts when nothing can fail any more. */
  async #take(step: TreeStep): Promise<void> {
    const { volumeId, foreign } = step;
    const stored = await storedOf(this.#parts, step.shards);
    if (volumeId !== undefined && step.isEmpty && takesWrites(this.#parts)) await this.#removeEmpty(volumeId, step);
    this.#foreign += foreign.length;
    this.#foreignExamples.push(...foreign.slice(0, MAX_FOREIGN_EXAMPLES - this.#foreignExamples.length));
    if (volumeId === undefined || stored.length === 0) return;
    const found = { shards: stored.length, bytes: stored.reduce((bytes, { sizeBytes }) => bytes + sizeBytes, 0) };
    this.#total = sum(this.#total, found);
    this.#volumes.set(volumeId, sum(this.#volumes.get(volumeId) ?? NONE, found));
  }

  /** A put that makes such a folder has its shard in it before anybody else has the volume. */
  async #removeEmpty(volumeId: VolumeId, { stripeId }: TreeStep): Promise<void> {
    const { volumes, folders } = this.#parts;
    this.#emptyFolders += await volumes.run(volumeId, () =>
      stripeId === undefined ? folders.removeEmptyVolume({ volumeId }) : folders.removeEmpty({ volumeId, stripeId }),
    );
  }
}

function sum(a: VolumeTotals, b: VolumeTotals): VolumeTotals {
  return { shards: a.shards + b.shards, bytes: a.bytes + b.bytes };
}
