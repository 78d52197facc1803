/** A StoragePolicy as it is stored, readable or not. */
import type { ParseResult, StoragePolicy } from '@couchestor/common/api';

export interface StoragePolicyRecord {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  readonly parsed: ParseResult<StoragePolicy>;
  /** The whole status as it is stored, so that a writer of one part carries the others over. */
  readonly status: Readonly<Record<string, unknown>>;
}
