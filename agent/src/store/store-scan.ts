/**
 * Goes once through all folders, a bounded piece at a time: how much each volume has, and what is there that is no shard. Only folders
 * that hold nothing are removed, as a crash between making one and filling it leaves them; what is foreign stays as it is.
 */
import type { CoucheStorError, VolumeId } from '@couchestor/common/base';
import type { ScanReport, VolumeTotals } from './answers.ts';
import { ShardTree, type TreeStep } from './shard-tree.ts';
import { takesWrites, type StoreParts } from './store-parts.ts';
import { storedOf } from './walk.ts';
import type { Worker, WorkerState } from './worker.ts';

/** After which a step ends. */
const SHARDS_PER_STEP = 512;

/** The same, for folders that may be empty. */
const FOLDERS_PER_STEP = 128;

const MAX_FOREIGN_EXAMPLES = 100;

const MAX_REFUSED = 1000;

const NONE: VolumeTotals = { shards: 0, bytes: 0 };

export class StoreScan implements Worker {
  readonly #parts: StoreParts;
  readonly #tree: ShardTree;
  readonly #volumes = new Map<VolumeId, VolumeTotals>();
  readonly #foreignExamples: string[] = [];
  readonly #refused = new Map<string, CoucheStorError>();
  /** Not counted yet. */
  #pending: readonly TreeStep[] | undefined;
  #total = NONE;
  #foreign = 0;
  #emptyFolders = 0;
  #isDone = false;

  constructor(parts: StoreParts) {
    this.#parts = parts;
    this.#tree = new ShardTree(parts.pool.files, { onRefused: this.#onRefused });
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
      refused: this.#refused,
    };
  }

  async step(): Promise<WorkerState> {
    let [folders, shards] = [0, 0];
    while (folders < FOLDERS_PER_STEP && shards < SHARDS_PER_STEP) {
      this.#pending ??= await this.#tree.next();
      if (this.#pending === undefined) {
        this.#isDone = true;
        return 'done';
      }
      folders += this.#pending.length;
      shards += await this.#take(this.#pending);
      this.#pending = undefined;
    }
    return 'busy';
  }

  /** A path may be met again when a step failed. */
  readonly #onRefused = (path: string, error: CoucheStorError): void => {
    if (this.#refused.size < MAX_REFUSED) this.#refused.set(path, error);
  };

  /** Counts when nothing can fail any more. */
  async #take(steps: readonly TreeStep[]): Promise<number> {
    const stored = await storedOf(
      this.#parts,
      steps.flatMap(({ shards }) => shards),
      { onRefused: this.#onRefused },
    );
    for (const step of steps) await this.#removeEmpty(step);
    for (const { foreign } of steps) {
      this.#foreign += foreign.length;
      this.#foreignExamples.push(...foreign.slice(0, MAX_FOREIGN_EXAMPLES - this.#foreignExamples.length));
    }
    for (const { name, sizeBytes } of stored) {
      this.#total = plusOne(this.#total, sizeBytes);
      this.#volumes.set(name.volumeId, plusOne(this.#volumes.get(name.volumeId) ?? NONE, sizeBytes));
    }
    return stored.length;
  }

  /** A put that makes such a folder has its shard in it before anybody else has the volume. */
  async #removeEmpty({ volumeId, stripeId, isEmpty }: TreeStep): Promise<void> {
    if (volumeId === undefined || !isEmpty || !takesWrites(this.#parts)) return;
    const { volumes, folders } = this.#parts;
    this.#emptyFolders += await volumes.run(volumeId, () =>
      stripeId === undefined ? folders.removeEmptyVolume({ volumeId }) : folders.removeEmpty({ volumeId, stripeId }),
    );
  }
}

function plusOne({ shards, bytes }: VolumeTotals, sizeBytes: number): VolumeTotals {
  return { shards: shards + 1, bytes: bytes + sizeBytes };
}
