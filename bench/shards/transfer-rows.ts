/** Shards to the disk and back: written with a sync, put into the store, and read verified, beside fio. */
import { closeSync, fsyncSync, mkdirSync, openSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sizeOf } from '../erasure/stripe.ts';
import type { Row } from '../row.ts';
import { bareRecipe } from './bare-recipe.ts';
import { compare, timedNs, type Comparison } from './comparison.ts';
import { fioNs, type FioPattern } from './fio.ts';
import { ShardSet, type SetSizes } from './shard-set.ts';
import { alignedNoise, type StoreBench } from './store-bench.ts';

export interface TransferSizes {
  readonly shardBytes: readonly number[];
  /** Of all shards of a sample. */
  readonly setBytes: number;
  /** Shards in flight. */
  readonly jobs: readonly number[];
  readonly rounds: number;
}

export interface Peers {
  readonly hasFio: boolean;
  /** Direct I/O is possible. */
  readonly hasDisk: boolean;
}

const GOAL = { to: 'fio', ratio: 0.8 };

/** fio names no file. */
const PUT_GOAL = { to: 'bare calls', ratio: 0.8 };

/** fio reads so many times more, because it counts milliseconds and reads gigabytes a second from memory. */
const CACHED_LOOPS = 4;

const VOLUME = 'bench';

export async function transferRows(bench: StoreBench, peers: Peers, sizes: TransferSizes): Promise<Row[]> {
  const rows: Row[] = [];
  for (const jobs of sizes.jobs) {
    for (const shardBytes of sizes.shardBytes) {
      const shardsPerJob = Math.max(1, Math.floor(sizes.setBytes / shardBytes / jobs));
      const compared = new Transfers(bench, peers, { shardBytes, shardsPerJob, jobs }, sizes.rounds);
      rows.push(...(await compared.written()), ...(await compared.put()), ...(await compared.read()));
    }
  }
  return rows;
}

class Transfers {
  readonly #bench: StoreBench;
  readonly #peers: Peers;
  readonly #sizes: SetSizes;
  readonly #rounds: number;
  readonly #set: ShardSet;

  constructor(bench: StoreBench, peers: Peers, sizes: SetSizes, rounds: number) {
    this.#bench = bench;
    this.#peers = peers;
    this.#sizes = sizes;
    this.#rounds = rounds;
    this.#set = new ShardSet(bench, sizes);
  }

  async written(): Promise<Row[]> {
    const { beside, transferBytes: blockBytes } = this.#bench;
    return this.#compare('write + fsync', {
      'shard file': () => inNewFolder(beside, (folder) => timedNs(() => this.#set.writeFiles(folder))),
      ...this.#ifFio('fio', () =>
        inNewFolder(beside, (folder) =>
          fioNs(this.#set.otherFiles(folder), { rw: 'write', direct: false, blockBytes }),
        ),
      ),
    });
  }

  async put(): Promise<Row[]> {
    const { folder: pool, beside, transferBytes: blockBytes } = this.#bench;
    const { jobs } = this.#sizes;
    const direct = this.#peers.hasDisk;
    const shape = 'put: write + fsync, name, read back';
    const contenders = {
      store: async () => {
        const ns = await timedNs(() => this.#set.put(VOLUME));
        removeSynced(join(pool, VOLUME), pool);
        return ns;
      },
      ...this.#ifFio('fio', () =>
        inNewFolder(beside, async (folder) => {
          const files = this.#set.otherFiles(folder);
          const writtenNs = await fioNs(files, { rw: 'write', direct: false, blockBytes });
          return writtenNs + (await fioNs(files, { rw: 'read', direct, blockBytes }));
        }),
      ),
      ...(jobs > 1 ? {} : this.#bareCalls()),
    };
    return this.#compare(shape, contenders, PUT_GOAL);
  }

  async read(): Promise<Row[]> {
    const { folder: pool, transferBytes: blockBytes } = this.#bench;
    await this.#set.put(VOLUME);
    const fio = (name: string, pattern: Omit<FioPattern, 'rw' | 'blockBytes'>): Contenders =>
      this.#ifFio(name, () =>
        fioNs(this.#set.storedFiles(VOLUME), {
          rw: 'read',
          blockBytes,
          ...pattern,
        }),
      );
    await this.#set.read(VOLUME);
    const cached = await this.#compare('verified read from the page cache', {
      store: () => timedNs(() => this.#set.read(VOLUME)),
      ...fio('fio', { direct: false, loops: CACHED_LOOPS }),
      'Node alone': () => timedNs(() => this.#set.readBare(VOLUME, { direct: false })),
    });
    const direct = !this.#peers.hasDisk
      ? []
      : await this.#compare('verified read past the page cache', {
          store: () => timedNs(() => this.#set.readDirect(VOLUME)),
          ...fio('fio', { direct: true }),
          ...fio('fio, two at once', { direct: true, depth: 2 }),
          'Node alone': () => timedNs(() => this.#set.readBare(VOLUME, { direct: true })),
        });
    removeSynced(join(pool, VOLUME), pool);
    return [...cached, ...direct];
  }

  #bareCalls(): Contenders {
    const { beside, transferBytes } = this.#bench;
    const { shardBytes, shardsPerJob } = this.#sizes;
    const direct = this.#peers.hasDisk;
    const buffers = { payload: alignedNoise(shardBytes), window: alignedNoise(transferBytes), direct };
    return {
      'bare calls': () =>
        inNewFolder(beside, async (folder) => {
          const paths = Array.from({ length: shardsPerJob }, (_, shard) => join(folder, `stripe-${shard}`, 'shard'));
          return timedNs(() => {
            bareRecipe(paths, buffers);
            return Promise.resolve();
          });
        }),
    };
  }

  async #compare(what: string, contenders: Contenders, goal = GOAL): Promise<Row[]> {
    const { shardBytes, jobs } = this.#sizes;
    const shape = `${what}, ${sizeOf(shardBytes)}${jobs > 1 ? `, ${jobs} at once` : ''}`;
    return compare({ shape, bytes: this.#set.bytes, rounds: this.#rounds, contenders, goal });
  }

  #ifFio(name: string, sample: () => Promise<number>): Contenders {
    return this.#peers.hasFio ? { [name]: sample } : {};
  }
}

type Contenders = Comparison['contenders'];

async function inNewFolder(parent: string, work: (folder: string) => Promise<number>): Promise<number> {
  const folder = join(parent, 'written');
  mkdirSync(folder);
  const ns = await work(folder);
  removeSynced(folder, parent);
  return ns;
}

/** So that what the file system has to do about it is not left to the next sample. */
function removeSynced(folder: string, parent: string): void {
  rmSync(folder, { recursive: true });
  const descriptor = openSync(parent, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
