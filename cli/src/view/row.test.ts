import { Table } from '@couchestor/common/command-line';
import { describe, expect, it } from '@jest/globals';
import { storedMigration, type StoredMigration } from '../stored-migration.ts';
import { migrationOf, NOW_MS, withExtra } from '../migration.fixture.ts';
import { byInterest, COLUMNS, WIDE_COLUMNS, type Row } from './row.ts';

const syncing = migrationOf({
  status: {
    phase: 'Syncing',
    progressPercent: 42,
    estimatedCompletionTime: '2026-01-01T12:03:20Z',
    message: 'It is\nfilled.',
  },
});
const aborted = withExtra('Aborted');
const awaiting = migrationOf({ name: 'by-hand', status: { phase: 'AwaitingApproval' } });

const rowsOf = (...all: StoredMigration[]): Row[] => all.map((stored) => ({ stored, nowMs: NOW_MS }));
const lines = (rows: Row[], width?: number): string[] => {
  const table = new Table(COLUMNS, rows, width);
  return [table.heading(), ...rows.map((row) => table.row(row))].map((line) => line.trimEnd());
};

describe('a table of migrations', () => {
  it('has in 80 columns what a name needs to be acted upon', () => {
    const [heading, row, ...others] = lines(rowsOf(syncing, aborted), 80);
    expect(heading?.split(/ +/)).toEqual(['NAME', 'MOVE', 'PHASE', 'DONE', 'ETA', 'AGE']);
    expect(row?.split(/ +/).slice(1)).toEqual(['Cold→Hot', 'Syncing', '42%', '3m20s', '5m']);
    for (const line of [heading, row, ...others]) expect(line?.length).toBeLessThanOrEqual(80);
  });

  it('has in 160 columns the claim, the pools and the reason as well', () => {
    const [heading, row, ended] = lines(rowsOf(syncing, aborted), 160);
    expect(heading?.split(/ +/)).toEqual([
      'NAME',
      'CLAIM',
      'MOVE',
      'POOLS',
      'PHASE',
      'DONE',
      'ETA',
      'EXTRA',
      'AGE',
      'REASON',
    ]);
    expect(row).toMatch(/ shop\/data +Cold→Hot +pool-cold-1→pool-hot-2 +Syncing +42% +3m20s +- +5m +Promote$/);
    expect(ended).toMatch(/ Aborted +- +- +pool-hot-2 +5m +Promote$/);
    expect(Math.max(...[heading, row, ended].map((line) => line?.length ?? 0))).toBeLessThanOrEqual(160);
  });

  it('has all of its columns where nobody looks, one word each', () => {
    const [heading, row] = lines(rowsOf(syncing));
    expect(heading?.split(/ +/)).toHaveLength(COLUMNS.length);
    expect(row?.split(/ +/)).toHaveLength(COLUMNS.length);
  });

  it('tells in its wide form the policy, and the message in one line', () => {
    const rows = rowsOf(syncing);
    expect(new Table(WIDE_COLUMNS, rows).row(rows[0]!)).toMatch(/ gold +It is filled\.\n$/);
  });

  it('stays aligned when a longer row comes later', () => {
    const table = new Table(COLUMNS, rowsOf(awaiting));
    const [first, second] = rowsOf(awaiting, syncing).map((row) => table.row(row));
    expect(second?.indexOf('Cold→Hot')).toBeGreaterThan(first?.indexOf('Cold→Hot') ?? 0);
    expect(table.row(rowsOf(awaiting)[0]!).indexOf('Cold→Hot')).toBe(second?.indexOf('Cold→Hot'));
  });

  it('has a row for what cannot be understood, and for what the operator has not seen', () => {
    const foreign = storedMigration({
      apiVersion: 'storage.billyronks.io/v1',
      kind: 'VolumeMigration',
      metadata: { name: 'new' },
      spec: {},
    });
    expect(lines(rowsOf(foreign, migrationOf()))[1]).toMatch(/^new +- +- +- +- +Unreadable/);
    expect(lines(rowsOf(foreign, migrationOf()))[2]).toMatch(/ Pending /);
  });
});

it('those under way come first, and then the latest', () => {
  const created = (name: string, creationTimestamp: string, phase: string) =>
    migrationOf({ name, metadata: { creationTimestamp }, status: { phase } });
  const all = [
    created('old-end', '2026-01-01T10:00:00Z', 'Completed'),
    created('new-end', '2026-01-01T11:00:00Z', 'Failed'),
    created('b', '2026-01-01T09:00:00Z', 'Syncing'),
    created('a', '2026-01-01T09:00:00Z', 'Pending'),
  ];
  expect(all.toSorted(byInterest).map(({ name }) => name)).toEqual(['a', 'b', 'new-end', 'old-end']);
});
