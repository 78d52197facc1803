/** What a decision needs of a policy and of the operator's own settings. */
import type { StoragePolicySpec } from '@couchestor/common/api';

export interface PolicyInput {
  readonly name: string;
  readonly uid: string;
  readonly generation: number;
  /** Of two policies that match one volume the older decides; of two as old, the one whose name comes first. */
  readonly createdAtMs: number;
  readonly spec: StoragePolicySpec;
  /** Whether the operator acts on it; one that it does not act on still claims its volumes, so that no other takes them. */
  readonly accepted: boolean;
}

/** The operator's flags: a policy may ask for less, never for more. */
export interface OperatorSettings {
  /** Over all policies, and for each of them. */
  readonly maxConcurrentMigrations: number;
  /** Started within any hour, over all policies. */
  readonly maxMigrationsPerHour: number;
  readonly dryRun: boolean;
  readonly preservationMode: boolean;
  /** The share of a pool's capacity, from 0 to 1, that a migration leaves free. */
  readonly poolReserve: number;
}
