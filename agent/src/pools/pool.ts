/**
 * A folder on one disk that one process owns, and that says who it is. Its files are watched: the health follows from what they
 * meet, and where it forbids writes they refuse them. A pool on a file system that is mounted read-only is opened for reading, without
 * the lock, which is a write.
 */
import { randomBytes } from 'node:crypto';
import { CoucheStorError, type Clock } from '@couchestor/common/base';
import type { BlockDevice } from '../devices/index.ts';
import { identityOf } from './identify-pool.ts';
import { INCOMING_FOLDER, POOL_FOLDER, PROBE_PATH } from './layout.ts';
import { LinuxPoolFiles } from './linux-pool-files.ts';
import type { PoolFiles } from './pool-files.ts';
import { PoolHealth, type PoolHealthReport } from './pool-health.ts';
import { poolInUse, readHolder, removeHolder, writeHolder } from './pool-holder.ts';
import { checkExpected, type ExpectedPool, type PoolIdentity } from './pool-identity.ts';
import { takeLock, type PoolLock } from './pool-lock.ts';
import { PoolSpace, type PoolLimits, type PoolReservation, type PoolUsage, type SpacePurpose } from './pool-space.ts';
import { WatchedFiles } from './watched-files.ts';

export interface PoolOptions {
  readonly clock: Clock;
  /** What the pool has to be. */
  readonly expected?: ExpectedPool;
  readonly limits?: PoolLimits;
}

/** By what right a pool is used. */
export interface PoolHold {
  /** Without it only reading is safe. */
  readonly hasLock: boolean;
  /** Called once, at the end. */
  release(): Promise<void>;
}

/** What a probe writes. */
const PROBE_BYTES = 4096;

export class Pool {
  readonly identity: PoolIdentity;
  /** Every error met through it is told to `health`; writing calls are refused where the pool takes no writes. */
  readonly files: PoolFiles;
  readonly health: PoolHealth;
  readonly clock: Clock;
  readonly #probed: PoolFiles;
  readonly #space: PoolSpace;
  readonly #hold: PoolHold;
  #probing: Promise<PoolHealthReport> | undefined;
  #closing: Promise<void> | undefined;

  private constructor(identity: PoolIdentity, files: PoolFiles, { clock, limits }: PoolOptions, hold: PoolHold) {
    this.identity = identity;
    this.clock = clock;
    this.health = new PoolHealth(files.label, clock);
    this.files = new WatchedFiles(files, { health: this.health, refuses: true });
    this.#probed = new WatchedFiles(files, { health: this.health, refuses: false });
    this.#space = new PoolSpace(this.files, limits);
    this.#hold = hold;
  }

  /**
   * @throws CoucheStorError: `conflict` when another process has it or another pool is there, and what identityOf() throws when none is.
   */
  static async open(path: string, options: PoolOptions): Promise<Pool> {
    const files = await LinuxPoolFiles.open(path);
    let lock: PoolLock | undefined;
    const release = async (): Promise<void> => {
      if (lock !== undefined) await removeHolder(files);
      await files.close();
      lock?.release();
    };
    try {
      // Before the lock: nothing is written into what may be no pool, or another one.
      checkExpected(files.label, await identityOf(files), options.expected ?? {});
      lock = await lockOf(files);
      if (lock !== undefined) await removeHolder(files);
      const pool = await Pool.start(files, options, { hasLock: lock !== undefined, release });
      if (lock !== undefined) await writeHolder(pool.files, options.clock.now());
      return pool;
    } catch (error) {
      await release();
      throw error;
    }
  }

  /** On files that somebody else holds; `hold` is released by close() alone. */
  static async start(files: PoolFiles, options: PoolOptions, hold: PoolHold): Promise<Pool> {
    const identity = await identityOf(files);
    checkExpected(files.label, identity, options.expected ?? {});
    const pool = new Pool(identity, files, options, hold);
    if (hold.hasLock) await pool.#makeIncoming();
    else pool.health.note('withoutLock', 'its file system was mounted read-only when it was opened');
    return pool;
  }

  /**
   * Room for one shard of at most `bytes`.
   * @throws CoucheStorError `resourceExhausted`, retryable, when there is none; `unavailable` when the pool takes no writes.
   */
  async admit(bytes: number, purpose: SpacePurpose): Promise<PoolReservation> {
    const refusal = this.health.refusal();
    if (refusal !== undefined) throw refusal;
    return this.#space.admit(bytes, purpose);
  }

  async usage(): Promise<PoolUsage> {
    return this.#space.usage();
  }

  /**
   * Writes, syncs, reads back and removes a small file, so that a cause that has passed is seen to have passed. Nothing is written
   * where that could change nothing. Whoever asks while one is under way gets its result.
   * @throws CoucheStorError when it fails for a reason that is none of the disk's.
   */
  async probe(): Promise<PoolHealthReport> {
    this.#probing ??= this.#probe().finally(() => {
      this.#probing = undefined;
    });
    return this.#probing;
  }

  /** Waits for calls under way. Devices that were opened have to be closed by those who opened them. May be called again. */
  async close(): Promise<void> {
    this.#closing ??= this.#hold.release();
    await this.#closing;
  }

  /** Nothing in it was acknowledged, so it may be gone. What the other folders held could not be known: they are not made again. */
  async #makeIncoming(): Promise<void> {
    if (await this.files.makeFolder(INCOMING_FOLDER)) await this.files.syncFolder(POOL_FOLDER);
  }

  async #probe(): Promise<PoolHealthReport> {
    if (!this.health.isWorthProbing) return this.health.report;
    try {
      await this.#writeAndReadBack();
      this.health.noteProbed();
    } catch (error) {
      if (!(error instanceof CoucheStorError) || this.health.state === 'Online') throw error;
    }
    return this.health.report;
  }

  async #writeAndReadBack(): Promise<void> {
    const written = randomBytes(PROBE_BYTES);
    // Of a process that was ended in the middle.
    await this.#probed.unlink(PROBE_PATH);
    try {
      await using(await this.#probed.create(PROBE_PATH), async (device) => {
        await device.write(0, written);
        await device.sync();
      });
      // The disk is asked, where the file system can, and not the memory that has just been written.
      const device = await this.#probed.openDirect(PROBE_PATH);
      if (device === undefined) throw probeRemoved(this.files.label);
      const read = device.allocate(PROBE_BYTES);
      await using(device, async () => device.read(0, read));
      if (!written.equals(read)) {
        this.health.note('fileSystemFailed', 'a probe has read back other bytes than it has written and synced');
      }
    } finally {
      // Why it failed counts; what stays behind goes with the next one.
      await this.#probed.unlink(PROBE_PATH).catch(() => undefined);
    }
  }
}

/** No proof against the disk: files do not leave their folders by themselves while it is mounted. */
function probeRemoved(label: string): CoucheStorError {
  const path = `${label}/${PROBE_PATH}`;
  const remedy = 'Let nobody else write there, and probe again.';
  return new CoucheStorError('conflict', `${path}: somebody has removed it before it was read back. ${remedy}`, {
    fields: { pool: label, file: path, fault: 'probeRemoved', remedy },
  });
}

/** Undefined: the file system is read-only, and there is none to be had. */
async function lockOf(files: LinuxPoolFiles): Promise<PoolLock | undefined> {
  const lock = await takeLock(files);
  if (lock === 'held') throw poolInUse(files.label, await readHolder(files));
  return lock === 'readOnly' ? undefined : lock;
}

async function using(device: BlockDevice, run: (device: BlockDevice) => Promise<void>): Promise<void> {
  try {
    await run(device);
  } finally {
    await device.close();
  }
}
