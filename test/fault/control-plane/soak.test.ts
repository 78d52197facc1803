/**
 * The whole control plane through random sequences of faults, edits, loads and restarts. A seed draws a sequence; what must hold is
 * checked all along, and at the end, without faults, the operator says what a new one would decide. Name a seed of your own in the list
 * to run it.
 */
import { afterEach, describe, expect, it } from '@jest/globals';
import { RandomDraws } from '@couchestor/sandbox/mayastor';
import type { Report } from '../../integration/tiering/chain.ts';
import { addVolume, CLASSES, CLUSTER_STEPS, mend } from './cluster-steps.ts';
import { FAULT_STEPS } from './fault-steps.ts';
import { OBJECT_STEPS, POLICY_NAMES, putPolicy } from './object-steps.ts';
import { SoakWorld, type Step } from './soak-world.ts';
import { MAX_REPORTED_DECISIONS, type OperatorFlags } from './watchdog.ts';

const MIB = 1024 ** 2;
const SETTLING_PROBABILITY = 0.1;
const RESTART_PROBABILITY = 0.04;
/** Longer than the longest window with the range of its rates, so that nothing that was is seen any more. */
const CALM_MS = 4 * 60_000;
const CONVERGED_WITHIN_ROUNDS = 10;
/** In so many everything should happen at least once; where nothing does, every rule holds. */
const EVENTFUL_STEPS = 50;

interface Run {
  readonly seed: number;
  readonly stepCount: number;
  readonly volumeCount: number;
  readonly stalenessMs: number;
}

const RUNS: readonly Run[] = [
  { seed: 1, stepCount: 90, volumeCount: 9, stalenessMs: 0 },
  { seed: 2, stepCount: 90, volumeCount: 9, stalenessMs: 30_000 },
  { seed: 3, stepCount: 90, volumeCount: 9, stalenessMs: 0 },
  { seed: 4, stepCount: 15, volumeCount: 110, stalenessMs: 0 },
];
const STEPS: readonly Step[] = [...CLUSTER_STEPS, ...OBJECT_STEPS, ...FAULT_STEPS];

let world: SoakWorld | undefined;

afterEach(async () => {
  await world?.stop();
  world = undefined;
});

function drawFlags(draws: RandomDraws): OperatorFlags {
  return { maxConcurrentMigrations: draws.integer(1, 5), dryRun: draws.chance(0.2) };
}

async function prepare({ volumeCount, stalenessMs }: Run, draws: RandomDraws): Promise<SoakWorld> {
  const made = await SoakWorld.start(stalenessMs);
  world = made;
  // A crowd is there for one policy to have more to say than its status holds.
  const ofOne = volumeCount > MAX_REPORTED_DECISIONS ? { storageClassName: CLASSES[0] } : {};
  for (let count = 0; count < volumeCount; count += 1) {
    addVolume(made, draws, { sizeBytes: draws.integer(100, 900) * MIB, ...ofOne });
  }
  for (const name of POLICY_NAMES) await putPolicy(made, name, draws);
  await made.restart({ maxConcurrentMigrations: 3, dryRun: false });
  await made.pass(120_000);
  return made;
}

async function step(at: SoakWorld, draws: RandomDraws): Promise<string> {
  const { name, run } = draws.weighted(STEPS, ({ weight }) => weight);
  await run(at, draws);
  const isRestart = draws.chance(RESTART_PROBABILITY);
  if (isRestart) await at.restart(drawFlags(draws));
  await at.pass(draws.oneOf([2_500, 10_000, 10_000, 25_000, 60_000]));
  const settles = draws.chance(SETTLING_PROBABILITY);
  if (settles) await at.settle();
  at.watchdog.checkRecords();
  return `${name}${isRestart ? ', restart' : ''}${settles ? ', settled' : ''}`;
}

/** What of a decision does not change with the moment. */
function lasting({ decisions = [] }: Report): unknown {
  return decisions.map(({ volumeId, policy, outcome, code, wanted, move, placement, dryRun, candidates }) => ({
    volumeId,
    policy: `${policy.name} ${policy.generation}`,
    decided: `${outcome} ${code} from ${placement} to ${wanted?.tier ?? 'nowhere else'}`,
    move,
    dryRun,
    candidates: candidates.map(({ pool, verdict }) => `${pool} ${verdict.kind}`),
  }));
}

/** A few rounds, since cooldowns end and windows move on between one round and the other. */
async function expectConverged(at: SoakWorld): Promise<void> {
  for (let round = 1; ; round += 1) {
    await at.settle();
    const fresh = lasting(await at.freshReport());
    const running = at.report === undefined ? undefined : lasting(at.report);
    if (round === CONVERGED_WITHIN_ROUNDS) expect(running).toEqual(fresh);
    if (JSON.stringify(running) === JSON.stringify(fresh)) return;
  }
}

async function soak(run: Run, trace: string[]): Promise<void> {
  const draws = new RandomDraws(run.seed);
  const at = await prepare(run, draws);
  for (let number = 1; number <= run.stepCount && at.watchdog.breaches.length === 0; number += 1) {
    trace.push(`${number}. …`);
    trace[trace.length - 1] = `${number}. ${await step(at, draws)}`;
  }
  expect(at.watchdog.breaches).toEqual([]);
  mend(at);
  at.clearFaults();
  await at.pass(CALM_MS);
  await expectConverged(at);
  at.watchdog.checkRecords();
  expect(at.watchdog.breaches).toEqual([]);
  const isCrowd = run.volumeCount > MAX_REPORTED_DECISIONS;
  if (isCrowd) expect(at.watchdog.seen.longestStatus).toBe(MAX_REPORTED_DECISIONS);
  if (run.stepCount < EVENTFUL_STEPS) return;
  for (const count of Object.values(at.watchdog.seen)) expect(count).toBeGreaterThan(0);
}

describe('whatever happens', () => {
  it.each(RUNS)(
    'the rules hold and the operator converges (seed $seed, $volumeCount volumes)',
    async (run) => {
      const trace: string[] = [];
      try {
        await soak(run, trace);
      } catch (error) {
        const breaches = world?.watchdog.breaches.slice(0, 5).join('\n') ?? '';
        throw new Error(`seed ${run.seed}: ${breaches}\nafter ${trace.slice(-12).join('\n')}`, { cause: error });
      }
    },
    120_000,
  );
});
