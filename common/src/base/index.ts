/** The ground every package stands on: time, errors, retries, queues, logs, identifiers, units and configuration. */
export { realClock, VirtualClock } from './clock.ts';
export type { Clock, Timer } from './clock.ts';
export { assertInvariant, CoucheStorError, ERROR_CODES, InvariantError, toCoucheStorError } from './errors.ts';
export type { CoucheStorErrorOptions, ErrorCode, ErrorFields } from './errors.ts';
export { createLogger, LOG_LEVELS, nullLogger } from './logger.ts';
export type { LogDestination, LogFields, Logger, LoggerOptions, LogLevel, RootLogger } from './logger.ts';
export { backoffDelayMs, retry } from './retry.ts';
export type { BackoffOptions, RetryOptions } from './retry.ts';
