import { describe, expect, it } from '@jest/globals';
import {
  after,
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
  record,
  say,
  status,
  surroundings,
  withReplicas,
  written,
} from './machine.fixture.ts';
import { atFirstSight } from './machine.ts';

describe('removing', () => {
  const removing = (changed: Readonly<Record<string, unknown>> = {}, spec = {}) =>
    record(
      status('Removing', {
        ...kept,
        intent: intent('Uncordon', { replicaIdsBefore: ids, recordedTime: ago(60_000) }),
        ...changed,
      }),
      spec,
    );
  const cordoned = {
    ...surroundings,
    nodes: surroundings.nodes.map((one) => ({ ...one, cordoned: one.node === 'n1' })),
  };
  const all = [...ids, NEW.replicaId];
  const remove = intent('Remove', { replicaIdsBefore: all, replicaCountAfter: 2 });

  it('waits without the lock until all replicas are healthy', () => {
    expect(say(removing(), { volume: filling, surroundings })).toEqual({
      kind: 'effect',
      calls: [{ kind: 'releaseLock' }],
    });
    expect(say(removing(), { volume: filling, surroundings, lock: { kind: 'released' } })).toMatchObject({
      kind: 'wait',
    });
  });

  it('cordons the node of the old replica where that makes it the one that goes', () => {
    const named = written(say(removing(), { volume: during, surroundings }));
    expect(named).toMatchObject({
      cordons: [{ kind: 'Node', name: 'n1' }],
      intent: { step: 'Cordon', replicaIdsBefore: ids },
    });
    const again = removing({ cordons: named?.cordons, intent: intent('Cordon', { replicaIdsBefore: ids }) });
    expect(say(again, { volume: during, surroundings })).toMatchObject({
      kind: 'effect',
      calls: [{ kind: 'cordonNode' }],
    });
    expect(written(say(again, { volume: during, surroundings: cordoned }))).toMatchObject({
      intent: { step: 'Remove', replicaIdsBefore: all, replicaCountAfter: 2 },
    });
  });

  it('calls for one less only while the rules say that the old replica goes, and all are healthy', () => {
    expect(say(removing({ intent: remove }), { volume: during, surroundings: cordoned })).toEqual({
      kind: 'effect',
      calls: [{ kind: 'setReplicaCount', count: 2 }],
    });
    expect(say(removing({ intent: remove }), { volume: filling, surroundings: cordoned }).kind).toBe('wait');
    expect(say(removing({ intent: remove }), { volume: during, surroundings }).kind).toBe('wait');
  });

  it('leaves both copies where the rules do not say which one goes', () => {
    expect(written(say(removing(), { volume: during, surroundings: cluster('2.8') }))).toMatchObject({
      conditions: [{ reason: 'Aborted' }],
      extraReplica: NEW,
    });
  });

  it('sees by the difference which one went', () => {
    expect(written(say(removing({ intent: remove }), { volume: after, surroundings: cordoned }))).toMatchObject({
      intent: { step: 'Uncordon' },
      conditions: [{ reason: 'Completed' }],
    });
    const wrong = withReplicas(after, during.replicas.slice(0, 2));
    expect(written(say(removing({ intent: remove }), { volume: wrong, surroundings: cordoned }))).toMatchObject({
      conditions: [{ reason: 'Failed', message: expect.stringContaining('r-cold-n3') }],
    });
    const none = { ...during, replicaCount: 2 };
    expect(say(removing({ intent: remove }), { volume: none, surroundings: cordoned }).kind).toBe('wait');
    expect(
      written(say(removing({ intent: { ...remove, recordedTime: ago(36_000) } }), { volume: none, surroundings })),
    ).toMatchObject({
      conditions: [{ reason: 'Aborted' }],
      extraReplica: NEW,
    });
  });

  it('lifts the cordon after a refusal and tries again later', () => {
    const refusal = { message: '503', ageMs: 0, certain: true };
    const backed = written(say(removing({ intent: remove }), { volume: during, surroundings: cordoned, refusal }));
    expect(backed).toMatchObject({ phase: 'Removing', intent: { step: 'Uncordon', recordedTime: ago(0) } });
    const resting = { volume: during, surroundings, lock: { kind: 'released' }, watched: { setbacks: 1 } } as const;
    expect(say(removing({ intent: backed?.intent }), resting)).toMatchObject({ kind: 'wait', afterMs: 10_000 });
  });

  it('rests for longer after each setback, up to ten minutes, and looks meanwhile', () => {
    const lifted = removing({ intent: intent('Uncordon', { replicaIdsBefore: ids }) });
    const after = (setbacks: number, callMs: number) =>
      say(lifted, { volume: during, surroundings, lock: { kind: 'released' }, watched: { setbacks, callMs } });
    expect(after(3, 15_000)).toMatchObject({ kind: 'wait', afterMs: 25_000 });
    expect(after(4, 0)).toMatchObject({ kind: 'wait', afterMs: 60_000 });
    expect(after(30, 599_999)).toMatchObject({ kind: 'wait', afterMs: 1 });
    expect(after(30, 600_000).kind).not.toBe('wait');
  });

  it('does not rest after what an earlier phase has lifted', () => {
    const lifted = intent('Uncordon', { replicaIdsBefore: ids, recordedTime: ago(2_000) });
    const entered = removing({ phaseStartTime: ago(0), intent: lifted });
    const seen = { volume: during, surroundings, lock: { kind: 'unknown' } } as const;
    expect(say(entered, seen)).toEqual({ kind: 'effect', calls: [{ kind: 'takeLock' }] });
  });

  it('ends when it is cancelled or takes too long, but not before a call that is under way has shown what it did', () => {
    const cancelled = removing({ intent: remove }, { cancel: true });
    expect(written(say(cancelled, { volume: during, surroundings: cordoned }))).toMatchObject({
      intent: { step: 'Remove' },
      conditions: [{ reason: 'Cancelled' }],
    });
    const stopping = removing({ intent: remove, ...ending('Cancelled') }, { cancel: true });
    expect(say(stopping, { volume: during, surroundings: cordoned }).kind).toBe('wait');
    expect(written(say(stopping, { volume: after, surroundings: cordoned }))).toMatchObject({
      conditions: [{ reason: 'Completed' }],
    });
  });

  it('is final only once its cordons are lifted and the lock is free', () => {
    const cordons = [{ kind: 'Node', name: 'n1', label: 'couchestor-uid-1', setTime: ago(0) }];
    const done = { intent: intent('Uncordon'), ...ending('Completed') };
    expect(say(removing({ ...done, cordons }), { volume: after, surroundings })).toMatchObject({
      calls: [{ kind: 'uncordonNode' }],
    });
    expect(say(removing(done), { volume: after, surroundings })).toMatchObject({ calls: [{ kind: 'releaseLock' }] });
    const final = written(say(removing(done), { volume: after, surroundings, lock: { kind: 'released' } }));
    expect(final).toMatchObject({ phase: 'Completed', completionTime: ago(0), message: 'Why.' });
    expect(final).not.toHaveProperty('conditions');
    expect(final).not.toHaveProperty('intent');
  });
});

describe('a migration that has ended', () => {
  const extra = { extraReplica: { ...NEW, recordedTime: ago(0) } };
  const aborted = (changed: Readonly<Record<string, unknown>> = {}, spec = {}) =>
    record(status('Aborted', { ...extra, ...changed }), spec);

  it('is left alone without an extra replica, and let go when it is deleted and counted', () => {
    const counted = {
      type: 'Recorded',
      status: 'True',
      reason: 'InPolicyStatus',
      message: '',
      lastTransitionTime: ago(0),
    };
    expect(atFirstSight(record(status('Completed')), MOMENT)).toEqual({
      kind: 'decided',
      instruction: { kind: 'done' },
    });
    expect(
      atFirstSight(record(status('Completed', { conditions: [counted] }), {}, { deleting: true }), MOMENT),
    ).toMatchObject({
      instruction: { kind: 'release' },
    });
  });

  it('holds a deleted object until its policy has counted it, for a while that it tells', () => {
    const deleted = (changed = {}, spec = {}) =>
      record(status('Cancelled', { message: 'Why.', ...changed }), spec, { deleting: true });
    const first = atFirstSight(deleted(), MOMENT);
    expect(first).toMatchObject({
      instruction: {
        kind: 'wait',
        afterMs: 10_000,
        status: {
          message: 'Why.',
          conditions: [
            {
              type: 'Released',
              status: 'False',
              message: `Stays until policy policy has counted its end, ${ago(-600_000)} at the latest.`,
            },
          ],
        },
      },
    });
    const waiting = first.kind === 'decided' ? written(first.instruction) : undefined;
    const later = (ms: number) => atFirstSight(deleted(waiting), { ...MOMENT, nowMs: MOMENT.nowMs + ms });
    expect(later(600_000)).toEqual({
      kind: 'decided',
      instruction: { kind: 'wait', afterMs: 1_000, status: undefined },
    });
    const released = { kind: 'decided', instruction: { kind: 'release' } };
    expect(later(601_000)).toEqual(released);
    expect(atFirstSight(deleted(), { ...MOMENT, isPolicyGone: true })).toEqual(released);
    // Nobody counts a rehearsal.
    expect(atFirstSight(deleted({}, { dryRun: true }), MOMENT)).toEqual(released);
  });

  it('holds a deleted object while it alone remembers an extra replica, and says what to do', () => {
    const deleted = record(status('Aborted', extra), {}, { deleting: true });
    expect(written(say(deleted, { volume: during, surroundings }))).toMatchObject({
      message: expect.stringContaining('set spec.cleanup'),
    });
  });

  it('notices when the extra replica has gone by itself', () => {
    const gone = { extraReplica: { removedTime: ago(0) } };
    expect(written(say(aborted(), { volume: before, surroundings }))).toMatchObject(gone);
    expect(written(say(aborted(), { volume: undefined, surroundings }))).toMatchObject(gone);
    expect(say(aborted(), { volume: during, surroundings }).kind).toBe('wait');
  });

  it('removes it where somebody asks for it, rebuilding or not, while the others are enough', () => {
    const asked = (changed = {}) => aborted(changed, { cleanup: true });
    expect(written(say(asked(), { volume: filling, surroundings }))).toMatchObject({
      intent: { step: 'CleanUp', replicaCountAfter: 2 },
    });
    const called = asked({
      intent: intent('CleanUp', { replicaIdsBefore: [...ids, NEW.replicaId], replicaCountAfter: 2 }),
    });
    expect(say(called, { volume: filling, surroundings })).toMatchObject({
      calls: [{ kind: 'setReplicaCount', count: 2 }],
    });
    expect(written(say(called, { volume: before, surroundings }))).toMatchObject({
      extraReplica: { removedTime: ago(0) },
      intent: { step: 'Uncordon' },
    });
  });

  it('keeps it while one of the others is not healthy', () => {
    const sick = withReplicas(
      during,
      during.replicas.map((one) => (one.pool === 'hot-n2' ? { ...one, childStatus: 'Degraded' } : one)),
    );
    const waiting = say(aborted({}, { cleanup: true }), { volume: sick, surroundings, lock: { kind: 'released' } });
    expect(waiting).toMatchObject({
      kind: 'wait',
      status: { message: expect.stringContaining('1 of the others are healthy') },
    });
  });

  it('does not go in circles where its removal cannot be steered', () => {
    const asked = aborted({}, { cleanup: true });
    const seen = { volume: during, surroundings: cluster('2.8') };
    expect(say(asked, seen)).toMatchObject({ calls: [{ kind: 'releaseLock' }] });
    expect(say(asked, { ...seen, lock: { kind: 'released' } })).toMatchObject({ kind: 'wait', afterMs: 60_000 });
  });
});
