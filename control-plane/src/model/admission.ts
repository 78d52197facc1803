/** Whether a migration that was planned, and approved, may begin now; and how its object says that it may not. */

/** The condition of a migration that waits though it is approved: False, with the reason. */
export const ADMITTED = 'Admitted';

const LIMITS = ['PolicyLimit', 'OperatorLimit', 'RateLimit'] as const;

export type WaitingReason =
  | (typeof LIMITS)[number]
  | 'CacheNotReady'
  | 'DecisionUnknown'
  | 'OutsideWindow'
  | 'PolicyDisabled'
  | 'PolicyDryRun'
  | 'PolicyMissing'
  | 'PolicyNotAccepted';

export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'waits'; readonly reason: WaitingReason; readonly message: string }
  /** It never may. */
  | { readonly kind: 'refused'; readonly message: string }
  /** The decision that it was made for does not stand any more. */
  | { readonly kind: 'superseded'; readonly message: string };

/** It waits for others to end, and is next; anything else may take days, and is no reason to keep others waiting. */
export function waitsItsTurn(reason: string): boolean {
  return LIMITS.some((limit) => limit === reason);
}
