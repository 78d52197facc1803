/** What the machine wants done next: one thing, after which it looks again. */
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import type { NodeName, PoolName } from '@couchestor/common/base';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';

/** A call to the storage system. Its intent stands in the status, and carrying it out twice does no more than once. */
export type StorageCall =
  | { readonly kind: 'setReplicaCount'; readonly count: number }
  | { readonly kind: 'cordonNode' | 'uncordonNode'; readonly node: NodeName; readonly label: string }
  | { readonly kind: 'cordonPool' | 'uncordonPool'; readonly pool: PoolName };

export type Call = StorageCall | { readonly kind: 'takeLock' } | { readonly kind: 'releaseLock' };

export type Instruction =
  /** Write this status, then look again at once. */
  | { readonly kind: 'write'; readonly status: VolumeMigrationStatus }
  /** Write the status of another migration, as it was just read, then look again at once. */
  | { readonly kind: 'claim'; readonly record: VolumeMigrationRecord; readonly status: VolumeMigrationStatus }
  /** Make these calls in order up to the first that fails, then look again at once. */
  | { readonly kind: 'effect'; readonly calls: readonly Call[] }
  /** Write the status, if there is one, and look again later, or when the object changes. */
  | { readonly kind: 'wait'; readonly afterMs: number; readonly status: VolumeMigrationStatus | undefined }
  /** Keep the object from going before it is let go, then look again at once. */
  | { readonly kind: 'hold' }
  /** Let the deleted object go. */
  | { readonly kind: 'release' }
  /** There is nothing to do until the object changes. */
  | { readonly kind: 'done' };

export function sameCall(a: Call, b: Call): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}
