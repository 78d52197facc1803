/**
 * The same with the pool that watches its files: what it takes after one failed call, and what makes it take more. Reads go on in every
 * state; a full disk is over by itself, a read-only one when a probe succeeds, and what a sync has lost only when it is opened again.
 */
import { CoucheStorError, parseNodeName, parsePoolUuid, VirtualClock } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { Pool, writePool, type PoolFiles, type PoolState } from '../pools/index.ts';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { FailingCall, type Moment } from './failing-call.fixture.ts';
import type { Scenario, Scene } from './power-loss-sweep.fixture.ts';
import { SCENARIOS } from './scenarios.fixture.ts';
import { StoreLedger } from './store-ledger.fixture.ts';
import { openStore } from './store.fixture.ts';

interface Stage extends Scene {
  readonly pool: Pool;
}

async function start(files: PoolFiles, ledger: StoreLedger): Promise<Stage> {
  const clock = new VirtualClock();
  const pool = await Pool.start(files, { clock }, { hasLock: true, release: () => Promise.resolve() });
  return { pool, store: await openStore(pool), ledger, files, clock };
}

async function prepare(scenario: Scenario): Promise<{ files: PowerLossFiles; ledger: StoreLedger }> {
  const files = new PowerLossFiles();
  const ledger = new StoreLedger();
  await writePool(files, {
    ...{ formatVersion: 1, uuid: parsePoolUuid('pool-1'), node: parseNodeName('node-1') },
    ...({ tier: 'cold', createdAt: '2025-01-01T00:00:00.000Z' } as const),
  });
  const stage = await start(files, ledger);
  await scenario.before?.(stage);
  await stage.store.close();
  files.disk.sync();
  return { files, ledger };
}

/** Undefined: it was done. */
async function refusalOf(call: Promise<unknown>): Promise<string | undefined> {
  try {
    await call;
    return undefined;
  } catch (error) {
    return error instanceof CoucheStorError ? error.code : String(error);
  }
}

/** The states that a failed call has left the pool in. */
class States {
  readonly seen = new Set<PoolState>();
  /** Those in which the same was done again without opening the pool anew. */
  readonly resumed = new Set<PoolState>();

  /** @returns whether there was such a call. */
  async failAt(scenario: Scenario, call: number, [errno, moment]: readonly [string, Moment]): Promise<boolean> {
    const { files, ledger } = await prepare(scenario);
    const failing = new FailingCall(call, errno, moment);
    const interposed = new InterposedFiles(files, failing.around);
    let stage = await start(interposed, ledger).catch((error: unknown) => {
      expect(error).toBeInstanceOf(CoucheStorError);
      failing.isOver = true;
      return start(interposed, ledger);
    });
    await refusalOf(scenario.act(stage));
    failing.isOver = true;
    if (!failing.hasFailed) return false;
    const { state } = stage.pool.health;
    this.seen.add(state);
    await ledger.check(stage.store, files, { hasLeftovers: true });
    if (stage.pool.health.state === 'ReadOnly') await stage.pool.probe();
    if ((await refusalOf(scenario.act(stage))) === undefined) this.resumed.add(state);
    else {
      expect(['ReadOnly', 'Faulted']).toContain(stage.pool.health.state);
      await stage.store.close();
      stage = await start(files, ledger);
      await scenario.act(stage);
    }
    await ledger.check(stage.store, files, { hasLeftovers: true });
    await stage.store.close();
    return true;
  }
}

async function statesAfter(scenario: Scenario, failure: readonly [string, Moment]): Promise<States> {
  const states = new States();
  for (let call = 1; await states.failAt(scenario, call, failure); call += 1);
  return states;
}

describe.each(Object.entries<Scenario>(SCENARIOS))(
  '%s in a pool, with each call of the disk failing once',
  (_, scenario) => {
    it.each(['before', 'after'] as const)(
      'ends what a sync or a folder is needed for, and reads go on: EIO, %s',
      async (moment) => {
        const { seen } = await statesAfter(scenario, ['EIO', moment]);
        expect([...seen].sort()).toEqual(expect.arrayContaining(['Faulted', 'ReadOnly']));
      },
    );

    it('is faulted by a disk that says nothing more, and whole when that is back', async () => {
      const { seen } = await statesAfter(scenario, ['EIO', 'onward']);
      expect(seen).toContain('Faulted');
    });

    it('goes on by itself when there is room again', async () => {
      const { resumed } = await statesAfter(scenario, ['ENOSPC', 'before']);
      expect(resumed).toContain('Degraded');
    });

    it('goes on after a probe when it can be written again', async () => {
      const { seen, resumed } = await statesAfter(scenario, ['EROFS', 'before']);
      expect(seen).toContain('ReadOnly');
      expect(resumed).toContain('ReadOnly');
    });
  },
);
