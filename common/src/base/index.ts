/** The ground every package stands on: time, errors, retries, queues, logs, identifiers, units and configuration. */
export { allOrNone } from './all-or-none.ts';
export { BoundedQueue } from './bounded-queue.ts';
export type { BoundedQueueOptions, Queueable } from './bounded-queue.ts';
export { realClock, VirtualClock } from './clock.ts';
export type { Clock, Timer } from './clock.ts';
export { loadConfig } from './config.ts';
export type { ConfigInputs, LoadedConfig } from './config.ts';
export { describeOptions } from './config-help.ts';
export type { OptionDescription } from './config-help.ts';
export type { ConfigOf, ConfigSpec, OptionSpec } from './config-spec.ts';
export { Deadline, unlessAborted, withDeadline } from './deadline.ts';
export type { DeadlineOptions } from './deadline.ts';
export { assertInvariant, CoucheStorError, ERROR_CODES, InvariantError, isError, toCoucheStorError } from './errors.ts';
export type { CoucheStorErrorOptions, ErrorCode, ErrorFields } from './errors.ts';
export { CODE_OF_STATUS } from './http-status.ts';
export type { CodeOfStatus } from './http-status.ts';
export {
  IDENTIFIER_PATTERN,
  parseNodeName,
  parsePlacement,
  parsePolicyName,
  parsePoolName,
  parsePoolUuid,
  parseShardIndex,
  parseStripeId,
  parseVolumeId,
  partsOfStripeId,
  stripeIdOf,
} from './ids.ts';
export type {
  NodeName,
  Placement,
  PolicyName,
  PoolName,
  PoolUuid,
  ShardIndex,
  StripeId,
  StripeIdParts,
  VolumeId,
} from './ids.ts';
export { createLogger, LOG_LEVELS, nullLogger } from './logger.ts';
export type { LogDestination, LogFields, Logger, LoggerOptions, LogLevel, RootLogger } from './logger.ts';
export { quote } from './quote.ts';
export { backoffDelayMs, retry } from './retry.ts';
export type { BackoffOptions, RetryOptions } from './retry.ts';
export { closest } from './suggest.ts';
export { TokenBucket } from './token-bucket.ts';
export type { TokenBucketOptions } from './token-bucket.ts';
export { DURATION_PATTERN, formatBytes, formatDuration, parseByteSize, parseDurationMs } from './units.ts';
