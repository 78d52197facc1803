import { describe, expect, it } from '@jest/globals';
import { ago, before, during, filling, ids, MOMENT, NEW, OLD, record, say, status } from './machine.fixture.ts';
import { intent, surroundings, withReplicas, written } from './machine.fixture.ts';
import { atFirstSight } from './machine.ts';
import type { Observation } from './observation.ts';

const EXTRA = { ...NEW, recordedTime: ago(60_000) };
const PLAN = {
  adopts: { migration: 'v0-1', replicaId: NEW.replicaId },
  plan: { steps: ['Sync', 'Verify', 'Remove'], replicaCount: 2 },
};
type Changes = Readonly<Record<string, unknown>>;
const lender = (extra: object = {}, spec: object = {}, rest: object = {}) => ({
  ...record(status('Aborted', { newReplica: NEW, extraReplica: { ...EXTRA, ...extra }, ...rest }), { ...spec }),
  name: 'v0-1',
});
const adopter = (phase: Parameters<typeof status>[0], changed: Changes = {}, spec: object = {}) =>
  record(status(phase, { ...changed }), { ...PLAN, ...spec });
const seen = { volume: filling, surroundings };
const adding = (other: Observation['other'], rest: Partial<Observation> = {}) =>
  say(adopter('Adding'), { ...seen, other, ...rest });
const failure = (message: string) => ({
  message: expect.stringContaining(message),
  conditions: [{ type: 'Ending', reason: 'Failed' }],
});

describe('a migration that adopts a replica', () => {
  it('begins where the replica is there, though it is still filled, and fails where it is not', () => {
    expect(written(say(adopter('Pending'), seen))).toMatchObject({ phase: 'Adding', oldReplica: OLD });
    expect(written(say(adopter('Pending'), { ...seen, volume: before }))).toMatchObject({ phase: 'Failed' });
    const elsewhere = { ...PLAN, adopts: { ...PLAN.adopts, replicaId: 'r-other' } };
    expect(written(say(record(status('Pending'), elsewhere), seen))).toMatchObject({
      phase: 'Failed',
      message: expect.stringContaining('not on pool cold-n3 any more'),
    });
    const rehearsed = say(adopter('Pending', {}, { dryRun: true }), seen);
    expect(written(rehearsed)?.message).toMatch(/^Dry run: a replica would be taken over/);
  });

  it('reads the migration that left it, and claims it there before anything else', () => {
    expect(atFirstSight(adopter('Adding'), MOMENT)).toMatchObject({ kind: 'look', other: 'v0-1' });
    expect(atFirstSight(adopter('Syncing'), MOMENT)).toMatchObject({ kind: 'look', other: undefined });
    const other = lender();
    expect(adding(other)).toMatchObject({
      kind: 'claim',
      record: other,
      status: { phase: 'Aborted', extraReplica: { ...EXTRA, adoptedBy: 'v1-1' } },
    });
  });

  it('has it as its own once it is claimed, and knows what else was there', () => {
    expect(written(adding(lender({ adoptedBy: 'v1-1' })))).toMatchObject({
      phase: 'Syncing',
      newReplica: NEW,
      oldReplica: OLD,
      intent: { step: 'Uncordon', replicaIdsBefore: ids },
    });
  });

  it.each([
    ['has asked for its removal', lender({}, { cleanup: true }), 'is to remove'],
    ['has deleted it', { ...lender(), deleting: true }, 'is to remove'],
    ['is gone', undefined, 'is gone'],
    ['removes it', lender({}, {}, { intent: intent('CleanUp') }), 'is to remove'],
    ['has none any more', lender({ removedTime: ago(0) }), 'not extra any more'],
    ['lends it to another', lender({ adoptedBy: 'v1-9' }), 'v1-9 takes'],
    ['left it elsewhere', lender({ pool: 'cold-n4', node: 'n4' }), 'has left no extra replica on pool cold-n3'],
    ['cannot be understood', { ...lender(), parsed: { kind: 'invalid', errors: [] } as const }, 'cannot be understood'],
  ])('gives up where the migration that left it %s', (_, other, message) => {
    expect(written(adding(other))).toMatchObject(failure(message));
  });

  it('gives up where the volume is gone, is not what it was, or nobody wants it any more', () => {
    expect(written(adding(lender(), { volume: undefined }))).toMatchObject(failure('not there any more'));
    expect(written(adding(lender(), { volume: { ...during, replicaCount: 2 } }))).toMatchObject(failure('asks for 2'));
    const faulted = withReplicas(filling, [
      ...before.replicas,
      { ...filling.replicas[2]!, childStatus: 'Faulted', rebuildPercent: undefined },
    ]);
    expect(written(adding(lender(), { volume: faulted }))).toMatchObject(failure('is Faulted'));
    const late = say(adopter('Adding', { startTime: ago(3_600_000) }), { ...seen, other: lender() });
    expect(written(late)).toMatchObject(failure('in time'));
    expect(written(say(adopter('Adding', {}, { cancel: true }), { ...seen, other: lender() }))).toMatchObject({
      conditions: [{ type: 'Ending', reason: 'Cancelled' }],
    });
  });
});

describe('a migration whose extra replica is lent', () => {
  const lending = (spec: object = {}) => lender({ adoptedBy: 'v1-1' }, spec);
  const beside = (other: Observation['other'], spec: object = {}) =>
    say(lending(spec), { ...seen, other: other && { ...other, name: 'v1-1' } });
  const borrower = (phase: Parameters<typeof status>[0], changed: Changes = {}) =>
    record(status(phase, changed), { ...PLAN, adopts: { ...PLAN.adopts, migration: 'v0-1' } });

  it('looks at the one that takes it over, also when it was deleted', () => {
    expect(atFirstSight(lending(), MOMENT)).toMatchObject({ kind: 'look', other: 'v1-1' });
    expect(atFirstSight({ ...lending(), deleting: true }, MOMENT)).toMatchObject({ kind: 'look', other: 'v1-1' });
    expect(atFirstSight(lender({ adoptedBy: 'v1-1', removedTime: ago(0) }), MOMENT)).toMatchObject({
      instruction: { kind: 'done' },
    });
  });

  it('removes nothing meanwhile, and says why to whoever asks for it', () => {
    expect(beside(borrower('Adding'))).toMatchObject({ kind: 'wait', afterMs: 10_000 });
    expect(written(beside(borrower('Adding')))).not.toHaveProperty('message');
    expect(beside(borrower('Adding'), { cleanup: true })).toMatchObject({
      kind: 'wait',
      status: { message: expect.stringContaining('v1-1 takes it over. Cancel that one first') },
    });
    expect(beside({ ...borrower('Adding'), parsed: { kind: 'invalid', errors: [] } }).kind).toBe('wait');
  });

  it.each(['Syncing', 'Aborted', 'Completed'] as const)('is done with it once it is taken over: %s', (phase) => {
    expect(written(beside(borrower(phase, { newReplica: NEW })))).toMatchObject({
      phase: 'Aborted',
      extraReplica: { ...EXTRA, adoptedBy: 'v1-1', removedTime: ago(0) },
    });
  });

  it.each([
    ['is gone', undefined],
    ['ended before it took it', borrower('Failed')],
    ['is another than it was', record(status('Adding'))],
  ])('has it back when the one that wanted it %s', (_, other) => {
    expect(written(beside(other))?.extraReplica).toEqual(EXTRA);
  });
});
