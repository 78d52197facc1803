/** A VolumeMigration as it was read, whether its content can be understood or not. */
import type { ParseResult, VolumeMigration } from '@couchestor/common/api';

export interface VolumeMigrationRecord {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** A status is written to exactly this state of the object, or not at all. */
  readonly resourceVersion: string;
  readonly createdAtMs: number;
  /** Somebody deleted it; it goes once its finalizers are gone. */
  readonly deleting: boolean;
  readonly finalizers: readonly string[];
  readonly parsed: ParseResult<VolumeMigration>;
  /** Of one that cannot be understood: the fields of its status that tell of something left in the storage system. */
  readonly leftovers?: readonly string[];
}
