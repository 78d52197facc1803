/** Every failure of a request, as the `Status` object that Kubernetes clients read. */
import type { FieldError, JsonObject } from './types.ts';

export interface StatusDetails {
  name?: string;
  group?: string;
  kind?: string;
  uid?: string;
  causes?: { reason?: string; message?: string; field?: string }[];
  retryAfterSeconds?: number;
}

interface Subject {
  group: string;
  /** The plural resource name, which is what real servers put into messages. */
  resource: string;
  name: string;
}

export class ApiError extends Error {
  readonly code: number;
  readonly reason: string;
  readonly details: StatusDetails | undefined;
  /** For an expired list: a token to go on with, inconsistently. */
  continueToken: string | undefined;

  constructor(code: number, reason: string, message: string, details?: StatusDetails) {
    super(message);
    this.name = 'ApiError';
    this.code = code;
    this.reason = reason;
    this.details = details;
  }

  static badRequest(message: string): ApiError {
    return new ApiError(400, 'BadRequest', message);
  }

  static unauthorized(): ApiError {
    return new ApiError(401, 'Unauthorized', 'Unauthorized');
  }

  static forbidden(subject: Subject, why: string): ApiError {
    const name = subject.name === '' ? '' : ` "${subject.name}"`;
    return new ApiError(403, 'Forbidden', `${qualified(subject)}${name} is forbidden: ${why}`, detailsOf(subject));
  }

  static notFound(subject: Subject): ApiError {
    return new ApiError(404, 'NotFound', `${qualified(subject)} "${subject.name}" not found`, detailsOf(subject));
  }

  static noSuchPath(): ApiError {
    return new ApiError(404, 'NotFound', 'the server could not find the requested resource');
  }

  static methodNotAllowed(): ApiError {
    return new ApiError(405, 'MethodNotAllowed', 'the server does not allow this method on the requested resource');
  }

  static notAcceptable(offered: string): ApiError {
    return new ApiError(406, 'NotAcceptable', `only the following media types are accepted: ${offered}`);
  }

  static alreadyExists(subject: Subject, prefix = ''): ApiError {
    const message = `${prefix}${qualified(subject)} "${subject.name}" already exists`;
    return new ApiError(409, 'AlreadyExists', message, detailsOf(subject));
  }

  static conflict(subject: Subject, why: string, causes?: StatusDetails['causes']): ApiError {
    const message = `Operation cannot be fulfilled on ${qualified(subject)} "${subject.name}": ${why}`;
    return new ApiError(409, 'Conflict', message, { ...detailsOf(subject), ...(causes && { causes }) });
  }

  /** A list or watch asked for a revision that is compacted; clients must list again. */
  static expired(message: string, continueToken?: string): ApiError {
    const error = new ApiError(410, 'Expired', message);
    error.continueToken = continueToken;
    return error;
  }

  static unsupportedMediaType(message: string): ApiError {
    return new ApiError(415, 'UnsupportedMediaType', message);
  }

  static invalid(subject: { group: string; kind: string; name: string }, errors: readonly FieldError[]): ApiError {
    const lines = errors.map((error) => `${error.field}: ${error.message}`);
    const list = lines.length === 1 ? lines.join() : `[${lines.join(', ')}]`;
    const kind = qualified({ ...subject, resource: subject.kind });
    const causes = errors.map(({ reason, message, field }) => ({ reason, message, field }));
    const details = { ...detailsOf({ ...subject, resource: subject.kind }), name: subject.name, causes };
    return new ApiError(422, 'Invalid', `${kind} "${subject.name}" is invalid: ${list}`, details);
  }

  static tooManyRequests(retryAfterSeconds: number): ApiError {
    return new ApiError(429, 'TooManyRequests', 'too many requests, please try again later', { retryAfterSeconds });
  }

  static internal(message: string): ApiError {
    return new ApiError(500, 'InternalError', `Internal error occurred: ${message}`);
  }

  toStatus(): JsonObject {
    const { code, reason, message, details, continueToken } = this;
    const metadata = continueToken === undefined ? {} : { continue: continueToken };
    const outcome = { status: 'Failure', message, reason, ...(details && { details }), code };
    return { kind: 'Status', apiVersion: 'v1', metadata, ...outcome };
  }
}

const qualified = ({ group, resource }: Subject): string => (group === '' ? resource : `${resource}.${group}`);

const detailsOf = ({ group, resource, name }: Subject): StatusDetails => ({
  ...(name === '' ? {} : { name }),
  ...(group === '' ? {} : { group }),
  kind: resource,
});
