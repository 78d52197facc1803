/**
 * Whether a volume has to rest before its next move: for the policy's cooldown after a completed migration, so that it does not
 * go to and fro with its heat; and for ever longer after migrations that failed in a row. Both follow from the migrations that
 * are on record, so that a restart of the control plane forgets neither.
 */
import { isFinal, type Tier } from '@couchestor/common/api';
import type { MigrationFacts } from '../model/cluster-snapshot.ts';
import { byText } from './order.ts';

const FIRST_BACKOFF_MS = 10 * 60_000;
const MAX_BACKOFF_MS = 24 * 3_600_000;

export type Rest =
  | { readonly kind: 'none' }
  | {
      readonly kind: 'cooldown';
      readonly migration: string;
      readonly to: Tier;
      readonly completedAtMs: number;
      readonly untilMs: number;
    }
  | {
      readonly kind: 'backoff';
      readonly migration: string;
      readonly failureCount: number;
      readonly failedAtMs: number;
      readonly untilMs: number;
    };

type Holding = Exclude<Rest, { kind: 'none' }>;

export interface RestInput {
  /** All migrations of the volume. */
  readonly migrations: readonly MigrationFacts[];
  readonly cooldownPeriodMs: number;
  /** The tier that the volume should be in, and is not with all replicas. */
  readonly wanted: Tier;
  readonly nowMs: number;
}

/** The one that lasts longer, if there are two. */
export function restOf({ migrations, cooldownPeriodMs, wanted, nowMs }: RestInput): Rest {
  const ended = endedLatestFirst(migrations, nowMs);
  const rests = [cooldownAfter(ended, cooldownPeriodMs, wanted), backoffAfter(ended)];
  return rests.reduce<Rest>(
    (longest, rest) => {
      if (rest === undefined || rest.untilMs <= nowMs) return longest;
      return longest.kind === 'none' || rest.untilMs > longest.untilMs ? rest : longest;
    },
    { kind: 'none' },
  );
}

interface Ended {
  readonly migration: MigrationFacts;
  readonly atMs: number;
}

/** Each once, though its object and a history may both tell of it. One that does not say when it ended has just ended. */
function endedLatestFirst(migrations: readonly MigrationFacts[], nowMs: number): readonly Ended[] {
  const seen = new Set<string>();
  return migrations
    .filter(({ phase }) => isFinal(phase))
    .map((migration) => ({ migration, atMs: migration.completedAtMs ?? nowMs }))
    .sort((a, b) => b.atMs - a.atMs || byText(a.migration.name, b.migration.name))
    .filter(({ migration: { name } }) => !seen.has(name) && seen.add(name));
}

/** A volume moves replica by replica: a cooldown does not keep the others back from following to the same tier. */
function cooldownAfter(ended: readonly Ended[], cooldownPeriodMs: number, wanted: Tier): Holding | undefined {
  const last = ended.find(({ migration }) => migration.phase === 'Completed');
  if (last === undefined || last.migration.to === wanted) return undefined;
  return {
    kind: 'cooldown',
    migration: last.migration.name,
    to: last.migration.to,
    completedAtMs: last.atMs,
    untilMs: last.atMs + cooldownPeriodMs,
  };
}

/** A cancelled one counts as well: what a person stopped does not begin again at once. */
function backoffAfter(ended: readonly Ended[]): Holding | undefined {
  const [last] = ended;
  const lastSuccess = ended.findIndex(({ migration }) => migration.phase === 'Completed');
  const failureCount = lastSuccess < 0 ? ended.length : lastSuccess;
  if (last === undefined || failureCount === 0) return undefined;
  return {
    kind: 'backoff',
    migration: last.migration.name,
    failureCount,
    failedAtMs: last.atMs,
    untilMs: last.atMs + Math.min(FIRST_BACKOFF_MS * 2 ** (failureCount - 1), MAX_BACKOFF_MS),
  };
}
