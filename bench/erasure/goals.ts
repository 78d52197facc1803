/**
 * What was aimed at, as ratios: of each goal the worst row, by the best samples and, beside it, by the medians. Ratios of rows of one run
 * hold on a busy machine, where the rates themselves do not.
 */
import type { Row } from '../row.ts';
import type { Measured } from './codec-rows.ts';
import { best, median, rateOf, type Samples } from './samples.ts';

/**
 * MB/s of WebAssembly code that works in place, as measured with the candidates this engine was chosen among (encode, reconstruct 1,
 * reconstruct m): one machine, to which alone they can be compared.
 */
const IN_PLACE: Record<string, readonly [number, number, number]> = {
  '4+2 x 64KiB': [4998, 13_299, 6616],
  '8+3 x 64KiB': [5964, 6629, 5036],
  '10+4 x 64KiB': [2631, 8065, 4047],
  '4+2 x 1MiB': [5830, 5512, 3545],
  '10+4 x 1MiB': [2740, 7556, 3917],
};

interface Ratio {
  readonly shape: string;
  readonly byBest: number;
  readonly byMedian: number;
}

export function goalRows(measured: readonly Measured[]): Row[] {
  const sizes = measured.map(({ shardBytes }) => shardBytes);
  const ofSize = (bytes: number): Measured[] => measured.filter(({ shardBytes }) => shardBytes === bytes);
  const large = ofSize(Math.max(...sizes));
  const small = ofSize(Math.min(...sizes));
  return [
    ...worst('native to isa-l-c, large shards', 0.95, ratios(large, 'native', 'isa-l-c')),
    ...worst('native to isa-l-c, small shards', 1, ratios(small, 'native', 'isa-l-c')),
    ...worst('native to ronomon', 1, ratios(measured, 'native', 'ronomon')),
    ...worst('wasm to its in-place figures', 0.85, inPlaceRatios(measured)),
    ...worst('typescript to isa-l-base', 3, ratios(measured, 'typescript', 'isa-l-base')),
  ];
}

function ratios(measured: readonly Measured[], subject: string, peer: string): Ratio[] {
  return measured.flatMap(({ shape, samples }) => {
    const [own, other] = [samples.get(subject), samples.get(peer)];
    if (own === undefined || other === undefined) return [];
    const by = (figure: (taken: Samples) => number): number => figure(other) / figure(own);
    return [{ shape, byBest: by(best), byMedian: by(median) }];
  });
}

function inPlaceRatios(measured: readonly Measured[]): Ratio[] {
  return measured.flatMap(({ shape, userBytes, samples }) => {
    const [, operation, lost, stripe] = /^(encode|reconstruct)(?: (\d+))? (\d+\+\d+ x \w+)$/.exec(shape) ?? [];
    const figures = IN_PLACE[stripe ?? ''];
    const taken = samples.get('wasm');
    if (figures === undefined || taken === undefined) return [];
    const [encode, reconstructOne, reconstructAll] = figures;
    const reference = operation === 'encode' ? encode : lost === '1' ? reconstructOne : reconstructAll;
    const to = (ns: number): number => rateOf(userBytes, ns) / reference;
    return [{ shape, byBest: to(best(taken)), byMedian: to(median(taken)) }];
  });
}

function worst(subject: string, goal: number, all: readonly Ratio[]): Row[] {
  const [lowest] = [...all].sort((left, right) => left.byBest - right.byBest);
  if (lowest === undefined) return [];
  return [
    {
      area: 'erasure',
      shape: `goal, worst of ${all.length}: ${lowest.shape}`,
      subject,
      value: lowest.byBest,
      unit: 'x',
      peers: { goal, 'by medians': Math.min(...all.map(({ byMedian }) => byMedian)) },
    },
  ];
}
