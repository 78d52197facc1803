/** `npm run sim`: one run of the simulation, or one after the other, with what became of it and the line that replays a failure. */
import { parseArgs } from 'node:util';
import { PLANTS } from './plants.ts';
import { run, type Outcome } from './run.ts';

const EXIT_VIOLATION = 1;
const EXIT_USAGE = 2;
const PROGRESS_EVERY = 10;
const USAGE = `Usage: npm run sim -- [FLAG...]

The whole control plane on a virtual clock, with Mayastor, Kubernetes and Prometheus in memory, through random loads, edits, faults and
ends of its process. After every step it is judged by rules that always hold; one that is broken ends the run with exit code 1.

  --seed N        what happens follows from it alone (1)
  --steps M       how many things happen before everything is mended and comes to rest (200)
  --seeds K       so many runs, from --seed on (1)
  --volumes V     at the start; by default a few, drawn. From 100 on calls take no time and ten migrations may run at once
  --policies P    2
  --plant BUG     with a bug that a rule should find: ${Object.keys(PLANTS).join(', ')}
  --json          the outcome as JSON, and nothing else
  --help
`;

interface Wanted {
  readonly seed: number;
  readonly seeds: number;
  readonly steps: number;
  readonly volumes: number | undefined;
  readonly policies: number;
  readonly plant: string | undefined;
  readonly json: boolean;
}

const LARGE = 100;

/** Thrown when a flag is not what it should be: Error. */
function wantedFrom(argv: readonly string[]): Wanted | 'help' {
  const text = { type: 'string' } as const;
  const { values } = parseArgs({
    args: [...argv],
    options: {
      ...{ seed: text, seeds: text, steps: text, volumes: text, policies: text, plant: text },
      json: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help === true) return 'help';
  const number = (flag: 'seed' | 'seeds' | 'steps' | 'volumes' | 'policies', least: number, most: number) => {
    const given = values[flag];
    if (given === undefined) return undefined;
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= least && value <= most) return value;
    throw new Error(`--${flag} is a whole number from ${least} to ${most}, not '${given}'`);
  };
  const { plant } = values;
  if (plant !== undefined && PLANTS[plant] === undefined) throw new Error(`--plant knows no '${plant}'`);
  return {
    plant,
    seed: number('seed', 0, 2 ** 31) ?? 1,
    seeds: number('seeds', 1, 1_000_000) ?? 1,
    steps: number('steps', 0, 1_000_000) ?? 200,
    volumes: number('volumes', 1, 2_000),
    policies: number('policies', 1, 200) ?? 2,
    json: values.json === true,
  };
}

function replayLine({ steps, volumes, policies, plant }: Wanted, seed: number): string {
  const size = volumes === undefined ? '' : ` --volumes ${volumes}`;
  const bug = plant === undefined ? '' : ` --plant ${plant}`;
  return `npm run sim -- --seed ${seed} --steps ${steps}${size}${policies === 2 ? '' : ` --policies ${policies}`}${bug}`;
}

function summaryOf({ seed, moves, successRate, meanDurationSeconds, ...outcome }: Outcome): string {
  const rate = successRate === undefined ? 'none ended' : `${(successRate * 100).toFixed(1)} %`;
  const mean = meanDurationSeconds === undefined ? '-' : `${meanDurationSeconds.toFixed(0)} s`;
  return [
    `seed ${seed}: ${outcome.violations.length === 0 ? 'every rule held' : 'A RULE WAS BROKEN'}`,
    `  moves           ${moves.started} started, ${moves.completed} completed, ${moves.failed} failed, ${moves.aborted} aborted, ${moves.cancelled} cancelled`,
    `  success rate    ${rate}`,
    `  mean duration   ${mean}`,
    `  most at once    ${outcome.mostAtOnce}`,
    `  processes ended ${outcome.kills}`,
    `  virtual time    ${outcome.virtualHours.toFixed(1)} h`,
    `  violations      ${outcome.violations.length}`,
    '',
  ].join('\n');
}

async function simulate(wanted: Wanted, seed: number): Promise<Outcome> {
  const { steps, volumes, policies, plant, json } = wanted;
  const plants = plant === undefined ? undefined : PLANTS[plant];
  const isLarge = volumes !== undefined && volumes >= LARGE;
  const outcome = await run({
    seed,
    stepCount: steps,
    policyCount: policies,
    ...(volumes === undefined ? {} : { volumeCount: volumes }),
    ...(plants === undefined ? {} : { plants }),
    ...(isLarge ? { maxConcurrentMigrations: 10 } : {}),
    onStep: (number, name, { invariants, clock }) => {
      if (!json && number % PROGRESS_EVERY === 0) {
        const hours = (clock.monotonic() / 3_600_000).toFixed(1);
        process.stdout.write(`step ${number} of ${steps}, ${hours} h, ${invariants.entries.size} moves: ${name}\n`);
      }
      return true;
    },
  });
  if (json) process.stdout.write(`${JSON.stringify(outcome)}\n`);
  else process.stdout.write(summaryOf(outcome));
  if (outcome.violations.length > 0) {
    const lines = [...outcome.violations, `after: ${outcome.trace.join(' · ')}`, `replay: ${replayLine(wanted, seed)}`];
    process.stderr.write(`${lines.join('\n')}\n`);
  }
  return outcome;
}

async function main(): Promise<number> {
  let wanted;
  try {
    wanted = wantedFrom(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`sim: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (wanted === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  for (let seed = wanted.seed; seed < wanted.seed + wanted.seeds; seed += 1) {
    const { violations } = await simulate(wanted, seed);
    if (violations.length > 0) return EXIT_VIOLATION;
  }
  return 0;
}

process.exitCode = await main();
