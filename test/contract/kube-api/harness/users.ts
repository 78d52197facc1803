/** Users other than the administrator: service accounts with tokens of the TokenRequest API, which every server has. */
import type { ApiClient } from './client.ts';
import type { Target } from './target.ts';
import { created } from './widgets.ts';

export interface User {
  client: ApiClient;
  username: string;
  uid: string;
  token: string;
  /** The subject of a role binding. */
  subject: { kind: 'ServiceAccount'; name: string; namespace: string };
}

export interface Rule {
  apiGroups?: string[];
  resources?: string[];
  resourceNames?: string[];
  nonResourceURLs?: string[];
  verbs: string[];
}

const rbac = '/apis/rbac.authorization.k8s.io/v1';

export async function createUser(target: Target, namespace: string): Promise<User> {
  const name = target.unique('user');
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts`;
  const account = created(await target.admin.post(path, { metadata: { name } }));
  const request = created(await target.admin.post(`${path}/${name}/token`, { spec: { expirationSeconds: 3600 } }));
  const { token } = request.status as { token: string };
  return {
    client: target.client({ token }),
    username: `system:serviceaccount:${namespace}:${name}`,
    uid: account.metadata.uid,
    token,
    subject: { kind: 'ServiceAccount', name, namespace },
  };
}

/** Grants rules in one namespace by a Role and its binding. */
export async function grant(target: Target, namespace: string, user: User, rules: Rule[]): Promise<void> {
  const name = target.unique('role');
  const path = `${rbac}/namespaces/${namespace}`;
  created(await target.admin.post(`${path}/roles`, { metadata: { name }, rules }));
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name };
  created(await target.admin.post(`${path}/rolebindings`, { metadata: { name }, roleRef, subjects: [user.subject] }));
}

/** Grants rules everywhere by a ClusterRole and its binding; both go when the file is done. */
export async function grantEverywhere(target: Target, user: User, rules: Rule[]): Promise<string> {
  const name = target.unique('contract-role');
  created(await target.admin.post(`${rbac}/clusterroles`, { metadata: { name }, rules }));
  target.defer(() => target.admin.delete(`${rbac}/clusterroles/${name}`));
  await bindClusterRole(target, name, user);
  return name;
}

export async function bindClusterRole(target: Target, clusterRole: string, user: User): Promise<void> {
  const name = target.unique('contract-binding');
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: clusterRole };
  created(
    await target.admin.post(`${rbac}/clusterrolebindings`, { metadata: { name }, roleRef, subjects: [user.subject] }),
  );
  target.defer(() => target.admin.delete(`${rbac}/clusterrolebindings/${name}`));
}
