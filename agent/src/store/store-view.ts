/**
 * The shards of a pool for somebody who only looks, beside whoever has the lock: nothing is written, and nothing that an earlier
 * process has left is cleared away. Tombstones and quarantines are those of the moment in which it was opened.
 */
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import {
  HOLDER_PATH,
  IDENTITY_PATH,
  INCOMING_FOLDER,
  LOCK_PATH,
  POOL_FOLDER,
  POOL_SUBFOLDERS,
  PROBE_PATH,
  QUARANTINE_FOLDER,
  readSealed,
  SCRUB_PATH,
  TOMBSTONES_FOLDER,
  type PoolEntry,
  type PoolFiles,
} from '../pools/index.ts';
import type { ShardName } from '../shards/index.ts';
import type { Quarantine } from './answers.ts';
import { fileOfQuarantine, Quarantines } from './quarantines.ts';
import { ShardTree } from './shard-tree.ts';
import type { StoredShard, WalkOptions } from './stored-shard.ts';
import { fileOfTombstone, Tombstones } from './tombstones.ts';
import { storedOf } from './walk.ts';

const OWN: ReadonlySet<string> = new Set([
  ...[IDENTITY_PATH, LOCK_PATH, HOLDER_PATH, SCRUB_PATH, PROBE_PATH],
  ...POOL_SUBFOLDERS,
]);

export interface StoreViewOptions {
  readonly files: PoolFiles;
  readonly clock: Clock;
}

/** What the pool's own folder holds. */
export interface OwnFolder {
  /** Files that are being written, or that a crash has left. */
  readonly incoming: number;
  readonly tombstones: number;
  readonly quarantines: readonly Quarantine[];
  /** Paths of what belongs there and is not there. */
  readonly missing: readonly string[];
  /** Paths of what does not. */
  readonly foreign: readonly string[];
}

/** Shards of a few stripes, or what stood beside stripes. */
export interface ViewedStripe {
  readonly shards: readonly StoredShard[];
  /** Paths of what is no part of a pool. */
  readonly foreign: readonly string[];
  /** Of the pool, with this: from 0 to 1, by volumes and stripes. */
  readonly progress: number;
}

export class StoreView {
  readonly own: OwnFolder;
  readonly #files: PoolFiles;
  readonly #tombstones: Tombstones;
  readonly #quarantines: Quarantines;
  readonly #tombstoned: readonly ShardName[];

  private constructor(files: PoolFiles, own: OwnFolder, tombstones: Tombstones, quarantines: Quarantines) {
    this.#files = files;
    this.own = own;
    this.#tombstones = tombstones;
    this.#quarantines = quarantines;
    this.#tombstoned = tombstones.due();
  }

  /** @throws CoucheStorError of the disk. */
  static async open({ files, clock }: StoreViewOptions): Promise<StoreView> {
    const tombstones = new Tombstones({ files, clock, graceMs: 0, most: 0 });
    const quarantines = new Quarantines({ files, clock, most: 0 });
    const own = (await files.entries(POOL_FOLDER)) ?? [];
    const [incoming = [], tombstoneFiles = [], quarantineFiles = []] = await Promise.all(
      [INCOMING_FOLDER, TOMBSTONES_FOLDER, QUARANTINE_FOLDER].map((folder) => files.entries(folder)),
    );
    const foreign = [
      ...own.map(({ name }) => `${POOL_FOLDER}/${name}`).filter((path) => !OWN.has(path)),
      ...others(INCOMING_FOLDER, incoming),
      ...others(TOMBSTONES_FOLDER, tombstoneFiles),
      ...others(QUARANTINE_FOLDER, quarantineFiles),
      ...tombstones.adopt(filesIn(tombstoneFiles)).map((name) => `${TOMBSTONES_FOLDER}/${name}`),
      ...(await quarantines.adopt(filesIn(quarantineFiles))).map((name) => `${QUARANTINE_FOLDER}/${name}`),
    ];
    const there = new Set(own.map(({ name }) => `${POOL_FOLDER}/${name}`));
    const report = {
      incoming: filesIn(incoming).length,
      tombstones: tombstones.size,
      quarantines: quarantines.list(),
      missing: POOL_SUBFOLDERS.filter((folder) => !there.has(folder)),
      foreign,
    };
    return new StoreView(files, report, tombstones, quarantines);
  }

  /** In the order of compareShardNames(), as they are while it goes on. */
  async *stripes(options: WalkOptions = {}): AsyncGenerator<ViewedStripe> {
    const parts = { pool: { files: this.#files }, tombstones: this.#tombstones, quarantines: this.#quarantines };
    const tree = new ShardTree(this.#files, options);
    for (let steps = await tree.next(); steps !== undefined; steps = await tree.next()) {
      const names = steps.flatMap(({ shards }) => shards);
      const foreign = steps.flatMap((step) => step.foreign);
      yield { shards: await storedOf(parts, names, options), foreign, progress: tree.progress };
    }
  }

  async *walk(options: WalkOptions = {}): AsyncGenerator<StoredShard> {
    for await (const { shards } of this.stripes(options)) yield* shards;
  }

  /** Records in the pool's own folder that are not as they were written. Those that have gone meanwhile are none. */
  async *damagedRecords(): AsyncGenerator<{ readonly path: string; readonly error: CoucheStorError }> {
    for (const name of this.#tombstoned) {
      const error = await errorOf(() => this.#tombstones.read(name));
      if (error !== undefined) yield { path: fileOfTombstone(name), error };
    }
    for (const { volumeId } of this.own.quarantines) {
      const path = fileOfQuarantine(volumeId);
      const error = await errorOf(() => readSealed(this.#files, path, (value) => value));
      if (error !== undefined) yield { path, error };
    }
  }
}

function filesIn(entries: readonly PoolEntry[]): string[] {
  return entries.filter(({ kind }) => kind === 'file').map(({ name }) => name);
}

function others(folder: string, entries: readonly PoolEntry[]): string[] {
  return entries.filter(({ kind }) => kind !== 'file').map(({ name }) => `${folder}/${name}`);
}

async function errorOf(read: () => Promise<unknown>): Promise<CoucheStorError | undefined> {
  try {
    await read();
    return undefined;
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return thrown;
    throw thrown;
  }
}
