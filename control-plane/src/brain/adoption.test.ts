/** Decisions about a volume that has an extra replica, left by an earlier migration. */
import { describe, expect, it } from '@jest/globals';
import type { LeftReplica, MigrationFacts, ReplicaFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import { HOUR_MS, migrationOf, NOW_MS, replicaOf } from './brain.fixture.ts';
import { decideOne, poolsIn, type Case } from './decide.fixture.ts';
import { explain } from './explain/index.ts';

const [cold0, cold1] = poolsIn('Cold', 2) as [ReturnType<typeof poolsIn>[0], ReturnType<typeof poolsIn>[0]];
const [hot0] = poolsIn('Hot', 1) as [ReturnType<typeof poolsIn>[0]];
const COPIES = [replicaOf(cold0, 1), replicaOf(cold1, 1)] as const;
const EXTRA = replicaOf(hot0, 1);

/** Two cold replicas were asked for; a promotion of the first was stopped and left its copy on `hot-0`. */
function volumeWith(extra: Partial<ReplicaFacts> | 'gone' = {}, rest: Partial<VolumeFacts> = {}): Partial<VolumeFacts> {
  const replicas = extra === 'gone' ? [...COPIES] : [...COPIES, { ...EXTRA, ...extra }];
  const target = { node: cold0.node, status: 'Online', rebuildCount: 0, childCount: replicas.length } as const;
  return { replicaCount: 3, replicas, target, ...rest };
}

function leaver(left: Partial<LeftReplica> | 'unknown' = {}, rest: Partial<MigrationFacts> = {}): MigrationFacts {
  const leftReplica: LeftReplica = {
    replicaId: EXTRA.replicaId,
    pool: hot0.pool,
    otherReplicaId: COPIES[0].replicaId,
    replicaCount: 2,
    isPreserved: false,
    isFree: true,
    ...(left === 'unknown' ? {} : left),
  };
  return migrationOf(1, 'm-1', {
    phase: 'Aborted',
    from: 'Cold',
    to: 'Hot',
    extraReplica: true,
    completedAtMs: NOW_MS - 30 * HOUR_MS,
    ...(left === 'unknown' ? {} : { leftReplica }),
    ...rest,
  });
}

/** Busy, so that it belongs on Hot. */
const decided = (given: Case = {}, left: Parameters<typeof leaver>[0] = {}) =>
  decideOne({ volume: volumeWith(), migrations: [leaver(left)], ...given });

describe('an extra replica where the volume belongs', () => {
  it('is taken over, instead of another that is added beside it', () => {
    const decision = decided();
    expect(decision).toMatchObject({
      outcome: 'Move',
      code: 'Complete',
      move: {
        source: { pool: cold0.pool, replicaId: COPIES[0].replicaId, tier: 'Cold' },
        target: { pool: hot0.pool, tier: 'Hot' },
        adopts: { migration: 'm-1', replicaId: EXTRA.replicaId },
        removal: 'ByCordon',
        replicaCount: 2,
        remainingReplicaCount: 1,
      },
      candidates: [],
      remedies: [],
    });
    expect(decision.reason).toContain('where the copy that migration m-1 left is taken over');
    expect(explain(decision)).toContain('where the copy that migration m-1 left is taken over');
  });

  it.each<[string, Partial<ReplicaFacts>, Partial<VolumeFacts>]>([
    ['is filled', { childStatus: 'Degraded', rebuildPercent: 12 }, { status: 'Degraded' }],
    ['waits to be filled', { childStatus: 'Degraded' }, { status: 'Degraded' }],
    ['was made anew on its pool', { replicaId: 'anew' }, {}],
    ['has grown with the volume', {}, { sizeBytes: 2 ** 40 }],
  ])('is taken over also when it %s', (_, extra, rest) => {
    const volume = volumeWith(extra, rest);
    const rebuildCount = extra.rebuildPercent === undefined ? 0 : 1;
    const decision = decided({ volume: { ...volume, target: { ...volume.target!, rebuildCount } } });
    expect(decision).toMatchObject({
      outcome: 'Move',
      move: { adopts: { replicaId: extra.replicaId ?? EXTRA.replicaId } },
    });
  });

  it('waits for its turn like any move', () => {
    const failed = leaver({}, { completedAtMs: NOW_MS - 60_000 });
    expect(decided({ migrations: [failed] })).toMatchObject({
      code: 'BackingOff',
      move: { adopts: { migration: 'm-1' } },
    });
    expect(decided({ settings: { maxConcurrentMigrations: 0 } }).code).toBe('OperatorLimit');
  });

  it.each<[string, string, Partial<ReplicaFacts> | 'gone', Partial<VolumeFacts>]>([
    ['it is faulted', 'VolumeNotHealthy', { status: 'Faulted', childStatus: 'Faulted' }, { status: 'Degraded' }],
    ['its child is faulted', 'VolumeNotHealthy', { childStatus: 'Faulted' }, { status: 'Degraded' }],
    [
      'another replica is ill',
      'VolumeNotHealthy',
      {},
      { replicas: [{ ...COPIES[0], status: 'Degraded' }, COPIES[1], EXTRA] },
    ],
    ['the volume is degraded and nobody knows why', 'VolumeNotHealthy', {}, { status: 'Degraded' }],
    ['the volume is busy', 'VolumeBusy', {}, { busy: true }],
    ['the volume is not published', 'Unpublished', {}, { target: undefined }],
    ['the volume has snapshots', 'HasSnapshots', {}, { snapshotCount: 1 }],
    ['it cannot be found', 'ExtraReplica', 'gone', {}],
    ['the volume asks for another number', 'ExtraReplica', {}, { replicaCount: 4 }],
    ['its source is gone', 'ExtraReplica', {}, { replicas: [COPIES[1], EXTRA] }],
  ])('is not taken over while %s: %s', (_, code, extra, rest) => {
    expect(decided({ volume: volumeWith(extra, rest) }).code).toBe(code);
  });

  it('is not taken over while it is removed or lent, and not where its record does not say enough', () => {
    expect(decided({}, { isFree: false })).toMatchObject({ code: 'ExtraReplica' });
    expect(decided({}, { otherReplicaId: undefined })).toMatchObject({ code: 'ExtraReplica' });
    expect(decided({}, 'unknown')).toMatchObject({ code: 'ExtraReplica' });
    const second = { ...leaver(), name: 'm-2' };
    expect(decided({ migrations: [leaver(), second] })).toMatchObject({ code: 'ExtraReplica' });
  });

  it('that preservation kept is taken over by a real move alone, and after its cooldown', () => {
    const kept = leaver({ isPreserved: true }, { phase: 'Completed', from: 'Hot', to: 'Cold' });
    expect(decided({ migrations: [kept], spec: { preservationMode: true } })).toMatchObject({
      code: 'ExtraReplica',
      reason: expect.stringContaining('preservation mode is to keep'),
    });
    expect(decided({ migrations: [kept] })).toMatchObject({ outcome: 'Move', move: { removal: 'ByCordon' } });
    const justNow = { ...kept, completedAtMs: NOW_MS - 60_000 };
    expect(decided({ migrations: [justNow], spec: { cooldownPeriod: '1h' } }).code).toBe('CoolingDown');
  });

  it('is taken over by a policy that preserves, which removes nothing', () => {
    expect(decided({ spec: { preservationMode: true } })).toMatchObject({
      outcome: 'Move',
      preservation: true,
      move: { adopts: { migration: 'm-1' }, removal: 'Preserved' },
    });
  });
});

describe('an extra replica where the volume does not belong any more', () => {
  it('is named with the command that removes it, and nothing is moved beside it', () => {
    const decision = decided({ iops: 1 });
    expect(decision).toMatchObject({ outcome: 'Blocked', code: 'ExtraReplica', move: undefined });
    expect(decision.reason).toBe(
      'Migration m-1 left an extra replica on pool hot-0, which is in the Hot tier, while the volume belongs on Cold now, and nothing more is moved until one is gone.',
    );
    expect(decision.remedies).toEqual([
      'Clean up the migration that left both copies (kubectl couchestor cancel m-1 --cleanup), or scale the volume back by hand.',
    ]);
  });

  it('neither where both copies are where it belongs', () => {
    expect(
      decided({}, { pool: cold1.pool, replicaId: COPIES[1].replicaId, otherReplicaId: EXTRA.replicaId }),
    ).toMatchObject({
      code: 'ExtraReplica',
    });
  });
});
