/** Lives of processes that use a store, which are ended or hindered at a chosen system call, and what is found of the pool afterwards. */
import { cpSync, mkdirSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathOfShard } from '@couchestor/agent/shards';
import { runScript, type Ended } from '../processes.ts';
import { makePool, openStore, servedOf } from './samples.ts';

/** Calls that change a file system, or make a change last. What opens a new file is between two of them. */
export const CHANGES =
  'fsync,fdatasync,rename,renameat,renameat2,unlink,unlinkat,mkdir,mkdirat,rmdir,pwrite64,ftruncate';

export type Fate = 'live' | 'tombstoned' | 'absent';

/** By path of the shard, what it may be. */
export type Fates = Readonly<Record<string, readonly Fate[]>>;

/** A system call of a process: which one, and the how manieth of its kind, from 1. */
export interface Call {
  readonly name: string;
  readonly nth: number;
}

/** @param inject - as strace has it, after the name of the call. */
export function tracedCalls(strace: string, calls: string, inject?: string): string[] {
  const injection = inject === undefined ? [] : ['-e', `inject=${inject}`];
  return [strace, '-f', '-qq', '-e', `trace=${calls}`, ...injection];
}

export class StoreLab {
  readonly #folder = mkdtempSync(join(tmpdir(), 'couchestor-store-'));
  #copies = 0;

  async newPool(): Promise<string> {
    const pool = this.#newFolder();
    mkdirSync(pool);
    await makePool(pool);
    return pool;
  }

  copyOf(pool: string): string {
    const copy = this.#newFolder();
    cpSync(pool, copy, { recursive: true });
    return copy;
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true, force: true });
  }

  #newFolder(): string {
    this.#copies += 1;
    return join(this.#folder, `pool-${this.#copies}`);
  }
}

/** @param before - the command line that the process is started with, as an argument of it. */
export async function live(
  pool: string,
  acts: readonly string[],
  before: readonly string[] = [],
  graceMs = 0,
): Promise<Ended> {
  return runScript(join(import.meta.dirname, 'store-process.ts'), before, pool, String(graceMs), ...acts);
}

/** Whether the process said that it had done so. */
export function hasDone(life: Ended, act: string): boolean {
  return life.reports.some(({ what, code }) => what === act && code === undefined);
}

/** In the order in which they were made. Each thread counts its own, as strace does. */
export function callsIn({ errors }: Ended): Call[] {
  const made = [...errors.matchAll(/^(\[pid +\d+\] )?(\w+)\(/gm)];
  return made.map(([, thread, name = ''], at) => {
    const before = made.slice(0, at).filter((other) => other[1] === thread && other[2] === name);
    return { name, nth: before.length + 1 };
  });
}

/** The calls that a process makes for this act, behind those that it makes to open the pool. */
export async function callsOf(
  lab: StoreLab,
  pool: string,
  { act, traced }: { act: string; traced: readonly string[] },
): Promise<Call[]> {
  const opening = callsIn(await live(lab.copyOf(pool), ['exit'], traced)).length;
  return callsIn(await live(lab.copyOf(pool), [act, 'exit'], traced)).slice(opening);
}

/** Everything that the next process finds and that is not as it may be. */
export async function problemsOf(pool: string, fates: Fates): Promise<string[]> {
  const { store, close } = await openStore(pool);
  const problems: string[] = [];
  const scan = store.scan();
  while ((await scan.step()) === 'busy');
  problems.push(...scan.report.foreignExamples.map((path) => `${path} is foreign`));
  const incoming = readdirSync(join(pool, '.couchestor', 'incoming'));
  problems.push(...incoming.map((name) => `${name} is left`));
  const { shards } = await store.list({ limit: 1000 });
  const found = new Map(shards.map(({ name, state }) => [pathOfShard(name), state]));
  problems.push(...[...found.keys()].filter((path) => !(path in fates)).map((path) => `${path} was never put`));
  for (const [path, may] of Object.entries(fates)) {
    const fate = found.get(path) ?? 'absent';
    if (!may.includes(fate)) problems.push(`${path} is ${fate}, and may be ${may.join(' or ')}`);
    const served = await servedOf(store, path);
    if (served !== (fate === 'absent' ? 'absent' : 'whole')) problems.push(`${path} is ${fate} and ${served}`);
  }
  await close();
  return problems;
}

/** As many at a time as there are processors. */
export async function sideBySide<Item>(items: readonly Item[], run: (item: Item) => Promise<void>): Promise<void> {
  const rest = items.values();
  const worker = async (): Promise<void> => {
    for (const item of rest) await run(item);
  };
  await Promise.all([worker(), worker()]);
}
