/**
 * What may be concluded from resource versions. They are opaque text, and equality is always meaningful. Order is relied on
 * only where the API gives it: two versions of one resource of one server that are both decimal integers of any length
 * without leading zeros compare as numbers (KEP-5504, guaranteed from Kubernetes 1.35 by a conformance test, and how every
 * server on etcd has always made them). Anything else is "unknown", and callers then believe the order of arrival, as
 * client-go does. Order says nothing across resources of different groups, nor across a restore of etcd: that a revision went
 * back is a finding of its own (see emptied-api-guard.ts).
 */

const COMPARABLE = /^[1-9][0-9]*$/;

/** How `a` stands to `b`. */
export type VersionOrder = 'older' | 'equal' | 'newer' | 'unknown';

export function orderOf(a: string, b: string): VersionOrder {
  if (a === b) return 'equal';
  if (!COMPARABLE.test(a) || !COMPARABLE.test(b)) return 'unknown';
  if (a.length !== b.length) return a.length < b.length ? 'older' : 'newer';
  return a < b ? 'older' : 'newer';
}

/** The newer of the two; `b`, the later to arrive, where they do not compare. */
export function newest(a: string | undefined, b: string): string {
  return a !== undefined && orderOf(b, a) === 'older' ? a : b;
}
