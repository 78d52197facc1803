import { describe, expect, it } from '@jest/globals';
import {
  MAX_HISTORY,
  parseVolumeMigration,
  type MigrationRecord,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import { parseVolumeId } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../../model/volume-migration-record.ts';
import { isRecorded } from '../../model/recorded-end.ts';
import { accounted, countedNames, recordedStatus, unrecordedEnd, unrecordedOf } from './accounting.ts';
import type { Status } from './status-changes.ts';

const START_MS = Date.UTC(2026, 1, 17);
const NONE = { succeeded: 0, failed: 0, aborted: 0, cancelled: 0 };
const timeOf = (minute: number): string => new Date(START_MS + minute * 60_000).toISOString().replace('.000Z', 'Z');
const entry = (migration: string, minute: number, changes: Partial<MigrationRecord> = {}): MigrationRecord => ({
  migration,
  volumeId: parseVolumeId('v-1'),
  from: 'Hot',
  to: 'Cold',
  outcome: 'Completed',
  completionTime: timeOf(minute),
  ...changes,
});
const entries = (count: number, from = 0): MigrationRecord[] =>
  Array.from({ length: count }, (_, index) => entry(`m-${from + index}`, from + index));
const namesOf = ({ history }: Status): string[] => (history as MigrationRecord[]).map(({ migration }) => migration);

function record(changes: object = {}, status: Partial<VolumeMigrationStatus> | 'none' = {}): VolumeMigrationRecord {
  const parsed = parseVolumeMigration({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name: 'v-1-1' },
    spec: {
      policyRef: { name: 'gold', uid: 'u-1' },
      volumeId: 'v-1',
      source: { tier: 'Unassigned', pool: 'pool-a', node: 'node-a' },
      target: { tier: 'Cold', pool: 'pool-b', node: 'node-b' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2 },
      reason: { code: 'HeatAtOrBelowLow', message: 'Idle.', heatIOPS: 12.5 },
      ...changes,
    },
    ...(status === 'none' ? {} : { status: { phase: 'Failed', completionTime: timeOf(9), ...status } }),
  });
  const rest = {
    uid: 'x',
    generation: 1,
    resourceVersion: '1',
    createdAtMs: START_MS,
    deleting: false,
    finalizers: [],
  };
  return { name: 'v-1-1', ...rest, parsed };
}

describe('the end of a migration', () => {
  it('is told as a history tells it', () => {
    const ended = record({}, { startTime: timeOf(5), message: 'Mayastor said no.' });
    expect(unrecordedEnd(ended)?.entry).toEqual({
      migration: 'v-1-1',
      volumeId: 'v-1',
      from: 'Unassigned',
      to: 'Cold',
      outcome: 'Failed',
      heatIOPS: 12.5,
      startTime: timeOf(5),
      completionTime: timeOf(9),
      message: 'Mayastor said no.',
    });
    const bare = record({ reason: { code: 'X', message: '' } });
    expect(Object.keys(unrecordedEnd(bare)?.entry ?? {}).sort()).toEqual(
      ['completionTime', 'from', 'migration', 'outcome', 'to', 'volumeId'].sort(),
    );
  });

  it('has a time even if nobody wrote down when it was', () => {
    const { parsed, ...rest } = record();
    if (parsed.kind === 'invalid') throw new Error('It cannot be read.');
    const told = (status: VolumeMigrationStatus): string | undefined =>
      unrecordedEnd({ ...rest, parsed: { kind: 'ok', value: { ...parsed.value, status } } })?.entry.completionTime;
    expect([told({ phase: 'Failed', phaseStartTime: timeOf(3) }), told({ phase: 'Failed' })]).toEqual([
      timeOf(3),
      timeOf(0),
    ]);
  });

  it('is not told of one that runs, has not begun, only rehearses, was counted, or cannot be read', () => {
    const counted = recordedStatus({ phase: 'Failed' }, 'gold', START_MS);
    const unreadable = record({ volumeId: '../etc' });
    for (const other of [record({}, { phase: 'Syncing' }), record({}, 'none'), record({ dryRun: true })]) {
      expect(unrecordedEnd(other)).toBeUndefined();
    }
    expect([unrecordedEnd(record({}, counted)), unrecordedEnd(unreadable)]).toEqual([undefined, undefined]);
    expect([isRecorded(counted), isRecorded({ phase: 'Failed' })]).toEqual([true, false]);
  });

  it('belongs to the incarnation of the policy that planned it', () => {
    const named = (policyRef: object, minute: number) => record({ policyRef }, { completionTime: timeOf(minute) });
    const migrations = [
      named({ name: 'gold', uid: 'u-1' }, 8),
      named({ name: 'gold', uid: 'u-0' }, 7),
      named({ name: 'silver', uid: 'u-1' }, 6),
      named({ name: 'gold' }, 5),
    ];
    const found = unrecordedOf({ name: 'gold', uid: 'u-1' }, migrations);
    expect(found.map(({ entry: { completionTime } }) => completionTime)).toEqual([timeOf(5), timeOf(8)]);
  });

  it('keeps the other conditions when it is marked as counted', () => {
    const other = { type: 'Stalled', status: 'True', reason: 'X', message: '', lastTransitionTime: timeOf(0) } as const;
    expect(recordedStatus({ phase: 'Failed', message: 'No.', conditions: [other] }, 'gold', START_MS)).toEqual({
      phase: 'Failed',
      message: 'No.',
      conditions: [
        other,
        {
          type: 'Recorded',
          status: 'True',
          reason: 'InPolicyStatus',
          message: 'Counted in the status of StoragePolicy gold.',
          lastTransitionTime: timeOf(0),
        },
      ],
    });
  });
});

describe('the accounts of a policy', () => {
  it('begin with the first migration that ended', () => {
    const ended = (['Completed', 'Failed', 'Aborted', 'Cancelled', 'Failed'] as const).map((outcome, index) =>
      entry(`m-${index}`, index, { outcome }),
    );
    const after = accounted({}, ended);
    expect(after.totals).toEqual({ succeeded: 1, failed: 2, aborted: 1, cancelled: 1 });
    expect(namesOf(after)).toEqual(['m-4', 'm-3', 'm-2', 'm-1', 'm-0']);
    expect(accounted({}, [])).toEqual({});
  });

  it('count nothing again that the history names, and keep what they do not know', () => {
    const totals = { succeeded: 7, failed: 1, aborted: 2, cancelled: 3, other: 'kept' };
    const odd = [{ some: 'record' }, 'text', null];
    const before = { totals, history: [entry('m-0', 0), ...odd] };
    expect(accounted(before, [entry('m-0', 0)])).toEqual({});
    const after = accounted(before, [entry('m-0', 0), entry('m-1', 1)]);
    expect(after).toEqual({ totals: { ...totals, succeeded: 8 }, history: [entry('m-1', 1), entry('m-0', 0), ...odd] });
  });

  it('put the latest first, also when an earlier end is heard of later', () => {
    const after = accounted({ history: [entry('m-2', 20), entry('m-0', 0)] }, [entry('m-1', 10)]);
    expect(namesOf(after)).toEqual(['m-2', 'm-1', 'm-0']);
  });

  it('remember the last fifty, and the total of all', () => {
    const before = { totals: { ...NONE, succeeded: 90 }, history: entries(MAX_HISTORY).reverse() };
    const after = accounted(before, [entry('late', 99)]);
    expect(namesOf(after)).toEqual(['late', ...namesOf(before).slice(0, -1)]);
    expect(after.totals).toEqual({ ...NONE, succeeded: 91 });
  });

  it('let nothing leave the history that is not known to be counted, however old', () => {
    const before = { history: entries(MAX_HISTORY, 10).reverse() };
    const ancient = entry('ancient', 0);
    const after = accounted(before, [ancient, entry('m-10', 10)]);
    expect(namesOf(after).slice(-3)).toEqual(['m-12', 'm-10', 'ancient']);
    expect(countedNames(after).size).toBe(MAX_HISTORY);
  });

  it('count sixty endings at once in two steps, each once, whether or not a crash comes between', () => {
    const ended = entries(60);
    const first = accounted({}, ended);
    expect([first.totals, countedNames(first).size]).toEqual([{ ...NONE, succeeded: 50 }, 50]);
    // Nobody has marked a migration yet: there is no room for the others.
    expect(accounted(first, ended)).toEqual({});
    const second = accounted(
      first,
      ended.filter(({ migration }) => !countedNames(first).has(migration)),
    );
    expect(second.totals).toEqual({ ...NONE, succeeded: 60 });
    expect(namesOf(second)).toEqual(namesOf({ history: entries(50, 10).reverse() }));
  });
});
