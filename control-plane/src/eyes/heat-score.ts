/**
 * The HeatScore: the exponentially time-weighted mean of a volume's I/O rate over a window,
 *
 *     score = Σ w(age) · value / Σ w(age)      w(age) = 2^(−age / half-life)
 *
 * over the samples that are there. It is the exponential moving average of an unevenly spaced time series (A. Eckner, "Algorithms
 * for Unevenly Spaced Time Series: Moving Averages and Other Rolling Operators", 2012) cut off at the window; dividing by the
 * weights present lets a gap lower the coverage and not the score.
 */

/** With a quarter of the window the newest quarter counts for 53 %, the oldest for 7 %. */
export const HALF_LIVES_PER_WINDOW = 4;

/** Parallel lists: the value at each wall time. Values that are no rate (NaN, ±Inf, negative) may be among them. */
export interface Samples {
  readonly timesMs: readonly number[];
  readonly values: readonly number[];
}

/** Whether a value can be a number of operations per second. */
export function isRate(value: number): boolean {
  return Number.isFinite(value) && value >= 0;
}

/**
 * Between the least and the greatest rate among `samples`, whose order does not matter; undefined when there is none. A sample
 * later than `endMs` counts as one at `endMs`.
 */
export function heatScore(
  { timesMs, values }: Samples,
  { endMs, halfLifeMs }: { endMs: number; halfLifeMs: number },
): number | undefined {
  let weighted = 0;
  let weights = 0;
  let least = Infinity;
  let greatest = -Infinity;
  for (let index = 0; index < timesMs.length; index += 1) {
    const value = values[index] ?? NaN;
    if (!isRate(value)) continue;
    const weight = 2 ** (-Math.max(endMs - (timesMs[index] ?? NaN), 0) / halfLifeMs);
    weighted += weight * value;
    weights += weight;
    least = Math.min(least, value);
    greatest = Math.max(greatest, value);
  }
  if (weights === 0) return undefined;
  // Rounding may leave the range of the samples by the last digit, and huge ones overflow the sum.
  return Math.min(Math.max(weighted / weights, least), greatest);
}
