/**
 * Deletes shards whose grace is over, a few at a time. In the moment before, the tombstone is read again with its proof, the volume is
 * not quarantined, and the file is not another shard, nor of a stripe that the proof does not cover. The file goes first, the tombstone last, each synced, so that whatever a crash
 * leaves is done again from the start. What cannot be deleted stays, with its tombstone, and is asked again in the next round.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import type { KeptShard } from './answers.ts';
import { checkProof } from './deletion-proof.ts';
import { stripeFolderOf, volumeFolderOf } from './shard-folders.ts';
import { takesWrites, type StoreParts } from './store-parts.ts';
import type { Worker, WorkerState } from './worker.ts';

const SHARDS_PER_STEP = 16;

const MAX_KEPT = 100;

/** What lies under the name of a shard and is not ours to delete. */
const NOT_TO_DELETE: ReadonlySet<string> = new Set(['otherShard', 'unsupportedVersion']);

export class Collector implements Worker {
  readonly #parts: StoreParts;
  #round: ShardName[] = [];
  #kept: KeptShard[] = [];
  #keptCount = 0;
  #deleted = 0;

  constructor(parts: StoreParts) {
    this.#parts = parts;
  }

  /** Shards that this worker has deleted, and what it has kept in this round, of which the first are told. */
  get report(): { readonly deleted: number; readonly keptCount: number; readonly kept: readonly KeptShard[] } {
    return { deleted: this.#deleted, keptCount: this.#keptCount, kept: this.#kept };
  }

  async step(): Promise<WorkerState> {
    if (!takesWrites(this.#parts)) return 'idle';
    if (this.#round.length === 0) this.#beginRound();
    for (const name of this.#round.splice(0, SHARDS_PER_STEP)) await this.#collectOrKeep(name);
    return this.#round.length > 0 ? 'busy' : 'idle';
  }

  #beginRound(): void {
    const { tombstones, quarantines } = this.#parts;
    this.#round = tombstones.due().filter(({ volumeId }) => !quarantines.has(volumeId));
    this.#kept = [];
    this.#keptCount = 0;
  }

  async #collectOrKeep(name: ShardName): Promise<void> {
    try {
      const detail = await this.#parts.names.run(pathOfShard(name), () => this.#collect(name));
      if (detail !== undefined) this.#keep({ path: pathOfShard(name), detail });
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
      this.#keep({ path: pathOfShard(name), detail: thrown.message, error: thrown });
    }
  }

  #keep(kept: KeptShard): void {
    this.#keptCount += 1;
    if (this.#kept.length < MAX_KEPT) this.#kept.push(kept);
  }

  /** @returns why it was kept. */
  async #collect(name: ShardName): Promise<string | undefined> {
    const { tombstones, volumes, folders } = this.#parts;
    if (tombstones.dueInMs(name) !== 0) return undefined;
    const tombstone = await tombstones.read(name);
    if (tombstone !== undefined) {
      const found = await this.#parts.verifier.identify(name);
      if (found.kind === 'unreadable') throw found.error;
      if (found.kind === 'other' && NOT_TO_DELETE.has(found.reason)) return found.detail;
      if (found.kind === 'identified') checkProof(name, tombstone.proof, found.identity.scheme);
      if (!(await this.#removeShard(name))) return undefined;
    }
    await tombstones.remove(name);
    await volumes.run(name.volumeId, () => folders.removeEmpty(name));
    return undefined;
  }

  /** False: the volume was quarantined meanwhile. Else the file is gone for good, by whomever. */
  async #removeShard(name: ShardName): Promise<boolean> {
    const { pool, volumes, quarantines } = this.#parts;
    return volumes.run(name.volumeId, async () => {
      if (quarantines.has(name.volumeId)) return false;
      if (await pool.files.unlink(pathOfShard(name))) this.#deleted += 1;
      await this.#syncAbove(name);
      return true;
    });
  }

  /** Also where nothing was left: whoever removed the file, or its empty folders after it, may have been ended before this. */
  async #syncAbove(name: ShardName): Promise<void> {
    const { files } = this.#parts.pool;
    for (const folder of [stripeFolderOf(name), volumeFolderOf(name)]) {
      if ((await files.stat(folder)) !== undefined) return files.syncFolder(folder);
    }
    return files.syncFolder('');
  }
}
