/** How long, as kubectl tells ages: two units at most, and one where the second would say little. */

const SECOND_MS = 1_000;
const MINUTE_MS = 60 * SECOND_MS;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
const YEAR_MS = 365 * DAY_MS;

interface Unit {
  readonly name: string;
  readonly ms: number;
}

const SECONDS: Unit = { name: 's', ms: SECOND_MS };
const MINUTES: Unit = { name: 'm', ms: MINUTE_MS };
const HOURS: Unit = { name: 'h', ms: HOUR_MS };
const DAYS: Unit = { name: 'd', ms: DAY_MS };
const YEARS: Unit = { name: 'y', ms: YEAR_MS };

const STEPS: readonly { readonly belowMs: number; readonly unit: Unit; readonly rest?: Unit }[] = [
  { belowMs: 2 * MINUTE_MS, unit: SECONDS },
  { belowMs: 10 * MINUTE_MS, unit: MINUTES, rest: SECONDS },
  { belowMs: 3 * HOUR_MS, unit: MINUTES },
  { belowMs: 8 * HOUR_MS, unit: HOURS, rest: MINUTES },
  { belowMs: 2 * DAY_MS, unit: HOURS },
  { belowMs: 8 * DAY_MS, unit: DAYS, rest: HOURS },
  { belowMs: 2 * YEAR_MS, unit: DAYS },
];

/** Less than nothing, which clocks that differ make, is nothing. */
export function shortDuration(ms: number): string {
  const positiveMs = Math.max(ms, 0);
  const { unit, rest } = STEPS.find(({ belowMs }) => positiveMs < belowMs) ?? { unit: YEARS };
  const restCount = rest === undefined ? 0 : Math.floor((positiveMs % unit.ms) / rest.ms);
  return `${Math.floor(positiveMs / unit.ms)}${unit.name}${restCount === 0 ? '' : `${restCount}${rest?.name ?? ''}`}`;
}
