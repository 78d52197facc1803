/** How patient an informer is. Tests shorten what production has to wait for. */

export interface InformerTiming {
  /** A new list at least this often (± 10 %) repairs events that were lost without a trace. */
  readonly relistMs: number;
  /** Out-of-order events ask for a new list at once, but not more often than this. */
  readonly minRelistMs: number;
  /** A watch without a byte for this long is half-open; servers send a bookmark about every minute. */
  readonly livenessMs: number;
  /** The server ends a watch after this long (± 10 %), which spreads reconnects. */
  readonly watchTimeoutMs: number;
  readonly backoffBaseMs: number;
  readonly backoffMaxMs: number;
  /** Pause after 401, 403 and 404: a person has to act first. */
  readonly deniedRetryMs: number;
  /** Pause between lists while they are stale or suspect. */
  readonly suspectRetryMs: number;
  /** Without contact for longer, what is known counts as out of date. */
  readonly staleAfterMs: number;
  readonly pageSize: number;
}

export const DEFAULT_TIMING: InformerTiming = {
  relistMs: 10 * 60_000,
  minRelistMs: 5_000,
  livenessMs: 150_000,
  watchTimeoutMs: 8 * 60_000,
  backoffBaseMs: 500,
  backoffMaxMs: 30_000,
  deniedRetryMs: 30_000,
  suspectRetryMs: 10_000,
  staleAfterMs: 5 * 60_000,
  pageSize: 500,
};
