import { describe, expect, it } from '@jest/globals';
import * as fixture from '../brain/placement/placement.fixture.ts';
import {
  ago,
  before,
  cluster,
  during,
  ending,
  filling,
  ids,
  intent,
  kept,
  NEW,
  MOMENT,
  OLD,
  record,
  say,
  status,
  surroundings,
  withReplicas,
  written,
} from './machine.fixture.ts';
import { atFirstSight } from './machine.ts';

const { pool, replica, target } = fixture;

describe('a planned migration', () => {
  it('is given a status first', () => {
    expect(atFirstSight(record(undefined), MOMENT)).toMatchObject({ instruction: { status: { phase: 'Pending' } } });
  });

  it('is cancelled, or deleted, before anything was done', () => {
    const cancelled = { instruction: { kind: 'write', status: { phase: 'Cancelled', completionTime: ago(0) } } };
    expect(atFirstSight(record(status('Pending'), { cancel: true }), MOMENT)).toMatchObject(cancelled);
    expect(atFirstSight(record(status('Pending'), {}, { deleting: true }), MOMENT)).toMatchObject(cancelled);
  });

  it('waits for approval where one is asked for, and for nothing once it is given', () => {
    const manual = { approval: { mode: 'Manual' } };
    const approved = { approval: { mode: 'Manual', approved: true, approvedBy: 'a person' } };
    expect(atFirstSight(record(status('Pending'), manual), MOMENT)).toMatchObject({
      instruction: { status: { phase: 'AwaitingApproval' } },
    });
    expect(atFirstSight(record(status('AwaitingApproval'), approved), MOMENT)).toEqual({
      kind: 'look',
      rebuilds: false,
      surroundings: true,
      cordons: true,
      other: undefined,
    });
  });

  it('starts if the plan still fits, and remembers the replica that leaves', () => {
    expect(
      written(say(record(status('Pending', { oldReplica: undefined })), { volume: before, surroundings })),
    ).toMatchObject({
      phase: 'Adding',
      startTime: ago(0),
      oldReplica: OLD,
    });
  });

  it('fails with the reason if it does not, or if the volume is gone', () => {
    const sick = { ...before, status: 'Degraded' } as const;
    expect(written(say(record(status('Pending')), { volume: sick, surroundings }))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('Degraded'),
    });
    expect(written(say(record(status('Pending')), { volume: undefined, surroundings }))?.phase).toBe('Failed');
  });

  it('goes on where nothing but the cordon of a migration that steers is in the way, and fails for any other', () => {
    const cordoned = { ...surroundings, pools: surroundings.pools.map((one) => ({ ...one, cordoned: true })) };
    const seen = { volume: before, surroundings: cordoned };
    const ownCordons = [{ kind: 'Pool', name: 'cold-n3', setTime: ago(0) }] as const;
    expect(written(say(record(status('Pending')), { ...seen, ownCordons }))?.phase).toBe('Adding');
    expect(written(say(record(status('Pending')), seen))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('cordoned'),
    });
  });

  it('as a dry run only says what it would do', () => {
    expect(written(say(record(status('Pending'), { dryRun: true }), { volume: before, surroundings }))).toMatchObject({
      phase: 'Completed',
      message: expect.stringMatching(/^Dry run: .* node n1 cordoned\. Nothing was touched\.$/),
    });
  });
});

describe('adding', () => {
  const adding = (changed: Readonly<Record<string, unknown>> = {}) => record(status('Adding', changed));

  it('takes the lock before anything else, and waits while another has it', () => {
    const seen = { volume: before, surroundings };
    expect(say(adding(), { ...seen, lock: { kind: 'unknown' } })).toEqual({
      kind: 'effect',
      calls: [{ kind: 'takeLock' }],
    });
    expect(say(adding(), { ...seen, lock: { kind: 'taken', by: 'v2-1', isNext: false } })).toMatchObject({
      kind: 'wait',
      afterMs: 10_000,
      status: { message: 'Waits until others have placed their replicas.' },
    });
    expect(say(adding(), { ...seen, lock: { kind: 'taken', by: 'v2-1', isNext: true } })).toMatchObject({
      kind: 'wait',
      afterMs: 1_000,
      status: { message: 'Waits until v2-1 has placed its replica.' },
    });
  });

  it('fails for a cordon on its target only where it is sure that no other migration has set it', () => {
    const cordoned = { ...surroundings, pools: surroundings.pools.map((one) => ({ ...one, cordoned: true })) };
    const seen = { volume: before, surroundings: cordoned };
    expect(say(adding(), { ...seen, lock: { kind: 'taken', by: 'v2-1', isNext: true } }).kind).toBe('wait');
    expect(written(say(adding(), seen))).toMatchObject({
      message: expect.stringContaining('cordoned'),
      conditions: [{ type: 'Ending', reason: 'Failed' }],
    });
  });

  it('names its cordons before it sets one: pools where they can be cordoned, nodes before', () => {
    expect(written(say(adding(), { volume: before, surroundings }))).toMatchObject({
      cordons: [{ kind: 'Pool', name: 'cold-n4' }],
      intent: { step: 'Cordon' },
    });
    expect(written(say(adding(), { volume: before, surroundings: cluster('2.9') }))).toMatchObject({
      cordons: [{ kind: 'Node', name: 'n4', label: 'couchestor-uid-1' }],
    });
  });

  it('sets what the status names, and only then writes that it will add', () => {
    const cordoning = adding({
      intent: intent('Cordon'),
      cordons: [{ kind: 'Pool', name: 'cold-n4', setTime: ago(0) }],
    });
    const call = { kind: 'cordonPool', pool: fixture.poolName('cold-n4') } as const;
    const named = {
      ...surroundings,
      pools: surroundings.pools.map((one) => ({ ...one, cordoned: one.pool === 'cold-n4' })),
    };
    expect(say(cordoning, { volume: before, surroundings })).toEqual({ kind: 'effect', calls: [call] });
    expect(written(say(cordoning, { volume: before, surroundings: named }))).toMatchObject({
      intent: { step: 'Add', replicaIdsBefore: ids, replicaCountAfter: 3 },
    });
  });

  it('refuses to set more cordons than a status can hold', () => {
    const many = Array.from({ length: 257 }, (_, index) => pool(`cold-m${index}`));
    expect(
      written(
        say(adding(), { volume: before, surroundings: { ...surroundings, pools: [...surroundings.pools, ...many] } }),
      ),
    ).toMatchObject({
      message: expect.stringContaining('258 cordons'),
    });
  });

  const add = intent('Add', { replicaIdsBefore: ids, replicaCountAfter: 3 });

  const named = [{ kind: 'Pool', name: 'cold-n4', setTime: ago(0) }];
  const steered = {
    ...surroundings,
    pools: surroundings.pools.map((one) => ({ ...one, cordoned: one.pool === 'cold-n4' })),
  };

  it('calls for one more only on an intent that was stamped for this call', () => {
    expect(say(adding({ intent: add, cordons: named }), { volume: before, surroundings: steered })).toEqual({
      kind: 'effect',
      calls: [{ kind: 'setReplicaCount', count: 3 }],
    });
    expect(
      say(adding({ intent: add, cordons: named }), { volume: before, surroundings: steered, intentIsFresh: false }),
    ).toMatchObject({
      kind: 'write',
      status: { intent: { operationId: 'op-add', recordedTime: ago(0) } },
    });
    const edited = record(status('Adding', { intent: add, cordons: named }), {}, { generation: 2 });
    expect(written(say(edited, { volume: before, surroundings: steered }))).toMatchObject({
      intent: { expectedGeneration: 2 },
    });
  });

  it('takes the count for its own work after a crash, and waits until the replica is seen', () => {
    const unseen = { ...before, replicaCount: 3 };
    expect(say(adding({ intent: add }), { volume: unseen, surroundings })).toMatchObject({
      kind: 'wait',
      afterMs: 1000,
    });
    expect(written(say(adding({ intent: add }), { volume: filling, surroundings }))).toMatchObject({
      newReplica: NEW,
      intent: { step: 'Uncordon', replicaIdsBefore: ids },
    });
  });

  it('lifts its cordons, gives the lock back, and lets the replica be filled', () => {
    const cordons = [{ kind: 'Node', name: 'n4', label: 'couchestor-uid-1', setTime: ago(0) }];
    const lifting = adding({ intent: intent('Uncordon'), cordons, newReplica: NEW });
    const call = { kind: 'uncordonNode', node: fixture.nodeName('n4'), label: 'couchestor-uid-1' } as const;
    const seen = { volume: filling, surroundings };
    expect(say(lifting, seen)).toEqual({ kind: 'effect', calls: [call] });
    expect(written(say(lifting, { ...seen, confirmed: [call] }))).not.toHaveProperty('cordons');
    // The lists are empty for a moment: that is no proof that a cordon went.
    const emptied = { ...surroundings, pools: [], nodes: [] };
    expect(say(lifting, { ...seen, surroundings: emptied })).toEqual({ kind: 'effect', calls: [call] });
    const lifted = adding({ intent: intent('Uncordon'), newReplica: NEW });
    expect(say(lifted, seen)).toEqual({ kind: 'effect', calls: [{ kind: 'releaseLock' }] });
    expect(written(say(lifted, { ...seen, lock: { kind: 'released' } }))?.phase).toBe('Syncing');
  });

  it('asks for the lock again before it goes on among its cordons, whoever has it', () => {
    const cordons = [{ kind: 'Node', name: 'n4', label: 'couchestor-uid-1', setTime: ago(0) }];
    const lifting = adding({ intent: intent('Uncordon'), cordons, newReplica: NEW });
    const seen = { volume: filling, surroundings, lock: { kind: 'unknown' } } as const;
    const takeLock = { kind: 'effect', calls: [{ kind: 'takeLock' }] };
    const lift = { kind: 'effect', calls: [{ kind: 'uncordonNode' }] };
    expect(say(lifting, { ...seen, watched: { lockMs: 59_999 } })).toMatchObject(lift);
    expect(say(lifting, { ...seen, watched: { lockMs: 60_000 } })).toEqual(takeLock);
    expect(say(lifting, { ...seen, watched: { lockMs: 60_000, cordonMs: 0 } })).toEqual(takeLock);
    const taken = { kind: 'taken', by: 'v2-1', isNext: true } as const;
    expect(say(lifting, { ...seen, lock: taken, watched: { lockMs: Infinity } })).toMatchObject(lift);
    const bare = adding({ intent: intent('Uncordon'), newReplica: NEW });
    expect(say(bare, { ...seen, watched: { lockMs: Infinity } })).not.toEqual(takeLock);
  });

  it('fails after a refusal, at once if nothing else can be under way', () => {
    const refused = (certain: boolean) =>
      written(
        say(adding({ intent: add }), { volume: before, surroundings, refusal: { message: '507', ageMs: 0, certain } }),
      );
    expect(refused(true)).toMatchObject({
      intent: { step: 'Uncordon' },
      conditions: [{ type: 'Ending', reason: 'Failed' }],
    });
    expect(refused(false)).toMatchObject({
      intent: { step: 'Add' },
      conditions: [{ type: 'Ending', reason: 'Failed' }],
    });
  });

  it('does not believe that a call came to nothing before it has waited for it', () => {
    const young = adding({ intent: add, ...ending('Failed') });
    const old = adding({ intent: { ...add, recordedTime: ago(36_000) }, ...ending('Failed') });
    expect(say(young, { volume: before, surroundings })).toMatchObject({ kind: 'wait' });
    expect(written(say(old, { volume: before, surroundings }))).toMatchObject({ intent: { step: 'Uncordon' } });
    expect(written(say(old, { volume: filling, surroundings }))).toMatchObject({
      extraReplica: NEW,
      conditions: [{ type: 'Ending', reason: 'Aborted' }],
    });
  });

  it('leaves both copies where the new one came to another pool', () => {
    const elsewhere = withReplicas({ ...during }, [...before.replicas, replica('cold-n4')]);
    expect(written(say(adding({ intent: add }), { volume: elsewhere, surroundings }))).toMatchObject({
      extraReplica: { replicaId: 'r-cold-n4', pool: 'cold-n4' },
      conditions: [{ type: 'Ending', reason: 'Aborted' }],
    });
  });

  it('stops when somebody else changes the number of replicas', () => {
    const fewer = { ...before, replicaCount: 1 };
    expect(written(say(adding({ intent: add }), { volume: fewer, surroundings }))).toMatchObject({
      conditions: [{ type: 'Ending', reason: 'Failed' }],
    });
  });

  it('removes nothing later that somebody else asked for at the same moment', () => {
    const unseen = { ...before, replicaCount: 3 };
    expect(say(adding({ intent: add }), { volume: unseen, surroundings, isUncalled: true }).kind).toBe('wait');
    expect(written(say(adding({ intent: add }), { volume: filling, surroundings, isUncalled: true }))).toMatchObject({
      conditions: [{ type: 'Ending', reason: 'Aborted' }],
      extraReplica: NEW,
    });
  });

  it('ends when it is cancelled or takes too long, and when the volume is gone', () => {
    const cancelled = record(status('Adding', { intent: add }), { cancel: true });
    const overdue = adding({ startTime: ago(1_801_000), intent: intent('Cordon') });
    expect(written(say(cancelled, { volume: before, surroundings }))).toMatchObject({
      intent: { step: 'Add' },
      conditions: [{ reason: 'Cancelled' }],
    });
    expect(written(say(overdue, { volume: before, surroundings }))).toMatchObject({
      conditions: [{ reason: 'Failed' }],
    });
    expect(written(say(adding(), { volume: undefined, surroundings }))).toMatchObject({
      conditions: [{ reason: 'Failed' }],
    });
  });
});

describe('syncing', () => {
  const syncing = (changed: Readonly<Record<string, unknown>> = {}, spec = {}) =>
    record(status('Syncing', { ...kept, ...changed }), spec);

  it('does not take Online alone for synced', () => {
    const unpublished = { ...during, target: undefined };
    expect(say(syncing(), { volume: unpublished, surroundings }).kind).toBe('wait');
    const rebuilding = { ...during, target: { ...target('n9', 3), rebuildCount: 1 } };
    expect(say(syncing(), { volume: rebuilding, surroundings }).kind).toBe('wait');
    expect(written(say(syncing(), { volume: during, surroundings }))).toMatchObject({
      phase: 'Verifying',
      progressPercent: 100,
    });
  });

  it('takes a replica that was made anew for the new one in the target pool, and stops elsewhere', () => {
    const anew = (name: string) =>
      withReplicas(filling, [...before.replicas, { ...replica(name), replicaId: 'r-anew' }]);
    expect(written(say(syncing(), { volume: anew('cold-n3'), surroundings }))).toMatchObject({
      newReplica: { replicaId: 'r-anew' },
    });
    expect(written(say(syncing(), { volume: anew('cold-n4'), surroundings }))).toMatchObject({
      phase: 'Aborted',
      extraReplica: { replicaId: 'r-anew', pool: 'cold-n4' },
    });
    expect(say(syncing(), { volume: withReplicas(filling, before.replicas), surroundings }).kind).toBe('wait');
  });

  it('leaves both copies when it is cancelled or takes too long', () => {
    expect(written(say(syncing({}, { cancel: true }), { volume: filling, surroundings }))).toMatchObject({
      phase: 'Cancelled',
      extraReplica: { ...NEW, recordedTime: ago(0) },
      completionTime: ago(0),
    });
    expect(written(say(syncing({ startTime: ago(1_801_000) }), { volume: filling, surroundings }))).toMatchObject({
      phase: 'Aborted',
      extraReplica: NEW,
    });
  });

  it('ends when the volume is gone, or its number of replicas is not what it was', () => {
    const gone = written(say(syncing(), { volume: undefined, surroundings }));
    expect(gone).toMatchObject({ phase: 'Aborted', extraReplica: NEW });
    expect(written(say(syncing(), { volume: before, surroundings }))?.phase).toBe('Failed');
    expect(written(say(syncing(), { volume: { ...during, replicaCount: 4 }, surroundings }))).toMatchObject({
      phase: 'Aborted',
      extraReplica: NEW,
    });
  });
});

describe('verifying', () => {
  const verifying = (changed: Readonly<Record<string, unknown>> = {}, spec = {}) =>
    record(status('Verifying', { ...kept, ...changed }), spec);
  const rebuilds = (state: 'Completed' | 'Failed') =>
    ({
      kind: 'known',
      records: [{ replicaId: NEW.replicaId, state, totalBytes: 1, recoveredBytes: 1, startedAtMs: 0, endedAtMs: 1 }],
    }) as const;

  it('waits longer than an answer can be old', () => {
    const young = verifying({ phaseStartTime: ago(5_000) });
    expect(say(young, { volume: during, surroundings, rebuilds: rebuilds('Completed') })).toMatchObject({
      afterMs: 30_000,
    });
  });

  it('waits to the end of it', () => {
    const seen = { volume: during, surroundings, rebuilds: rebuilds('Completed') };
    expect(say(verifying({ phaseStartTime: ago(34_999) }), seen)).toMatchObject({ kind: 'wait', afterMs: 1 });
    expect(written(say(verifying({ phaseStartTime: ago(35_000) }), seen))?.phase).toBe('Removing');
  });

  it('goes on to the removal with a completed rebuild on record, or where there is no history', () => {
    expect(written(say(verifying(), { volume: during, surroundings, rebuilds: rebuilds('Completed') }))?.phase).toBe(
      'Removing',
    );
    const unavailable = { kind: 'unavailable', reason: 'old' } as const;
    expect(written(say(verifying(), { volume: during, surroundings, rebuilds: unavailable }))?.phase).toBe('Removing');
  });

  it('waits with another record, and twice as long with none', () => {
    const none = { kind: 'known', records: [] } as const;
    expect(say(verifying(), { volume: during, surroundings, rebuilds: rebuilds('Failed') }).kind).toBe('wait');
    expect(say(verifying(), { volume: during, surroundings, rebuilds: none }).kind).toBe('wait');
    expect(
      written(say(verifying({ phaseStartTime: ago(71_000) }), { volume: during, surroundings, rebuilds: none }))?.phase,
    ).toBe('Removing');
  });

  it('goes back when the replica is not whole any more', () => {
    expect(written(say(verifying(), { volume: filling, surroundings }))?.phase).toBe('Syncing');
  });

  it('ends here in preservation mode, with the old replica as the extra one', () => {
    expect(written(say(verifying({}, { preservationMode: true }), { volume: during, surroundings }))).toMatchObject({
      phase: 'Completed',
      extraReplica: OLD,
    });
  });
});
