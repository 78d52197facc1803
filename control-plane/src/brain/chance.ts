/**
 * The second half of a decision: whether a volume that should move may start now. Volumes come here in the order of their
 * benefit, and each takes its share of pools and limits from those after it. What a dry run decides is counted among the dry
 * runs alone, so that a policy which is only tried out keeps no other from moving its volumes.
 */
import { formatDuration, type VolumeId } from '@couchestor/common/base';
import type { ClusterSnapshot } from '../model/cluster-snapshot.ts';
import type { PlannedMove } from '../model/decision.ts';
import type { OperatorSettings } from '../model/policy-input.ts';
import { restOf, type Rest } from './cooldown.ts';
import { MigrationLimits } from './limits.ts';
import { Ledger, planAdoption, planMove } from './placement/index.ts';
import type { Verdict } from './verdict.ts';
import { endOfWishes, type Want } from './want.ts';
import { moveText, timeText } from './wording.ts';

/** What is still to be had in a round. */
interface Share {
  readonly ledger: Ledger;
  readonly limits: MigrationLimits;
}

export interface ChancesInput {
  readonly snapshot: ClusterSnapshot;
  readonly settings: OperatorSettings;
  readonly iopsOfVolume: (volumeId: VolumeId) => number | undefined;
  /** Wall time. */
  readonly nowMs: number;
}

type Held = Pick<Verdict, 'code' | 'reason' | 'earliestChangeMs'>;
type Hold = (want: Want, share: Share) => Held | undefined;

/** What can hold a possible move back, in the order of asking. */
const HOLDS: readonly Hold[] = [heldByRest, heldByWindow, heldByLimit];

export class Chances {
  readonly #snapshot: ClusterSnapshot;
  /** Of moves that will really be made. */
  readonly #real: Share;
  /** Of all moves, as a dry run sees it. */
  readonly #all: Share;

  constructor({ snapshot, settings, iopsOfVolume, nowMs }: ChancesInput) {
    const share = (): Share => ({
      ledger: new Ledger(snapshot, settings.poolReserve, iopsOfVolume),
      limits: new MigrationLimits(snapshot.migrations, settings, nowMs),
    });
    this.#snapshot = snapshot;
    this.#real = share();
    this.#all = share();
  }

  /** To be called for one volume after another, the one with the greatest benefit first. */
  verdictOn(want: Want): Verdict {
    const { subject, volume, wanted, direction, benefit, ground } = want;
    const { dryRun, preservation, tierOf } = subject.terms;
    const share = dryRun ? this.#all : this.#real;
    const common = { volume, wanted: wanted.tier, tierOf, storage: this.#snapshot.storage, preservation };
    const leavers = subject.migrations.filter(({ extraReplica }) => extraReplica);
    const [leaver] = leavers;
    const plan =
      leavers.length === 1 && leaver?.leftReplica !== undefined
        ? planAdoption({ ...common, migration: leaver.name, left: leaver.leftReplica })
        : planMove({ ...common, ledger: share.ledger, extraReplica: leavers.length > 0 });
    const { candidates } = plan;
    if (plan.kind === 'impossible') {
      const { code, reason, remedies } = plan;
      return { code, reason, remedies, wanted, candidates, earliestChangeMs: endOfWishes(subject) };
    }
    const move: PlannedMove = { ...plan.move, benefit };
    for (const hold of HOLDS) {
      const held = hold(want, share);
      if (held === undefined) continue;
      return {
        ...held,
        wanted,
        move,
        candidates,
        earliestChangeMs: earlier(held.earliestChangeMs, endOfWishes(subject)),
      };
    }
    for (const { ledger, limits } of dryRun ? [this.#all] : [this.#real, this.#all]) {
      // What is adopted is there, and counted.
      if (move.adopts === undefined) ledger.reserve(move, volume);
      limits.take(subject.terms.policy.name);
    }
    const reason = moveText(move, ground);
    return { code: direction, reason, wanted, move, candidates, earliestChangeMs: endOfWishes(subject) };
  }
}

function heldByRest({ subject: { migrations, terms, nowMs }, wanted }: Want): Held | undefined {
  const { cooldownPeriodMs } = terms.policy.spec;
  const rest = restOf({ migrations, cooldownPeriodMs, wanted: wanted.tier, nowMs });
  if (rest.kind === 'none') return undefined;
  return {
    code: rest.kind === 'cooldown' ? 'CoolingDown' : 'BackingOff',
    reason: restText(rest, cooldownPeriodMs),
    earliestChangeMs: rest.untilMs,
  };
}

function restText(rest: Exclude<Rest, { kind: 'none' }>, cooldownPeriodMs: number): string {
  if (rest.kind === 'cooldown') {
    return `Migration ${rest.migration} brought a replica to ${rest.to} at ${timeText(rest.completedAtMs)}, and the cooldown of ${formatDuration(cooldownPeriodMs)} lasts until ${timeText(rest.untilMs)}.`;
  }
  const failures =
    rest.failureCount === 1
      ? `Migration ${rest.migration}`
      : `The last ${rest.failureCount} migrations, the latest of them ${rest.migration},`;
  return `${failures} did not succeed (${timeText(rest.failedAtMs)}), and the next attempt comes no earlier than ${timeText(rest.untilMs)}.`;
}

function heldByWindow({ subject: { terms, nowMs } }: Want): Held | undefined {
  const { windowState, policy } = terms;
  if (windowState.kind === 'open') return undefined;
  const { nextOpeningMs } = windowState;
  const next = nextOpeningMs === undefined ? 'none opens in sight' : `the next one opens at ${timeText(nextOpeningMs)}`;
  return {
    code: 'OutsideWindow',
    reason: `No maintenance window of policy ${policy.name} is open at ${timeText(nowMs)}, and ${next}.`,
    earliestChangeMs: nextOpeningMs,
  };
}

function heldByLimit({ subject: { terms } }: Want, { limits }: Share): Held | undefined {
  const { policy } = terms;
  const check = limits.check(policy);
  if (check.kind === 'free') return undefined;
  const { code, count, limit } = check;
  if (code === 'RateLimit') {
    const started = `${count === 1 ? '1 migration' : `${count} migrations`} started within the last hour`;
    const reason = `The operator has ${started}, those that start now included, and its --max-migrations-per-hour is ${limit}.`;
    return { code, reason, earliestChangeMs: check.freeAtMs };
  }
  const running = `${count === 1 ? '1 migration that runs or starts' : `${count} migrations that run or start`} now`;
  const reason =
    code === 'PolicyLimit'
      ? `Policy ${policy.name} has ${running}, and its maxConcurrentMigrations is ${limit}.`
      : `The operator has ${running}, and its --max-concurrent-migrations is ${limit}.`;
  return { code, reason };
}

function earlier(a: number | undefined, b: number | undefined): number | undefined {
  return a === undefined || b === undefined ? (a ?? b) : Math.min(a, b);
}
