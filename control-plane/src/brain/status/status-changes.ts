/**
 * Whether a new status is worth a write. What a person or a program acts upon is written at once; heat, its wording and the
 * time of the round change in every round, and are written only when the last write is old. In a round that decided nothing
 * the time of the last one stays, and wording alone is not written at all.
 */

export type Status = Readonly<Record<string, unknown>>;

/** How old heat, messages and lastReconcileTime may get in a status. */
const REFRESH_INTERVAL_MS = 5 * 60_000;

export function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Fields that are undefined would not survive the way to the API. */
export function withoutUndefined(status: Status): Status {
  return Object.fromEntries(Object.entries(status).filter(([, value]) => value !== undefined));
}

export function isWorthWriting(before: Status, after: Status, nowMs: number): boolean {
  if (text(lasting(before)) !== text(lasting(after))) return true;
  return before.lastReconcileTime !== after.lastReconcileTime && isOld(before.lastReconcileTime, nowMs);
}

/** A time from the future was written by a clock that has been set back since. */
function isOld(time: unknown, nowMs: number): boolean {
  const writtenMs = typeof time === 'string' ? Date.parse(time) : NaN;
  return !(writtenMs <= nowMs && nowMs - writtenMs < REFRESH_INTERVAL_MS);
}

/** In the decisions, and in the conditions that tell of a round. */
const PASSING = new Set(['lastReconcileTime', 'heatIOPS', 'coveragePercent', 'earliestChangeTime']);

function lasting(status: Status): Status {
  const { decisions, conditions, ...others } = status;
  return {
    ...withoutPassing(others),
    decisions: mapped(decisions, (decision) => withoutPassing({ ...decision, message: undefined })),
    conditions: mapped(conditions, (condition) => ({ ...condition, message: undefined })),
  };
}

function withoutPassing(fields: Status): Status {
  return Object.fromEntries(Object.entries(fields).filter(([name]) => !PASSING.has(name)));
}

function mapped(items: unknown, change: (item: Status) => Status): unknown {
  return Array.isArray(items) ? items.map((item: unknown) => (isRecord(item) ? change(item) : item)) : items;
}

/** The same for equal values, whatever the order of their fields: an API server may store them in another. */
function text(value: unknown): string {
  return JSON.stringify(value, (_key, item: unknown): unknown =>
    isRecord(item) ? Object.fromEntries(Object.entries(item).sort(([a], [b]) => (a < b ? -1 : 1))) : item,
  );
}
