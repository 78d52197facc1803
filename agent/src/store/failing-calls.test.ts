/**
 * A store whose disk refuses one call, each in its turn, before it has happened or after, or every call from there on: nothing is acknowledged that is not there,
 * nothing else is lost, reads go on, and the same is done when it is asked for again.
 */
import { CoucheStorError } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import type { PowerLossDisk } from '../pools/power-loss-disk.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { FailingCall, type Moment } from './failing-call.fixture.ts';
import type { Scenario, Scene } from './power-loss-sweep.fixture.ts';
import { SCENARIOS } from './scenarios.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import { StoreLedger } from './store-ledger.fixture.ts';
import { openStore, StandInPool } from './store.fixture.ts';

async function openedAfterFailure(pool: StandInPool, failing: FailingCall): Promise<ShardStore> {
  try {
    return await openStore(pool);
  } catch (error) {
    expect(error).toBeInstanceOf(CoucheStorError);
    failing.isOver = true;
    return openStore(pool);
  }
}

async function attempt(act: Scenario['act'], scene: Scene, errno: string): Promise<void> {
  try {
    await act(scene);
  } catch (error) {
    expect(String(error)).toContain(errno);
  }
}

/** Whatever the disk loses now: all that was not synced, or nothing. */
async function expectFit(disk: PowerLossDisk, ledger: StoreLedger): Promise<void> {
  for (const outcome of disk.outcomes(2, () => 0)) {
    const files = new PowerLossFiles(outcome);
    const store = await openStore(new StandInPool(files));
    await ledger.check(store, files);
    await store.close();
  }
}

/** @returns whether there was such a call. */
async function failAt(scenario: Scenario, call: number, [errno, moment]: readonly [string, Moment]): Promise<boolean> {
  const files = new PowerLossFiles();
  const ledger = new StoreLedger();
  const before = await StandInPool.make(files);
  const first = await openStore(before);
  await scenario.before?.({ store: first, ledger, files, clock: before.clock });
  await first.close();
  files.disk.sync();

  const failing = new FailingCall(call, errno, moment);
  const pool = new StandInPool(new InterposedFiles(files, failing.around));
  const store = await openedAfterFailure(pool, failing);
  const scene = { store, ledger, files, clock: pool.clock };
  await attempt(scenario.act, scene, errno);
  failing.isOver = true;
  await expectFit(files.disk, ledger.copy());
  await ledger.check(store, files, { hasLeftovers: true });
  await scenario.act(scene);
  await ledger.check(store, files, { hasLeftovers: true });
  await store.close();
  await expectFit(files.disk, ledger);
  return failing.hasFailed;
}

const FAILURES = [
  ['EIO', 'before'],
  ['EIO', 'after'],
  ['ENOSPC', 'before'],
  ['EMFILE', 'before'],
  ['EIO', 'onward'],
] as const;

describe.each(Object.entries<Scenario>(SCENARIOS))('%s, with each call of the disk failing once', (_, scenario) => {
  it.each(FAILURES)('acknowledges nothing that is not there, and goes on: %s, %s', async (...failure) => {
    let call = 1;
    while (await failAt(scenario, call, failure)) call += 1;
    expect(call).toBeGreaterThan(5);
  });
});
