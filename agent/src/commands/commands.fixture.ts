/** Commands for tests: run on real folders, with a console that remembers, and pools with shards to run them on. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { parseNodeName, realClock, VirtualClock, type Clock } from '@couchestor/common/base';
import type { Console, ExitCode } from '@couchestor/common/command-line';
import { systemError } from '../devices/index.ts';
import { initPool, LinuxPoolFiles, Pool } from '../pools/index.ts';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import { nameOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from '../store/index.ts';
import { openStore, putShard } from '../store/store.fixture.ts';
import { run } from './run.ts';

export class RememberingConsole implements Console {
  readonly clock: Clock;
  readonly columns: number | undefined;
  readonly errColumns: number | undefined;
  readonly #interrupt = new AbortController();
  readonly interrupted: AbortSignal = this.#interrupt.signal;
  readonly #unread = new AbortController();
  readonly unread: AbortSignal = this.#unread.signal;
  said = '';
  told = '';
  /** Called with each text before it is remembered. */
  onOut: (text: string) => void = () => undefined;

  constructor({ clock = new VirtualClock(), columns }: { clock?: Clock; columns?: number } = {}) {
    this.clock = clock;
    this.columns = columns;
    this.errColumns = columns;
  }

  readonly out = (text: string): void => {
    this.onOut(text);
    this.said += text;
  };
  readonly err = (text: string): void => void (this.told += text);

  interrupt(): void {
    this.#interrupt.abort();
  }

  stopReading(): void {
    this.#unread.abort();
  }
}

export interface Outcome {
  readonly code: ExitCode;
  readonly said: string;
  readonly told: string;
}

export async function command(argv: readonly string[], console = new RememberingConsole()): Promise<Outcome> {
  const code = await run({ argv, console, version: '1.2.3' });
  return { code, said: console.said, told: console.told };
}

export async function makePool(folder: string): Promise<string> {
  mkdirSync(folder, { recursive: true });
  await initPool(folder, { node: parseNodeName('node-a'), tier: 'warm', clock: realClock });
  return folder;
}

/** While somebody has the pool. */
export async function withStore<T>(folder: string, use: (store: ShardStore, pool: Pool) => Promise<T>): Promise<T> {
  const pool = await Pool.open(folder, { clock: realClock });
  const store = await openStore(pool);
  try {
    return await use(store, pool);
  } finally {
    await store.close();
    await pool.close();
  }
}

/** The paths below the pool, in their order. */
export async function putShards(folder: string, count: number, volumeId = 'vol-1'): Promise<string[]> {
  const names = Array.from({ length: count }, (_, index) => nameOf({ volumeId, stripeId: `7-${index + 1}`, index: 0 }));
  await withStore(folder, async (store) => {
    for (const name of names) await putShard(store, name);
  });
  return names.map((name: ShardName) => pathOfShard(name)).sort();
}

/** Changes the bytes of a file behind the back of everybody. */
export function tamper(path: string, change: (bytes: Buffer) => Buffer): void {
  writeFileSync(path, change(existsSync(path) ? readFileSync(path) : Buffer.alloc(0)));
}

/** One bit, counted from the end where negative. */
export function flip(path: string, at: number): void {
  tamper(path, (bytes) => {
    const index = at < 0 ? bytes.length + at : at;
    bytes.writeUInt8((bytes[index] ?? 0) ^ 1, index);
    return bytes;
  });
}

export function writeFile(folder: string, path: string, text = 'x'): void {
  writeFileSync(join(folder, path), text);
}

/** While the system does not let a folder of a pool be listed, as it would of nobody but root. */
export async function whileRefused<T>(pool: string, path: string, use: () => Promise<T>): Promise<T> {
  const { prototype } = LinuxPoolFiles;
  const entries = Object.getOwnPropertyDescriptor(prototype, 'entries')?.value as typeof prototype.entries;
  prototype.entries = function (this: LinuxPoolFiles, asked) {
    if (this.label !== pool || asked !== path) return entries.call(this, asked);
    const error = Object.assign(new Error('EACCES: permission denied'), { code: 'EACCES' });
    return Promise.reject(systemError(error, { device: `${pool}/${path}`, operation: 'entries' }));
  };
  try {
    return await use();
  } finally {
    prototype.entries = entries;
  }
}

/** Rows of a table as cells, without the heading. */
export function rowsOf(table: string): string[][] {
  const lines = table.split('\n').filter((line) => line !== '');
  return lines.slice(1).map((line) => line.split(/ {2,}/));
}
