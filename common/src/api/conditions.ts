/** Status conditions as the Kubernetes API conventions define them, one of each type. */
import { list, object, optional, required, type Reader } from './reader.ts';
import { camelCase, integer, MAX_EXACT_INTEGER, oneOf, text, timestamp } from './scalars.ts';

export type ConditionStatus = 'True' | 'False' | 'Unknown';

export interface Condition {
  readonly type: string;
  readonly status: ConditionStatus;
  readonly observedGeneration?: number;
  readonly lastTransitionTime: string;
  readonly reason: string;
  readonly message: string;
}

/** A condition as it is derived: when it last changed follows from what was there before. */
export type ConditionUpdate = Omit<Condition, 'lastTransitionTime'>;

export const MAX_CONDITIONS = 16;
/** The bound of every message in a status. */
export const MAX_MESSAGE_LENGTH = 1024;

export const conditions: Reader<readonly Condition[]> = list(
  object({
    type: required(camelCase),
    status: required(oneOf('True', 'False', 'Unknown')),
    observedGeneration: optional(integer(0, MAX_EXACT_INTEGER)),
    lastTransitionTime: required(timestamp),
    reason: required(camelCase),
    message: required(text({ max: MAX_MESSAGE_LENGTH })),
  }),
  { maxItems: MAX_CONDITIONS, keyOf: ({ type }) => type },
);

/** Cut to what a status may hold, by whole characters. */
export function boundedMessage(message: string): string {
  const characters = Array.from(message);
  return characters.length <= MAX_MESSAGE_LENGTH ? message : `${characters.slice(0, MAX_MESSAGE_LENGTH - 1).join('')}…`;
}

/**
 * The conditions with `update` in place of the one of its type, or at the end; `lastTransitionTime` changes only with the
 * status. Returns the same array if nothing changes, so that the caller can leave the object alone.
 */
export function setCondition(
  existing: readonly Condition[],
  update: ConditionUpdate,
  nowMs: number,
): readonly Condition[] {
  const message = boundedMessage(update.message);
  const index = existing.findIndex(({ type }) => type === update.type);
  const before = existing[index];
  const unchanged =
    before?.status === update.status &&
    before.reason === update.reason &&
    before.message === message &&
    before.observedGeneration === update.observedGeneration;
  if (unchanged) return existing;
  const lastTransitionTime = before?.status === update.status ? before.lastTransitionTime : formatTimestamp(nowMs);
  const condition: Condition = Object.freeze({ ...update, message, lastTransitionTime });
  return Object.freeze(before === undefined ? [...existing, condition] : existing.with(index, condition));
}

/** Returns the same array if there is no condition of that type. */
export function removeCondition(existing: readonly Condition[], type: string): readonly Condition[] {
  const kept = existing.filter((condition) => condition.type !== type);
  return kept.length === existing.length ? existing : Object.freeze(kept);
}

export function findCondition(existing: readonly Condition[], type: string): Condition | undefined {
  return existing.find((condition) => condition.type === type);
}

/** As Kubernetes writes times: UTC, whole seconds. */
export function formatTimestamp(ms: number): string {
  return new Date(Math.floor(ms / 1000) * 1000).toISOString().replace('.000Z', 'Z');
}
