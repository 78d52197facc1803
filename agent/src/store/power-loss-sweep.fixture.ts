/**
 * Runs a scenario once for each of its steps that changes a disk in memory, and ends it there: as a process that is killed, and as a
 * machine that loses its power, with everything that may then be found. Each time a new process opens the store, and the ledger says
 * whether what it finds is what it may find. The recovery itself is ended at each of its steps too, and so is a second attempt.
 */
import type { VirtualClock } from '@couchestor/common/base';
import { InterposedFiles, isEffect, type Around } from '../pools/interposed-files.fixture.ts';
import type { PoolFiles } from '../pools/index.ts';
import type { PowerLossDisk } from '../pools/power-loss-disk.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import { StoreLedger } from './store-ledger.fixture.ts';
import { openStore, StandInPool } from './store.fixture.ts';

export interface Scene {
  readonly store: ShardStore;
  readonly ledger: StoreLedger;
  readonly files: PoolFiles;
  readonly clock: VirtualClock;
}

export interface Scenario {
  /** What was there before, all of it synced. */
  readonly before?: (scene: Scene) => Promise<void>;
  readonly act: (scene: Scene) => Promise<void>;
}

/** What makes files worse than they are, for the proof that a sweep finds it. */
export type Spoil = (files: PowerLossFiles) => PoolFiles;

export interface SweepOptions {
  readonly spoil?: Spoil;
  /** Disks that are looked at after each end. */
  readonly outcomes?: number;
}

export interface Swept {
  /** Steps of the scenario that change the disk. */
  readonly steps: number;
  /** Disks that were looked at. */
  readonly disks: number;
}

/** Not a CoucheStorError: nobody handles it. */
class Ended extends Error {}

export class PowerLossSweep {
  readonly #scenario: Scenario;
  readonly #options: SweepOptions;
  readonly #random: () => number;
  #disks = 0;

  constructor(scenario: Scenario, options: SweepOptions = {}) {
    this.#scenario = scenario;
    this.#options = options;
    let state = 1;
    this.#random = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
  }

  /** The scenario is ended before its first step, then before its second, and so on, until it ends by itself. */
  async run(): Promise<Swept> {
    const { disk, ledger } = await this.#prepare();
    for (let step = 1; ; step += 1) {
      const [copy, told] = [copyOf(disk), ledger.copy()];
      const hasEnded = await this.#play(copy, told, step);
      await this.#checkOutcomes(copy, told, `ended before step ${step}`);
      await this.#checkKilled(copy, told, `killed before step ${step}`);
      if (hasEnded) return { steps: step - 1, disks: this.#disks };
    }
  }

  /** Killed at each step, and then the recovery of what that left is ended at each of its steps. */
  async runRecovery(): Promise<Swept> {
    const { disk, ledger } = await this.#prepare();
    for (let step = 1; ; step += 1) {
      const hasEnded = await this.#play(copyOf(disk), ledger.copy(), step);
      for (let recovery = 1, isDone = false; !isDone; recovery += 1) {
        const [copy, told] = [copyOf(disk), ledger.copy()];
        await this.#play(copy, told, step);
        isDone = await this.#endingAt(recovery, copy, (files) => this.#recover(files, told));
        await this.#checkOutcomes(copy, told, `ended before step ${step}, its recovery before ${recovery}`);
      }
      if (hasEnded) return { steps: step - 1, disks: this.#disks };
    }
  }

  /** Killed at each step, and done again by the next process, before and after the start-up scan: what it was told survives a power loss. */
  async runRetried(): Promise<Swept> {
    const { disk, ledger } = await this.#prepare();
    for (let step = 1; ; step += 1) {
      let hasEnded = false;
      for (const hasScan of [false, true]) {
        const [copy, told] = [copyOf(disk), ledger.copy()];
        hasEnded = await this.#play(copy, told, step);
        if (hasScan) await this.#recover(new PowerLossFiles(copy), told);
        await this.#play(copy, told, Infinity);
        await this.#checkOutcomes(copy, told, `killed before step ${step} and done again`);
      }
      if (hasEnded) return { steps: step - 1, disks: this.#disks };
    }
  }

  async #prepare(): Promise<{ disk: PowerLossDisk; ledger: StoreLedger }> {
    const files = new PowerLossFiles();
    const ledger = new StoreLedger();
    const pool = await StandInPool.make(files);
    const store = await openStore(pool);
    await this.#scenario.before?.({ store, ledger, files, clock: pool.clock });
    await store.close();
    files.disk.sync();
    return { disk: files.disk, ledger };
  }

  /** @returns whether it ended by itself. */
  async #play(disk: PowerLossDisk, ledger: StoreLedger, step: number): Promise<boolean> {
    return this.#endingAt(step, disk, async (files) => {
      const pool = new StandInPool(files);
      const store = await openStore(pool);
      await this.#scenario.act({ store, ledger, files, clock: pool.clock });
      await store.close();
    });
  }

  async #recover(files: PoolFiles, ledger: StoreLedger): Promise<void> {
    const store = await openStore(new StandInPool(files));
    await ledger.check(store, files);
    await store.close();
  }

  async #endingAt(step: number, disk: PowerLossDisk, run: (files: PoolFiles) => Promise<void>): Promise<boolean> {
    let steps = 0;
    const around: Around = async (call, go) => {
      if (steps >= step || (isEffect(call) && (steps += 1) >= step)) throw new Ended(`before step ${step}`);
      return go();
    };
    const spoil = this.#options.spoil ?? ((files) => files);
    try {
      await run(new InterposedFiles(spoil(new PowerLossFiles(disk)), around));
      return true;
    } catch (error) {
      if (!(error instanceof Ended)) throw error;
      return false;
    }
  }

  async #checkOutcomes(disk: PowerLossDisk, ledger: StoreLedger, when: string): Promise<void> {
    for (const outcome of disk.outcomes(this.#options.outcomes ?? 64, this.#random)) {
      await this.#check(outcome, ledger, `${when}, and the power lost`);
    }
  }

  /** The next process sees what the last one did, and what it has seen may still be lost with the power. */
  async #checkKilled(disk: PowerLossDisk, ledger: StoreLedger, when: string): Promise<void> {
    await this.#check(disk, ledger, when);
    await this.#checkOutcomes(disk, ledger, `${when}, recovered`);
  }

  async #check(disk: PowerLossDisk, ledger: StoreLedger, when: string): Promise<void> {
    this.#disks += 1;
    try {
      await this.#recover(new PowerLossFiles(disk), ledger);
    } catch (error) {
      throw new Error(`${when}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
    }
  }
}

/** Of a disk on which everything is synced. */
function copyOf(disk: PowerLossDisk): PowerLossDisk {
  const [copy] = [...disk.outcomes(1, () => 0)];
  if (copy === undefined) throw new Error('a disk has at least one outcome');
  return copy;
}
