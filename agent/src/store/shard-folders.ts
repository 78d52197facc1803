/**
 * The folders that shards are in: made before the first of a volume or a stripe, and removed after the last. A folder that is there is
 * not yet one that survives a power loss: whoever made it may have been killed before the folder above was synced. So the first
 * use of each in this process syncs what names it. Calls for one volume are made one at a time.
 */
import type { PoolFiles } from '../pools/index.ts';
import type { ShardName } from '../shards/index.ts';

/** Bounds memory; whoever is forgotten costs one more sync. */
const MAX_KNOWN = 16_384;

export function volumeFolderOf({ volumeId }: Pick<ShardName, 'volumeId'>): string {
  return volumeId;
}

export function stripeFolderOf({ volumeId, stripeId }: Pick<ShardName, 'volumeId' | 'stripeId'>): string {
  return `${volumeId}/${stripeId}`;
}

export class ShardFolders {
  readonly #files: PoolFiles;
  /** Those that are known to survive a power loss. */
  readonly #durable = new Set<string>();

  constructor(files: PoolFiles) {
    this.#files = files;
  }

  /** Ends when both folders of the shard are there and survive a power loss. */
  async ensure(name: ShardName): Promise<void> {
    const volume = volumeFolderOf(name);
    await this.#ensure(volume, '');
    await this.#ensure(stripeFolderOf(name), volume);
  }

  /** Removes the folder of the stripe, and that of the volume, where nothing is in them. @returns how many are gone. */
  async removeEmpty(stripe: Pick<ShardName, 'volumeId' | 'stripeId'>): Promise<number> {
    const removed = await this.#remove(stripeFolderOf(stripe));
    return removed === undefined ? 0 : removed + (await this.removeEmptyVolume(stripe));
  }

  async removeEmptyVolume(volume: Pick<ShardName, 'volumeId'>): Promise<number> {
    return (await this.#remove(volumeFolderOf(volume))) ?? 0;
  }

  /** Undefined: something is in it. */
  async #remove(folder: string): Promise<number | undefined> {
    const outcome = await this.#files.removeFolder(folder);
    if (outcome === 'notEmpty') return undefined;
    this.#durable.delete(folder);
    return outcome === 'removed' ? 1 : 0;
  }

  async #ensure(folder: string, parent: string): Promise<void> {
    const isNew = await this.#files.makeFolder(folder);
    if (!isNew && this.#durable.has(folder)) return;
    await this.#files.syncFolder(parent);
    if (this.#durable.size >= MAX_KNOWN) this.#durable.clear();
    this.#durable.add(folder);
  }
}
