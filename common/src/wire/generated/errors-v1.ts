// Generated from proto/couchestor/errors/v1 by npm run generate.

/** What went wrong, for programs. Every code has one gRPC status; several codes may share one. */
export type ErrorCode =
  /** Not given: the error is of a newer program, and only its gRPC status is known. */
  | 'ERROR_CODE_UNSPECIFIED'
  /** What was asked for is wrong whatever the state of the system; the field is named. */
  | 'ERROR_CODE_INVALID'
  /** It is not there. */
  | 'ERROR_CODE_NOT_FOUND'
  /** It contradicts what is there, or comes from an epoch that is over; a fresh read comes before another try. */
  | 'ERROR_CODE_CONFLICT'
  /** It is there already. */
  | 'ERROR_CODE_ALREADY_EXISTS'
  /** Nobody answers, or a disk or a service refuses. */
  | 'ERROR_CODE_UNAVAILABLE'
  /** No answer in time; what was asked for may have happened. */
  | 'ERROR_CODE_TIMEOUT'
  /** Who asks is not known. */
  | 'ERROR_CODE_UNAUTHORIZED'
  /** Who asks is known, and may not. */
  | 'ERROR_CODE_FORBIDDEN'
  /** It was there, and its time is over. */
  | 'ERROR_CODE_GONE'
  /** Too many ask at the same time. */
  | 'ERROR_CODE_TOO_MANY_REQUESTS'
  /** There is no room. */
  | 'ERROR_CODE_RESOURCE_EXHAUSTED'
  /** Who asked has given up. */
  | 'ERROR_CODE_CANCELLED'
  /** Bytes are not what was written. */
  | 'ERROR_CODE_CORRUPT'
  /** This program cannot do it. */
  | 'ERROR_CODE_UNSUPPORTED'
  /** A bug. */
  | 'ERROR_CODE_INTERNAL'
  /** A value that this program does not know. */
  | number;

/** The value of one field of an error. */
export type ErrorValue = ({
  readonly value: 'text';
  /** A text. */
  readonly text: string;
} | {
  readonly value: 'number';
  /** A number. */
  readonly number: number;
} | {
  readonly value: 'flag';
  /** Whether something holds. */
  readonly flag: boolean;
} | { readonly value?: undefined });

/** The error itself. It travels in grpc-status-details-bin, as a detail of google.rpc.Status, and in answers that report one. */
export interface ErrorDetail {
  /** What went wrong, for programs. */
  readonly code: ErrorCode;
  /** A sentence for people; it is also the message of the gRPC status. */
  readonly message: string;
  /** Whether the same call may succeed later, unchanged. */
  readonly retryable: boolean;
  /** What it is about, never a secret. `field` is the wrong field of a request by its path, `remedy` what to do about it. */
  readonly fields: Readonly<Record<string, ErrorValue>>;
}
