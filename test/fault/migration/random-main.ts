/** `npm run crash`: the random mode of the crash suite, from one seed or several, with the line that does a failure again. */
import { parseArgs } from 'node:util';
import { randomRun } from './random-run.ts';

const EXIT_PROBLEM = 1;
const EXIT_USAGE = 2;
const USAGE = `Usage: npm run crash -- [FLAG...]

Two real processes of the operator on the sandbox, killed, stopped, cut off and refused at random while volumes move. Then all is
mended, and within a while everything has to be at rest: no cordon, no lock, no volume in danger, every replica accounted for.

  --seed N     what is done, and in which order, follows from it (1)
  --steps M    how much is done (12)
  --seeds K    so many runs, from --seed on (1)
  --help

The same seed does the same things after the same pauses. Which instruction of a process they meet is up to the machine, but for
kills and stops at a boundary, which is named: those meet the process there, if it passes by.
`;

interface Wanted {
  readonly seed: number;
  readonly steps: number;
  readonly seeds: number;
}

/** Thrown when a flag is not what it should be: Error. */
function wantedFrom(argv: readonly string[]): Wanted | 'help' {
  const text = { type: 'string' } as const;
  const help = { type: 'boolean', short: 'h' } as const;
  const { values } = parseArgs({ args: [...argv], options: { seed: text, steps: text, seeds: text, help } });
  if (values.help === true) return 'help';
  const number = (flag: 'seed' | 'steps' | 'seeds', least: number, most: number): number | undefined => {
    const given = values[flag];
    if (given === undefined) return undefined;
    const value = Number(given);
    if (/^\d+$/.test(given) && value >= least && value <= most) return value;
    throw new Error(`--${flag} is a whole number from ${least} to ${most}, not '${given}'`);
  };
  return {
    seed: number('seed', 0, 2 ** 31) ?? 1,
    steps: number('steps', 1, 10_000) ?? 12,
    seeds: number('seeds', 1, 100_000) ?? 1,
  };
}

async function runOne(seed: number, stepCount: number): Promise<boolean> {
  let number = 0;
  const onStep = (text: string): void => {
    number += 1;
    process.stdout.write(`${number}. ${text}\n`);
  };
  const { problems, schedule, phases, restarts, output } = await randomRun({ seed, stepCount, onStep });
  process.stdout.write(`seed ${seed}: ${phases.join(', ')}; ${restarts} processes started anew\n`);
  if (problems.length === 0) return true;
  const lines = [
    output,
    ...problems,
    `did: ${schedule.join(' · ')}`,
    `replay, but for what timing decides: npm run crash -- --seed ${seed} --steps ${stepCount}`,
  ];
  process.stderr.write(`${lines.join('\n')}\n`);
  return false;
}

async function main(): Promise<number> {
  let wanted;
  try {
    wanted = wantedFrom(process.argv.slice(2));
  } catch (error) {
    process.stderr.write(`crash: ${error instanceof Error ? error.message : String(error)}\n\n${USAGE}`);
    return EXIT_USAGE;
  }
  if (wanted === 'help') {
    process.stdout.write(USAGE);
    return 0;
  }
  for (let seed = wanted.seed; seed < wanted.seed + wanted.seeds; seed += 1) {
    if (!(await runOne(seed, wanted.steps))) return EXIT_PROBLEM;
  }
  return 0;
}

process.exitCode = await main();
