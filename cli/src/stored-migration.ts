/**
 * A migration as it is in the cluster. What cannot be parsed (it may be of a newer release) is kept as it is, with the reason, so
 * that a list shows all there is.
 */
import { formatFieldErrors, parseVolumeMigration, type VolumeMigration } from '@couchestor/common/api';

export interface StoredObject {
  readonly metadata: {
    readonly name: string;
    readonly uid?: string;
    readonly resourceVersion?: string;
    readonly generation?: number;
    readonly creationTimestamp?: string;
    readonly deletionTimestamp?: string;
  };
}

export interface StoredMigration {
  readonly name: string;
  /** As the server has it. */
  readonly object: StoredObject;
  readonly migration: VolumeMigration | undefined;
  /** Why it cannot be parsed. */
  readonly fault: string | undefined;
}

/** The caller guarantees an object of this kind, as an API server answers it. */
export function storedMigration(value: unknown): StoredMigration {
  const object = value as StoredObject;
  const { name } = object.metadata;
  const parsed = parseVolumeMigration(value);
  if (parsed.kind === 'ok') return { name, object, migration: parsed.value, fault: undefined };
  return { name, object, migration: undefined, fault: formatFieldErrors(parsed.errors) };
}
