import { describe, expect, it } from '@jest/globals';
import { ADDED, migrationOf, withExtra } from '../migration.fixture.ts';
import { storedMigration } from '../stored-migration.ts';
import { approvalVerdict, cancelVerdict } from './verdict.ts';
import { progressOf } from './wait.ts';

const cancelled = (stored: ReturnType<typeof migrationOf>) => cancelVerdict(stored, { cleanup: false });
const cleanedUp = (stored: ReturnType<typeof migrationOf>) => cancelVerdict(stored, { cleanup: true });
const foreign = storedMigration({ kind: 'VolumeMigration', metadata: { name: 'x' }, spec: {} });

describe('cancel', () => {
  it.each([undefined, 'Pending', 'AwaitingApproval'])('in %s stops before anything is done', (phase) => {
    expect(cancelled(migrationOf(phase === undefined ? {} : { status: { phase } }))).toEqual({
      kind: 'change',
      spec: { cancel: true },
      done: `is asked to stop (${phase ?? 'Pending'}); nothing has been done, and the volume keeps its 2 replicas`,
      would: `would be asked to stop (${phase ?? 'Pending'}); nothing has been done, and the volume keeps its 2 replicas`,
    });
  });

  it('says that both copies stay, and which is the extra one', () => {
    expect(cancelled(migrationOf({ status: { phase: 'Syncing', newReplica: ADDED } }))).toMatchObject({
      spec: { cancel: true },
      done:
        'is asked to stop (Syncing); its new replica r-new on pool pool-hot-2 (node hot-2) stays ' +
        'beside the 2 replicas the volume asks for, until --cleanup',
    });
  });

  it('says that it may be too late while the old replica goes', () => {
    expect(cancelled(migrationOf({ status: { phase: 'Removing', newReplica: ADDED } }))).toMatchObject({
      done: expect.stringMatching(/; if the old replica has gone by then, the move is complete$/),
    });
  });

  it('with --cleanup asks for both, and says which replica goes and how many stay', () => {
    expect(cleanedUp(migrationOf({ status: { phase: 'Verifying', newReplica: ADDED } }))).toMatchObject({
      spec: { cancel: true, cleanup: true },
      done:
        'is asked to stop (Verifying); its new replica r-new on pool pool-hot-2 (node hot-2) goes as soon as the others ' +
        'are healthy, and the volume keeps the 2 replicas it asks for',
    });
  });

  it('adds --cleanup to what is being cancelled, and asks for nothing twice', () => {
    const running = { status: { phase: 'Adding' } };
    expect(cleanedUp(migrationOf({ ...running, spec: { cancel: true } }))).toMatchObject({ spec: { cleanup: true } });
    expect(cancelled(migrationOf({ ...running, spec: { cancel: true } }))).toEqual({
      kind: 'nothing',
      why: 'is being cancelled already',
    });
    expect(cleanedUp(migrationOf({ ...running, spec: { cancel: true, cleanup: true } }))).toEqual({
      kind: 'nothing',
      why: 'is being cancelled already, cleanup included',
    });
  });

  it.each(['Completed', 'Aborted', 'Failed', 'Cancelled'])('changes nothing of one that has ended as %s', (phase) => {
    expect(cancelled(migrationOf({ status: { phase } }))).toEqual({
      kind: 'nothing',
      why: `has ended already (${phase}); nothing is left to cancel`,
    });
  });

  it('of one that has ended with an extra replica names --cleanup, and only that applies', () => {
    expect(cancelled(withExtra('Aborted'))).toMatchObject({
      why: expect.stringMatching(/add --cleanup to have it removed$/),
    });
    expect(cleanedUp(withExtra('Aborted'))).toEqual({
      kind: 'change',
      spec: { cleanup: true },
      done:
        'has ended (Aborted); replica r-new on pool pool-hot-2 (node hot-2) goes as soon as the others are healthy; ' +
        'the volume keeps the 2 replicas it asks for',
      would: expect.stringMatching(/ would go as soon as /),
    });
  });

  it('finds nothing to clean up where there is no extra replica, or not any more', () => {
    expect(cleanedUp(migrationOf({ status: { phase: 'Failed' } }))).toMatchObject({
      kind: 'nothing',
      why: 'has ended (Failed) and left no extra replica; there is nothing to clean up',
    });
    expect(cleanedUp(withExtra('Aborted', {}, { removedTime: '2026-01-01T11:59:30Z' }))).toMatchObject({
      kind: 'nothing',
      why: expect.stringMatching(/had its extra replica removed at 2026-01-01T11:59:30Z; /),
    });
    expect(cleanedUp(withExtra('Aborted', { cleanup: true }))).toMatchObject({
      kind: 'nothing',
      why: expect.stringMatching(/is being removed already$/),
    });
  });

  it('removes nothing that another migration is taking over, or has', () => {
    expect(cleanedUp(withExtra('Aborted', {}, { adoptedBy: 'v-2' }))).toEqual({
      kind: 'refused',
      why:
        'cannot be cleaned up: it has ended (Aborted), and its extra replica on pool pool-hot-2 (node hot-2) ' +
        'is being taken over by v-2; cancel v-2 first',
    });
    expect(cancelled(withExtra('Aborted', {}, { adoptedBy: 'v-2' }))).toMatchObject({
      kind: 'nothing',
      why: expect.stringMatching(/is being taken over by v-2$/),
    });
    const over = { adoptedBy: 'v-2', removedTime: '2026-01-01T11:59:30Z' };
    expect(cleanedUp(withExtra('Aborted', {}, over))).toMatchObject({
      kind: 'nothing',
      why: expect.stringMatching(/its extra replica was taken over by v-2; there is nothing to clean up$/),
    });
  });

  it('refuses what it does not understand', () => {
    expect(cleanedUp(foreign)).toMatchObject({ kind: 'refused', why: expect.stringMatching(/^is not understood/) });
  });
});

describe('approve', () => {
  const manual = { approval: { mode: 'Manual' } };
  const awaiting = { phase: 'AwaitingApproval' };

  it('signs one that awaits it', () => {
    expect(approvalVerdict(migrationOf({ spec: manual, status: awaiting }), 'anna')).toEqual({
      kind: 'change',
      spec: { approval: { approved: true, approvedBy: 'anna' } },
      done: 'is approved by anna (pool-cold-1→pool-hot-2)',
      would: 'would be approved by anna (pool-cold-1→pool-hot-2)',
    });
  });

  it.each([
    [{ spec: manual }, 'it is Pending, and the operator has not looked at it yet'],
    [{ spec: manual, status: { phase: 'Syncing' } }, 'it is Syncing, and it has begun'],
    [{ spec: manual, status: { phase: 'Failed' } }, 'it is Failed, and it has ended'],
    [{ status: { phase: 'Adding' } }, 'it is Adding, and its policy asks for no approval'],
  ])('refuses others, and names the phase: %#', (changes, why) => {
    expect(approvalVerdict(migrationOf(changes), 'anna')).toEqual({
      kind: 'refused',
      why: `does not await approval: ${why}`,
    });
  });

  it('gives no second signature, and none to what is being cancelled', () => {
    const signed = { approval: { mode: 'Manual', approved: true, approvedBy: 'bert' } };
    expect(approvalVerdict(migrationOf({ spec: signed, status: awaiting }), 'anna')).toEqual({
      kind: 'nothing',
      why: 'was approved by bert already',
    });
    expect(approvalVerdict(migrationOf({ spec: { ...manual, cancel: true }, status: awaiting }), 'anna').kind).toBe(
      'refused',
    );
    expect(approvalVerdict(foreign, 'anna').kind).toBe('refused');
  });
});

describe('--wait', () => {
  it('goes on while the migration runs, or while its extra replica stands that is to go', () => {
    const seen = { phase: 'Syncing', progressPercent: 42, message: 'It is filled.', observedGeneration: 1 };
    expect(progressOf(migrationOf({ status: seen }), false)).toEqual({
      kind: 'waiting',
      told: 'Syncing 42%: It is filled.',
      isSeen: true,
    });
    expect(progressOf(withExtra('Aborted'), true)).toEqual({ kind: 'waiting', told: 'Aborted', isSeen: false });
  });

  it('ends well when it has stopped and nothing is left that was to go', () => {
    expect(progressOf(withExtra('Cancelled', { cancel: true }), false)).toEqual({
      kind: 'ended',
      told: 'Cancelled Its extra replica stays on pool pool-hot-2.',
      isGood: true,
    });
    const gone = withExtra('Aborted', { cleanup: true }, { removedTime: '2026-01-01T11:59:30Z' });
    expect(progressOf(gone, true)).toMatchObject({ kind: 'ended', isGood: true });
  });

  it('ends badly when the move was complete before it could be stopped', () => {
    const late = migrationOf({ spec: { cancel: true }, status: { phase: 'Completed', message: 'It moved.' } });
    expect(progressOf(late, true)).toEqual({
      kind: 'ended',
      told: 'Completed: It moved. It was too late to cancel.',
      isGood: false,
    });
  });
});
