/** Each thing that alone keeps a replica from being removed, or taken for whole: while it is so, nothing is called. */
import { describe, expect, it } from '@jest/globals';
import * as fixture from '../brain/placement/placement.fixture.ts';
import type { ReplicaFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import {
  ago,
  before,
  during,
  ending,
  filling,
  ids,
  intent,
  kept,
  NEW,
  record,
  say,
  status,
} from './machine.fixture.ts';
import { surroundings, withReplicas, written } from './machine.fixture.ts';

const { replica } = fixture;
const cordons = [{ kind: 'Node', name: 'n1', label: 'couchestor-uid-1', setTime: ago(1_000) }];
const cordoned = {
  ...surroundings,
  nodes: surroundings.nodes.map((one) => ({ ...one, cordoned: one.node === 'n1' })),
};
const remove = intent('Remove', { replicaIdsBefore: [...ids, NEW.replicaId], replicaCountAfter: 2 });
const removing = record(status('Removing', { ...kept, intent: remove, cordons }));
const cleanUp = intent('CleanUp', { replicaIdsBefore: [...ids, NEW.replicaId], replicaCountAfter: 2 });
const ended = (changed: object = {}, spec: object = { cleanup: true }) =>
  record(status('Aborted', { extraReplica: { ...NEW, recordedTime: ago(0) }, ...changed }), { ...spec });

const withTarget = (changed: Partial<NonNullable<VolumeFacts['target']>>): VolumeFacts => ({
  ...during,
  target: during.target && { ...during.target, ...changed },
});
const withOne = (changed: Partial<ReplicaFacts>): VolumeFacts => ({
  ...during,
  replicas: during.replicas.map((one) => (one.pool === 'hot-n2' ? { ...one, ...changed } : one)),
});

const AILMENTS: readonly (readonly [string, VolumeFacts])[] = [
  ['the volume is not published', { ...during, target: undefined }],
  ['the volume is being changed', { ...during, specStatus: 'Creating' }],
  ['an operation is under way', { ...during, busy: true }],
  ['the target is degraded', withTarget({ status: 'Degraded' })],
  ['a replica is not online', withOne({ status: 'Degraded' })],
  ['a child is not online', withOne({ childStatus: 'Degraded' })],
  ['a replica is no child', withOne({ childStatus: undefined })],
  ['a replica is being rebuilt', withOne({ rebuildPercent: 99 })],
  ['the volume is degraded', { ...during, status: 'Degraded' }],
  ['the target tells of a rebuild', withTarget({ rebuildCount: 1 })],
  ['the target lacks a child', withTarget({ childCount: 2 })],
  ['there are more replicas than were asked for', withReplicas(during, [...during.replicas, replica('cold-n4')])],
  ['a replica more is there that is no child', { ...during, replicas: [...during.replicas, replica('cold-n4')] }],
];

describe.each(AILMENTS)('while %s', (_, volume) => {
  it('the old replica is not removed, and once no call can be under way its cordon is lifted', () => {
    expect(say(removing, { volume: during, surroundings: cordoned }).kind).toBe('effect');
    const after = (callMs: number) => say(removing, { volume, surroundings: cordoned, watched: { callMs } });
    expect(after(34_999)).toMatchObject({ kind: 'wait', status: { intent: { step: 'Remove' } } });
    expect(after(35_000)).toMatchObject({ kind: 'write', status: { intent: { step: 'Uncordon' } } });
  });

  it('nor is a removal begun', () => {
    const lifted = intent('Uncordon', { replicaIdsBefore: ids });
    const seen = { volume, surroundings, lock: { kind: 'released' } } as const;
    expect(say(record(status('Removing', { ...kept, intent: lifted })), seen).kind).toBe('wait');
  });

  it('the new replica is not whole', () => {
    const seen = { volume, surroundings, rebuilds: undefined };
    expect(say(record(status('Syncing', kept)), { ...seen, volume: during })).toMatchObject({
      status: { phase: 'Verifying' },
    });
    expect(say(record(status('Syncing', kept)), seen).kind).toBe('wait');
    expect(written(say(record(status('Verifying', kept)), seen))?.phase).toBe('Syncing');
  });
});

describe('a scale-down whose intent stands', () => {
  it('is not called without the lock', () => {
    const seen = { volume: during, surroundings: cordoned };
    const takeLock = { kind: 'effect', calls: [{ kind: 'takeLock' }] };
    expect(say(removing, { ...seen, lock: { kind: 'unknown' } })).toEqual(takeLock);
    expect(say(removing, { ...seen, lock: { kind: 'released' } })).toEqual(takeLock);
    expect(say(removing, { ...seen, lock: { kind: 'taken', by: 'v2-1', isNext: true } }).kind).toBe('wait');
  });

  it('keeps its cordon after a refusal while an earlier call of it may be under way', () => {
    const refusal = { message: '409', ageMs: 0, certain: false };
    const after = (callMs: number) =>
      say(removing, { volume: during, surroundings: cordoned, refusal, watched: { callMs } });
    expect(after(34_999)).toMatchObject({ kind: 'wait', status: { intent: { step: 'Remove' } } });
    expect(after(35_000)).toMatchObject({ kind: 'write', status: { intent: { step: 'Uncordon' } } });
  });
});

describe('a migration that is about to end', () => {
  const add = intent('Add', { replicaIdsBefore: ids, replicaCountAfter: 3 });
  it.each([
    ['Adding', { intent: add }, before],
    ['Removing', { ...kept, intent: remove }, during],
  ] as const)('takes a refusal in %s for no proof while an earlier call may be under way', (phase, changed, volume) => {
    const refused = (certain: boolean) =>
      say(record(status(phase, { ...changed, ...ending('Cancelled') })), {
        volume,
        surroundings,
        refusal: { message: '409', ageMs: 0, certain },
      });
    expect(refused(false).kind).toBe('wait');
    expect(written(refused(true))).toMatchObject({ intent: { step: 'Uncordon' } });
  });
});

describe('verifying', () => {
  const verifying = record(status('Verifying', { ...kept, phaseStartTime: ago(3_600_000) }));

  it('stops where the new replica is found on another pool', () => {
    const moved = withReplicas(during, [
      ...before.replicas,
      { ...replica('cold-n4'), replicaId: fixture.replica('cold-n3').replicaId },
    ]);
    expect(written(say(verifying, { volume: moved, surroundings }))).toMatchObject({
      phase: 'Aborted',
      extraReplica: NEW,
    });
  });

  it('believes no replica whose last rebuild is not on record as completed, however long it seems whole', () => {
    const rebuild = { replicaId: NEW.replicaId, totalBytes: 1, recoveredBytes: 1, startedAtMs: 0, endedAtMs: 1 };
    for (const state of ['Failed', 'Stopped', 'Running'] as const) {
      const rebuilds = { kind: 'known', records: [{ ...rebuild, state }] } as const;
      expect(say(verifying, { volume: during, surroundings, rebuilds }).kind).toBe('wait');
    }
  });
});

describe('a cleanup', () => {
  const seen = { surroundings, lock: { kind: 'released' } } as const;

  it.each<[string, VolumeFacts]>([
    ['another operation is under way', { ...during, busy: true }],
    ['the volume is being changed', { ...during, specStatus: 'Creating' }],
    ['the volume is not published', { ...during, target: undefined }],
    ['the target is degraded', withTarget({ status: 'Degraded' })],
    ['another replica is not healthy', withOne({ childStatus: 'Degraded' })],
    [
      'one of more than enough is not',
      {
        ...during,
        replicas: [...during.replicas, { ...replica('cold-n4'), childStatus: 'Degraded' }],
      },
    ],
    ['the volume asks for a number of its own', { ...during, replicaCount: 4 }],
  ])('neither begins nor calls while %s', (_, volume) => {
    const waits = {
      kind: 'wait',
      status: { message: expect.stringMatching(/^The extra replica stays|^The volume asks for 4/) },
    };
    expect(say(ended(), { ...seen, volume })).toMatchObject(waits);
    expect(say(ended({ intent: cleanUp }), { ...seen, volume, lock: { kind: 'held' } })).toMatchObject(waits);
  });

  it('that is withdrawn is undone only when none of its calls can be under way', () => {
    const after = (callMs: number) =>
      say(ended({ intent: cleanUp }, {}), { ...seen, volume: during, watched: { callMs } });
    expect(after(34_999).kind).toBe('wait');
    expect(written(after(35_000))).toMatchObject({ intent: { step: 'Uncordon' } });
  });

  it('takes no replica that was made anew for its own while a call of it may be under way', () => {
    const anew = withReplicas(filling, [...before.replicas, { ...replica('cold-n3'), replicaId: 'r-anew' }]);
    expect(written(say(ended(), { ...seen, volume: anew }))).toMatchObject({ extraReplica: { replicaId: 'r-anew' } });
    const called = say(ended({ intent: cleanUp }), { ...seen, volume: anew, lock: { kind: 'held' } });
    expect(called.kind).toBe('wait');
    expect(written(called)).not.toMatchObject({ extraReplica: { replicaId: 'r-anew' } });
  });
});

describe('the lock', () => {
  it('is given back also by a process that does not know whether it is held', () => {
    const release = { kind: 'effect', calls: [{ kind: 'releaseLock' }] };
    const seen = { volume: filling, surroundings, lock: { kind: 'unknown' } } as const;
    const lifted = intent('Uncordon', { replicaIdsBefore: ids });
    expect(say(record(status('Removing', { ...kept, intent: lifted })), seen)).toEqual(release);
    expect(say(record(status('Adding', { newReplica: NEW, intent: lifted })), seen)).toEqual(release);
  });
});
