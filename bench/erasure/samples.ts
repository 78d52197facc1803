/**
 * Contenders for the same work take turns, a few short samples each, for several rounds: what else the machine does hits all of them
 * alike, and a sample is short enough that some pass without an interruption. A contender that another program times takes part too.
 */

export interface Sampling {
  readonly rounds: number;
  /** Of one turn. */
  readonly samples: number;
  /** As many calls make a sample as take about so long. */
  readonly leastNs: number;
}

/** Nanoseconds a call, one figure a sample; of every turn. */
export type Samples = readonly number[];

export interface Contender {
  readonly name: string;
  /** One turn. */
  readonly take: (sampling: Sampling) => Samples | Promise<Samples>;
  /** A slow one whose samples are long need not take every turn. */
  readonly rounds?: number;
}

/** A call so many times longer than a sample should be is one by itself, and one is enough for a turn. */
const LONG = 10;

export async function takeTurns(
  contenders: readonly Contender[],
  sampling: Sampling,
): Promise<ReadonlyMap<string, Samples>> {
  const taken = new Map<string, number[]>(contenders.map(({ name }) => [name, []]));
  for (let round = 0; round < sampling.rounds; round += 1) {
    for (const { name, take, rounds = Infinity } of contenders) {
      if (round < rounds) taken.get(name)?.push(...(await take(sampling)));
    }
  }
  return taken;
}

/** The caches hold what is worked on after the first call; the second says how many make a sample. */
export function sampleCalls(call: () => void, { samples, leastNs }: Sampling): Samples {
  call();
  const one = callsNs(call, 1);
  if (one > leastNs * LONG) return [one];
  const calls = Math.floor(leastNs / one) + 1;
  return Array.from({ length: samples }, () => callsNs(call, calls));
}

/** The same for calls that are answered later, made one after the other. */
export async function sampleAsyncCalls(call: () => Promise<void>, { samples, leastNs }: Sampling): Promise<Samples> {
  await call();
  const one = await asyncCallsNs(call, 1);
  const calls = Math.floor(leastNs / one) + 1;
  const taken: number[] = [];
  while (taken.length < samples) taken.push(await asyncCallsNs(call, calls));
  return taken;
}

function callsNs(call: () => void, calls: number): number {
  const started = performance.now();
  for (let index = 0; index < calls; index += 1) call();
  return perCallNs(started, calls);
}

async function asyncCallsNs(call: () => Promise<void>, calls: number): Promise<number> {
  const started = performance.now();
  for (let index = 0; index < calls; index += 1) await call();
  return perCallNs(started, calls);
}

function perCallNs(startedMs: number, calls: number): number {
  return Math.max(1, ((performance.now() - startedMs) * 1e6) / calls);
}

export const best = (samples: Samples): number => Math.min(...samples);

export function median(samples: Samples): number {
  const sorted = [...samples].sort((left, right) => left - right);
  return sorted[sorted.length >> 1] ?? NaN;
}

/** MB/s (10⁶ bytes) of so many bytes a call. */
export const rateOf = (bytes: number, ns: number): number => (bytes / ns) * 1000;
