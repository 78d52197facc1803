/** Before a migration begins: what it is asked, whoever made and approved it. */
import { describe, expect, it } from '@jest/globals';
import type { Admission } from '../model/admission.ts';
import { atFirstSight, nextInstruction } from './machine.ts';
import { before, MOMENT, observed, record, status, surroundings, written } from './machine.fixture.ts';

const APPROVED = { approval: { mode: 'Manual', approved: true, approvedBy: 'anna' } };
const MANUAL = { approval: { mode: 'Manual', approved: false } };
const CLOSED: Admission = { kind: 'waits', reason: 'OutsideWindow', message: 'Waits for a window.' };
const SUPERSEDED: Admission = { kind: 'superseded', message: 'It is busy now.' };

const first = (object: ReturnType<typeof record>, admission: Admission) =>
  atFirstSight(object, { ...MOMENT, admission });
const next = (object: ReturnType<typeof record>, admission: Admission) =>
  nextInstruction(object, observed(object, { volume: before, surroundings }), { ...MOMENT, admission });

describe('a migration that is not admitted', () => {
  it('waits in Pending, whether it was approved or needs no approval, and says for what', () => {
    const condition = { type: 'Admitted', status: 'False', reason: 'OutsideWindow', message: 'Waits for a window.' };
    const waits = { phase: 'Pending', message: 'Waits for a window.', conditions: [condition] };
    for (const [phase, spec] of [
      ['Pending', {}],
      ['Pending', APPROVED],
      ['AwaitingApproval', APPROVED],
    ] as const) {
      const object = record(status(phase), spec);
      expect(first(object, CLOSED)).toMatchObject({ kind: 'decided', instruction: { status: waits } });
      expect(written(next(object, CLOSED))).toMatchObject(waits);
    }
  });

  it('waits for approval first', () => {
    expect(first(record(status('Pending'), MANUAL), CLOSED)).toMatchObject({
      instruction: { status: { phase: 'AwaitingApproval' } },
    });
  });

  it('says nothing new while nothing is new, and no more of it once it begins', () => {
    const waiting = written(next(record(status('Pending')), CLOSED));
    const object = record(JSON.parse(JSON.stringify(waiting)) as object);
    expect(next(object, CLOSED)).toEqual({ kind: 'wait', afterMs: 10_000, status: undefined });
    const begins = written(next(object, { kind: 'admitted' }));
    expect(begins?.phase).toBe('Adding');
    expect(begins).not.toHaveProperty('conditions');
  });

  it('fails where it never may begin', () => {
    const refused: Admission = { kind: 'refused', message: 'Its policy is gone.' };
    expect(first(record(status('AwaitingApproval'), APPROVED), refused)).toMatchObject({
      instruction: { status: { phase: 'Failed', message: 'Its policy is gone.' } },
    });
  });

  it('is cancelled once its decision does not stand, approved or not', () => {
    const cancelled = { phase: 'Cancelled', conditions: [{ type: 'Admitted', status: 'False', reason: 'Superseded' }] };
    for (const [phase, spec] of [
      ['Pending', {}],
      ['AwaitingApproval', MANUAL],
      ['AwaitingApproval', APPROVED],
    ] as const) {
      const said = first(record(status(phase), spec), SUPERSEDED);
      expect(said).toMatchObject({ instruction: { status: cancelled } });
      expect(said).toMatchObject({ instruction: { status: { message: expect.stringContaining('It is busy now.') } } });
    }
  });

  it('rehearses all the same, and ends all the same when somebody cancels it', () => {
    expect(first(record(status('Pending'), { dryRun: true }), CLOSED).kind).toBe('look');
    expect(written(next(record(status('Pending'), { dryRun: true }), SUPERSEDED))?.phase).toBe('Completed');
    expect(first(record(status('Pending'), { cancel: true }), CLOSED)).toMatchObject({
      instruction: { status: { message: 'Cancelled before anything was done.' } },
    });
  });

  it('goes on once it has begun', () => {
    expect(first(record(status('Adding')), SUPERSEDED).kind).toBe('look');
  });
});
