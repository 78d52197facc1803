/**
 * The folders that shards are in: made before the first of a volume or a stripe, and removed after the last. A folder that is there is
 * not yet one that survives a power loss: whoever made it may have been killed before the folder above was synced. So the first
 * use of each in this process syncs what names it. Folders of one volume are made and removed one call at a time.
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

  /** Both folders of the shard. What they are to hold goes into them before anybody else may remove them. */
  async make(name: ShardName): Promise<void> {
    for (const folder of [volumeFolderOf(name), stripeFolderOf(name)]) {
      if (await this.#files.makeFolder(folder)) this.#durable.delete(folder);
    }
  }

  /**
   * Ends when the file of a shard that is in its folder survives a power loss there. From the inside out, because a journal that has
   * taken down the newest change has little to do for the ones before.
   */
  async sync(name: ShardName): Promise<void> {
    const [stripe, volume] = [stripeFolderOf(name), volumeFolderOf(name)];
    await this.#files.syncFolder(stripe);
    await this.#makeDurable(stripe, volume);
    await this.#makeDurable(volume, '');
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

  async #makeDurable(folder: string, parent: string): Promise<void> {
    if (this.#durable.has(folder)) return;
    await this.#files.syncFolder(parent);
    if (this.#durable.size >= MAX_KNOWN) this.#durable.clear();
    this.#durable.add(folder);
  }
}
