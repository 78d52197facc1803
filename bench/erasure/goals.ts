/**
 * What was aimed at, as ratios: of each goal and kind of operation the worst row, by the best samples and, beside it, by the medians. Ratios of rows of one run
 * hold on a busy machine, where the rates themselves do not.
 */
import type { Row } from '../row.ts';
import type { Measured } from './codec-rows.ts';
import { best, median, rateOf, type Samples } from './samples.ts';
import { sizeOf } from './stripe.ts';

/**
 * MB/s of WebAssembly code that works in place, as measured when the candidates for an engine were compared; on one machine, with
 * which alone they can be compared.
 */
const IN_PLACE: Record<string, Record<string, number>> = {
  '4+2 x 64KiB': { encode: 4998, 'reconstruct 1': 13_299, 'reconstruct m': 6616 },
  '8+3 x 64KiB': { encode: 5964, 'reconstruct 1': 6629, 'reconstruct m': 5036 },
  '10+4 x 64KiB': { encode: 2631, 'reconstruct 1': 8065, 'reconstruct m': 4047 },
  '4+2 x 1MiB': { encode: 5830, 'reconstruct 1': 5512, 'reconstruct m': 3545 },
  '10+4 x 1MiB': { encode: 2740, 'reconstruct 1': 7556, 'reconstruct m': 3917 },
};

interface Ratio {
  readonly kind: string;
  readonly shape: string;
  readonly byBest: number;
  readonly byMedian: number;
}

export function goalRows(measured: readonly Measured[]): Row[] {
  const sizes = measured.map(({ shardBytes }) => shardBytes);
  const ofSize = (bytes: number): Measured[] => measured.filter(({ shardBytes }) => shardBytes === bytes);
  const [largest, smallest] = [Math.max(...sizes), Math.min(...sizes)];
  const at = (bytes: number): string => `native to isa-l-c at ${sizeOf(bytes)}`;
  return [
    ...worstOfEach(at(largest), 0.95, ratios(ofSize(largest), 'native', 'isa-l-c')),
    ...worstOfEach(at(smallest), 1, ratios(ofSize(smallest), 'native', 'isa-l-c')),
    ...worstOfEach('native to ronomon', 1, ratios(measured, 'native', 'ronomon')),
    ...worstOfEach('wasm to its in-place figures', 0.85, inPlaceRatios(measured)),
    ...worstOfEach('typescript to isa-l-base', 3, ratios(measured, 'typescript', 'isa-l-base')),
  ];
}

function ratios(measured: readonly Measured[], subject: string, peer: string): Ratio[] {
  return measured.flatMap(({ kind, shape, samples }) => {
    const [own, other] = [samples.get(subject), samples.get(peer)];
    if (own === undefined || other === undefined) return [];
    const by = (figure: (taken: Samples) => number): number => figure(other) / figure(own);
    return [{ kind, shape, byBest: by(best), byMedian: by(median) }];
  });
}

function inPlaceRatios(measured: readonly Measured[]): Ratio[] {
  return measured.flatMap(({ kind, shape, userBytes, samples }) => {
    const figures = IN_PLACE[shape.replace(/^(encode|reconstruct \d+) /, '')];
    const reference = figures?.[kind];
    const taken = samples.get('wasm');
    if (reference === undefined || taken === undefined) return [];
    const to = (ns: number): number => rateOf(userBytes, ns) / reference;
    return [{ kind, shape, byBest: to(best(taken)), byMedian: to(median(taken)) }];
  });
}

function worstOfEach(subject: string, goal: number, all: readonly Ratio[]): Row[] {
  const kinds = [...new Set(all.map(({ kind }) => kind))];
  return kinds.map((wanted) => {
    const ofKind = all.filter(({ kind }) => kind === wanted).sort((left, right) => left.byBest - right.byBest);
    const [worst] = ofKind;
    const byMedian = Math.min(...ofKind.map((ratio) => ratio.byMedian));
    return {
      area: 'erasure',
      shape: `goal: ${wanted}, worst of ${ofKind.length}: ${worst?.shape ?? ''}`,
      subject,
      value: worst?.byBest ?? NaN,
      unit: 'x',
      peers: { goal, 'by medians': byMedian },
    };
  });
}
