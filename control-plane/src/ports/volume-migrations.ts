/** The VolumeMigrations of the cluster, as those need them who start, carry out and forget migrations. */
import type { VolumeMigrationManifest, VolumeMigrationStatus } from '@couchestor/common/api';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';

export type VolumeMigrationsSnapshot =
  | { readonly kind: 'ok'; readonly migrations: readonly VolumeMigrationRecord[] }
  /** What is known may not be acted on now. */
  | { readonly kind: 'refused'; readonly message: string };

export interface VolumeMigrations {
  /** Calls `changed` with the name of every one that exists, and again whenever it may have changed. */
  subscribe(changed: (name: string) => void | Promise<void>): () => void;
  /** All there are, from a cache. */
  snapshot(): VolumeMigrationsSnapshot;
  /** From the API server itself, not from a cache; undefined: there is none. Thrown: CoucheStorError, as for all that follow. */
  read(name: string, signal: AbortSignal): Promise<VolumeMigrationRecord | undefined>;
  create(manifest: VolumeMigrationManifest, signal: AbortSignal): Promise<'created' | 'exists'>;
  /**
   * Replaces the status of the object as it was read. Thrown: CoucheStorError `conflict` when it has changed since, and then
   * nothing was written; `notFound` when it is gone.
   */
  writeStatus(
    record: VolumeMigrationRecord,
    status: VolumeMigrationStatus,
    signal: AbortSignal,
  ): Promise<VolumeMigrationRecord>;
  /**
   * Puts our finalizer on the object as it was read, so that it stays until it is let go. Thrown: CoucheStorError `conflict` when
   * it has changed since, or was deleted; `notFound` when it is gone.
   */
  hold(record: VolumeMigrationRecord, signal: AbortSignal): Promise<VolumeMigrationRecord>;
  /** Lets an object go that was deleted: takes our finalizer away. */
  release(record: VolumeMigrationRecord, signal: AbortSignal): Promise<void>;
  /** Deletes the object as it was read; one that is gone or has changed is left alone. */
  remove(record: VolumeMigrationRecord, signal: AbortSignal): Promise<void>;
}
