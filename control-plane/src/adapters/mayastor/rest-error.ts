/**
 * Every failure of Mayastor's REST API as a CoucheStorError, translated here and nowhere else. Its error bodies are
 * `{details, message, kind}`; the status alone often says too little (507 is three things), the kind and the text say the rest.
 * What a request that changes something may have done all the same is told by `refusal.ts`.
 */
import {
  CODE_OF_STATUS,
  CoucheStorError,
  toCoucheStorError,
  type CodeOfStatus,
  type ErrorCode,
  type ErrorFields,
} from '@couchestor/common/base';
import { isObject } from './json-fields.ts';

export interface RestAnswer {
  readonly status: number;
  readonly body: string;
  readonly retryAfter: string | undefined;
}

const CODES: CodeOfStatus = {
  ...CODE_OF_STATUS,
  // A failed precondition, such as an unpublished volume: the state has to be read again before anything is tried.
  412: 'conflict',
  416: 'invalid',
  422: 'alreadyExists',
  501: 'unsupported',
  507: 'resourceExhausted',
};

/** Answered with 401 as well, but a better token would not help. */
const PERMISSION_DENIED = 'PermissionDenied';
/** A proxy's error page is no message. */
const MAX_TEXT_LENGTH = 512;
/** A server that asks for more patience than this is not believed. */
const MAX_RETRY_AFTER_MS = 60_000;

interface ErrorBody {
  readonly kind?: string;
  readonly text?: string;
}

/** From an answer whose status is not 200. */
export function errorOfAnswer(answer: RestAnswer, path: string, method = 'GET'): CoucheStorError {
  const { status } = answer;
  const { kind, text } = readBody(answer.body);
  const meaning = meaningOf(status, kind, text ?? '');
  const fields: ErrorFields = {
    path,
    status,
    ...(kind === undefined ? {} : { kind }),
    ...(meaning.reason === undefined ? {} : { reason: meaning.reason }),
    ...retryAfter(answer.retryAfter),
    ...remedyOf(meaning.code, status),
  };
  const said = text === undefined ? '' : `: ${text}`;
  return new CoucheStorError(meaning.code, `Mayastor answered ${status} to ${method} ${path}${said}`, {
    fields,
    ...(meaning.retryable === undefined ? {} : { retryable: meaning.retryable }),
  });
}

/** A request without an answer, or whose answer broke off. */
export function errorOfFailure(thrown: unknown, path: string, method = 'GET'): CoucheStorError {
  const cause = toCoucheStorError(thrown);
  // It was not sent: what is wrong is on this side.
  if (cause.code === 'unauthorized') {
    return new CoucheStorError(cause.code, cause.message, { fields: { ...cause.fields, path }, cause: thrown });
  }
  // What the system does not name is the network's or the TLS layer's failure: waiting may mend it.
  const code = cause.code === 'internal' || cause.code === 'notFound' ? 'unavailable' : cause.code;
  return new CoucheStorError(code, `No answer from Mayastor to ${method} ${path}: ${cause.message}`, {
    fields: { ...remedyOf(code, 0), ...cause.fields, path },
    ...(code === cause.code ? { retryable: cause.retryable } : {}),
    cause: thrown,
  });
}

interface Meaning {
  readonly code: ErrorCode;
  readonly reason?: string;
  readonly retryable?: boolean;
}

function meaningOf(status: number, kind: string | undefined, text: string): Meaning {
  if (status === 507) return meaningOfFull(kind, text);
  if (status === 401 && kind === PERMISSION_DENIED) return { code: 'forbidden' };
  const code = CODES[status];
  if (code !== undefined) return { code };
  if (status >= 500) return { code: 'unavailable' };
  return { code: status < 400 ? 'unsupported' : 'invalid' };
}

/** 507 stands for a rebuild limit, a store that could not be written, and pools without room. */
function meaningOfFull(kind: string | undefined, text: string): Meaning {
  if (kind === 'FailedPersist') return { code: 'unavailable', reason: 'FailedPersist' };
  if (/maximum number of rebuilds/i.test(text)) return { code: 'tooManyRequests', reason: 'MaxRebuilds' };
  if (kind === 'CapacityLimitExceeded')
    return { code: 'resourceExhausted', reason: 'CapacityLimitExceeded', retryable: false };
  return { code: 'resourceExhausted', reason: 'NotEnoughResources', retryable: false };
}

function readBody(body: string): ErrorBody {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    return {};
  }
  if (!isObject(value)) return {};
  const { kind, message, details } = value;
  const texts = [message, details].filter((text): text is string => typeof text === 'string' && text !== '');
  return {
    ...(typeof kind === 'string' ? { kind: kind.slice(0, MAX_TEXT_LENGTH) } : {}),
    ...(texts.length === 0 ? {} : { text: [...new Set(texts)].join('; ').slice(0, MAX_TEXT_LENGTH) }),
  };
}

function retryAfter(header: string | undefined): ErrorFields {
  const seconds = Number(header);
  return seconds > 0 ? { retryAfterMs: Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) } : {};
}

/** `status` is 0 where there was no answer. */
function remedyOf(code: ErrorCode, status: number): ErrorFields {
  if (code === 'unauthorized') return { remedy: 'give this process a bearer token that Mayastor accepts' };
  if (code === 'notFound') return { remedy: 'check that the URL is that of the api-rest service, without a path' };
  if (status === 0 && (code === 'unavailable' || code === 'timeout'))
    return { remedy: 'check the URL, the Service of api-rest and the network between' };
  if (status >= 300 && status < 400) return { remedy: 'give the URL that it redirects to; redirects are not followed' };
  return {};
}
