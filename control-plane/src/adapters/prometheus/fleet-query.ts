/**
 * The samples of every volume from the first family that has any. All are asked in order every time: replicas of a volume that
 * nobody uses have counters that stand still, so a fallback must not speak for the first family once that has anything to say.
 * Into how many pieces a window had to be cut, for a server that takes few samples at a time, is remembered for some minutes.
 */
import type { CoucheStorError } from '@couchestor/common/base';
import { type Clock } from '@couchestor/common/base';
import { splitGrid, type MetricFamily, type QueryPlan, type Samples } from '../../eyes/index.ts';
import type { AnsweredSeries } from './answer.ts';
import { failure, reasonOf } from './failure.ts';
import type { RangeQuery } from './range-query.ts';

export type FleetSamples =
  | { readonly family: undefined }
  | { readonly family: string; readonly query: string; readonly byVolumeName: ReadonlyMap<string, Samples> };

export interface FleetQueryOptions {
  readonly query: RangeQuery;
  readonly clock: Clock;
  readonly families: readonly MetricFamily[];
}

const REMEMBER_MS = 10 * 60_000;
/** A server that still refuses pieces this small needs a higher limit. */
const MAX_PIECES = 32;

export class FleetQuery {
  readonly #query: RangeQuery;
  readonly #clock: Clock;
  readonly #families: readonly MetricFamily[];
  /** The same for all windows, which have about the same number of steps. */
  #pieces: { readonly count: number; readonly untilMs: number } | undefined;

  constructor({ query, clock, families }: FleetQueryOptions) {
    this.#query = query;
    this.#clock = clock;
    this.#families = families;
  }

  /** Thrown: a failure, or CoucheStorError `cancelled`. */
  async run(plan: QueryPlan, signal: AbortSignal): Promise<FleetSamples> {
    for (const family of this.#families) {
      const query = family.query(plan.range);
      const byVolumeName = await this.#samplesOf(family, query, { plan, signal });
      if (byVolumeName.size === 0) continue;
      return { family: family.name, query, byVolumeName };
    }
    return { family: undefined };
  }

  async #samplesOf(
    family: MetricFamily,
    query: string,
    { plan, signal }: { plan: QueryPlan; signal: AbortSignal },
  ): Promise<ReadonlyMap<string, Samples>> {
    const limit = Math.min(MAX_PIECES, plan.stepCount);
    let pieceCount = Math.min(this.#startingPieces(), limit);
    for (;;) {
      try {
        const pieces: (readonly AnsweredSeries[])[] = [];
        for (const grid of splitGrid(plan, pieceCount)) pieces.push(await this.#query.run(query, grid, signal));
        return join(pieces, family.volumeLabel);
      } catch (error) {
        if (reasonOf(error) !== 'TooManySamples' || pieceCount >= limit) throw error;
        pieceCount = Math.min(pieceCount * 2, limit);
        this.#remember(pieceCount);
      }
    }
  }

  /** What was enough; once it is old, half of that, to find out whether it still needs to be as many. */
  #startingPieces(): number {
    const known = this.#pieces;
    if (known === undefined) return 1;
    if (known.untilMs <= this.#clock.monotonic()) this.#remember(Math.max(Math.floor(known.count / 2), 1));
    return this.#pieces?.count ?? 1;
  }

  #remember(pieceCount: number): void {
    this.#pieces = { count: pieceCount, untilMs: this.#clock.monotonic() + REMEMBER_MS };
  }
}

/** Pieces follow each other in time. Series without the label belong to no volume. Thrown: a failure `BadAnswer`. */
function join(pieces: readonly (readonly AnsweredSeries[])[], volumeLabel: string): ReadonlyMap<string, Samples> {
  const joined = new Map<string, Samples>();
  for (const piece of pieces) {
    const seen = new Set<string>();
    for (const { labels, timesMs, values } of piece) {
      const name = labels[volumeLabel] ?? '';
      if (name === '') continue;
      if (seen.has(name)) throw duplicate(name);
      seen.add(name);
      const before = joined.get(name);
      joined.set(
        name,
        before === undefined
          ? { timesMs, values }
          : { timesMs: before.timesMs.concat(timesMs), values: before.values.concat(values) },
      );
    }
  }
  return joined;
}

function duplicate(volumeName: string): CoucheStorError {
  const name = JSON.stringify(volumeName.slice(0, 80));
  return failure(
    'BadAnswer',
    `Prometheus answered with two series of the volume ${name}, of which none can be trusted; look at what joins answers on the way.`,
  );
}
