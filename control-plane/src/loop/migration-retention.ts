/**
 * Removes migrations that ended long ago, on the leader alone. What stays is all that something may still rest on: an end that is
 * not counted yet, an extra replica that only its migration remembers, and the ends from which the rest of a volume follows.
 */
import { isFinal } from '@couchestor/common/api';
import { InvariantError, toCoucheStorError, type Clock, type Logger, type VolumeId } from '@couchestor/common/base';
import { byText } from '../brain/order.ts';
import { isRecorded } from '../model/recorded-end.ts';
import type { StoragePolicyRecord } from '../model/storage-policy-record.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { StoragePolicies } from '../ports/storage-policies.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';

export interface MigrationRetentionOptions {
  readonly policies: Pick<StoragePolicies, 'snapshot'>;
  readonly migrations: Pick<VolumeMigrations, 'snapshot' | 'remove'>;
  /** How many may come; more than that may go. */
  readonly maxMigrationsPerHour?: number;
  readonly clock: Clock;
  readonly logger: Logger;
}

const INTERVAL_MS = 10 * 60_000;
/**
 * At a time, or as many as keep up with twice those that start: an emptied cache or a clock that jumps does not empty the API.
 */
const LEAST_REMOVALS = 20;
const SWEEPS_PER_HOUR = 3_600_000 / INTERVAL_MS;
/** The longest that a volume rests after failures, and the least that a migration is there to be looked at. */
const DAY_MS = 24 * 3_600_000;
/**
 * While the last end of a volume is younger, so that after its rest the next attempt still finds the failures that came before
 * it: the rest doubles with each.
 */
const STREAK_MS = 2 * DAY_MS;
/** With as many failures in a row the rest is as long as it gets. */
const MAX_STREAK = 9;

export class MigrationRetention {
  readonly #options: MigrationRetentionOptions;

  constructor(options: MigrationRetentionOptions) {
    this.#options = options;
  }

  /** Until `signal`, which is that of leading, aborts. Thrown: InvariantError only. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const slept = this.#options.clock.sleep(INTERVAL_MS, signal);
      const isDue = await slept.then(
        () => true,
        () => false,
      );
      if (isDue) await this.#sweep(signal);
    }
  }

  async #sweep(signal: AbortSignal): Promise<void> {
    const { policies, migrations, maxMigrationsPerHour = 0, clock, logger } = this.#options;
    const maxRemovals = Math.max(LEAST_REMOVALS, Math.ceil((2 * maxMigrationsPerHour) / SWEEPS_PER_HOUR));
    const listed = migrations.snapshot();
    const known = policies.snapshot();
    if (listed.kind === 'refused' || known.kind === 'refused') return;
    const expired = expiredMigrations(listed.migrations, known.policies, clock.now());
    for (const record of expired.slice(0, maxRemovals)) {
      if (signal.aborted) return;
      try {
        await migrations.remove(record, signal);
        logger.info('A migration that ended long ago was removed.', { migration: record.name });
      } catch (thrown) {
        if (thrown instanceof InvariantError) throw thrown;
        const error = toCoucheStorError(thrown);
        if (error.code === 'cancelled') return;
        logger.warn('A migration that ended long ago could not be removed.', { migration: record.name, error });
        return;
      }
    }
  }
}

interface Ended {
  readonly record: VolumeMigrationRecord;
  readonly policy: string;
  readonly completed: boolean;
  readonly endMs: number;
  /** Nothing but its age is in the way of removing it. */
  readonly isSettled: boolean;
}

/** Those that may go, the earliest end first. */
export function expiredMigrations(
  migrations: readonly VolumeMigrationRecord[],
  policies: readonly StoragePolicyRecord[],
  nowMs: number,
): readonly VolumeMigrationRecord[] {
  const restMsOf = new Map(policies.flatMap((policy) => restOf(policy)));
  const longestRestMs = Math.max(DAY_MS, ...restMsOf.values());
  const expired: Ended[] = [];
  for (const ended of endedByVolume(migrations).values()) {
    const [last, lastCompleted] = [ended.at(-1), ended.findLast(({ completed }) => completed)];
    const streak = lateFailures(ended, nowMs);
    for (const one of ended) {
      const ownMs = restMsOf.get(one.policy);
      // A volume may have come to another policy since, and rests by that one.
      const restMs = one === last || one === lastCompleted ? longestRestMs : ownMs;
      const isOld = ownMs !== undefined && restMs !== undefined && nowMs - one.endMs > restMs;
      // An end counts by what is between it and the latest: nothing goes before what is older.
      if (!one.isSettled || !isOld || streak.includes(one)) break;
      expired.push(one);
    }
  }
  return expired.sort((a, b) => a.endMs - b.endMs).map(({ record }) => record);
}

/** Empty for a policy that cannot be read: its migrations stay until it can. */
function restOf({ name, parsed }: StoragePolicyRecord): readonly (readonly [string, number])[] {
  return parsed.kind === 'invalid' ? [] : [[name, Math.max(DAY_MS, parsed.value.spec.cooldownPeriodMs)]];
}

/** Each list from the earliest end to the latest. */
function endedByVolume(migrations: readonly VolumeMigrationRecord[]): ReadonlyMap<VolumeId, readonly Ended[]> {
  const byVolume = new Map<VolumeId, Ended[]>();
  for (const record of migrations) {
    if (record.parsed.kind === 'invalid') continue;
    const { spec, status } = record.parsed.value;
    if (status === undefined || spec.dryRun || !isFinal(status.phase)) continue;
    const endMs = Date.parse(status.completionTime ?? '');
    const completed = status.phase === 'Completed';
    // A preserved source is an extra replica even if nobody got to write it down.
    const { extraReplica } = status;
    const stands = extraReplica === undefined ? completed && spec.preservationMode : !extraReplica.removedTime;
    const ended: Ended = {
      record,
      policy: spec.policyRef.name,
      completed,
      endMs: Number.isNaN(endMs) ? Infinity : endMs,
      isSettled: isRecorded(status) && !stands && !record.deleting,
    };
    const others = byVolume.get(spec.volumeId);
    if (others === undefined) byVolume.set(spec.volumeId, [ended]);
    else others.push(ended);
  }
  // Of ends in the same second the order is that of the decisions.
  for (const ended of byVolume.values()) {
    ended.sort((a, b) => a.endMs - b.endMs || byText(b.record.name, a.record.name));
  }
  return byVolume;
}

/** The failures in a row that the rest of the volume follows from, or will after the next one. */
function lateFailures(ended: readonly Ended[], nowMs: number): readonly Ended[] {
  const last = ended.at(-1);
  if (last === undefined || nowMs - last.endMs > STREAK_MS) return [];
  return ended.slice(ended.findLastIndex(({ completed }) => completed) + 1).slice(-MAX_STREAK);
}
