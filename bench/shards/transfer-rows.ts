/** Shards to files and back: writing with a sync, and verified reading from the page cache and past it, beside fio. */
import { mkdirSync, openSync, closeSync, fsyncSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { WindowPool } from '@couchestor/agent/shards';
import type { Crc32c } from '@couchestor/common/coding';
import { sizeOf } from '../erasure/stripe.ts';
import type { Row } from '../row.ts';
import { compare, timedNs, type Comparison } from './comparison.ts';
import { fioNs, type FioFiles, type FioPattern } from './fio.ts';
import { ShardSet } from './shard-set.ts';

export interface TransferSizes {
  readonly shardBytes: readonly number[];
  /** Of all shards of a sample. */
  readonly setBytes: number;
  /** Shards in flight. */
  readonly jobs: readonly number[];
  readonly rounds: number;
}

export interface Bench {
  readonly folder: string;
  readonly windows: WindowPool;
  readonly crc32c: Crc32c;
  /** Page-aligned, of any length up to the largest shard. */
  readonly buffer: (bytes: number) => Uint8Array;
  readonly hasFio: boolean;
  /** Direct I/O is possible. */
  readonly hasDisk: boolean;
}

const GOAL = 0.8;

/** fio reads so many times more, because it counts milliseconds and reads gigabytes a second from memory. */
const CACHED_LOOPS = 4;

export async function transferRows(bench: Bench, sizes: TransferSizes): Promise<Row[]> {
  const rows: Row[] = [];
  for (const jobs of sizes.jobs) {
    for (const shardBytes of sizes.shardBytes) {
      const filesPerJob = Math.max(1, Math.floor(sizes.setBytes / shardBytes / jobs));
      rows.push(...(await rowsOf(bench, { folder: bench.folder, fileBytes: shardBytes, filesPerJob, jobs }, sizes)));
    }
  }
  return rows;
}

async function rowsOf(bench: Bench, files: FioFiles, { rounds }: TransferSizes): Promise<Row[]> {
  const { fileBytes, jobs } = files;
  const setIn = (folder: string): ShardSet =>
    new ShardSet({ ...files, ...bench, folder, payload: bench.buffer(fileBytes) });
  const blockBytes = bench.windows.windowBytes;
  const fio = (name: string, pattern: Omit<FioPattern, 'blockBytes'>): Comparison['contenders'] =>
    bench.hasFio ? { [name]: () => fioNs(files, { ...pattern, blockBytes }) } : {};
  const into = Array.from({ length: jobs }, () => bench.buffer(fileBytes));
  const shape = (what: string): string => `${what} ${sizeOf(fileBytes)}${jobs > 1 ? `, ${jobs} at once` : ''}`;
  const set = setIn(bench.folder);
  const common = { bytes: set.bytes, rounds, goal: { to: 'fio', ratio: GOAL } };

  const inNewFolder = (write: (folder: string) => Promise<number>) => async (): Promise<number> => {
    const folder = join(bench.folder, 'written');
    mkdirSync(folder);
    const ns = await write(folder);
    removeSynced(folder, bench.folder);
    return ns;
  };
  const written = await compare({
    ...common,
    shape: shape('write + fsync'),
    subject: 'shard file',
    contenders: {
      'shard file': inNewFolder((folder) => timedNs(() => setIn(folder).write())),
      ...(bench.hasFio
        ? { fio: inNewFolder((folder) => fioNs({ ...files, folder }, { rw: 'write', direct: false, blockBytes })) }
        : {}),
    },
  });

  await set.write();
  const cached = await compare({
    ...common,
    shape: shape('verified read from the page cache'),
    subject: 'shard file',
    contenders: {
      'shard file': () => timedNs(() => set.read({ direct: false, into })),
      ...fio('fio', { rw: 'read', direct: false, loops: CACHED_LOOPS }),
    },
  });
  const direct = !bench.hasDisk
    ? []
    : await compare({
        ...common,
        shape: shape('verified read past the page cache'),
        subject: 'shard file',
        contenders: {
          'shard file': () => timedNs(() => set.read({ direct: true, into })),
          ...fio('fio', { rw: 'read', direct: true }),
          ...fio('fio, 2 transfers at once', { rw: 'read', direct: true, depth: 2 }),
        },
      });
  for (let job = 0; job < jobs; job += 1) {
    for (let file = 0; file < files.filesPerJob; file += 1) rmSync(join(bench.folder, `${job}.${file}`));
  }
  return [...written, ...cached, ...direct];
}

/** So that what the file system has to do about it is not left to the next sample. */
function removeSynced(folder: string, parent: string): void {
  rmSync(folder, { recursive: true });
  const descriptor = openSync(parent, 'r');
  fsyncSync(descriptor);
  closeSync(descriptor);
}
