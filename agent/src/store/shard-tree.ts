/**
 * Goes through the folders of a pool in the order of shards, a few stripes of a volume at a time, because a folder costs a trip to the
 * disk and disks do several at once. What is there may change meanwhile: a shard that is there all the time is met exactly once, any
 * other at most once. A failed call is where it was before, and may be made again.
 */
import { parseStripeId, parseVolumeId, type StripeId, type VolumeId } from '@couchestor/common/base';
import { LOST_AND_FOUND, POOL_FOLDER, type PoolEntry, type PoolFiles } from '../pools/index.ts';
import { parseShardPath, type ShardName } from '../shards/index.ts';
import { compareShardNames, unlessRefused, type WalkOptions } from './stored-shard.ts';
import { unlessInvalid } from './unless-invalid.ts';

/** A stripe, or at the end of a volume what stood beside its stripes. */
export interface TreeStep {
  readonly volumeId: VolumeId | undefined;
  /** Absent: this is the end of the volume, or of the pool. */
  readonly stripeId?: StripeId;
  /** Those in the stripe, in order. */
  readonly shards: readonly ShardName[];
  /** Paths of what is no part of a pool. */
  readonly foreign: readonly string[];
  /** Nothing is in the folder that ends here. */
  readonly isEmpty: boolean;
}

interface Level<Id extends string> {
  readonly ids: readonly Id[];
  readonly foreign: readonly string[];
  readonly isEmpty: boolean;
  at: number;
}

/** More would wait for threads. */
const STRIPES_AT_ONCE = 32;

const OF_THE_POOL: ReadonlySet<string> = new Set([POOL_FOLDER, LOST_AND_FOUND]);

export class ShardTree {
  readonly #files: PoolFiles;
  readonly #options: WalkOptions;
  #volumes: Level<VolumeId> | undefined;
  #stripes: Level<StripeId> | undefined;
  #isAtEnd = false;

  constructor(files: PoolFiles, options: WalkOptions = {}) {
    this.#files = files;
    this.#options = options;
  }

  /** From 0 to 1, by volumes and their stripes. */
  get progress(): number {
    if (this.#isAtEnd) return 1;
    if (this.#volumes === undefined) return 0;
    const { at, ids } = this.#volumes;
    const inVolume = this.#stripes === undefined ? 0 : this.#stripes.at / Math.max(1, this.#stripes.ids.length);
    return (at + inVolume) / Math.max(1, ids.length);
  }

  /** In order; at least one. Undefined: that was all. */
  async next(): Promise<readonly TreeStep[] | undefined> {
    if (this.#isAtEnd) return undefined;
    this.#volumes ??= await this.#readVolumes();
    const volumeId = this.#volumes.ids[this.#volumes.at];
    if (volumeId === undefined) {
      this.#isAtEnd = true;
      return [{ volumeId, shards: [], foreign: this.#volumes.foreign, isEmpty: false }];
    }
    this.#stripes ??= await this.#readStripes(volumeId);
    const { at, ids, foreign, isEmpty } = this.#stripes;
    const next = ids.slice(at, at + STRIPES_AT_ONCE);
    if (next.length === 0) {
      this.#stripes = undefined;
      this.#volumes.at += 1;
      return [{ volumeId, shards: [], foreign, isEmpty }];
    }
    const steps = await Promise.all(next.map((stripeId) => this.#readStripe(volumeId, stripeId)));
    this.#stripes.at += next.length;
    return steps;
  }

  async #readVolumes(): Promise<Level<VolumeId>> {
    const { volumeId, after } = this.#options;
    if (volumeId !== undefined) return { ids: [volumeId], foreign: [], isEmpty: false, at: 0 };
    const entries = ((await this.#files.entries('')) ?? []).filter(({ name }) => !OF_THE_POOL.has(name));
    return levelOf(entries, { folder: '', parse: parseVolumeId, from: after?.volumeId });
  }

  async #readStripes(volumeId: VolumeId): Promise<Level<StripeId>> {
    const { after } = this.#options;
    const entries = await this.#entriesOf(volumeId);
    const from = after?.volumeId === volumeId ? after.stripeId : undefined;
    const level = levelOf(entries ?? [], { folder: `${volumeId}/`, parse: parseStripeId, from });
    return entries === undefined ? { ...level, isEmpty: false } : level;
  }

  async #readStripe(volumeId: VolumeId, stripeId: StripeId): Promise<TreeStep> {
    const folder = `${volumeId}/${stripeId}`;
    const { after } = this.#options;
    const entries = await this.#entriesOf(folder);
    const shards: ShardName[] = [];
    const foreign: string[] = [];
    for (const { name: fileName, kind } of entries ?? []) {
      const path = `${folder}/${fileName}`;
      const name = kind === 'file' ? unlessInvalid(() => parseShardPath(path)) : undefined;
      if (name === undefined) foreign.push(path);
      else if (after === undefined || compareShardNames(name, after) > 0) shards.push(name);
    }
    return { volumeId, stripeId, shards, foreign, isEmpty: entries?.length === 0 };
  }

  async #entriesOf(folder: string): Promise<readonly PoolEntry[] | undefined> {
    return unlessRefused(folder, this.#options, () => this.#files.entries(folder));
  }
}

/** Volumes that have a folder, in order. */
export async function volumesOf(files: PoolFiles): Promise<readonly VolumeId[]> {
  return levelOf((await files.entries('')) ?? [], { folder: '', parse: parseVolumeId, from: undefined }).ids;
}

/** Sorted entries as ids, those below `from` left out. */
function levelOf<Id extends string>(
  entries: readonly PoolEntry[],
  { folder, parse, from }: { folder: string; parse: (text: string) => Id; from: Id | undefined },
): Level<Id> {
  const ids: Id[] = [];
  const foreign: string[] = [];
  for (const { name, kind } of entries) {
    const id = kind === 'folder' ? unlessInvalid(() => parse(name)) : undefined;
    if (id === undefined) foreign.push(`${folder}${name}`);
    else if (from === undefined || id >= from) ids.push(id);
  }
  return { ids, foreign, isEmpty: entries.length === 0, at: 0 };
}
