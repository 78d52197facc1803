/** Shards that are being read: each has a descriptor of its own, so their number is limited, and none outlives the store. */
import { CoucheStorError } from '@couchestor/common/base';
import type { BlockDevice } from '../devices/index.ts';
import {
  openShard,
  pathOfShard,
  type ExpectedShard,
  type MissingReason,
  type ShardRead,
  type ShardReader,
} from '../shards/index.ts';
import type { FoundShard, StoredShardReader } from './answers.ts';
import type { StoreParts } from './store-parts.ts';

/** What is there is no file that anybody can open, and so no shard. */
const NO_FILE: ReadonlySet<unknown> = new Set(['notAFile', 'ELOOP']);

/** What the caller expects may be wrong, or newer than this program; the others say that the file is damaged. */
const NO_DAMAGE: ReadonlySet<MissingReason> = new Set(['otherLength', 'otherChecksum', 'unsupportedVersion']);

export class OpenShards {
  readonly #parts: StoreParts;
  readonly #most: number;
  readonly #devices = new Set<BlockDevice>();
  /** Also those that are being opened. */
  #count = 0;

  constructor(parts: StoreParts, most: number) {
    this.#parts = parts;
    this.#most = most;
  }

  /** @throws CoucheStorError `tooManyRequests` when too many are open or wait for memory. */
  async open(expected: ExpectedShard): Promise<FoundShard> {
    if (this.#count >= this.#most) {
      throw new CoucheStorError(
        'tooManyRequests',
        `${this.#count} shards are being read, as many as may be; try again when some are closed.`,
        { fields: { openShards: this.#count } },
      );
    }
    this.#count += 1;
    let found: FoundShard | undefined;
    try {
      found = await this.#open(expected);
      return found;
    } finally {
      if (found?.kind !== 'open') this.#count -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#devices].map((device) => device.close()));
  }

  async #open(expected: ExpectedShard): Promise<FoundShard> {
    const { pool, readWindows: windows, crc32c } = this.#parts;
    let device: BlockDevice | undefined;
    try {
      device = await pool.files.open(pathOfShard(expected.name));
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
      const { fault, errno } = thrown.fields;
      if (!NO_FILE.has(fault) && !NO_FILE.has(errno)) return { kind: 'unreadable', error: thrown };
      return { kind: 'missing', reason: 'notAShard', detail: 'it is no regular file' };
    }
    if (device === undefined) return { kind: 'missing', reason: 'absent', detail: 'there is no file' };
    let isOpen = false;
    try {
      const found = await openShard({ device, windows, crc32c }, expected);
      if (found.kind === 'missing' && !NO_DAMAGE.has(found.reason)) this.#noteCorrupt(expected);
      if (found.kind !== 'open') return found;
      isOpen = true;
      return { kind: 'open', reader: this.#watched(found.reader, expected), close: this.#closerOf(device) };
    } finally {
      if (!isOpen) await device.close();
    }
  }

  /** The health of the pool is told of what is found in passing. */
  #watched(reader: ShardReader, expected: ExpectedShard): StoredShardReader {
    const told = async (reading: Promise<ShardRead>): Promise<ShardRead> => {
      const read = await reading;
      const isCorrupt = read.kind === 'corrupt' || (read.kind === 'unreadable' && read.corrupt.length > 0);
      if (isCorrupt) this.#noteCorrupt(expected);
      return read;
    };
    const { identity, payloadBytes, checksum, stripe } = reader;
    return {
      ...{ identity, payloadBytes, checksum, stripe },
      read: (offset, into) => told(reader.read(offset, into)),
      verify: (offset, length) => told(reader.verify(offset, length)),
    };
  }

  #noteCorrupt({ name }: ExpectedShard): void {
    this.#parts.pool.health.noteCorrupt(pathOfShard(name));
  }

  #closerOf(device: BlockDevice): () => Promise<void> {
    this.#devices.add(device);
    return async () => {
      if (this.#devices.delete(device)) this.#count -= 1;
      await device.close();
    };
  }
}
