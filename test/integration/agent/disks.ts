/** `couchestor-agent` as processes, on folders of a test. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openStore, putSample } from '../../fault/store/samples.ts';
import { CommandLine, type Outcome, type Running } from '../cli/command.ts';

export const AGENT = join(import.meta.dirname, '..', '..', '..', 'agent', 'src', 'main.ts');

const PROGRAM = [process.execPath, '--no-warnings', AGENT];

export class Disks {
  readonly #line = new CommandLine();

  path(name: string): string {
    return join(this.#line.folder, name);
  }

  folder(name: string): string {
    mkdirSync(this.path(name), { recursive: true });
    return this.path(name);
  }

  start(...args: readonly string[]): Running {
    return this.#line.start(['pool', ...args], PROGRAM);
  }

  run(...args: readonly string[]): Promise<Outcome> {
    return this.start(...args).outcome();
  }

  /** Of a shell, where $AGENT is the command. */
  shell(script: string): Promise<Outcome> {
    const command = PROGRAM.map((word) => `'${word}'`).join(' ');
    return this.#line.run(['-c', script.replaceAll('$AGENT', command)], ['bash']);
  }

  /** With so many shards of more than 128 KiB. */
  async pool(name: string, shards = 0): Promise<string> {
    const folder = this.folder(name);
    const { code, err } = await this.run('init', folder, '--node', 'node-a', '--tier', 'warm');
    if (code !== 0) throw new Error(err);
    if (shards > 0) await this.put(folder, shards);
    return folder;
  }

  async put(folder: string, shards: number): Promise<void> {
    const { store, close } = await openStore(folder);
    for (let at = 1; at <= shards; at += 1) await putSample(store, shardPath(at));
    await close();
  }

  close(): void {
    this.#line.close();
  }
}

export function shardPath(at: number): string {
  return `vol-1/7-${at}/0.0.shard`;
}

/** One bit of a file. */
export function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 1, at);
  writeFileSync(path, bytes);
}

export function mount(...args: readonly string[]): void {
  execFileSync('mount', args);
}

export function unmount(folder: string): void {
  execFileSync('umount', [folder]);
}
