/**
 * Whether Mayastor refused to change something before it changed anything. Only its own words count, for a proxy may answer
 * anything at any time. The rest is doubt: a deadline (408, 504) and whatever broke behind the REST API (416, 500, 501, 503) may
 * have come after the change, and a change that could not be stored (507, FailedPersist) is stored and made later.
 */
import type { CoucheStorError } from '@couchestor/common/base';

/** Of mayastor-control-plane's RestJsonError; said before an operation starts, or once it has been undone. */
const REFUSING_KINDS: ReadonlySet<unknown> = new Set([
  'Deserialize',
  'InvalidArgument',
  'Unauthenticated',
  'Unauthorized',
  'PermissionDenied',
  'NotFound',
  'NotAcceptable',
  'Conflict',
  'Deleting',
  'InUse',
  'FailedPrecondition',
  'NotPublished',
  'AlreadyExists',
  // No pool, no room, or too many rebuilds.
  'ResourceExhausted',
  'CapacityLimitExceeded',
]);

/** Of an error of the RestClient. */
export function isRefusal({ fields: { status, kind } }: CoucheStorError): boolean {
  if (typeof status !== 'number' || !REFUSING_KINDS.has(kind)) return false;
  return (status >= 400 && status < 500) || status === 507;
}
