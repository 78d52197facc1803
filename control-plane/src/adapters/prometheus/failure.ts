/**
 * Why Prometheus gave no answer that can be relied on: a CoucheStorError whose field `reason` becomes that of the reading. Every
 * message names the address, without credentials, and what to do.
 */
import { CoucheStorError, toCoucheStorError, type ErrorCode } from '@couchestor/common/base';

/** Every reason of an unavailable reading, and how the call that met it failed. */
const CODE_OF_REASON = {
  /** No connection, or it broke before the end of the answer. */
  Unreachable: 'unavailable',
  Timeout: 'timeout',
  /** 429, or a server error with Retry-After. */
  Overloaded: 'tooManyRequests',
  ServerError: 'unavailable',
  /** It understood the query and does not carry it out, or there is no Prometheus at that address. */
  Refused: 'invalid',
  AccessDenied: 'unauthorized',
  CredentialsUnreadable: 'unauthorized',
  /** A bearer token is never sent on to where a redirect points. */
  Redirected: 'unsupported',
  TooManySamples: 'invalid',
  AnswerTooLarge: 'corrupt',
  BadAnswer: 'corrupt',
  /** Parts of what it knows are missing. */
  PartialAnswer: 'unavailable',
  ClockSkew: 'corrupt',
  /** A failure of this process, never of Prometheus. */
  InternalError: 'internal',
} as const satisfies Record<string, ErrorCode>;

export type FailureReason = keyof typeof CODE_OF_REASON;

export interface FailureDetails {
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Waits that a server asks for are obeyed up to this within one reading; longer ones end it. */
export const MAX_RETRY_WAIT_MS = 5_000;

export function failure(reason: FailureReason, message: string, details: FailureDetails = {}): CoucheStorError {
  const { retryAfterMs = 0, cause } = details;
  return new CoucheStorError(CODE_OF_REASON[reason], message, {
    fields: { reason, ...(retryAfterMs > 0 ? { retryAfterMs } : {}) },
    ...(retryAfterMs > MAX_RETRY_WAIT_MS ? { retryable: false } : {}),
    ...(cause === undefined ? {} : { cause }),
  });
}

/** Of anything thrown on the way to a reading. */
export function reasonOf(error: unknown): FailureReason {
  const { code, fields } = toCoucheStorError(error);
  if (typeof fields.reason === 'string' && fields.reason in CODE_OF_REASON) return fields.reason as FailureReason;
  return code === 'timeout' ? 'Timeout' : 'InternalError';
}
