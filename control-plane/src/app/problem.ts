/** Errors as problem+json (RFC 9457): the one place that maps them to HTTP. */
import { CoucheStorError, toCoucheStorError, type ErrorCode } from '@couchestor/common/base';

export const PROBLEM_TYPE = 'application/problem+json';

export interface Problem {
  /** Names the kind of problem; the codes of CoucheStorError have one each. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Of the request, where one of its parts is at fault. */
  readonly field?: string;
  readonly remedy?: string;
}

const STATUS_OF: Readonly<Record<ErrorCode, readonly [status: number, title: string]>> = {
  invalid: [400, 'The request is not valid'],
  unauthorized: [401, 'Not authenticated'],
  forbidden: [403, 'Not allowed'],
  notFound: [404, 'Not found'],
  conflict: [409, 'Conflict'],
  alreadyExists: [409, 'Already exists'],
  gone: [410, 'Gone'],
  tooManyRequests: [429, 'Too many requests'],
  cancelled: [499, 'Cancelled'],
  internal: [500, 'Internal error'],
  corrupt: [500, 'Damaged data'],
  unsupported: [501, 'Not supported'],
  unavailable: [503, 'Not available now'],
  resourceExhausted: [503, 'Out of resources'],
  timeout: [504, 'Timed out'],
};

export function problemOf(thrown: unknown): Problem {
  const { code, message, fields } = toCoucheStorError(thrown);
  const [status, title] = STATUS_OF[code];
  const { field, remedy } = fields;
  return {
    type: `urn:couchestor:problem:${code}`,
    title,
    status,
    // What went wrong inside is for the log.
    detail: code === 'internal' ? 'The request failed for a reason that is in the log.' : message,
    ...(field === undefined ? {} : { field: String(field) }),
    ...(remedy === undefined ? {} : { remedy: String(remedy) }),
  };
}

export function badField(field: string, fault: string, remedy: string): CoucheStorError {
  return new CoucheStorError('invalid', `${field} ${fault}; ${remedy}.`, { fields: { field, remedy } });
}
