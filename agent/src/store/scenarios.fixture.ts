/** What is done to a store while it is ended, or its calls fail, at every step: one of each call that changes the disk, and several at once. */
import { parseVolumeId } from '@couchestor/common/base';
import { nameOf } from '../shards/shards.fixture.ts';
import type { Scenario } from './power-loss-sweep.fixture.ts';
import { GRACE_MS } from './store.fixture.ts';

const [first, second, other] = [nameOf(), nameOf({ index: 4 }), nameOf({ volumeId: 'vol-other', stripeId: '7-1' })];
const volume = parseVolumeId(first.volumeId);

/** Ends when all have. */
async function together(calls: readonly Promise<void>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(calls)) if (outcome.status === 'rejected') throw outcome.reason;
}

export const SCENARIOS = {
  'a put, the first of its volume': { act: ({ store, ledger }) => ledger.put(store, first) },
  'a put beside another': {
    before: ({ store, ledger }) => ledger.put(store, first),
    act: ({ store, ledger }) => ledger.put(store, second),
  },
  'a put of what is there': {
    before: ({ store, ledger }) => ledger.put(store, first),
    act: ({ store, ledger }) => ledger.put(store, first),
  },
  'a put over what is no shard': {
    before: async ({ store, ledger, files }) => {
      await ledger.put(store, first);
      await ledger.damage(files, first);
    },
    act: ({ store, ledger }) => ledger.put(store, first),
  },
  'puts at once': {
    act: ({ store, ledger }) => together([first, second, other].map((name) => ledger.put(store, name))),
  },
  'a put and a collection at once, in one stripe': {
    before: async ({ store, ledger }) => {
      await ledger.put(store, first);
      await ledger.delete(store, first);
    },
    act: async ({ store, ledger, clock }) => {
      await clock.advance(GRACE_MS);
      await together([ledger.collect(store, first), ledger.put(store, second)]);
    },
  },
  'a delete': {
    before: ({ store, ledger }) => ledger.put(store, first),
    act: ({ store, ledger }) => ledger.delete(store, first),
  },
  'an undelete': {
    before: async ({ store, ledger }) => {
      await ledger.put(store, first);
      await ledger.delete(store, first);
    },
    act: ({ store, ledger }) => ledger.undelete(store, first),
  },
  'a collection': {
    before: async ({ store, ledger }) => {
      for (const name of [first, second, other]) await ledger.put(store, name);
      for (const name of [first, other]) await ledger.delete(store, name);
    },
    act: async ({ store, ledger, clock }) => {
      await clock.advance(GRACE_MS);
      await ledger.collect(store, first, other);
    },
  },
  'a quarantine, and its end': {
    before: ({ store, ledger }) => ledger.put(store, first),
    act: async ({ store, ledger }) => {
      await ledger.quarantine(store, volume, true);
      await ledger.quarantine(store, volume, false);
    },
  },
} as const satisfies Readonly<Record<string, Scenario>>;
