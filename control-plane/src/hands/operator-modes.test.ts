/** What `--dry-run` and `--preservation-mode` mean for migrations that run already. */
import { describe, expect, it } from '@jest/globals';
import { MIGRATION_PHASES } from '@couchestor/common/api';
import type { StorageCall } from './instruction.ts';
import { atFirstSight, nextInstruction } from './machine.ts';
import {
  after,
  ago,
  before,
  during,
  filling,
  ids,
  intent,
  kept,
  MOMENT,
  NEW,
  observed,
  OLD,
  record,
  status,
  surroundings,
  written,
} from './machine.fixture.ts';
import type { Instruction } from './instruction.ts';
import type { Observation } from './observation.ts';

const DRY = { ...MOMENT, operator: { dryRun: true, preservation: false } };
const PRESERVING = { ...MOMENT, operator: { dryRun: false, preservation: true } };
const LOOKS_ON = expect.stringContaining('--dry-run');
const CORDON = { kind: 'Pool', name: 'cold-n4', setTime: ago(30_000) };

type Seen = Parameters<typeof observed>[1];
const say = (object: ReturnType<typeof record>, seen: Seen, moment = DRY): Instruction =>
  nextInstruction(object, observed(object, seen), moment);

describe('an operator that only looks on', () => {
  it.each(['Pending', 'AwaitingApproval'] as const)('begins nothing that is %s, and says so', (phase) => {
    const approval = { mode: 'Manual', approved: true, approvedBy: 'anna' };
    expect(atFirstSight(record(status(phase), { approval }), DRY)).toMatchObject({
      kind: 'decided',
      instruction: { kind: 'wait', status: { phase, message: LOOKS_ON } },
    });
  });

  it('cancels what waits, and rehearses', () => {
    const cancelled = atFirstSight(record(status('Pending'), { cancel: true }), DRY);
    expect(cancelled).toMatchObject({ instruction: { status: { phase: 'Cancelled' } } });
    const rehearsal = record(status('Pending'), { dryRun: true });
    expect(atFirstSight(rehearsal, DRY).kind).toBe('look');
    expect(written(say(rehearsal, { volume: before, surroundings }))).toMatchObject({ phase: 'Completed' });
  });

  it('steers nothing: neither lock nor cordon nor replica', () => {
    const seen = { volume: before, surroundings, lock: { kind: 'released' } } as const;
    expect(say(record(status('Adding')), seen)).toMatchObject({ kind: 'wait', status: { message: LOOKS_ON } });
    const removing = record(status('Removing', kept));
    expect(say(removing, { ...seen, volume: during })).toMatchObject({ kind: 'wait', status: { message: LOOKS_ON } });
    const extraReplica = { ...NEW, recordedTime: ago(9_000) };
    const left = record(status('Aborted', { extraReplica }), { cleanup: true });
    expect(say(left, { ...seen, volume: during })).toMatchObject({ kind: 'wait', status: { message: LOOKS_ON } });
  });

  it('lifts what it finds cordoned, and gives the lock back', () => {
    const object = record(status('Adding', { cordons: [CORDON], intent: intent('Cordon') }));
    const lifting = { kind: 'uncordonPool', pool: 'cold-n4' };
    const seen = { volume: before, surroundings };
    expect(say(object, seen)).toEqual({ kind: 'effect', calls: [lifting] });
    const lifted = say(object, { ...seen, confirmed: [lifting as StorageCall] });
    expect(lifted).toMatchObject({ kind: 'write' });
    expect(written(lifted)).not.toHaveProperty('cordons');
    const bare = record(status('Adding', { intent: intent('Cordon') }));
    expect(say(bare, { ...seen, lock: { kind: 'unknown' } })).toEqual({
      kind: 'effect',
      calls: [{ kind: 'releaseLock' }],
    });
  });

  it('waits among the cordons for a call that may be under way, and takes what it brought', () => {
    const add = { replicaIdsBefore: ids, replicaCountAfter: 3 };
    const object = record(status('Adding', { cordons: [CORDON], intent: intent('Add', add) }));
    const seen = { volume: before, surroundings, lock: { kind: 'unknown' } } as const;
    expect(say(object, seen)).toMatchObject({ kind: 'wait', status: { message: LOOKS_ON } });
    expect(say(object, { ...seen, watched: { callMs: 60_000 } })).toMatchObject({ kind: 'effect' });
    expect(written(say(object, { ...seen, volume: filling }))).toMatchObject({
      newReplica: NEW,
      intent: { step: 'Uncordon' },
    });
  });

  it('calls for nothing in any phase, whatever stands', () => {
    const steps = ['Cordon', 'Add', 'Uncordon', 'Remove', 'CleanUp'];
    const changes = [undefined, ...steps].flatMap((step) =>
      [undefined, [CORDON]].map((cordons) => ({
        ...kept,
        cordons,
        intent: step && intent(step, { replicaIdsBefore: ids, replicaCountAfter: step === 'Add' ? 3 : 2 }),
        extraReplica: { ...NEW, recordedTime: ago(9_000) },
      })),
    );
    const locks = [{ kind: 'unknown' }, { kind: 'held' }, { kind: 'released' }] as const;
    const volumes: Observation['volume'][] = [before, filling, during, after];
    for (const phase of MIGRATION_PHASES) {
      for (const change of changes) {
        for (const lock of locks) {
          for (const volume of volumes) {
            const object = record(JSON.parse(JSON.stringify(status(phase, change))) as object, { cleanup: true });
            const instruction = say(object, { volume, surroundings, lock, watched: { callMs: 60_000 } });
            const calls = instruction.kind === 'effect' ? instruction.calls.map(({ kind }) => kind) : [];
            expect(calls.filter((kind) => !['uncordonPool', 'uncordonNode', 'releaseLock'].includes(kind))).toEqual([]);
          }
        }
      }
    }
  });
});

describe('an operator that preserves', () => {
  it('keeps the old replica after a migration, whatever its plan says', () => {
    const verifying = record(status('Verifying', kept));
    const seen = { volume: during, surroundings, rebuilds: { kind: 'unavailable', reason: 'none' } } as const;
    const end = { phase: 'Completed', extraReplica: OLD };
    expect(written(say(verifying, { ...seen, watched: { phaseMs: 100_000 } }, PRESERVING))).toMatchObject(end);
  });

  it('removes nothing of a migration that was about to', () => {
    const removing = record(status('Removing', kept));
    const decided = written(say(removing, { volume: during, surroundings }, PRESERVING));
    expect(decided).toMatchObject({ extraReplica: OLD, conditions: [{ type: 'Ending', reason: 'Completed' }] });
  });

  it('waits for a removal that may be under way', () => {
    const remove = intent('Remove', { replicaIdsBefore: [...ids, NEW.replicaId], replicaCountAfter: 2 });
    const removing = record(status('Removing', { ...kept, intent: remove }));
    const decided = say(removing, { volume: during, surroundings }, PRESERVING);
    expect(written(decided)).toMatchObject({ intent: { step: 'Remove' }, extraReplica: OLD });
    const winding = record(JSON.parse(JSON.stringify(written(decided))) as object);
    expect(say(winding, { volume: during, surroundings }, PRESERVING)).toMatchObject({ kind: 'wait' });
    const settled = say(winding, { volume: during, surroundings, watched: { callMs: 60_000 } }, PRESERVING);
    expect(written(settled)).toMatchObject({ intent: { step: 'Uncordon' }, extraReplica: OLD });
    const gone = written(say(winding, { volume: after, surroundings }, PRESERVING));
    expect(gone).toMatchObject({ conditions: [{ reason: 'Completed' }] });
    expect(gone?.extraReplica).toBeUndefined();
  });
});
