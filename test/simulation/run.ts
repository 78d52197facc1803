/** A run from its seed to its end: the scene, the steps, then everything mended and time to come to rest; and what became of it. */
import { endOf, isOver, isUnapproved, phaseOf, isParked } from './entry.ts';
import { approveAll } from './people.ts';
import { build } from './scene.ts';
import { Simulation, type Plants } from './simulation.ts';
import { mend, takeStep } from './steps.ts';

export interface RunOptions {
  readonly seed: number;
  readonly stepCount: number;
  readonly volumeCount?: number;
  readonly policyCount?: number;
  readonly plants?: Plants;
  /** At size calls take no time, and as many run at once as are asked for. */
  readonly maxConcurrentMigrations?: number;
  /** Ends after the last step, without waiting until everything has come to rest. */
  readonly isUnsettled?: boolean;
  /** Told after every step; says whether to go on. */
  readonly onStep?: (number: number, name: string, at: Simulation) => boolean;
}

export interface Outcome {
  readonly seed: number;
  readonly stepCount: number;
  readonly violations: readonly string[];
  /** The last steps before a violation. */
  readonly trace: readonly string[];
  readonly moves: Readonly<Record<'started' | 'completed' | 'failed' | 'aborted' | 'cancelled', number>>;
  /** Of those that ended, undefined when none did. */
  readonly successRate: number | undefined;
  readonly meanDurationSeconds: number | undefined;
  /** The most that were under way at once, at the end of a step. */
  readonly mostAtOnce: number;
  readonly kills: number;
  readonly virtualHours: number;
}

const WARM_UP_MS = 12 * 60_000;
/** Where rounds are expensive, until the first moves have ended. */
const LARGE_WARM_UP_MS = 8 * 60_000;
const REST_MS = 10 * 60_000;
/** As long as the longest window and more, so that nothing that was is seen any more. */
const CALM_MS = 20 * 60_000;
const REST_WITHIN_MS = 48 * 3_600_000;
const MANY_VOLUMES = 100;
/** Of runs at whose end a person approves what waits for it. */
const APPROVING_SHARE = 0.7;
const TRACE_LENGTH = 15;

export async function run(options: RunOptions): Promise<Outcome> {
  const { seed, stepCount, policyCount = 2, maxConcurrentMigrations } = options;
  const isLarge = (options.volumeCount ?? 0) >= MANY_VOLUMES;
  const settings =
    maxConcurrentMigrations === undefined ? {} : { maxConcurrentMigrations, maxMigrationsPerHour: 1_000 };
  const at = new Simulation({ seed, settings, isQuick: isLarge, ...(options.plants && { plants: options.plants }) });
  const volumeCount = options.volumeCount ?? at.draws.integer(4, 10);
  const nodeCount = isLarge ? Math.ceil(volumeCount / 100) + 2 : at.draws.integer(3, 5);
  build(at, { nodeCount, volumeCount, policyCount, ...(isLarge ? { poolBytes: 2 ** 42 } : {}) });
  const { invariants } = at;
  const trace: string[] = [];
  let mostAtOnce = 0;
  const note = (number: number, name: string): boolean => {
    trace.push(`${number}. ${name}`);
    mostAtOnce = Math.max(mostAtOnce, [...invariants.entries.values()].filter((entry) => !isOver(entry)).length);
    return invariants.breaches.length === 0 && (options.onStep?.(number, name, at) ?? true);
  };
  await at.pass(isLarge ? LARGE_WARM_UP_MS : WARM_UP_MS);
  let goesOn = note(0, 'warmed up');
  for (let number = 1; number <= stepCount && goesOn; number += 1) goesOn = note(number, await takeStep(at));
  if (goesOn && options.isUnsettled !== true) await settle(at);
  at.stop();
  return { ...outcomeOf(at, options), trace: trace.slice(-TRACE_LENGTH), mostAtOnce };
}

/** Nothing breaks any more; whatever is under way ends, and whatever should move has moved, unless nobody approves it. */
async function settle(at: Simulation): Promise<void> {
  const untilMs = at.clock.monotonic() + REST_WITHIN_MS;
  const approves = at.draws.chance(APPROVING_SHARE);
  mend(at);
  at.ensureLeader();
  await at.pass(CALM_MS);
  while (at.invariants.breaches.length === 0 && at.clock.monotonic() < untilMs && !isAtRest(at, approves)) {
    at.ensureLeader();
    if (approves) approveAll(at);
    await at.pass(REST_MS);
  }
  // What has just ended is counted, and its cordons and locks are gone.
  await at.pass(REST_MS);
  at.invariants.checkEnd(at.report?.decisions ?? []);
}

function isAtRest({ report, invariants, clock }: Simulation, approves: boolean): boolean {
  if (report?.decisions === undefined || clock.now() - report.startedAtMs > REST_MS) return false;
  const open = [...invariants.entries.values()].filter((entry) => !isOver(entry));
  if (open.some((entry) => !isParked(entry) && (approves || !isUnapproved(entry)))) return false;
  // What waits for an approval that nobody gives holds up others.
  return report.decisions.every(
    ({ outcome, code, dryRun }) =>
      // What a policy rehearses is never done, and holds up the rest of it.
      dryRun || (outcome !== 'Move' && (outcome !== 'Wait' || code === 'BackingOff' || open.length > 0)),
  );
}

function outcomeOf(at: Simulation, { seed, stepCount }: RunOptions): Omit<Outcome, 'trace' | 'mostAtOnce'> {
  const entries = [...at.invariants.entries.values()];
  const count = (phase: string): number => entries.filter((entry) => phaseOf(entry) === phase).length;
  const completed = entries.filter((entry) => phaseOf(entry) === 'Completed');
  const ended = entries.filter(isOver).length;
  const totalMs = completed.reduce((sum, entry) => sum + endOf(entry) - entry.createdMs, 0);
  return {
    seed,
    stepCount,
    violations: at.invariants.breaches,
    moves: {
      started: entries.length,
      completed: completed.length,
      failed: count('Failed'),
      aborted: count('Aborted'),
      cancelled: count('Cancelled'),
    },
    successRate: ended === 0 ? undefined : completed.length / ended,
    meanDurationSeconds: completed.length === 0 ? undefined : totalMs / completed.length / 1_000,
    kills: at.kills,
    virtualHours: at.clock.monotonic() / 3_600_000,
  };
}
