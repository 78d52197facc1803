/**
 * Power loss on ext4 and XFS: the power of the disk is cut before each step of put, delete and collection that changes it, and what the
 * file system recovers is what a store may have. In memory, the tests of the store do the same with worse file systems.
 */
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { parseShardPath } from '@couchestor/agent/shards';
import { requireMounts } from '../../skips.ts';
import { MountedFileSystem, type OnLoop } from './file-systems.ts';
import { makePool, openStore, PROOF, putSample, type Opened } from './samples.ts';
import { steppedFiles, type Stepping } from './stepped-files.ts';
import { problemsOf, type Fate } from './store-lab.ts';

let mounted: MountedFileSystem | undefined;
afterEach(() => {
  mounted?.remove();
  mounted = undefined;
});

class Ledger {
  fates: Record<string, readonly Fate[]> = {};

  async ask(path: string, fate: Fate, call: () => Promise<unknown>): Promise<void> {
    this.fates[path] = [...(this.fates[path] ?? ['absent']), fate];
    await call();
    this.fates[path] = [fate];
  }
}

/** @returns whether it was done to the end. */
async function untilRefused(life: () => Promise<void>): Promise<boolean> {
  try {
    await life();
    return true;
  } catch (error) {
    expect(error).toBeInstanceOf(CoucheStorError);
    return false;
  }
}

/** What this life is for, with names of its own; the shard `old` is there before. */
async function putDeleteCollect(
  { store }: Opened,
  ledger: Ledger,
  [old, next]: readonly [string, string],
): Promise<void> {
  await ledger.ask(next, 'live', () => putSample(store, next));
  await ledger.ask(old, 'tombstoned', () => store.delete(parseShardPath(old), PROOF));
  await ledger.ask(old, 'absent', async () => {
    const collector = store.collect();
    while ((await collector.step()) === 'busy');
    const [kept] = collector.report.kept;
    if (kept?.error !== undefined) throw kept.error;
  });
}

class Machine {
  readonly #fileSystem: MountedFileSystem;
  readonly folder: string;
  readonly ledger = new Ledger();

  constructor(fileSystem: MountedFileSystem) {
    this.#fileSystem = fileSystem;
    this.folder = join(fileSystem.folder, 'pool');
  }

  static async make(kind: OnLoop): Promise<Machine> {
    mounted = MountedFileSystem.onLoop(kind);
    const machine = new Machine(mounted);
    mkdirSync(machine.folder);
    await makePool(machine.folder);
    return machine;
  }

  /** @returns whether it was done to the end before the power was cut. */
  async live(cutBeforeStep: number, shards: readonly [string, string], skips?: Stepping['skips']): Promise<boolean> {
    let steps = 0;
    const beforeStep = (): void => {
      steps += 1;
      if (steps === cutBeforeStep) this.#fileSystem.cutPower();
    };
    const around = {
      around: (files: Opened['pool']['files']) => steppedFiles(files, { beforeStep, ...(skips && { skips }) }),
    };
    const opened = await openStore(this.folder, { graceMs: 0 });
    await this.ledger.ask(shards[0], 'live', () => putSample(opened.store, shards[0]));
    await opened.close();
    return untilRefused(async () => {
      const stepped = await openStore(this.folder, { graceMs: 0, ...around });
      try {
        await putDeleteCollect(stepped, this.ledger, shards);
      } finally {
        await stepped.close();
      }
    });
  }

  /** Cut, if it has not been, and back. */
  async recover(): Promise<string[]> {
    this.#fileSystem.cutPower();
    this.#fileSystem.unmount();
    this.#fileSystem.restore();
    const problems = await problemsOf(this.folder, this.ledger.fates);
    // What was looked at would only be looked at again.
    for (const path of Object.keys(this.ledger.fates)) rmSync(join(this.folder, path), { force: true });
    this.ledger.fates = {};
    return problems;
  }
}

const shardsOf = (life: number): readonly [string, string] => [
  `vol-${life}/7-1/0.1.shard`,
  `vol-${life}/7-2/0.1.shard`,
];

requireMounts(
  'mkfs.ext4',
  'mkfs.xfs',
  'xfs_io',
)('a power loss', () => {
  it.each(['ext4', 'xfs'] as const)(
    'before each step on %s takes nothing that was acknowledged',
    async (kind) => {
      const machine = await Machine.make(kind);
      let isDone = false;
      for (let step = 1; !isDone; step += 1) {
        isDone = await machine.live(step, shardsOf(step));
        expect({ step, problems: await machine.recover() }).toEqual({ step, problems: [] });
        expect(isDone || step < 100).toBe(true);
        if (isDone) expect(step).toBeGreaterThan(20);
      }
    },
    60_000,
  );

  it.each([
    ['ext4', 'syncFolder'],
    ['xfs', 'syncFolder'],
  ] as const)('on %s is the end of a store that leaves out every %s', async (kind, left) => {
    const machine = await Machine.make(kind);
    expect(await machine.live(Infinity, shardsOf(1), (operation) => operation === left)).toBe(true);
    expect(await machine.recover()).not.toEqual([]);
  });
});
