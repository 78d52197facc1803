/** Shards that are being read: each has a descriptor of its own, so their number is limited, and none outlives the store. */
import { CoucheStorError } from '@couchestor/common/base';
import type { BlockDevice } from '../devices/index.ts';
import {
  openShard,
  pathOfShard,
  readRange,
  type ExpectedShard,
  type MissingReason,
  type RangeRead,
  type ShardIo,
  type ShardReader,
  type UnreadableShard,
} from '../shards/index.ts';
import type { FoundShard, MissingFromStore, RangeFromStore, StoredShardReader } from './answers.ts';
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
    this.#admit();
    let found: FoundShard | undefined;
    try {
      found = await this.#open(expected);
      return found;
    } finally {
      if (found?.kind !== 'open') this.#count -= 1;
    }
  }

  /** @throws CoucheStorError as open(), and `invalid` for a range that is not within the expected payload. */
  async readRange(expected: ExpectedShard, offset: number, into: Uint8Array): Promise<RangeFromStore> {
    this.#admit();
    try {
      return await this.#readRange(expected, offset, into);
    } finally {
      this.#count -= 1;
    }
  }

  async close(): Promise<void> {
    await Promise.all([...this.#devices].map((device) => device.close()));
  }

  #admit(): void {
    if (this.#count >= this.#most) {
      throw new CoucheStorError(
        'tooManyRequests',
        `${this.#count} shards are being read, as many as may be; try again when some are closed.`,
        { fields: { openShards: this.#count } },
      );
    }
    this.#count += 1;
  }

  async #open(expected: ExpectedShard): Promise<FoundShard> {
    const file = await this.#file(expected);
    if (file.kind !== 'file') return file;
    const { io } = file;
    let isOpen = false;
    try {
      const found = await openShard(io, expected);
      if (found.kind !== 'open') return this.#told(found, expected);
      isOpen = true;
      return { kind: 'open', reader: this.#watched(found.reader, expected), close: this.#closerOf(io.device) };
    } finally {
      if (!isOpen) await io.device.close();
    }
  }

  async #readRange(expected: ExpectedShard, offset: number, into: Uint8Array): Promise<RangeFromStore> {
    const file = await this.#file(expected);
    if (file.kind !== 'file') return file;
    const { io } = file;
    try {
      return this.#told(await readRange(io, expected, offset, into), expected);
    } finally {
      await io.device.close();
    }
  }

  async #file({ name }: ExpectedShard): Promise<{ kind: 'file'; io: ShardIo } | MissingFromStore | UnreadableShard> {
    const { pool, readWindows: windows, crc32c } = this.#parts;
    try {
      const device = await pool.files.open(pathOfShard(name));
      if (device !== undefined) return { kind: 'file', io: { device, windows, crc32c } };
    } catch (thrown) {
      if (!(thrown instanceof CoucheStorError)) throw thrown;
      const { fault, errno } = thrown.fields;
      if (!NO_FILE.has(fault) && !NO_FILE.has(errno)) return { kind: 'unreadable', error: thrown };
      return { kind: 'missing', reason: 'notAShard', detail: 'it is no regular file' };
    }
    return { kind: 'missing', reason: 'absent', detail: 'there is no file' };
  }

  #watched(reader: ShardReader, expected: ExpectedShard): StoredShardReader {
    const { identity, payloadBytes, checksum, stripe } = reader;
    return {
      ...{ identity, payloadBytes, checksum, stripe },
      read: async (offset, into) => this.#told(await reader.read(offset, into), expected),
      verify: async (offset, length) => this.#told(await reader.verify(offset, length), expected),
    };
  }

  /** The health of the pool is told of what is found in passing. */
  #told<Answer extends RangeRead>(answer: Answer, { name }: ExpectedShard): Answer {
    if (isDamage(answer)) this.#parts.pool.health.noteCorrupt(pathOfShard(name));
    return answer;
  }

  #closerOf(device: BlockDevice): () => Promise<void> {
    this.#devices.add(device);
    return async () => {
      if (this.#devices.delete(device)) this.#count -= 1;
      await device.close();
    };
  }
}

function isDamage(answer: RangeRead): boolean {
  if (answer.kind === 'missing') return !NO_DAMAGE.has(answer.reason);
  return answer.kind === 'corrupt' || (answer.kind === 'unreadable' && 'block' in answer && answer.corrupt.length > 0);
}
