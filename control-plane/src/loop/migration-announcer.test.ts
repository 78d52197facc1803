import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, describe, expect, it } from '@jest/globals';
import { MIGRATION_PHASES, type MigrationPhase, type VolumeMigrationStatus } from '@couchestor/common/api';
import { nullLogger, type LogFields } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { Happening } from '../ports/events.ts';
import { MigrationAnnouncer } from './migration-announcer.ts';
import { migrationRecord } from './migrations.fixture.ts';

let happenings: Happening[];
let lines: [string, LogFields][];
let ends: [string, number | undefined][];
let announcer: MigrationAnnouncer;

beforeEach(() => {
  happenings = [];
  lines = [];
  ends = [];
  announcer = new MigrationAnnouncer({
    events: { record: (one) => void happenings.push(one) },
    metrics: { migrationEnded: (outcome, durationMs) => void ends.push([outcome, durationMs]) },
    logger: { ...nullLogger, info: (message: string, fields: LogFields = {}) => void lines.push([message, fields]) },
  });
});

function record(
  status: Partial<VolumeMigrationStatus> & Pick<VolumeMigrationStatus, 'phase'>,
  spec: object = {},
  name = 'v-1-3',
): VolumeMigrationRecord {
  return migrationRecord(name, { status, spec });
}
const enter = (phase: MigrationPhase, spec: object = {}, name = 'v-1-3'): void =>
  announcer.announce(record({ phase, message: 'So it is.' }, spec, name), phase);
const heard = (): string[] => {
  const texts = happenings.map(({ regarding, type, reason }) => `${regarding.kind} ${type} ${reason}`);
  happenings = [];
  return texts;
};

describe('MigrationAnnouncer', () => {
  it('writes no Event while the operator only looks on, and counts what ends', () => {
    announcer = new MigrationAnnouncer({
      events: { record: (one) => void happenings.push(one) },
      metrics: { migrationEnded: (outcome, durationMs) => void ends.push([outcome, durationMs]) },
      logger: { ...nullLogger, info: (message: string, fields: LogFields = {}) => void lines.push([message, fields]) },
      dryRun: true,
    });
    enter('Cancelled');
    announcer.announceStranded(record({ phase: 'Adding' }), 'It was deleted.');
    expect([happenings, ends.length, lines.length]).toEqual([[], 1, 1]);
  });

  it.each<[MigrationPhase, string]>([
    ['AwaitingApproval', 'Normal AwaitingApproval'],
    ['Adding', 'Normal MigrationStarted'],
    ['Completed', 'Normal MigrationCompleted'],
    ['Aborted', 'Warning MigrationAborted'],
    ['Failed', 'Warning MigrationFailed'],
    ['Cancelled', 'Normal MigrationCancelled'],
  ])('tells the policy and the claim of %s', (phase, what) => {
    enter(phase);
    expect(happenings).toMatchObject([
      { regarding: { kind: 'StoragePolicy', name: 'gold', uid: 'uid-gold' }, action: 'Migrate' },
      { regarding: { apiVersion: 'v1', kind: 'PersistentVolumeClaim', namespace: 'shop', name: 'data' } },
    ]);
    expect(heard()).toEqual([`StoragePolicy ${what}`, `PersistentVolumeClaim ${what}`]);
    const where = { volumeId: 'v-1', tierFrom: 'Hot', tierTo: 'Cold', policy: 'gold', migration: 'v-1-3' };
    expect(lines).toEqual([[expect.any(String), { ...where, dryRun: false, reason: 'So it is.' }]]);
  });

  it('tells nothing that docs/tiering.md does not explain', () => {
    const page = readFileSync(join(import.meta.dirname, '../../../docs/tiering.md'), 'utf8');
    for (const phase of MIGRATION_PHASES) enter(phase, {}, `v-1-${MIGRATION_PHASES.indexOf(phase) + 1}`);
    const reasons = new Set(happenings.map(({ reason }) => reason));
    expect([...reasons].filter((reason) => !page.includes(`\`${reason}\``))).toEqual([]);
    expect(reasons.size).toBe(6);
  });

  it.each<MigrationPhase>(['Pending', 'Syncing', 'Verifying', 'Removing'])('says nothing of %s', (phase) => {
    enter(phase);
    expect([happenings, lines, ends]).toEqual([[], [], []]);
  });

  it('says what happens, where, and why', () => {
    for (const phase of ['AwaitingApproval', 'Adding', 'Failed'] as const) enter(phase);
    const what = 'Migration v-1-3 of a replica of volume v-1 from Hot pool hot-1 to Cold pool cold-1 (policy gold)';
    expect([...new Set(happenings.map(({ note }) => note))]).toEqual([
      `${what} waits for approval: set spec.approval.approved and approvedBy. Idle.`,
      `${what} has started. Idle.`,
      `${what} is Failed. So it is.`,
    ]);
  });

  it('tells the policy alone of a volume without a claim', () => {
    enter('Adding', { claim: undefined, policyRef: { name: 'gold' } });
    expect(happenings).toMatchObject([{ regarding: { kind: 'StoragePolicy', name: 'gold' } }]);
  });

  it('says each thing once of a migration, though it goes to and fro', () => {
    for (const phase of ['AwaitingApproval', 'Pending', 'AwaitingApproval', 'Adding', 'Adding'] as const) enter(phase);
    expect(heard()).toHaveLength(4);
    enter('AwaitingApproval', {}, 'v-2-1');
    expect(heard()).toHaveLength(2);
    enter('Completed');
    expect(heard()).toHaveLength(2);
  });

  it('remembers a bounded number of migrations', () => {
    for (let number = 1; number <= 1_001; number += 1) enter('Adding', {}, `v-1-${number}`);
    heard();
    enter('Adding', {}, 'v-1-2');
    expect(heard()).toEqual([]);
    enter('Adding', {}, 'v-1-1');
    expect(heard()).toHaveLength(2);
  });

  it('remembers none that has ended, so that many ends make it forget nothing', () => {
    enter('Adding');
    for (let index = 0; index < 1_000; index += 1) enter('Completed', {}, `v-2-${index}`);
    heard();
    enter('Adding');
    expect(heard()).toEqual([]);
  });

  it('counts each end, with its duration if it began', () => {
    const times = { startTime: '2025-01-01T00:00:00Z', completionTime: '2025-01-01T00:01:30Z' };
    announcer.announce(record({ phase: 'Completed', ...times }), 'Completed');
    announcer.announce(record({ phase: 'Cancelled', completionTime: times.completionTime }, {}, 'v-1-4'), 'Cancelled');
    const backwards = { startTime: times.completionTime, completionTime: times.startTime };
    announcer.announce(record({ phase: 'Aborted', ...backwards }, {}, 'v-1-5'), 'Aborted');
    enter('Adding', {}, 'v-1-6');
    expect(ends).toEqual([
      ['Completed', 90_000],
      ['Cancelled', undefined],
      ['Aborted', 0],
    ]);
  });

  it('makes no Event of a rehearsal and does not count it, and logs all the same', () => {
    enter('Completed', { dryRun: true });
    expect([happenings, ends, lines.length]).toEqual([[], [], 1]);
  });

  it('tells of one that needs a person on itself, since its policy cannot be read', () => {
    announcer.announceStranded(record({ phase: 'Adding' }), 'Do this.');
    const regarding = {
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      name: 'v-1-3',
      uid: 'uid-v-1-3',
    };
    expect(happenings).toEqual([
      { regarding, type: 'Warning', reason: 'MigrationStranded', action: 'Migrate', note: 'Do this.' },
    ]);
  });

  it('says nothing of what cannot be read', () => {
    const unreadable = { ...record({ phase: 'Failed' }), parsed: { kind: 'invalid', errors: [] } } as const;
    announcer.announce(unreadable, 'Failed');
    expect([happenings, lines, ends]).toEqual([[], [], []]);
  });
});
