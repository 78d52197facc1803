/**
 * Ours beside peers that do the same to the same bytes, in turns. What else the machine does hits neighbours in a round alike, so
 * besides the best and the median of each there is the median of the ratios within a round.
 */
import { best, median, rateOf, takeTurns, type Contender, type Samples } from '../erasure/samples.ts';
import type { Row } from '../row.ts';

export interface Comparison {
  readonly shape: string;
  /** Of one sample of every contender. */
  readonly bytes: number;
  readonly rounds: number;
  /** Nanoseconds of one sample each; the first is ours. */
  readonly contenders: Readonly<Record<string, () => Promise<number>>>;
  /** The least ratio to `to` that is aimed at. */
  readonly goal: { readonly to: string; readonly ratio: number };
}

/** Two rows of rates, and one of ratios where the peer that is aimed at took part. */
export async function compare({ shape, bytes, rounds, contenders, goal }: Comparison): Promise<Row[]> {
  const taken = await takeTurns(
    Object.entries(contenders).map(([name, sample]): Contender => ({ name, take: async () => [await sample()] })),
    { rounds, samples: 1, leastNs: 0 },
  );
  const [subject = '', ...peers] = Object.keys(contenders);
  const of = (name: string): Samples => taken.get(name) ?? [];
  const row = (figure: (samples: Samples) => number, word: string): Row => ({
    area: 'shards',
    shape,
    subject: `${subject}, ${word}`,
    value: rateOf(bytes, figure(of(subject))),
    unit: 'MB/s',
    peers: Object.fromEntries(peers.map((peer) => [peer, rateOf(bytes, figure(of(peer)))])),
  });
  const rows = [row(best, 'best'), row(median, 'median')];
  return taken.has(goal.to) ? [...rows, goalRow({ shape, subject, goal }, of(subject), of(goal.to))] : rows;
}

function goalRow(
  { shape, subject, goal }: Pick<Comparison, 'shape' | 'goal'> & { subject: string },
  own: Samples,
  peer: Samples,
): Row {
  const by = (figure: (samples: Samples) => number): number => figure(peer) / figure(own);
  const withinRounds = own.map((ns, round) => (peer[round] ?? NaN) / ns);
  return {
    area: 'shards',
    shape: `goal: ${shape}`,
    subject: `${subject} to ${goal.to}, within rounds`,
    value: median(withinRounds),
    unit: 'x',
    peers: { goal: goal.ratio, 'by best': by(best), 'by medians': by(median) },
  };
}

export async function timedNs(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return (performance.now() - started) * 1e6;
}
