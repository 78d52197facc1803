/**
 * What the control plane refuses, in the words of the real one: a client that must tell two refusals of one status apart
 * has nothing but these texts.
 */
const statusOfKind = {
  Deserialize: 400,
  InvalidArgument: 400,
  Unauthorized: 401,
  Unauthenticated: 401,
  PermissionDenied: 401,
  NotFound: 404,
  NotAcceptable: 406,
  Timeout: 408,
  Conflict: 409,
  Deleting: 409,
  InUse: 409,
  FailedPrecondition: 412,
  NotPublished: 412,
  AlreadyPublished: 412,
  AlreadyExists: 422,
  Internal: 500,
  Unimplemented: 501,
  Unavailable: 503,
  Aborted: 503,
  DeadlineExceeded: 504,
  ResourceExhausted: 507,
  FailedPersist: 507,
  CapacityLimitExceeded: 507,
} as const;

export type ErrorKind = keyof typeof statusOfKind;

export class MayastorError extends Error {
  readonly kind: ErrorKind;
  readonly details: string;

  constructor(kind: ErrorKind, message: string, details = message) {
    super(message);
    this.name = 'MayastorError';
    this.kind = kind;
    this.details = details;
  }

  get status(): number {
    return statusOfKind[this.kind];
  }

  toJSON(): { details: string; message: string; kind: ErrorKind } {
    return { details: this.details, message: this.message, kind: this.kind };
  }
}

/** What an answer of this code is, where nothing else is said. */
export function kindOf(status: number): ErrorKind {
  const kinds = Object.keys(statusOfKind) as ErrorKind[];
  return kinds.find((kind) => statusOfKind[kind] === status) ?? 'Internal';
}

/** Input that cannot be decoded is explained in the details only. */
export function undecodable(details: string): MayastorError {
  return new MayastorError('Deserialize', '', details);
}

export function notFound(resource: 'Volume' | 'Node' | 'Pool' | 'Replica' | 'Nexus', id: string): MayastorError {
  return new MayastorError('NotFound', `${resource} '${id}' not found`);
}
