/** What brings one object of the cluster to where it should be; called by the loop, one call at a time for each key. */
import type { CoucheStorError } from '@couchestor/common/base';

export type ReconcileResult = { readonly kind: 'done' } | { readonly kind: 'again'; readonly afterMs: number };

export interface Reconciler {
  /** Brings one object to where it should be; must be idempotent. Thrown: CoucheStorError. */
  reconcile(key: string, signal: AbortSignal): Promise<ReconcileResult>;
  /** Shows on the object that no repetition mends `error`. */
  reportFailure(key: string, error: CoucheStorError, signal: AbortSignal): Promise<void>;
}
