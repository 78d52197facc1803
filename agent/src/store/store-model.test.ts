/**
 * A store against a Map: whatever is asked of it, in whatever order, its answers and everything that it then holds are those of the
 * model, also for the next process, and after a power loss.
 */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, type VirtualClock, type VolumeId } from '@couchestor/common/base';
import fc from 'fast-check';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard, type ShardName } from '../shards/index.ts';
import { identityOf, nameOf, payloadOf } from '../shards/shards.fixture.ts';
import type { ShardStore } from './shard-store.ts';
import {
  collectAll,
  expectedOf,
  GRACE_MS,
  openStore,
  PROOF,
  putShard,
  readAll,
  StandInPool,
  walkAll,
} from './store.fixture.ts';
import { compareShardNames } from './stored-shard.ts';

/** Few, so that moves meet: two of a stripe, two of a volume, and one elsewhere. */
const NAMES = [
  nameOf({ volumeId: 'a', stripeId: '7-1', placement: 1 }),
  nameOf({ volumeId: 'a', stripeId: '7-1', placement: 2 }),
  nameOf({ volumeId: 'a', stripeId: '7-2' }),
  nameOf({ volumeId: 'b', stripeId: '7-1' }),
];

interface ModelShard {
  readonly name: ShardName;
  readonly seed: number;
  /** Undefined: it stays. */
  dueMs: number | undefined;
}

class Model {
  readonly shards = new Map<string, ModelShard>();
  readonly quarantined = new Set<VolumeId>();

  put(name: ShardName, seed: number): string {
    const there = this.shards.get(pathOfShard(name));
    if (this.quarantined.has(name.volumeId) || there?.dueMs !== undefined) return 'conflict';
    if (there !== undefined) return there.seed === seed ? 'done' : 'conflict';
    this.shards.set(pathOfShard(name), { name, seed, dueMs: undefined });
    return 'done';
  }

  delete(name: ShardName, nowMs: number): string {
    const there = this.shards.get(pathOfShard(name));
    if (this.quarantined.has(name.volumeId)) return 'conflict';
    if (there === undefined) return 'absent';
    there.dueMs ??= nowMs + GRACE_MS;
    return `due in ${Math.max(0, there.dueMs - nowMs)}`;
  }

  undelete(name: ShardName): string {
    const there = this.shards.get(pathOfShard(name));
    if (there?.dueMs === undefined) return 'false';
    there.dueMs = undefined;
    return 'true';
  }

  release(volumeId: VolumeId, nowMs: number): string {
    if (!this.quarantined.delete(volumeId)) return 'false';
    this.restartGrace(nowMs, ({ name }) => name.volumeId === volumeId);
    return 'true';
  }

  collect(nowMs: number): string {
    const due = [...this.shards.values()].filter(
      ({ dueMs, name }) => dueMs !== undefined && dueMs <= nowMs && !this.quarantined.has(name.volumeId),
    );
    for (const { name } of due) this.shards.delete(pathOfShard(name));
    return `deleted ${due.length}`;
  }

  restartGrace(nowMs: number, concerns: (shard: ModelShard) => boolean = () => true): void {
    for (const shard of this.shards.values()) {
      if (shard.dueMs !== undefined && concerns(shard)) shard.dueMs = nowMs + GRACE_MS;
    }
  }
}

/** A store, and the disk and the clock below it, which outlive it. */
class World {
  readonly model = new Model();
  readonly clock: VirtualClock;
  #files: PowerLossFiles;
  store: ShardStore;

  private constructor(files: PowerLossFiles, pool: StandInPool, store: ShardStore) {
    this.#files = files;
    this.clock = pool.clock;
    this.store = store;
  }

  static async make(): Promise<World> {
    const files = new PowerLossFiles();
    const pool = await StandInPool.make(files);
    return new World(files, pool, await openStore(pool));
  }

  async reopen(how: 'closed' | 'killed' | 'powerLost'): Promise<string> {
    if (how === 'closed') await this.store.close();
    if (how === 'powerLost') {
      // Of what was not synced, nothing is left.
      for (const disk of this.#files.disk.outcomes(1, () => 0)) this.#files = new PowerLossFiles(disk);
    }
    this.store = await openStore(new StandInPool(this.#files, this.clock));
    this.model.restartGrace(this.clock.monotonic());
    return 'done';
  }
}

interface Move {
  readonly text: string;
  readonly run: (world: World) => Promise<readonly [actual: string, expected: string]>;
}

async function outcomeOf(call: () => Promise<string>): Promise<string> {
  try {
    return await call();
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return thrown.code;
    throw thrown;
  }
}

const names = fc.constantFrom(...NAMES);
const volumes = fc.constantFrom(...new Set(NAMES.map(({ volumeId }) => volumeId)));

const puts = fc.tuple(names, fc.constantFrom(1, 1, 1, 2)).map(([name, seed]): Move => ({
  text: `put ${pathOfShard(name)} with ${seed}`,
  run: async ({ store, model }) => [
    await outcomeOf(() => putShard(store, name, payloadOf(50, seed)).then(() => 'done')),
    model.put(name, seed),
  ],
}));

const deletes = names.map((name): Move => ({
  text: `delete ${pathOfShard(name)}`,
  run: async ({ store, model, clock }) => [
    await outcomeOf(async () => {
      const deleted = await store.delete(name, PROOF);
      return deleted.kind === 'absent' ? 'absent' : `due in ${deleted.dueInMs}`;
    }),
    model.delete(name, clock.monotonic()),
  ],
}));

const wrongDeletes = names.map((name): Move => ({
  text: `delete ${pathOfShard(name)} without a proof for it`,
  run: async ({ store }) => [
    await outcomeOf(() => store.delete(name, { ...PROOF, currentEpoch: 7 } as typeof PROOF).then(() => 'done')),
    'conflict',
  ],
}));

const undeletes = names.map((name): Move => ({
  text: `undelete ${pathOfShard(name)}`,
  run: async ({ store, model }) => [String(await store.undelete(name)), model.undelete(name)],
}));

const quarantines = volumes.map((volumeId): Move => ({
  text: `quarantine ${volumeId}`,
  run: async ({ store, model }) => {
    await store.quarantine(volumeId, 'nobody knows it');
    model.quarantined.add(volumeId);
    return ['done', 'done'];
  },
}));

const releases = volumes.map((volumeId): Move => ({
  text: `release ${volumeId}`,
  run: async ({ store, model, clock }) => [
    String(await store.release(volumeId)),
    model.release(volumeId, clock.monotonic()),
  ],
}));

const waits = fc.constantFrom(1, GRACE_MS / 2, GRACE_MS, GRACE_MS, GRACE_MS).map((ms): Move => ({
  text: `wait ${ms} ms`,
  run: async ({ clock }) => {
    await clock.advance(ms);
    return ['done', 'done'];
  },
}));

const collects: fc.Arbitrary<Move> = fc.constant({
  text: 'collect',
  run: async ({ store, model, clock }) => {
    const { deleted, keptCount } = await collectAll(store);
    return [`deleted ${deleted + keptCount}`, model.collect(clock.monotonic())];
  },
});

const reopenings = fc.constantFrom('closed' as const, 'killed' as const, 'powerLost' as const).map((how): Move => ({
  text: `open again, ${how}`,
  run: async (world) => {
    const put = await outcomeOf(async () => {
      const begun = await world.store.put(identityOf({ name: nameOf({ volumeId: 'begun' }) }), {
        ...{ maxPayloadBytes: 10, purpose: 'data' },
      });
      await begun.append(payloadOf(10));
      return 'begun';
    });
    return [`${put}, ${await world.reopen(how)}`, 'begun, done'];
  },
}));

async function expectSame({ store, model }: World): Promise<void> {
  const shards = [...model.shards.values()].toSorted((a, b) => compareShardNames(a.name, b.name));
  expect(await walkAll(store)).toEqual(
    shards.map(({ name, dueMs }) => ({
      name,
      sizeBytes: 12_288,
      state: dueMs === undefined ? 'live' : 'tombstoned',
      quarantined: model.quarantined.has(name.volumeId),
    })),
  );
  expect(store.tombstones).toBe(shards.filter(({ dueMs }) => dueMs !== undefined).length);
  expect(store.quarantined().map(({ volumeId }) => volumeId)).toEqual([...model.quarantined].toSorted());
  const scan = store.scan();
  while ((await scan.step()) !== 'done');
  expect(scan.report).toMatchObject({ shards: shards.length, foreign: 0 });
  for (const name of NAMES) {
    const there = model.shards.get(pathOfShard(name));
    const payload = payloadOf(50, there?.seed ?? 1);
    const read = await readAll(store, expectedOf(name, payload));
    const isSame = typeof read !== 'string' && Buffer.compare(read, payload) === 0;
    expect([pathOfShard(name), isSame || read]).toEqual([pathOfShard(name), there === undefined ? 'absent' : true]);
  }
}

describe('a store', () => {
  it('is what its model is, after any moves', async () => {
    const move = fc.oneof(
      { weight: 8, arbitrary: puts },
      { weight: 6, arbitrary: deletes },
      { weight: 1, arbitrary: wrongDeletes },
      { weight: 2, arbitrary: undeletes },
      { weight: 1, arbitrary: quarantines },
      { weight: 4, arbitrary: releases },
      { weight: 4, arbitrary: waits },
      { weight: 6, arbitrary: collects },
      { weight: 3, arbitrary: reopenings },
    );
    await fc.assert(
      fc.asyncProperty(fc.array(move, { minLength: 20, maxLength: 40, size: 'max' }), async (moves) => {
        const world = await World.make();
        for (const { text, run } of moves) {
          const [actual, expected] = await run(world);
          expect(`${text}: ${actual}`).toBe(`${text}: ${expected}`);
          await expectSame(world);
        }
      }),
      { numRuns: 20 },
    );
  });
});
