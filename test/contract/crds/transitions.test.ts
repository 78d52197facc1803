import { describe, expect, it } from '@jest/globals';
import { canChangePhase, MIGRATION_PHASES } from '@couchestor/common/api';
import { storagePolicy, volumeMigration, type Json } from './definitions.ts';
import { fullMigration, fullPolicy, withChange } from './documents.ts';

type Path = readonly (string | number)[];

/** What the server says of an update of `path` from `before` to `after`; undefined means absent. */
const migrationUpdate = (path: Path, before: unknown, after: unknown): string[] =>
  volumeMigration.problems(withChange(fullMigration(), path, after), withChange(fullMigration(), path, before));

describe('the phase of a migration', () => {
  it('changes in the API exactly as the state machine says', () => {
    const pairs = MIGRATION_PHASES.flatMap((from) => MIGRATION_PHASES.map((to) => ({ from, to })));
    const allowed = pairs.filter(({ from, to }) => migrationUpdate(['status', 'phase'], from, to).length === 0);
    expect(allowed).toEqual(pairs.filter(({ from, to }) => canChangePhase(from, to)));
  });

  it('is kept: a status that is there cannot be removed', () => {
    expect(migrationUpdate(['status'], fullMigration().status, undefined)).toEqual([
      expect.stringContaining('status cannot be removed'),
    ]);
    expect(migrationUpdate(['status'], undefined, fullMigration().status)).toEqual([]);
  });

  it('is refused in words that say where it went wrong', () => {
    expect(migrationUpdate(['status', 'phase'], 'Completed', 'Syncing')).toEqual([
      expect.stringMatching(/^status\.phase: .*final/),
    ]);
  });
});

describe('the plan of a migration', () => {
  const changes: [Path, unknown][] = [
    [['spec', 'policyRef', 'name'], 'other'],
    [['spec', 'policyRef', 'uid'], undefined],
    [['spec', 'volumeId'], 'v-2'],
    [['spec', 'claim', 'name'], 'other'],
    [['spec', 'claim'], undefined],
    [['spec', 'source', 'replicaId'], 'r-9'],
    [['spec', 'target', 'pool'], 'pool-c'],
    [['spec', 'target', 'node'], 'node-c'],
    [['spec', 'plan', 'replicaCount'], 1],
    [['spec', 'plan', 'timeout'], '3h'],
    [['spec', 'reason', 'heatIOPS'], 0],
    [['spec', 'approval', 'mode'], 'Automatic'],
    [['spec', 'dryRun'], true],
  ];

  it.each(changes)('does not change: %j to %j', (path, value) => {
    const document = fullMigration();
    expect(volumeMigration.problems(withChange(document, path, value), document)).toEqual([
      expect.stringContaining('is fixed when the migration is planned'),
    ]);
  });

  it('cannot be turned into one that keeps, or removes, the old replica', () => {
    const removing = fullMigration();
    const keeping = withChange(
      withChange(removing, ['spec', 'preservationMode'], true),
      ['spec', 'plan', 'steps'],
      ['Sync', 'Verify'],
    );
    expect(volumeMigration.problems(keeping)).toEqual([]);
    expect(volumeMigration.problems(keeping, removing)).toHaveLength(2);
    expect(volumeMigration.problems(removing, keeping)).toHaveLength(2);
  });

  it('cannot be turned into one that adds, or adopts, the new replica', () => {
    const adopting = fullMigration();
    const adding = withChange(
      withChange(adopting, ['spec', 'adopts'], undefined),
      ['spec', 'plan', 'steps'],
      ['Add', 'Sync', 'Verify', 'Remove'],
    );
    expect(volumeMigration.problems(adding)).toEqual([]);
    expect(volumeMigration.problems(adding, adopting)).toHaveLength(1);
    expect(volumeMigration.problems(adopting, adding)).toHaveLength(1);
  });

  it('cannot be given a claim later', () => {
    expect(migrationUpdate(['spec', 'claim'], undefined, { namespace: 'a', name: 'b' })).toHaveLength(1);
  });
});

describe('what a person says about a migration', () => {
  const approval = (approved: boolean, approvedBy?: string): Json => ({
    mode: 'Manual',
    approved,
    ...(approvedBy === undefined ? {} : { approvedBy }),
  });
  const approve = (before: Json, after: Json): string[] => migrationUpdate(['spec', 'approval'], before, after);

  it('may be an approval, signed, that stays', () => {
    expect(approve(approval(false), approval(true, 'Jane'))).toEqual([]);
    expect(approve(approval(false), approval(true))).toEqual([
      expect.stringMatching(/^spec\.approval\.approvedBy: .*who approves/),
    ]);
    expect(approve(approval(true, 'Jane'), approval(false, 'Jane'))).toHaveLength(1);
    expect(approve(approval(true, 'Jane'), approval(true, 'Joe'))).toHaveLength(1);
    expect(approve(approval(true, 'Jane'), {})).not.toEqual([]);
  });

  it('may be a cancellation, which stays', () => {
    expect(migrationUpdate(['spec', 'cancel'], false, true)).toEqual([]);
    expect(migrationUpdate(['spec', 'cancel'], true, false)).toHaveLength(1);
    expect(migrationUpdate(['spec', 'cancel'], true, undefined)).toHaveLength(1);
  });

  it('may be a wish to clean up, at any time', () => {
    expect(migrationUpdate(['spec', 'cleanup'], false, true)).toEqual([]);
    expect(migrationUpdate(['spec', 'cleanup'], true, false)).toEqual([]);
  });
});

describe('the status of a policy', () => {
  const update = (path: Path, value: unknown): string[] =>
    storagePolicy.problems(withChange(fullPolicy(), path, value), fullPolicy());

  it('counts totals up and never down', () => {
    for (const counter of ['succeeded', 'failed', 'aborted', 'cancelled']) {
      expect(update(['status', 'totals', counter], 6)).toEqual([]);
      expect(update(['status', 'totals', counter], 0)).toEqual([expect.stringContaining(`status.totals.${counter}`)]);
    }
  });

  it('cannot lose its totals to a status that was made anew', () => {
    expect(update(['status', 'totals'], undefined)).toEqual([expect.stringContaining('totals cannot be removed')]);
    expect(update(['status'], {})).toEqual([expect.stringContaining('totals cannot be removed')]);
    expect(update(['status'], undefined)).toEqual([expect.stringContaining('status cannot be removed')]);
  });

  it('holds up no change of the spec', () => {
    expect(update(['spec', 'storageClassName'], 'other')).toEqual([]);
    expect(update(['spec', 'warmPoolSelector'], undefined)).toEqual([]);
  });
});
