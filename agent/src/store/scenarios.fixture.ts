/** What is done to a store while it is ended, or its calls fail, at every step: one of each call that changes the disk, and several at once. */
import { parseVolumeId } from '@couchestor/common/base';
import { nameOf } from '../shards/shards.fixture.ts';
import type { Scenario } from './power-loss-sweep.fixture.ts';
import { GRACE_MS } from './store.fixture.ts';

const [first, second, other] = [nameOf(), nameOf({ index: 4 }), nameOf({ volumeId: 'vol-other', stripeId: '7-1' })];
const volume = parseVolumeId(first.volumeId);

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
  'puts at once': {
    act: async ({ store, ledger }) => {
      const puts = [first, second, other].map((name) => ledger.put(store, name));
      const outcomes = await Promise.allSettled(puts);
      for (const outcome of outcomes) if (outcome.status === 'rejected') throw outcome.reason;
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
