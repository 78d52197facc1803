/**
 * The one error of CoucheStor. Operational failures are translated into it once, at the adapter that met them; callers decide
 * by `code` and `retryable` alone, never by the text of a message. A broken invariant is not a failure but a bug: it has an
 * error of its own, which nothing translates or retries.
 */

/** Every code there is. The mappings to gRPC status and to problem+json cover this list and nothing else. */
export const ERROR_CODES = [
  'invalid',
  'notFound',
  'conflict',
  'alreadyExists',
  'unavailable',
  'timeout',
  'unauthorized',
  'forbidden',
  'gone',
  'tooManyRequests',
  'resourceExhausted',
  'cancelled',
  'corrupt',
  'unsupported',
  'internal',
] as const;

export type ErrorCode = (typeof ERROR_CODES)[number];

export type ErrorFields = Readonly<Record<string, string | number | boolean>>;

export interface CoucheStorErrorOptions {
  /** Whether the same call may succeed later, unchanged. Defaults to what the code implies. */
  readonly retryable?: boolean;
  /** Identifiers a log line or an API answer needs; never secrets. */
  readonly fields?: ErrorFields;
  readonly cause?: unknown;
}

/** Codes after which the unchanged call may succeed. A conflict is not among them: it needs a fresh read first. */
const RETRYABLE_CODES: ReadonlySet<ErrorCode> = new Set([
  'unavailable',
  'timeout',
  'tooManyRequests',
  'resourceExhausted',
]);

export class CoucheStorError extends Error {
  override readonly name = 'CoucheStorError';
  readonly code: ErrorCode;
  readonly retryable: boolean;
  readonly fields: ErrorFields;

  constructor(code: ErrorCode, message: string, options: CoucheStorErrorOptions = {}) {
    super(message, 'cause' in options ? { cause: options.cause } : undefined);
    this.code = code;
    this.retryable = options.retryable ?? RETRYABLE_CODES.has(code);
    this.fields = Object.freeze({ ...options.fields });
  }
}

/** Thrown by assertInvariant only. Whoever catches everything must let it end the process. */
export class InvariantError extends Error {
  override readonly name = 'InvariantError';
}

/** Thrown when it does not hold: an InvariantError. For what can only be a bug; never for input from outside. */
export function assertInvariant(condition: boolean, message: string): asserts condition {
  if (!condition) throw new InvariantError(`Invariant broken: ${message}`);
}

/** Also true of errors from another realm (a worker, a vm context), of which `instanceof Error` is false. */
export function isError(value: unknown): value is Error {
  if (value instanceof Error) return true;
  if (typeof value !== 'object' || value === null) return false;
  return ['name', 'message', 'stack'].every((key) => typeof Reflect.get(value, key) === 'string');
}

/** Codes of Node's system errors and of undici, by what they mean to a caller. */
const CODE_OF_SYSTEM_ERROR: ReadonlyMap<unknown, ErrorCode> = new Map(
  Object.entries({
    ECONNREFUSED: 'unavailable',
    ECONNRESET: 'unavailable',
    ECONNABORTED: 'unavailable',
    EPIPE: 'unavailable',
    ENOTFOUND: 'unavailable',
    EAI_AGAIN: 'unavailable',
    EHOSTUNREACH: 'unavailable',
    ENETUNREACH: 'unavailable',
    UND_ERR_SOCKET: 'unavailable',
    UND_ERR_CLOSED: 'unavailable',
    ETIMEDOUT: 'timeout',
    UND_ERR_CONNECT_TIMEOUT: 'timeout',
    UND_ERR_HEADERS_TIMEOUT: 'timeout',
    UND_ERR_BODY_TIMEOUT: 'timeout',
    ENOSPC: 'resourceExhausted',
    EDQUOT: 'resourceExhausted',
    EMFILE: 'resourceExhausted',
    ENFILE: 'resourceExhausted',
    ENOMEM: 'resourceExhausted',
    EACCES: 'forbidden',
    EPERM: 'forbidden',
    EROFS: 'forbidden',
    ENOENT: 'notFound',
    EEXIST: 'alreadyExists',
    ABORT_ERR: 'cancelled',
  } as const),
);

/** fetch() hides the socket's error one or two causes deep; a cycle of causes must not hang the translation. */
const MAX_CAUSE_DEPTH = 8;

function codeOf(error: unknown): ErrorCode {
  let current = error;
  for (let depth = 0; depth < MAX_CAUSE_DEPTH && isError(current); depth += 1) {
    if (current instanceof InvariantError) return 'internal';
    if (current instanceof CoucheStorError) return current.code;
    if (current.name === 'AbortError') return 'cancelled';
    if (current.name === 'TimeoutError') return 'timeout';
    const code = 'code' in current ? CODE_OF_SYSTEM_ERROR.get(current.code) : undefined;
    if (code !== undefined) return code;
    current = current.cause;
  }
  return 'internal';
}

/**
 * Any thrown value as a CoucheStorError; one that already is comes back as it is. System errors (ECONNREFUSED, ENOSPC, …),
 * aborts and time-outs are recognised, also as the cause of another error; everything else is `internal`. The original is
 * the `cause`.
 */
export function toCoucheStorError(thrown: unknown): CoucheStorError {
  if (thrown instanceof CoucheStorError) return thrown;
  return new CoucheStorError(codeOf(thrown), messageOf(thrown), { cause: thrown });
}

function messageOf(thrown: unknown): string {
  if (isError(thrown)) return thrown.message;
  return typeof thrown === 'string' ? thrown : 'A value that is not an Error was thrown.';
}
