/**
 * Every failure of the Kubernetes API as a CoucheStorError, translated here and nowhere else. The field `outcome` says what is
 * known of a write: `notSent` and `refused` had no effect; `unknown` may have had one, so it must be read back. Server errors
 * count as unknown, because etcd's time-out reaches clients as a 500 or 504 after a write that may yet have been made.
 */
import {
  CODE_OF_STATUS,
  CoucheStorError,
  toCoucheStorError,
  type CodeOfStatus,
  type ErrorCode,
} from '@couchestor/common/base';
import { isRecord } from './kube-object.ts';
import { TransportError, type TransportResponse } from './transport.ts';

export type WriteOutcome = 'notSent' | 'refused' | 'unknown';

export interface RequestContext {
  readonly verb: string;
  /** `storagepolicies.storage.billyronks.io`. */
  readonly resource: string;
  readonly key: string;
}

const CODES: CodeOfStatus = {
  ...CODE_OF_STATUS,
  410: 'gone',
  413: 'resourceExhausted',
  415: 'unsupported',
  422: 'invalid',
};

/** A server that asks for more patience than this is not believed. */
const MAX_RETRY_AFTER_MS = 10 * 60_000;
/** A proxy's error page is no message. */
const MAX_MESSAGE_LENGTH = 1024;

interface Status {
  readonly message?: string;
  readonly reason?: string;
  readonly retryAfterSeconds?: number;
}

/** `meta/v1.Status`, as far as `value` is one. */
function readStatus(value: unknown): Status {
  if (!isRecord(value) || value.kind !== 'Status') return {};
  const { message, reason, details } = value;
  const seconds = isRecord(details) ? details.retryAfterSeconds : undefined;
  return {
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof reason === 'string' ? { reason } : {}),
    ...(typeof seconds === 'number' ? { retryAfterSeconds: seconds } : {}),
  };
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}

export function errorOfResponse(response: TransportResponse, context: RequestContext): CoucheStorError {
  const retryAfter = response.headers['retry-after'];
  return build(response.status, readStatus(parseJson(response.body)), {
    context,
    retryAfterSeconds: retryAfter === undefined ? NaN : Number(retryAfter),
  });
}

/** The `ERROR` event of a watch carries a Status. */
export function errorOfStatus(object: unknown, context: RequestContext): CoucheStorError {
  const code = isRecord(object) && typeof object.code === 'number' ? object.code : 500;
  return build(code, readStatus(object), { context, retryAfterSeconds: NaN });
}

function build(
  status: number,
  { message, reason, retryAfterSeconds }: Status,
  { context, retryAfterSeconds: headerSeconds }: { context: RequestContext; retryAfterSeconds: number },
): CoucheStorError {
  const exists = status === 409 && reason === 'AlreadyExists';
  const code = exists ? 'alreadyExists' : (CODES[status] ?? (status >= 500 ? 'unavailable' : 'internal'));
  const seconds = Number.isFinite(headerSeconds) ? headerSeconds : (retryAfterSeconds ?? 0);
  const outcome: WriteOutcome = status >= 500 || status === 408 ? 'unknown' : 'refused';
  const said = message === undefined ? '' : `: ${message.slice(0, MAX_MESSAGE_LENGTH)}`;
  return new CoucheStorError(code, `The Kubernetes API answered ${status} to ${describe(context)}${said}`, {
    fields: {
      ...context,
      status,
      outcome,
      ...(reason === undefined ? {} : { reason }),
      ...(seconds > 0 ? { retryAfterMs: Math.min(seconds * 1000, MAX_RETRY_AFTER_MS) } : {}),
      ...(remedyOf(code, context) ?? {}),
    },
  });
}

/** A request without an answer, or whose answer made no sense. */
export function errorOfFailure(thrown: unknown, context: RequestContext): CoucheStorError {
  if (thrown instanceof CoucheStorError && 'outcome' in thrown.fields) return thrown;
  const cause = toCoucheStorError(thrown instanceof TransportError ? (thrown.cause ?? thrown) : thrown);
  const sent = thrown instanceof TransportError ? thrown.sent : true;
  // What the system does not name is the network's or the TLS layer's failure: waiting may mend it.
  const code = cause.code === 'internal' || cause.code === 'notFound' ? 'unavailable' : cause.code;
  const outcome: WriteOutcome = sent ? 'unknown' : 'notSent';
  return new CoucheStorError(code, `No answer from the Kubernetes API to ${describe(context)}: ${cause.message}`, {
    fields: { ...context, outcome },
    cause: thrown,
  });
}

/** What is known of the write that failed with `error`. */
export function outcomeOf(error: CoucheStorError): WriteOutcome {
  const { outcome } = error.fields;
  return outcome === 'notSent' || outcome === 'refused' ? outcome : 'unknown';
}

/** Milliseconds the server asked to wait; 0 if it did not. */
export function retryAfterMsOf(error: CoucheStorError): number {
  const { retryAfterMs } = error.fields;
  return typeof retryAfterMs === 'number' ? retryAfterMs : 0;
}

function describe({ verb, resource, key }: RequestContext): string {
  return key === '' ? `${verb} ${resource}` : `${verb} ${resource} "${key}"`;
}

function remedyOf(code: ErrorCode, { verb, resource }: RequestContext): { remedy: string } | undefined {
  switch (code) {
    case 'unauthorized':
      return { remedy: 'give this process valid credentials: a mounted service account token or a kubeconfig' };
    case 'forbidden':
      return {
        remedy: `grant the verb "${verb}" on ${resource} to the service account (a ClusterRole and its binding)`,
      };
    case 'notFound':
      // A missing object is an answer; a missing collection is a missing definition.
      if (verb !== 'list' && verb !== 'watch') return undefined;
      return { remedy: `install the CustomResourceDefinition of ${resource}` };
    default:
      return undefined;
  }
}
