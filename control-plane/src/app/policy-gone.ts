/** Whether a policy that a migration belongs to is there no more, so that nobody is left to count its end. */
import type { PolicyReference } from '@couchestor/common/api';
import type { StoragePolicies } from '../ports/storage-policies.ts';

/** Another policy under the same name is not it. While the cache may not be relied on, no policy is gone. */
export function isPolicyGone(policies: Pick<StoragePolicies, 'lookup'>, { name, uid }: PolicyReference): boolean {
  const found = policies.lookup(name);
  if (found.kind !== 'found') return found.kind === 'absent';
  return uid !== undefined && found.policy.uid !== uid;
}
