/**
 * Who may steer placements now: one migration in the whole cluster, because a cordon that one of them sets would steer the
 * others' replicas too. Held by the migration and not by the process, so that after a crash its next driver has it still.
 */
export interface PlacementLock {
  /** Renews it if `holder` has it already. Thrown: CoucheStorError. */
  acquire(
    holder: string,
    signal: AbortSignal,
  ): Promise<{ readonly kind: 'held' } | { readonly kind: 'taken'; readonly by: string }>;
  /** Does nothing when somebody else has it. */
  release(holder: string, signal: AbortSignal): Promise<void>;
}
