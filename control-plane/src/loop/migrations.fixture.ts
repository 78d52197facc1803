/** For tests: VolumeMigrations in memory, with a cache that can lag behind, and migrations of which a test says what matters. */
import {
  MIGRATION_FINALIZER,
  parseVolumeMigration,
  type VolumeMigrationManifest,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import { CoucheStorError } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { VolumeMigrations, VolumeMigrationsSnapshot } from '../ports/volume-migrations.ts';

export const CREATED_MS = Date.UTC(2025, 0, 1);

interface Changes {
  readonly spec?: object;
  readonly status?: VolumeMigrationStatus;
  readonly record?: Partial<VolumeMigrationRecord>;
}

/** Of policy `gold`, from Hot to Cold. */
export function migrationRecord(name: string, { spec = {}, status, record = {} }: Changes = {}): VolumeMigrationRecord {
  const parsed = parseVolumeMigration({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'VolumeMigration',
    metadata: { name },
    spec: {
      policyRef: { name: 'gold', uid: 'uid-gold', generation: 1 },
      volumeId: name.replace(/-\d+$/, ''),
      claim: { namespace: 'shop', name: 'data' },
      source: { tier: 'Hot', pool: 'hot-1', node: 'node-1', replicaId: 'r-1' },
      target: { tier: 'Cold', pool: 'cold-1', node: 'node-2' },
      plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2 },
      reason: { code: 'HeatAtOrBelowLow', message: 'Idle.', heatIOPS: 12.5 },
      ...spec,
    },
    ...(status === undefined ? {} : { status }),
  });
  if (parsed.kind === 'invalid')
    throw new Error(parsed.errors.map(({ field, message }) => `${field} ${message}`).join());
  return {
    name,
    uid: `uid-${name}`,
    generation: 1,
    resourceVersion: '1',
    createdAtMs: CREATED_MS,
    deleting: false,
    finalizers: [MIGRATION_FINALIZER],
    parsed,
    ...record,
  };
}

/** As `migrationRecord` makes it, with another status. */
export function withStatus(record: VolumeMigrationRecord, status: VolumeMigrationStatus): VolumeMigrationRecord {
  if (record.parsed.kind === 'invalid') throw new Error(`${record.name} cannot be read.`);
  return { ...record, parsed: { kind: 'ok', value: { ...record.parsed.value, status } } };
}

export function statusOf(record: VolumeMigrationRecord | undefined): VolumeMigrationStatus | undefined {
  return record?.parsed.kind === 'ok' ? record.parsed.value.status : undefined;
}

export class FakeVolumeMigrations implements VolumeMigrations {
  /** What the API server has. */
  readonly stored = new Map<string, VolumeMigrationRecord>();
  readonly created: VolumeMigrationManifest[] = [];
  readonly removed: string[] = [];
  /** What a snapshot shows instead of the truth. */
  lagging: readonly VolumeMigrationRecord[] | undefined;
  isRefused = false;
  /** Called before each call, with what it does and to what; throws, or changes something. */
  before: (verb: 'read' | 'create' | 'writeStatus' | 'remove', name: string) => void | Promise<void> = () => undefined;
  #version = 100;

  put(...records: readonly VolumeMigrationRecord[]): void {
    for (const record of records) this.#store(record);
  }

  subscribe(): () => void {
    return () => undefined;
  }

  snapshot(): VolumeMigrationsSnapshot {
    if (this.isRefused) return { kind: 'refused', message: 'The cache is not ready.' };
    return { kind: 'ok', migrations: this.lagging ?? [...this.stored.values()] };
  }

  async read(name: string): Promise<VolumeMigrationRecord | undefined> {
    await this.before('read', name);
    return this.stored.get(name);
  }

  async create(manifest: VolumeMigrationManifest): Promise<'created' | 'exists'> {
    const { name } = manifest.metadata;
    await this.before('create', name);
    if (this.stored.has(name)) return 'exists';
    this.created.push(manifest);
    this.#store(migrationRecord(name, { spec: manifest.spec }));
    return 'created';
  }

  async writeStatus(record: VolumeMigrationRecord, status: VolumeMigrationStatus): Promise<VolumeMigrationRecord> {
    await this.before('writeStatus', record.name);
    const stored = this.stored.get(record.name);
    if (stored?.uid !== record.uid) throw new CoucheStorError('notFound', `${record.name} is gone.`);
    if (stored.resourceVersion !== record.resourceVersion) throw new CoucheStorError('conflict', 'It has changed.');
    return this.#store(withStatus(stored, status));
  }

  hold(record: VolumeMigrationRecord): Promise<VolumeMigrationRecord> {
    const held = { ...record, finalizers: [...record.finalizers, MIGRATION_FINALIZER] };
    this.#store(held);
    return Promise.resolve(held);
  }

  async release(): Promise<void> {
    await Promise.resolve();
  }

  async remove({ name, resourceVersion }: VolumeMigrationRecord): Promise<void> {
    await this.before('remove', name);
    if (this.stored.get(name)?.resourceVersion !== resourceVersion) return;
    this.stored.delete(name);
    this.removed.push(name);
  }

  #store(record: VolumeMigrationRecord): VolumeMigrationRecord {
    const versioned = { ...record, resourceVersion: String((this.#version += 1)) };
    this.stored.set(record.name, versioned);
    return versioned;
  }
}
