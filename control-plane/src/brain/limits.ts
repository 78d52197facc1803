/**
 * How many migrations may run at once: for each policy what it says, but never more than the operator allows, and over all
 * policies what the operator allows. What waits for approval, or for something else than its turn, runs not and holds up nobody:
 * it counts for its own policy alone, so that no more is put up for approval than the policy has asked for.
 * And how many may start within an hour, over all policies: storage engines that are scaled up and down all the time suffer.
 */
import { isFinal } from '@couchestor/common/api';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';

const HOUR_MS = 3_600_000;

export type LimitCheck =
  | { readonly kind: 'free' }
  | {
      readonly kind: 'reached';
      readonly code: 'PolicyLimit' | 'OperatorLimit';
      /** Migrations that run or start in this round. */
      readonly count: number;
      readonly limit: number;
    }
  | {
      readonly kind: 'reached';
      readonly code: 'RateLimit';
      /** Migrations that started within the last hour, or start in this round. */
      readonly count: number;
      readonly limit: number;
      /** When the first of them is an hour old that has to be; undefined: no time brings it about. */
      readonly freeAtMs: number | undefined;
    };

export type Limits = Pick<OperatorSettings, 'maxConcurrentMigrations' | 'maxMigrationsPerHour'>;

export class MigrationLimits {
  readonly #limits: Limits;
  readonly #nowMs: number;
  readonly #countOf = new Map<string, number>();
  /** Wall times within the last hour, the earliest first: nothing starts earlier than what was counted before. */
  readonly #starts: number[];
  #count = 0;

  constructor(migrations: readonly MigrationFacts[], limits: Limits, nowMs: number) {
    this.#limits = limits;
    this.#nowMs = nowMs;
    for (const migration of migrations) {
      if (isFinal(migration.phase)) continue;
      this.#countFor(migration.policy);
      if (!isHeldUp(migration)) this.#count += 1;
    }
    this.#starts = startsWithinHour(migrations, nowMs);
  }

  /** The policy's own limit is named first, because its owner can raise it. */
  check({ name, spec }: Pick<PolicyInput, 'name' | 'spec'>): LimitCheck {
    const { maxConcurrentMigrations, maxMigrationsPerHour } = this.#limits;
    const ofPolicy = this.#countOf.get(name) ?? 0;
    if (ofPolicy >= spec.maxConcurrentMigrations) {
      return { kind: 'reached', code: 'PolicyLimit', count: ofPolicy, limit: spec.maxConcurrentMigrations };
    }
    if (this.#count >= maxConcurrentMigrations) {
      return { kind: 'reached', code: 'OperatorLimit', count: this.#count, limit: maxConcurrentMigrations };
    }
    const count = this.#starts.length;
    if (count < maxMigrationsPerHour) return { kind: 'free' };
    const last = this.#starts[count - maxMigrationsPerHour];
    const freeAtMs = last === undefined ? undefined : last + HOUR_MS;
    return { kind: 'reached', code: 'RateLimit', count, limit: maxMigrationsPerHour, freeAtMs };
  }

  /** One more migration of the policy starts. */
  take(policy: string): void {
    this.#countFor(policy);
    this.#count += 1;
    this.#starts.push(this.#nowMs);
  }

  #countFor(policy: string): void {
    this.#countOf.set(policy, (this.#countOf.get(policy) ?? 0) + 1);
  }
}

/** For as long as it takes: it has not begun, and nobody knows when it will. */
function isHeldUp({ phase, isParked }: MigrationFacts): boolean {
  return phase === 'AwaitingApproval' || isParked === true;
}

/** Each once, though its object and a history may both tell of it. A start that clocks put into the future is as good as now. */
function startsWithinHour(migrations: readonly MigrationFacts[], nowMs: number): number[] {
  const startOf = new Map<string, number>();
  for (const migration of migrations) {
    const { name, startedAtMs } = migration;
    if (startedAtMs === undefined || startedAtMs <= nowMs - HOUR_MS || isHeldUp(migration)) continue;
    startOf.set(name, Math.max(Math.min(startedAtMs, nowMs), startOf.get(name) ?? -Infinity));
  }
  return [...startOf.values()].sort((a, b) => a - b);
}
