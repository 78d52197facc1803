import { describe, expect, it } from '@jest/globals';
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import { parsePoolName, VirtualClock } from '@couchestor/common/base';
import { Drive } from './drive.ts';
import { intent, NOW_MS, status } from './machine.fixture.ts';

const SCALE = { kind: 'setReplicaCount', count: 3 } as const;
const CORDON = { kind: 'cordonPool', pool: parsePoolName('cold-n4') } as const;
const before = status('Adding') as VolumeMigrationStatus;
const adding = status('Adding', { intent: intent('Add') }) as VolumeMigrationStatus;
const drive = (): Drive => new Drive('uid-1', new VirtualClock(NOW_MS));

describe('a refusal', () => {
  const refusedAfter = (calls: number, own: boolean): boolean | undefined => {
    const driven = drive();
    if (own) driven.wrote(adding, before);
    for (let call = 0; call < calls; call += 1) driven.calling(SCALE);
    driven.refused('409');
    return driven.memory().refusal?.certain;
  };

  it('is certain for the only call of an operation that this process began', () => {
    expect(refusedAfter(1, true)).toBe(true);
  });

  it('is not where an earlier call, of this process or the one before it, may be under way', () => {
    expect(refusedAfter(2, true)).toBe(false);
    expect(refusedAfter(1, false)).toBe(false);
  });

  it('stays uncertain when the same operation is tried again, and is certain for the next one', () => {
    const driven = drive();
    driven.wrote(adding, before);
    driven.calling(SCALE);
    driven.wrote({ ...adding, intent: { ...intentOf(adding), recordedTime: '2026-01-01T12:00:00Z' } }, adding);
    driven.calling(SCALE);
    driven.refused('409');
    expect(driven.memory().refusal?.certain).toBe(false);
    driven.wrote({ ...adding, intent: { ...intentOf(adding), operationId: 'op-2' } }, adding);
    expect(driven.memory().refusal).toBeUndefined();
    driven.calling(SCALE);
    driven.refused('409');
    expect(driven.memory().refusal?.certain).toBe(true);
  });
});

describe('the calls of an operation', () => {
  it('are none until the first, and only for the process that began it', () => {
    const driven = drive();
    expect(driven.memory().isUncalled).toBe(false);
    driven.wrote(adding, before);
    expect(driven.memory()).toMatchObject({ isUncalled: true, intentIsFresh: true });
    driven.calling(CORDON);
    expect(driven.memory()).toMatchObject({ isUncalled: true, intentIsFresh: true });
    driven.calling(SCALE);
    expect(driven.memory()).toMatchObject({ isUncalled: false, intentIsFresh: false });
  });

  it('that set cordons are in doubt when they were given up, and no other is', () => {
    const driven = drive();
    driven.gaveUp(SCALE);
    driven.gaveUp({ kind: 'uncordonPool', pool: CORDON.pool });
    expect(driven.memory().watched.cordonMs).toBe(Infinity);
    driven.gaveUp(CORDON);
    expect(driven.memory().watched.cordonMs).toBe(0);
  });

  it('are forgotten as confirmed with the next intent, and not with a new message', () => {
    const driven = drive();
    driven.wrote(adding, before);
    driven.confirmed(CORDON);
    driven.wrote({ ...adding, message: 'Waits.' }, adding);
    expect(driven.memory().confirmed).toEqual([CORDON]);
    driven.wrote({ ...adding, intent: { ...intentOf(adding), operationId: 'op-2' } }, adding);
    expect(driven.memory().confirmed).toEqual([]);
  });
});

function intentOf({ intent: standing }: VolumeMigrationStatus): NonNullable<VolumeMigrationStatus['intent']> {
  if (standing === undefined) throw new Error('An intent stands.');
  return standing;
}
