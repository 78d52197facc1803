/**
 * Says on every StoragePolicy whether it is accepted and what of it has no effect. It writes nothing when nothing changed,
 * touches nothing of the status but its own conditions and observedGeneration, and does nothing while the cache may not be
 * relied on.
 */
import type { Clock, CoucheStorError, Logger } from '@couchestor/common/base';
import { acceptedStatus, stalledStatus } from '../model/policy-status.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import type { Reconciler, ReconcileResult } from './controller.ts';

export interface StoragePolicyReconcilerOptions {
  readonly policies: StoragePolicies;
  readonly clock: Clock;
  readonly logger: Logger;
}

/** Pause while the cache may not be relied on. */
const REFUSED_RETRY_MS = 5_000;
const DONE: ReconcileResult = { kind: 'done' };

export class StoragePolicyReconciler implements Reconciler {
  readonly #policies: StoragePolicies;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({ policies, clock, logger }: StoragePolicyReconcilerOptions) {
    this.#policies = policies;
    this.#clock = clock;
    this.#logger = logger;
  }

  async reconcile(name: string, signal: AbortSignal): Promise<ReconcileResult> {
    const found = this.#policies.lookup(name);
    if (found.kind === 'absent') return DONE;
    if (found.kind === 'refused') return { kind: 'again', afterMs: REFUSED_RETRY_MS };
    const nowMs = this.#clock.now();
    if (acceptedStatus(found.policy, nowMs) === undefined) return DONE;
    const change = (current: typeof found.policy) => acceptedStatus(current, nowMs);
    const outcome = await this.#policies.updateStatus(found.policy, change, signal);
    if (outcome === 'written') this.#logger.info('Wrote the conditions of a policy.', { policy: name });
    return DONE;
  }

  async reportFailure(name: string, error: CoucheStorError, signal: AbortSignal): Promise<void> {
    const found = this.#policies.lookup(name);
    if (found.kind !== 'found') return;
    const nowMs = this.#clock.now();
    const failure = { reason: error.code.charAt(0).toUpperCase() + error.code.slice(1), message: error.message };
    await this.#policies.updateStatus(found.policy, (current) => stalledStatus(current, failure, nowMs), signal);
  }
}
