/**
 * CoucheStorError on gRPC, both ways, in this place alone. Each code has one status. The error itself travels as a detail of
 * google.rpc.Status in the trailer, so that the other side has the code, the fields and the remedy; without it, the status is all
 * that is known.
 */
import { Metadata, status as Status, type StatusObject } from '@grpc/grpc-js';
import { CoucheStorError, isError, type ErrorCode, type ErrorFields } from '../base/index.ts';
import { errorDetailType, richStatusType } from './definition.ts';
import type { ErrorCode as WireCode, ErrorDetail, ErrorValue } from './generated/errors-v1.ts';

type WireName = Extract<WireCode, string>;

interface OnTheWire {
  readonly status: Status;
  readonly name: WireName;
}

const WIRE: Readonly<Record<ErrorCode, OnTheWire>> = {
  invalid: { status: Status.INVALID_ARGUMENT, name: 'ERROR_CODE_INVALID' },
  notFound: { status: Status.NOT_FOUND, name: 'ERROR_CODE_NOT_FOUND' },
  conflict: { status: Status.ABORTED, name: 'ERROR_CODE_CONFLICT' },
  alreadyExists: { status: Status.ALREADY_EXISTS, name: 'ERROR_CODE_ALREADY_EXISTS' },
  unavailable: { status: Status.UNAVAILABLE, name: 'ERROR_CODE_UNAVAILABLE' },
  timeout: { status: Status.DEADLINE_EXCEEDED, name: 'ERROR_CODE_TIMEOUT' },
  unauthorized: { status: Status.UNAUTHENTICATED, name: 'ERROR_CODE_UNAUTHORIZED' },
  forbidden: { status: Status.PERMISSION_DENIED, name: 'ERROR_CODE_FORBIDDEN' },
  gone: { status: Status.FAILED_PRECONDITION, name: 'ERROR_CODE_GONE' },
  tooManyRequests: { status: Status.RESOURCE_EXHAUSTED, name: 'ERROR_CODE_TOO_MANY_REQUESTS' },
  resourceExhausted: { status: Status.RESOURCE_EXHAUSTED, name: 'ERROR_CODE_RESOURCE_EXHAUSTED' },
  cancelled: { status: Status.CANCELLED, name: 'ERROR_CODE_CANCELLED' },
  corrupt: { status: Status.DATA_LOSS, name: 'ERROR_CODE_CORRUPT' },
  unsupported: { status: Status.UNIMPLEMENTED, name: 'ERROR_CODE_UNSUPPORTED' },
  internal: { status: Status.INTERNAL, name: 'ERROR_CODE_INTERNAL' },
};

const CODE_OF_NAME: ReadonlyMap<WireCode, ErrorCode> = new Map(
  (Object.keys(WIRE) as ErrorCode[]).map((code) => [WIRE[code].name, code]),
);

/** What a status says without a detail. Of all others nothing is known. */
const CODE_OF_STATUS: ReadonlyMap<Status, ErrorCode> = new Map([
  ...(Object.keys(WIRE) as ErrorCode[]).map((code): [Status, ErrorCode] => [WIRE[code].status, code]),
  [Status.FAILED_PRECONDITION, 'conflict'],
  [Status.OUT_OF_RANGE, 'invalid'],
]);

const DETAILS_KEY = 'grpc-status-details-bin';

const DETAIL_URL = 'type.googleapis.com/couchestor.errors.v1.ErrorDetail';

/** Headers are limited on both sides; an error that does not arrive says less than one that was cut. */
const MAX_TEXT_LENGTH = 1024;
const MAX_FIELDS = 32;
const MAX_DETAIL_BYTES = 8192;

/** What the other side needs most. */
const KEPT_FIELDS = ['field', 'remedy'];

/** What a handler gives gRPC for an error. Texts beyond what headers hold are cut, and then fields are left out. */
export function toGrpcStatus(error: CoucheStorError): StatusObject {
  const code = WIRE[error.code].status;
  const details = cut(error.message);
  const value = errorDetailType.serialize(toErrorDetail(error));
  const metadata = new Metadata();
  metadata.set(
    DETAILS_KEY,
    richStatusType.serialize({ code, message: details, details: [{ typeUrl: DETAIL_URL, value }] }),
  );
  return { code, details, metadata };
}

/** What gRPC gave a caller; a ServiceError is one. It is the cause where it is an error. */
export function fromGrpcStatus(status: StatusObject): CoucheStorError {
  const cause = isError(status) ? { cause: status } : {};
  const error = errorIn(status.metadata);
  // A detail of another error came from somewhere else than this status.
  if (error !== undefined && WIRE[error.code].status === status.code) {
    return new CoucheStorError(error.code, error.message, {
      retryable: error.retryable,
      fields: error.fields,
      ...cause,
    });
  }
  const code = CODE_OF_STATUS.get(status.code) ?? 'internal';
  // Of gRPC's own limits: the same message is too large the next time too.
  const retryable = status.code === Status.RESOURCE_EXHAUSTED ? { retryable: false } : {};
  return new CoucheStorError(code, status.details, { ...retryable, ...cause });
}

/** As answers hold it that report an error. */
export function toErrorDetail({ code, message, retryable, fields }: CoucheStorError): ErrorDetail {
  const entries = Object.entries(fields).map(([name, value]): [string, ErrorValue] => [cut(name), toErrorValue(value)]);
  const detail = {
    code: WIRE[code].name,
    message: cut(message),
    retryable,
    fields: Object.fromEntries(entries.slice(0, MAX_FIELDS)),
  };
  if (errorDetailType.serialize(detail).length <= MAX_DETAIL_BYTES) return detail;
  return { ...detail, fields: Object.fromEntries(entries.filter(([name]) => KEPT_FIELDS.includes(name))) };
}

/** One of a newer program, with a code that is not known, is `internal`. */
export function fromErrorDetail({ code, message, retryable, fields }: ErrorDetail): CoucheStorError {
  return new CoucheStorError(CODE_OF_NAME.get(code) ?? 'internal', message, {
    retryable,
    fields: fromErrorValues(fields),
  });
}

function errorIn(metadata: Metadata): CoucheStorError | undefined {
  const [bytes] = metadata.get(DETAILS_KEY);
  if (!Buffer.isBuffer(bytes)) return undefined;
  try {
    const detail = richStatusType.deserialize(bytes).details.find(({ typeUrl }) => typeUrl === DETAIL_URL);
    return detail === undefined ? undefined : fromErrorDetail(errorDetailType.deserialize(Buffer.from(detail.value)));
  } catch {
    // No protobuf; the status still says what it says.
    return undefined;
  }
}

function toErrorValue(value: string | number | boolean): ErrorValue {
  if (typeof value === 'string') return { value: 'text', text: cut(value) };
  return typeof value === 'number' ? { value: 'number', number: value } : { value: 'flag', flag: value };
}

/** Values of kinds that are not known are left out. */
function fromErrorValues(values: Readonly<Record<string, ErrorValue>>): ErrorFields {
  const entries = Object.entries(values).map(([name, value]) => {
    if (value.value === 'text') return [name, value.text] as const;
    if (value.value === 'number') return [name, value.number] as const;
    return [name, value.value === 'flag' ? value.flag : undefined] as const;
  });
  return Object.fromEntries(
    entries.filter((entry): entry is [string, string | number | boolean] => entry[1] !== undefined),
  );
}

/** gRPC encodes texts of statuses as URIs, which have no halves of characters. */
function cut(text: string): string {
  return text.slice(0, MAX_TEXT_LENGTH).toWellFormed();
}
