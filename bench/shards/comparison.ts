/**
 * Ours beside peers that do the same to the same bytes, in turns. What else the machine does hits neighbours in a round alike, so
 * besides the best and the median of each there is the median of the ratios within a round.
 */
import { best, median, rateOf, takeTurns, type Contender, type Samples } from '../erasure/samples.ts';
import type { Row } from '../row.ts';

export interface Comparison {
  readonly shape: string;
  readonly subject: string;
  /** Of one sample of every contender. */
  readonly bytes: number;
  readonly rounds: number;
  /** Nanoseconds of one sample each; the first is ours. */
  readonly contenders: Readonly<Record<string, () => Promise<number>>>;
  /** The least ratio to `to` that is aimed at. */
  readonly goal?: { readonly to: string; readonly ratio: number };
}

export async function compare({ shape, subject, bytes, rounds, contenders, goal }: Comparison): Promise<Row[]> {
  const taken = await takeTurns(
    Object.entries(contenders).map(([name, sample]): Contender => ({ name, take: async () => [await sample()] })),
    { rounds, samples: 1, leastNs: 0 },
  );
  const [own = '', ...peers] = Object.keys(contenders);
  const of = (name: string): Samples => taken.get(name) ?? [];
  const row = (figure: (samples: Samples) => number, word: string): Row => ({
    area: 'shards',
    shape,
    subject: `${subject}, ${word}`,
    value: rateOf(bytes, figure(of(own))),
    unit: 'MB/s',
    peers: Object.fromEntries(peers.map((peer) => [peer, rateOf(bytes, figure(of(peer)))])),
  });
  const rows = [row(best, 'best'), row(median, 'median')];
  if (goal === undefined || !taken.has(goal.to)) return rows;
  const peer = of(goal.to);
  const inRounds = of(own).map((ns, round) => (peer[round] ?? NaN) / ns);
  const [byBest, byMedian] = [best, median].map((figure) => figure(peer) / figure(of(own)));
  return [
    ...rows,
    {
      area: 'shards',
      shape: `goal: ${shape}`,
      subject: `${subject} to ${goal.to}, by best`,
      value: byBest ?? NaN,
      unit: 'x',
      peers: { goal: goal.ratio, 'by medians': byMedian ?? NaN, 'within rounds': median(inRounds) },
    },
  ];
}

export async function timedNs(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) * 1e6;
}
