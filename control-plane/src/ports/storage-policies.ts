/** The StoragePolicies of the cluster, as the reconciler of policies needs them. */
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';

export type StoragePolicyLookup =
  | { readonly kind: 'found'; readonly policy: StoragePolicyRecord }
  | { readonly kind: 'absent' }
  /** What is known may not be acted on now. */
  | { readonly kind: 'refused'; readonly message: string };

export type StoragePoliciesSnapshot =
  | { readonly kind: 'ok'; readonly policies: readonly StoragePolicyRecord[] }
  | { readonly kind: 'refused'; readonly message: string };

export interface StoragePolicies {
  /**
   * Calls `changed` with the name of every policy that exists, and again whenever it may have changed; waits for what it
   * returns before the next call.
   */
  subscribe(changed: (name: string) => void | Promise<void>): () => void;
  /** All there are, from a cache. */
  snapshot(): StoragePoliciesSnapshot;
  /** From a cache. */
  lookup(name: string): StoragePolicyLookup;
  /**
   * Replaces the status by what `change` makes of the current one; undefined leaves it alone. `change` runs again on
   * fresh state after a conflict. `gone`: that incarnation does not exist any more. Thrown: CoucheStorError.
   */
  updateStatus(
    policy: Pick<StoragePolicyRecord, 'name' | 'uid'>,
    change: (current: StoragePolicyRecord) => Readonly<Record<string, unknown>> | undefined,
    signal: AbortSignal,
  ): Promise<'written' | 'unchanged' | 'gone'>;
}
