/** A migration of a volume of two replicas, from `pool-cold-1` to `pool-hot-2`. */
import { storedMigration, type StoredMigration } from './stored-migration.ts';

export const VOLUME = '192ddbd3-003a-41df-9b1c-37376cca7549';
export const NOW_MS = Date.UTC(2026, 0, 1, 12);
export const ADDED = { replicaId: 'r-new', pool: 'pool-hot-2', node: 'hot-2' } as const;

interface Changes {
  readonly name?: string;
  readonly metadata?: object;
  readonly spec?: object;
  readonly status?: object;
}

export function migrationOf({ name = `${VOLUME}-1`, metadata = {}, spec = {}, status }: Changes = {}): StoredMigration {
  return storedMigration({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name, generation: 1, creationTimestamp: '2026-01-01T11:55:00Z', ...metadata },
    spec: {
      policyRef: { name: 'gold' },
      volumeId: VOLUME,
      claim: { namespace: 'shop', name: 'data' },
      source: { tier: 'Cold', pool: 'pool-cold-1', node: 'cold-1' },
      target: { tier: 'Hot', pool: 'pool-hot-2', node: 'hot-2' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2 },
      reason: { code: 'Promote', message: 'Busy.' },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  });
}

/** One that has ended with both copies there. */
export function withExtra(phase: string, spec: object = {}, extra: object = {}): StoredMigration {
  const extraReplica = { ...ADDED, recordedTime: '2026-01-01T11:59:00Z', ...extra };
  return migrationOf({ spec, status: { phase, newReplica: ADDED, extraReplica } });
}
