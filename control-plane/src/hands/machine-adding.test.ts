/** What may be in the way of adding a replica, with the intent to add it standing: nothing of it is passed over. */
import { describe, expect, it } from '@jest/globals';
import * as fixture from '../brain/placement/placement.fixture.ts';
import {
  ago,
  before,
  ending,
  filling,
  ids,
  intent,
  NEW,
  record,
  say,
  status,
  surroundings,
  written,
} from './machine.fixture.ts';

const { node, pool } = fixture;
const cordons = [{ kind: 'Pool', name: 'cold-n4', setTime: ago(5_000) }];
const steered = {
  ...surroundings,
  pools: surroundings.pools.map((one) => ({ ...one, cordoned: one.pool === 'cold-n4' })),
};
const add = intent('Add', { replicaIdsBefore: ids, replicaCountAfter: 3 });
const adding = (changed: object = {}, spec = {}) =>
  record(status('Adding', { intent: add, cordons, ...changed }), spec);
const scaleUp = { kind: 'effect', calls: [{ kind: 'setReplicaCount', count: 3 }] };

describe('adding, with the intent to scale up standing', () => {
  it('calls when nothing is in the way', () => {
    expect(say(adding(), { volume: before, surroundings: steered })).toEqual(scaleUp);
  });

  it('calls for nothing without the lock', () => {
    const seen = { volume: before, surroundings: steered };
    expect(say(adding(), { ...seen, lock: { kind: 'unknown' } })).toMatchObject({ calls: [{ kind: 'takeLock' }] });
    expect(say(adding(), { ...seen, lock: { kind: 'taken', by: 'v2-1', isNext: true } }).kind).toBe('wait');
    expect(say(adding(), { ...seen, lock: { kind: 'released' } })).toMatchObject({ calls: [{ kind: 'takeLock' }] });
  });

  it('ends when the target cannot take it any more, and says that the call may have been made', () => {
    const faulted = {
      ...steered,
      pools: steered.pools.map((one) => (one.pool === 'cold-n3' ? { ...one, status: 'Faulted' as const } : one)),
    };
    expect(written(say(adding(), { volume: before, surroundings: faulted }))).toMatchObject({
      intent: { step: 'Add' },
      conditions: [{ type: 'Ending', reason: 'Failed' }],
    });
  });

  it('ends when time is up, also while a replica is waited for', () => {
    for (const volume of [before, { ...before, replicaCount: 3 }]) {
      expect(written(say(adding({ startTime: ago(31 * 60_000) }), { volume, surroundings: steered }))).toMatchObject({
        intent: { step: 'Add' },
        conditions: [{ reason: 'Failed', message: 'No replica could be added in time.' }],
      });
    }
  });

  it('names and sets a cordon of a pool that came after the others, before it calls', () => {
    const rivals = {
      ...steered,
      pools: [...steered.pools, pool('cold-n5')],
      nodes: [...steered.nodes, node('n5')],
    };
    const wider = written(say(adding(), { volume: before, surroundings: rivals }));
    expect(wider).toMatchObject({
      cordons: [{ name: 'cold-n4' }, { kind: 'Pool', name: 'cold-n5' }],
      intent: { operationId: 'op-add', step: 'Add' },
    });
    expect(say(adding({ cordons: wider?.cordons }), { volume: before, surroundings: rivals })).toMatchObject({
      kind: 'effect',
      calls: [{ kind: 'cordonPool', pool: 'cold-n5' }],
    });
  });

  it('ends when those are more than a status can hold', () => {
    const many = {
      ...steered,
      pools: [...steered.pools, ...Array.from({ length: 256 }, (_, i) => pool(`cold-m${i}`))],
    };
    expect(written(say(adding(), { volume: before, surroundings: many }))).toMatchObject({
      intent: { step: 'Add' },
      message: expect.stringContaining('257 cordons'),
    });
  });
});

describe('adding, while cordons stand', () => {
  it.each([
    ['the volume is busy', { ...before, busy: true }],
    ['the replica is not seen', { ...before, replicaCount: 3 }],
  ])('waits when %s, and gives up long before its timeout', (_, volume) => {
    const after = (callMs: number, isUncalled = false) =>
      say(adding(), { volume, surroundings: steered, watched: { callMs }, isUncalled });
    expect(after(69_999)).toMatchObject({ kind: 'wait', afterMs: 1_000 });
    expect(written(after(70_000))).toMatchObject({ intent: { step: 'Add' }, conditions: [{ reason: 'Failed' }] });
  });

  it('has nothing to resolve when it has not called yet', () => {
    const seen = { volume: { ...before, busy: true }, surroundings: steered, isUncalled: true };
    expect(written(say(adding(), { ...seen, watched: { callMs: 70_000 } }))).toMatchObject({
      intent: { step: 'Uncordon' },
    });
  });

  it('lifts them when the volume is still busy, gives the lock back, and waits for what the call has done', () => {
    const busy = { ...before, busy: true };
    const watched = { callMs: 100_000 };
    const seen = { volume: busy, surroundings: steered, watched };
    expect(say(adding(ending('Failed')), { ...seen, watched: { callMs: 34_999 } })).toMatchObject({ kind: 'wait' });
    const lifting = { kind: 'uncordonPool', pool: fixture.poolName('cold-n4') } as const;
    expect(say(adding(ending('Failed')), seen)).toEqual({ kind: 'effect', calls: [lifting] });
    const lifted = written(say(adding(ending('Failed')), { ...seen, confirmed: [lifting] }));
    expect(lifted).toMatchObject({ phase: 'Adding', intent: { step: 'Add' } });
    expect(lifted).not.toHaveProperty('cordons');
    const bare = adding({ ...ending('Failed'), cordons: undefined });
    expect(say(bare, seen)).toMatchObject({ calls: [{ kind: 'releaseLock' }] });
    expect(say(bare, { ...seen, lock: { kind: 'released' } })).toMatchObject({ kind: 'wait', afterMs: 10_000 });
    const arrived = { ...seen, volume: filling, lock: { kind: 'released' } } as const;
    expect(written(say(bare, arrived))).toMatchObject({ extraReplica: NEW, conditions: [{ reason: 'Aborted' }] });
    const overdue = adding({ ...ending('Failed'), cordons: undefined, startTime: ago(31 * 60_000) });
    expect(written(say(overdue, seen))).toMatchObject({ intent: { step: 'Uncordon' } });
  });
});
