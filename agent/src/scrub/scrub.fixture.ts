/** A pool of small shards on a disk in memory, what a test does to it, and a scrub driven to its end on a clock that stands still. */
import type { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import { systemError } from '../devices/index.ts';
import { InterposedFiles, type Around } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { WatchedFiles } from '../pools/watched-files.ts';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import { crc32c, nameOf } from '../shards/shards.fixture.ts';
import type { ShardStore, StoredShard, WorkerState } from '../store/index.ts';
import { openStore, payloadFor, putShard, StandInPool } from '../store/store.fixture.ts';
import { Scrub, type ScrubOptions } from './scrub.ts';
import type { ShardResult } from './shard-examination.ts';

/** Of two volumes with two stripes each, in the order of the store. */
export const NAMES: readonly ShardName[] = ['vol-a', 'vol-b'].flatMap((volumeId) =>
  ['7-1', '7-2'].flatMap((stripeId) => [0, 1].map((index) => nameOf({ volumeId, stripeId, index }))),
);

export const pathAt = (at: number): string => NAMES.map(pathOfShard)[at] ?? '';

export const okAll: readonly string[] = NAMES.map((name) => `${pathOfShard(name)} ok`);

/** As the operating system refuses a call. */
export function refusal(code: string): CoucheStorError {
  return systemError(Object.assign(new Error(`${code}: injected`), { code }), { device: 'disk', operation: 'read' });
}

export class ScrubStage {
  readonly disk: PowerLossFiles;
  readonly results: string[] = [];
  readonly pool: StandInPool;
  readonly store: ShardStore;
  /** What stands before the disk, from now on. */
  around: Around = (_, run) => run();

  private constructor(disk: PowerLossFiles, pool: StandInPool, store: ShardStore) {
    this.disk = disk;
    this.pool = pool;
    this.store = store;
  }

  static async make(names: readonly ShardName[] = NAMES, payloadBytes = 100): Promise<ScrubStage> {
    const disk = new PowerLossFiles();
    await StandInPool.make(disk);
    const stage = await ScrubStage.on(disk);
    for (const name of names) await putShard(stage.store, name, payloadFor(name, payloadBytes));
    disk.disk.sync();
    return stage;
  }

  /** A process that finds this disk. */
  static async on(disk: PowerLossFiles): Promise<ScrubStage> {
    const interposed = new InterposedFiles(disk, async (step, run) => stage.around(step, run));
    let stage: Pick<ScrubStage, 'around'> = { around: (_, run) => run() };
    const pool: StandInPool = new StandInPool(
      new WatchedFiles(interposed, {
        refuses: true,
        get health() {
          return pool.health;
        },
      }),
    );
    const made = new ScrubStage(disk, pool, await openStore(pool));
    stage = made;
    return made;
  }

  get clock(): VirtualClock {
    return this.pool.clock;
  }

  async open(options: Partial<ScrubOptions> = {}): Promise<Scrub> {
    return Scrub.open(this.store, {
      ...{ crc32c, clock: this.clock, tranquility: 0, checkpointMs: 0, atOnce: 1 },
      onResult: (shard, result) => this.results.push(textOf(shard, result)),
      ...options,
    });
  }

  /** What it says at its end, after at most so many shards; time passes while it rests. */
  async drive(scrub: Scrub, shards = Infinity): Promise<WorkerState> {
    const most = this.results.length + shards;
    for (;;) {
      if (this.results.length >= most) return 'busy';
      const state = await scrub.step();
      if (state === 'throttled') await this.clock.advance(scrub.waitMs);
      else if (state !== 'busy') return state;
    }
  }

  /** Flips a bit of a file, counted from its end where `at` is negative. */
  async flip(path: string, at: number): Promise<void> {
    await this.change(path, (bytes) => {
      const offset = at < 0 ? bytes.length + at : at;
      bytes.writeUInt8(bytes.readUInt8(offset) ^ 1, offset);
      return bytes;
    });
  }

  /** Replaces what a file holds, behind the back of the store. */
  async change(path: string, to: (bytes: Buffer) => Buffer): Promise<void> {
    const device = await this.disk.open(path);
    if (device === undefined) throw new Error(`${path} is not there`);
    const bytes = Buffer.alloc(device.sizeBytes);
    await device.read(0, bytes);
    await this.disk.unlink(path);
    const changed = await this.disk.create(path);
    await changed.write(0, to(bytes));
    await changed.sync();
  }
}

function textOf({ name }: StoredShard, result: ShardResult): string {
  const path = pathOfShard(name);
  switch (result.kind) {
    case 'ok':
      return `${path} ok${result.secondLook ? ' at the second look' : ''}`;
    case 'corrupt':
      return `${path} corrupt ${result.blocks.join()}`;
    case 'missing':
      return `${path} missing ${result.reason}`;
    case 'unreadable':
      return `${path} unreadable ${result.error.fields.errno}`;
    case 'vanished':
      return `${path} vanished`;
  }
}
