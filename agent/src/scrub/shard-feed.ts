/** The shards of a store in their order, several short ones at a time; none is left out when the store cannot list them just now. */
import { CoucheStorError } from '@couchestor/common/base';
import type { ShardName } from '../shards/index.ts';
import type { ShardStore, StoredShard } from '../store/index.ts';

export interface FeedLimits {
  readonly most: number;
  /** Of all together; a shard that is longer comes alone. */
  readonly bytes: number;
}

export class ShardFeed {
  readonly #store: Pick<ShardStore, 'walk'>;
  /** The last one that the walk gave. */
  #after: ShardName | undefined;
  #walk: AsyncIterator<StoredShard> | undefined;
  #next: StoredShard | undefined;

  constructor(store: Pick<ShardStore, 'walk'>, after: ShardName | undefined) {
    this.#store = store;
    this.#after = after;
  }

  /** None: that was all. After an error it may be asked again, and goes on where it was. */
  async take({ most, bytes }: FeedLimits): Promise<StoredShard[]> {
    const taken: StoredShard[] = [];
    let takenBytes = 0;
    while (taken.length < most) {
      const shard = await this.#peek(taken.length > 0);
      if (shard === undefined || (taken.length > 0 && takenBytes + shard.sizeBytes > bytes)) break;
      this.#next = undefined;
      taken.push(shard);
      takenBytes += shard.sizeBytes;
    }
    return taken;
  }

  async close(): Promise<void> {
    const walk = this.#walk;
    this.#walk = undefined;
    await walk?.return?.();
  }

  /** @param isPatient - an error is kept for the next call, which will meet it again. */
  async #peek(isPatient: boolean): Promise<StoredShard | undefined> {
    if (this.#next !== undefined) return this.#next;
    this.#walk ??= this.#store.walk({ after: this.#after })[Symbol.asyncIterator]();
    try {
      const next = await this.#walk.next();
      if (next.done === true) return undefined;
      this.#after = next.value.name;
      this.#next = next.value;
      return next.value;
    } catch (thrown) {
      // A generator that has thrown says that it is at its end, and this one is not.
      this.#walk = undefined;
      if (isPatient && thrown instanceof CoucheStorError) return undefined;
      throw thrown;
    }
  }
}
