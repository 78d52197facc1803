/** The storage system whose volumes are watched, read only. */
import type { StorageFacts } from '../model/cluster-snapshot.ts';

export interface StorageSystem {
  /** Everything it has, in full: an answer with parts missing is an error. Thrown: CoucheStorError. */
  observe(signal: AbortSignal): Promise<StorageFacts>;
}
