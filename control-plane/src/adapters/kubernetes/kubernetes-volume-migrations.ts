/**
 * VolumeMigrations on the Kubernetes API: the informer that the cluster's facts rest on, and its store. Everything is written to
 * exactly the version that was read, since all that follows in the storage system rests on what the status says.
 */
import type {
  ParseResult,
  VolumeMigration,
  VolumeMigrationManifest,
  VolumeMigrationStatus,
} from '@couchestor/common/api';
import { MIGRATION_FINALIZER } from '@couchestor/common/api';
import { assertInvariant, CoucheStorError, toCoucheStorError } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../../model/volume-migration-record.ts';
import type { VolumeMigrations, VolumeMigrationsSnapshot } from '../../ports/volume-migrations.ts';
import { isRecord, type KubeObject } from './kube-object.ts';
import type { Entry } from './object-cache.ts';
import type { Updated } from './resource-store.ts';
import type { TypedResource } from './typed-resource.ts';

type Parsed = ParseResult<VolumeMigration>;

export class KubernetesVolumeMigrations implements VolumeMigrations {
  readonly #informer: TypedResource<VolumeMigration>['informer'];
  readonly #store: TypedResource<VolumeMigration>['store'];

  /** The informer is run by whoever made it. */
  constructor({ informer, store }: TypedResource<VolumeMigration>) {
    this.#informer = informer;
    this.#store = store;
  }

  subscribe(changed: (name: string) => void | Promise<void>): () => void {
    return this.#informer.subscribe(({ entry }) => changed(entry.key));
  }

  snapshot(): VolumeMigrationsSnapshot {
    const snapshot = this.#informer.snapshot();
    if (snapshot.kind === 'refused') return { kind: 'refused', message: snapshot.message };
    return { kind: 'ok', migrations: snapshot.entries.map(recordOf) };
  }

  async read(name: string, signal: AbortSignal): Promise<VolumeMigrationRecord | undefined> {
    const fetched = await this.#store.get({ name }, { signal });
    return fetched.kind === 'absent' ? undefined : recordOf(fetched.entry);
  }

  async create(manifest: VolumeMigrationManifest, signal: AbortSignal): Promise<'created' | 'exists'> {
    try {
      await this.#store.create(manifest, { signal });
      return 'created';
    } catch (error) {
      if (toCoucheStorError(error).code !== 'alreadyExists') throw error;
      return 'exists';
    }
  }

  /** A write whose answer got lost is read back: it counts as made if the object carries exactly this status. */
  async writeStatus(
    record: VolumeMigrationRecord,
    status: VolumeMigrationStatus,
    signal: AbortSignal,
  ): Promise<VolumeMigrationRecord> {
    const { name, uid } = record;
    const updated = await this.#store.updateStatus(
      { name, uid },
      ({ raw }) => {
        refuseOther(raw, record);
        return status;
      },
      { signal },
    );
    return writtenOf(updated, record);
  }

  async hold(record: VolumeMigrationRecord, signal: AbortSignal): Promise<VolumeMigrationRecord> {
    const { name, uid } = record;
    const updated = await this.#store.patch(
      { name, uid },
      ({ raw }) => {
        const finalizers = raw.metadata.finalizers ?? [];
        if (finalizers.includes(MIGRATION_FINALIZER)) return undefined;
        refuseOther(raw, record);
        return { metadata: { finalizers: [...finalizers, MIGRATION_FINALIZER] } };
      },
      { signal },
    );
    return writtenOf(updated, record);
  }

  async release(record: VolumeMigrationRecord, signal: AbortSignal): Promise<void> {
    assertInvariant(record.deleting, 'only what was deleted is let go');
    const { name, uid } = record;
    await this.#store.patch(
      { name, uid },
      ({ raw }) => {
        const finalizers = raw.metadata.finalizers ?? [];
        if (!finalizers.includes(MIGRATION_FINALIZER)) return undefined;
        refuseOther(raw, record);
        // A merge patch replaces the list, under the version that it was read from.
        return { metadata: { finalizers: finalizers.filter((finalizer) => finalizer !== MIGRATION_FINALIZER) } };
      },
      { signal },
    );
  }

  async remove({ name, uid, resourceVersion }: VolumeMigrationRecord, signal: AbortSignal): Promise<void> {
    try {
      await this.#store.delete({ name, uid, resourceVersion }, { signal });
    } catch (error) {
      if (toCoucheStorError(error).code !== 'conflict') throw error;
    }
  }
}

function writtenOf(updated: Updated<Parsed>, { name, uid }: VolumeMigrationRecord): VolumeMigrationRecord {
  if (updated.kind === 'written' || updated.kind === 'unchanged') return recordOf(updated.entry);
  throw new CoucheStorError('notFound', `VolumeMigration ${name} is gone.`, { fields: { migration: name, uid } });
}

/** Thrown unless `raw` is still the version that was decided on. */
function refuseOther({ metadata }: KubeObject, { name, resourceVersion }: VolumeMigrationRecord): void {
  if (metadata.resourceVersion === resourceVersion) return;
  throw new CoucheStorError('conflict', `VolumeMigration ${name} has changed since it was read.`, {
    fields: { migration: name, read: resourceVersion, found: metadata.resourceVersion },
  });
}

function recordOf({ raw: { metadata, status }, value }: Entry<Parsed>): VolumeMigrationRecord {
  const { name, uid, generation = 0, resourceVersion, creationTimestamp = '', finalizers = [] } = metadata;
  const createdAtMs = Date.parse(creationTimestamp);
  return {
    name,
    uid,
    generation,
    resourceVersion,
    // Every server writes it; what it did not date is not taken for new.
    createdAtMs: Number.isNaN(createdAtMs) ? 0 : createdAtMs,
    deleting: metadata.deletionTimestamp !== undefined,
    finalizers,
    parsed: value,
    ...(value.kind === 'invalid' ? { leftovers: leftoversOf(status) } : {}),
  };
}

/** What is not known to be harmless is left. */
function leftoversOf(status: unknown): readonly string[] {
  if (status === undefined) return [];
  if (!isRecord(status)) return ['status'];
  const { cordons, intent, extraReplica } = status;
  const isEmpty = cordons === undefined || (Array.isArray(cordons) && cordons.length === 0);
  const isRemoved = extraReplica === undefined || (isRecord(extraReplica) && extraReplica.removedTime !== undefined);
  return [
    ...(isEmpty ? [] : ['cordons']),
    ...(intent === undefined ? [] : ['intent']),
    ...(isRemoved ? [] : ['extraReplica']),
  ];
}
