/** Namespaces for cases on built-in types, emptied and removed afterwards even where no controller does that. */
import type { Target } from './target.ts';
import { created } from './widgets.ts';

const leftovers = [
  '/api/v1/namespaces/%/configmaps',
  '/api/v1/namespaces/%/secrets',
  '/api/v1/namespaces/%/serviceaccounts',
  '/api/v1/namespaces/%/pods',
  '/api/v1/namespaces/%/events',
  '/api/v1/namespaces/%/persistentvolumeclaims',
  '/apis/apps/v1/namespaces/%/deployments',
  '/apis/apps/v1/namespaces/%/daemonsets',
  '/apis/coordination.k8s.io/v1/namespaces/%/leases',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/%/roles',
  '/apis/rbac.authorization.k8s.io/v1/namespaces/%/rolebindings',
];

export async function createNamespace(target: Target): Promise<string> {
  const name = target.unique('contract');
  created(await target.admin.post('/api/v1/namespaces', { metadata: { name } }));
  target.defer(() => removeNamespace(target, name));
  return name;
}

export async function removeNamespace(target: Target, name: string): Promise<void> {
  if (!target.supports('namespaceController')) {
    for (const path of leftovers) {
      await target.admin.delete(path.replace('%', name), undefined, { query: { gracePeriodSeconds: 0 } });
    }
  }
  const deleted = await target.admin.delete(`/api/v1/namespaces/${name}`);
  if (deleted.status === 404 || target.supports('namespaceController')) return;
  await finalizeNamespace(target, name);
}

/** What the namespace controller does last. */
export async function finalizeNamespace(target: Target, name: string): Promise<void> {
  const body = { apiVersion: 'v1', kind: 'Namespace', metadata: { name }, spec: { finalizers: [] } };
  await target.admin.put(`/api/v1/namespaces/${name}/finalize`, body);
}
