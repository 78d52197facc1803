/**
 * Shards that will be deleted: one small file for each, which holds the proof and survives a power loss before anybody is told. The
 * grace is counted on the monotonic clock, from the tombstone or from when this process has found it, so neither a stepped clock nor
 * a restart shortens it. The file is read again, and its proof checked again, in the moment before the shard goes.
 */
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import { readSealed, replaceSealed, TOMBSTONES_FOLDER, type PoolFiles } from '../pools/index.ts';
import { parseShardPath, pathOfShard, type ShardName } from '../shards/index.ts';
import { checkProof, parseDeletionProof, type DeletionProof, type StripeScheme } from './deletion-proof.ts';
import { FieldReader } from './field-reader.ts';
import { unlessInvalid } from './unless-invalid.ts';

export interface Tombstone {
  readonly name: ShardName;
  readonly proof: DeletionProof;
  /** Wall time in milliseconds since the epoch; for people. */
  readonly recordedAt: number;
}

export interface TombstonesOptions {
  readonly files: PoolFiles;
  readonly clock: Clock;
  readonly graceMs: number;
  /** At most so many at a time; those of an earlier process count, and are all taken. */
  readonly most: number;
}

interface Pending {
  readonly name: ShardName;
  /** Monotonic. */
  readonly dueMs: number;
  /** False: an attempt to write or remove the file failed, and nobody can know whether it is there. */
  readonly isCertain: boolean;
}

/** Codes of read(): what is there is no tombstone of this shard. */
const NO_TOMBSTONE: ReadonlySet<string> = new Set(['corrupt', 'conflict']);

const TOMBSTONE_FILE = /^([^_]+)_([^_]+)_([^_]+)\.json$/;

export class Tombstones {
  readonly #options: TombstonesOptions;
  /** By path of the shard. */
  readonly #pending = new Map<string, Pending>();

  constructor(options: TombstonesOptions) {
    this.#options = options;
  }

  get size(): number {
    return this.#pending.size;
  }

  /** Takes those that are there. @returns the names of files that are none. */
  adopt(fileNames: readonly string[]): string[] {
    return fileNames.filter((fileName) => {
      const name = shardOfTombstone(fileName);
      if (name !== undefined) this.#note(name, true);
      return name === undefined;
    });
  }

  /** Whether the shard has one, or may have one. */
  has(name: ShardName): boolean {
    return this.#pending.has(pathOfShard(name));
  }

  /** Undefined: it has none for certain. */
  dueInMs(name: ShardName): number | undefined {
    const pending = this.#pending.get(pathOfShard(name));
    return pending === undefined ? undefined : Math.max(0, pending.dueMs - this.#options.clock.monotonic());
  }

  /** Those whose grace is over, the oldest first. */
  due(): ShardName[] {
    const now = this.#options.clock.monotonic();
    return [...this.#pending.values()].filter(({ dueMs }) => dueMs <= now).map(({ name }) => name);
  }

  /** Begins the grace of each shard again that `concerns` says yes to. */
  restartGrace(concerns: (name: ShardName) => boolean): void {
    for (const { name, isCertain } of [...this.#pending.values()]) if (concerns(name)) this.#note(name, isCertain);
  }

  /**
   * Ends when a tombstone survives a power loss by which the shard will go. Where there is one for certain it stays as it is; one that
   * would delete nothing is replaced, with a new grace. When this fails there may be one.
   * @throws CoucheStorError `resourceExhausted` when there are too many; else of the disk.
   */
  async record(name: ShardName, proof: DeletionProof, scheme?: StripeScheme): Promise<void> {
    const { files, clock, most } = this.#options;
    const before = this.#pending.get(pathOfShard(name));
    if (before?.isCertain === true && (await this.#isInForce(name, scheme))) return;
    if (before === undefined && this.#pending.size >= most) {
      throw new CoucheStorError(
        'resourceExhausted',
        `${this.#pending.size} shards wait for their deletion, and there is room for ${most}; try again when some are gone.`,
        { fields: { tombstones: this.#pending.size } },
      );
    }
    this.#note(name, false);
    try {
      await replaceSealed(files, fileOfTombstone(name), { shard: pathOfShard(name), recordedAt: clock.now(), proof });
    } catch (thrown) {
      if (before === undefined && (await this.#isAbsent(name))) this.#pending.delete(pathOfShard(name));
      throw thrown;
    }
    this.#note(name, true);
  }

  /** Ends when no power loss brings it back. */
  async remove(name: ShardName): Promise<void> {
    const { files } = this.#options;
    const path = pathOfShard(name);
    const pending = this.#pending.get(path);
    if (pending === undefined) return;
    this.#pending.set(path, { ...pending, isCertain: false });
    await files.unlink(fileOfTombstone(name));
    await files.syncFolder(TOMBSTONES_FOLDER);
    this.#pending.delete(path);
  }

  /**
   * From the disk, with a proof that is one for this shard. Undefined: there is none.
   * @throws CoucheStorError `corrupt`, or `conflict` for another shard or a proof of something else; else of the disk.
   */
  async read(name: ShardName, scheme?: StripeScheme): Promise<Tombstone | undefined> {
    const tombstone = await readSealed(this.#options.files, fileOfTombstone(name), parseTombstone);
    if (tombstone === undefined) return undefined;
    if (pathOfShard(tombstone.name) !== pathOfShard(name)) {
      throw new CoucheStorError(
        'conflict',
        `shard: the tombstone of ${pathOfShard(name)} is for ${pathOfShard(tombstone.name)}; nothing is deleted. Undelete the shard, and delete it again.`,
        { fields: { field: 'shard', path: pathOfShard(name) } },
      );
    }
    checkProof(name, tombstone.proof, scheme);
    return tombstone;
  }

  /** Whether what is there deletes the shard: it may be damaged, for another one, or gone. */
  async #isInForce(name: ShardName, scheme: StripeScheme | undefined): Promise<boolean> {
    try {
      return (await this.read(name, scheme)) !== undefined;
    } catch (thrown) {
      if (thrown instanceof CoucheStorError && NO_TOMBSTONE.has(thrown.code)) return false;
      throw thrown;
    }
  }

  /** For certain: what was never under its name does not come there by a power loss either. */
  async #isAbsent(name: ShardName): Promise<boolean> {
    try {
      return (await this.#options.files.stat(fileOfTombstone(name))) === undefined;
    } catch (thrown) {
      if (thrown instanceof CoucheStorError) return false;
      throw thrown;
    }
  }

  /** Behind all others, and due after a whole grace. */
  #note(name: ShardName, isCertain: boolean): void {
    const { clock, graceMs } = this.#options;
    const path = pathOfShard(name);
    this.#pending.delete(path);
    this.#pending.set(path, { name, dueMs: clock.monotonic() + graceMs, isCertain });
  }
}

export function fileOfTombstone(name: ShardName): string {
  return `${TOMBSTONES_FOLDER}/${pathOfShard(name)
    .replaceAll('/', '_')
    .replace(/shard$/, 'json')}`;
}

function shardOfTombstone(fileName: string): ShardName | undefined {
  const [, volumeId, stripeId, file] = TOMBSTONE_FILE.exec(fileName) ?? [];
  if (volumeId === undefined || stripeId === undefined || file === undefined) return undefined;
  return unlessInvalid(() => parseShardPath(`${volumeId}/${stripeId}/${file}.shard`));
}

function parseTombstone(value: unknown): Tombstone {
  const reader = FieldReader.of(value, 'tombstone');
  const tombstone = {
    name: parseShardPath(reader.text('shard')),
    recordedAt: reader.count('recordedAt'),
    proof: parseDeletionProof(reader.take('proof')),
  };
  reader.end();
  return tombstone;
}
