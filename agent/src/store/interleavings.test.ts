/**
 * Calls about one shard at the same time, with the disk answering in any order: their answers, and what is there in the end, are those
 * of the same calls one after the other, in some order.
 */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import fc from 'fast-check';
import { InterposedFiles } from '../pools/interposed-files.fixture.ts';
import { PowerLossFiles } from '../pools/power-loss-files.fixture.ts';
import { pathOfShard } from '../shards/index.ts';
import { nameOf, payloadOf } from '../shards/shards.fixture.ts';
import type { ScanReport } from './answers.ts';
import type { ShardStore } from './shard-store.ts';
import {
  collectAll,
  expectedOf,
  GRACE_MS,
  openStore,
  PROOF,
  putShard,
  readOpened,
  StandInPool,
  walkAll,
} from './store.fixture.ts';

const NAME = nameOf();
const PAYLOADS = [payloadOf(50, 1), payloadOf(50, 2)] as const;

/** Of the only shard there is, and of its volume. */
interface State {
  readonly content: 0 | 1 | undefined;
  /** `due`: its grace is over. */
  readonly tombstone: 'none' | 'waiting' | 'due';
  readonly quarantined: boolean;
}

interface Call {
  readonly text: string;
  readonly run: (store: ShardStore) => Promise<string>;
  /** The answer, and the state afterwards, of a store that does one thing at a time. */
  readonly model: (state: State) => readonly [answer: string, state: State];
}

const put = (content: 0 | 1): Call => ({
  text: `put ${content}`,
  run: async (store) => {
    await putShard(store, NAME, PAYLOADS[content]);
    return 'done';
  },
  model: (state) => {
    const isOther = state.content !== undefined && state.content !== content;
    if (state.quarantined || state.tombstone !== 'none' || isOther) return ['conflict', state];
    return ['done', { ...state, content }];
  },
});

const CALLS: readonly Call[] = [
  put(0),
  put(1),
  {
    text: 'delete',
    run: async (store) => (await store.delete(NAME, PROOF)).kind,
    model: (state) => {
      if (state.quarantined) return ['conflict', state];
      if (state.content === undefined) return ['absent', state];
      return ['tombstoned', { ...state, tombstone: state.tombstone === 'none' ? 'waiting' : state.tombstone }];
    },
  },
  {
    text: 'undelete',
    run: async (store) => String(await store.undelete(NAME)),
    model: (state) => [String(state.tombstone !== 'none'), { ...state, tombstone: 'none' }],
  },
  {
    text: 'collect',
    run: async (store) => {
      const { deleted, kept } = await collectAll(store);
      return `${deleted} deleted, ${kept.length} kept`;
    },
    model: (state) => {
      if (state.tombstone !== 'due' || state.quarantined) return ['0 deleted, 0 kept', state];
      return ['1 deleted, 0 kept', { ...state, content: undefined, tombstone: 'none' }];
    },
  },
  {
    text: 'quarantine',
    run: async (store) => {
      await store.quarantine(NAME.volumeId, 'nobody knows it');
      return 'done';
    },
    model: (state) => ['done', { ...state, quarantined: true }],
  },
  {
    text: 'release',
    run: async (store) => String(await store.release(NAME.volumeId)),
    model: (state) => {
      if (!state.quarantined) return ['false', state];
      const tombstone = state.tombstone === 'none' ? 'none' : 'waiting';
      return ['true', { ...state, quarantined: false, tombstone }];
    },
  },
  {
    text: 'read',
    run: async (store) => {
      const found = await readOpened(store, expectedOf(NAME, PAYLOADS[0]));
      return typeof found === 'string' ? 'missing' : 'there';
    },
    model: (state) => [state.content === 0 ? 'there' : 'missing', state],
  },
  {
    text: 'scan',
    run: async (store) => {
      const { foreign } = await scanned(store);
      return `${foreign} foreign`;
    },
    model: (state) => ['0 foreign', state],
  },
];

const START: Readonly<Record<string, (store: ShardStore, pool: StandInPool) => Promise<State>>> = {
  nothing: () => Promise.resolve({ content: undefined, tombstone: 'none', quarantined: false }),
  live: async (store) => {
    await putShard(store, NAME, PAYLOADS[0]);
    return { content: 0, tombstone: 'none', quarantined: false };
  },
  waiting: async (store) => {
    await putShard(store, NAME, PAYLOADS[0]);
    await store.delete(NAME, PROOF);
    return { content: 0, tombstone: 'waiting', quarantined: false };
  },
  due: async (store, pool) => {
    await putShard(store, NAME, PAYLOADS[0]);
    await store.delete(NAME, PROOF);
    await pool.clock.advance(GRACE_MS);
    return { content: 0, tombstone: 'due', quarantined: false };
  },
  quarantined: async (store) => {
    await putShard(store, NAME, PAYLOADS[0]);
    await store.quarantine(NAME.volumeId, 'nobody knows it');
    return { content: 0, tombstone: 'none', quarantined: true };
  },
};

async function answerOf(call: Call, store: ShardStore): Promise<string> {
  try {
    return await call.run(store);
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return thrown.code;
    throw thrown;
  }
}

async function foundIn(store: ShardStore, pool: StandInPool): Promise<string> {
  const contents = await Promise.all(PAYLOADS.map((payload) => readOpened(store, expectedOf(NAME, payload))));
  const [shard] = await walkAll(store);
  const dueInMs = shard?.state === 'tombstoned' ? await store.delete(NAME, PROOF).catch(() => undefined) : undefined;
  const incoming = await pool.files.entries('.couchestor/incoming');
  return JSON.stringify({
    there: contents.map((content) => typeof content !== 'string'),
    state: shard?.state ?? 'absent',
    quarantined: store.quarantined().length > 0,
    due: dueInMs?.kind === 'tombstoned' ? dueInMs.dueInMs === 0 : undefined,
    left: [incoming?.length, pool.reserved.size],
  });
}

function wantedIn({ content, tombstone, quarantined }: State): string {
  const isThere = content !== undefined;
  return JSON.stringify({
    there: PAYLOADS.map((_, index) => content === index),
    state: isThere ? (tombstone === 'none' ? 'live' : 'tombstoned') : 'absent',
    quarantined,
    due: tombstone === 'none' || quarantined ? undefined : tombstone === 'due',
    left: [0, 0],
  });
}

/** What answers and what end each order gives. */
function* ordersOf(calls: readonly Call[], state: State, answers: readonly (string | undefined)[]): Generator<string> {
  if (answers.every((answer) => answer !== undefined)) yield `${answers.join('; ')}: ${wantedIn(state)}`;
  for (const [index, call] of calls.entries()) {
    if (answers[index] !== undefined) continue;
    const [answer, next] = call.model(state);
    yield* ordersOf(calls, next, answers.with(index, `${call.text}: ${answer}`));
  }
}

interface Mixed {
  readonly pool: StandInPool;
  readonly store: ShardStore;
  /** What these calls ask of the disk from now on, until all have ended, is answered in the order of the scheduler. */
  readonly mix: <Result>(calls: () => Promise<Result>[]) => Promise<Result>[];
}

async function mixedBy(scheduler: fc.Scheduler): Promise<Mixed> {
  let underWay = 0;
  const files = new InterposedFiles(new PowerLossFiles(), async (_step, run) => {
    if (underWay > 0) await scheduler.schedule(Promise.resolve());
    return run();
  });
  const pool = await StandInPool.make(files);
  const store = await openStore(pool);
  const counted = async <Result>(call: Promise<Result>): Promise<Result> => {
    try {
      return await call;
    } finally {
      underWay -= 1;
    }
  };
  return {
    pool,
    store,
    mix: (calls) => {
      // Begun before they are known to be so many.
      underWay = 1;
      const begun = calls();
      underWay = begun.length;
      return begun.map(counted);
    },
  };
}

async function scanned(store: ShardStore): Promise<ScanReport> {
  const scan = store.scan();
  while ((await scan.step()) !== 'done');
  return scan.report;
}

describe('calls about one shard at once', () => {
  it.each(Object.entries(START))('come out as if they were made one after the other: %s', async (_, start) => {
    const calls = fc.array(fc.constantFrom(...CALLS), { minLength: 2, maxLength: 4, size: 'max' });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), calls, async (scheduler, made) => {
        const { pool, store, mix } = await mixedBy(scheduler);
        const state = await start(store, pool);
        const calls = mix(() => made.map((call) => answerOf(call, store)));
        const answers = await scheduler.waitFor(Promise.all(calls));
        const told = answers.map((answer, index) => `${made[index]?.text ?? ''}: ${answer}`).join('; ');
        const orders = [
          ...ordersOf(
            made,
            state,
            made.map(() => undefined),
          ),
        ];
        expect(orders).toContain(`${told}: ${await foundIn(store, pool)}`);
      }),
      { numRuns: 50 },
    );
  });
});

describe('calls about shards that share their folders', () => {
  it('do not come between each other', async () => {
    const going = [nameOf({ index: 0 }), nameOf({ stripeId: '7-1' })];
    const coming = [nameOf({ index: 1 }), nameOf({ index: 2 }), nameOf({ stripeId: '7-1', index: 1 })];
    const wanted = fc.shuffledSubarray(coming, { minLength: 1 });
    await fc.assert(
      fc.asyncProperty(fc.scheduler(), wanted, fc.boolean(), async (scheduler, put, isScanned) => {
        const { pool, store, mix } = await mixedBy(scheduler);
        for (const name of going) {
          await putShard(store, name);
          await store.delete(name, PROOF);
        }
        await pool.clock.advance(GRACE_MS);
        const calls = mix<unknown>(() => [
          collectAll(store),
          ...put.map((name) => putShard(store, name)),
          ...(isScanned ? [scanned(store)] : []),
        ]);
        const [collected] = await scheduler.waitFor(Promise.all(calls));
        expect(collected).toEqual({ deleted: 2, keptCount: 0, kept: [] });
        const found = (await walkAll(store)).map(({ name }) => pathOfShard(name));
        expect(found).toEqual(put.map(pathOfShard).toSorted());
      }),
      { numRuns: 100 },
    );
  });
});
