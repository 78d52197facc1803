/**
 * How many migrations may run at once: for each policy what it says, but never more than the operator allows, and over all
 * policies what the operator allows. Every migration that has not ended counts, also one that still waits for approval.
 */
import { isFinal } from '@couchestor/common/api';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { PolicyInput } from '../model/policy-input.ts';

export type LimitCheck =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'reached';
      readonly code: 'PolicyLimit' | 'OperatorLimit';
      /** Migrations that run or start in this round. */
      readonly count: number;
      readonly limit: number;
    };

export class MigrationLimits {
  readonly #operatorLimit: number;
  readonly #countOf = new Map<string, number>();
  #count = 0;

  constructor(migrations: readonly MigrationFacts[], operatorLimit: number) {
    this.#operatorLimit = operatorLimit;
    for (const { phase, policy } of migrations) if (!isFinal(phase)) this.take(policy);
  }

  /** The policy's own limit is named first, because its owner can raise it. */
  check({ name, spec }: PolicyInput): LimitCheck {
    const ofPolicy = this.#countOf.get(name) ?? 0;
    if (ofPolicy >= spec.maxConcurrentMigrations) {
      return { kind: 'reached', code: 'PolicyLimit', count: ofPolicy, limit: spec.maxConcurrentMigrations };
    }
    if (this.#count >= this.#operatorLimit) {
      return { kind: 'reached', code: 'OperatorLimit', count: this.#count, limit: this.#operatorLimit };
    }
    return { kind: 'free' };
  }

  /** One more migration of the policy starts. */
  take(policy: string): void {
    this.#countOf.set(policy, (this.#countOf.get(policy) ?? 0) + 1);
    this.#count += 1;
  }
}
