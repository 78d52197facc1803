/** How patient migrations are. All pauses are measured on the monotonic clock, but for `countWaitMs`, which outlasts processes. */
export interface HandsSettings {
  /** Between two looks at a replica that is being filled. */
  readonly pollIntervalMs: number;
  /** Between two looks while something is expected at any moment. */
  readonly quickPollMs: number;
  /** Longer than an answer of the storage system can be old. */
  readonly settleMs: number;
  /** Longer than a call that was given up can be under way and what it did can be unseen. */
  readonly underWayMs: number;
  /** After a refusal, a lock that another has, or a call whose outcome is not known. */
  readonly retryMs: number;
  /** What is undone again and again is tried after twice as long each time, up to this. */
  readonly longestRetryMs: number;
  /** Between two looks at the extra replica of a migration that has ended. */
  readonly extraCheckMs: number;
  /** The same while nobody asks for its removal. */
  readonly restingCheckMs: number;
  /** For which an object that was deleted waits for its end to be counted. */
  readonly countWaitMs: number;
  /** A decision rests on the object as it was read, or written, within this time. */
  readonly viewMaxAgeMs: number;
  /** A call is made on the object as this look has written it within this time; anything else is read again right before. */
  readonly ownWriteMaxAgeMs: number;
  /** And within this time after the storage system was looked at. */
  readonly observationMaxAgeMs: number;
  /** Instructions carried out before another migration has its turn. */
  readonly maxSteps: number;
  /** And for how long; the next look asks for the lock again, long before that lapses. */
  readonly lookMaxMs: number;
  /** After which whoever has cordons standing asks for the lock again. */
  readonly lockRenewMs: number;
}

/** Twice the time after which a request is given up. */
const LEAST_UNDER_WAY_MS = 20_000;

export const HANDS_DEFAULTS: HandsSettings = {
  pollIntervalMs: 10_000,
  quickPollMs: 1_000,
  settleMs: 35_000,
  underWayMs: 35_000,
  retryMs: 10_000,
  longestRetryMs: 10 * 60_000,
  extraCheckMs: 60_000,
  restingCheckMs: 10 * 60_000,
  countWaitMs: 10 * 60_000,
  viewMaxAgeMs: 5_000,
  ownWriteMaxAgeMs: 1_000,
  observationMaxAgeMs: 30_000,
  maxSteps: 50,
  lookMaxMs: 60_000,
  lockRenewMs: 60_000,
};

/** However young answers are said to be, calls take their time. */
export function settingsOf(given: Partial<HandsSettings> = {}): HandsSettings {
  const settings = { ...HANDS_DEFAULTS, ...given };
  return { ...settings, underWayMs: given.underWayMs ?? Math.max(settings.settleMs, LEAST_UNDER_WAY_MS) };
}
