import { describe, expect, it } from '@jest/globals';
import type { Answer, ApiClient } from './harness/client.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { bindClusterRole, createUser, grant, grantEverywhere, type Rule } from './harness/users.ts';
import { created, installWidgets } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;
const namespace = await createNamespace(target);
const other = await createNamespace(target);
const widgets = await installWidgets(target);
const rbac = '/apis/rbac.authorization.k8s.io/v1';
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

/** Authorizers learn of roles a moment after they are stored. */
async function becomes(status: number, request: () => Promise<Answer>): Promise<Answer> {
  let answer = await request();
  await eventually(async () => {
    answer = await request();
    return answer.status === status;
  }, `status ${status}, not ${answer.status}`);
  return answer;
}

const userWith = async (rules: Rule[]): Promise<ApiClient> => {
  const user = await createUser(target, namespace);
  await grant(target, namespace, user, rules);
  return user.client;
};

/** A binding, still to be created, to a cluster role that reads ConfigMaps. */
async function readerBinding(subject: object): Promise<{ metadata: { name: string } }> {
  const name = target.unique('contract-reader');
  const rules = [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }];
  created(await admin.post(`${rbac}/clusterroles`, { metadata: { name }, rules }));
  target.defer(() => admin.delete(`${rbac}/clusterroles/${name}`));
  const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name };
  return { metadata: { name }, roleRef, subjects: [subject] } as { metadata: { name: string } };
}

describe('a user without roles', () => {
  it('is told who may not do what', async () => {
    const user = await createUser(target, namespace);
    const { status, body } = await user.client.get(configMaps);
    expect([status, body.reason, body.message]).toEqual([
      403,
      'Forbidden',
      `configmaps is forbidden: User "${user.username}" cannot list resource "configmaps" in API group "" in the namespace "${namespace}"`,
    ]);
    const one = await user.client.get(`${widgets.path}/x`);
    expect(one.body.message).toBe(
      `widgets.${widgets.group} "x" is forbidden: User "${user.username}" cannot get resource "widgets" in API group "${widgets.group}" in the namespace "default"`,
    );
  });

  it('may see discovery and the version', async () => {
    const { client } = await createUser(target, namespace);
    const paths = ['/version', '/api', '/apis', '/api/v1', '/apis/apps/v1', '/openapi/v2', '/healthz'];
    for (const path of paths) expect([path, (await client.get(path)).status]).toEqual([path, 200]);
  });

  it('may ask what it may do', async () => {
    const { client } = await createUser(target, namespace);
    const spec = { resourceAttributes: { verb: 'list', resource: 'pods', namespace } };
    const { status, body } = await client.post('/apis/authorization.k8s.io/v1/selfsubjectaccessreviews', { spec });
    expect([status, body.status]).toEqual([201, { allowed: false }]);
  });
});

describe('a role', () => {
  it.each([
    ['list', { verbs: ['list'] }, (client: ApiClient) => client.get(configMaps), 200],
    ['get', { verbs: ['get'] }, (client: ApiClient) => client.get(`${configMaps}/none`), 404],
    [
      'create',
      { verbs: ['create'] },
      (client: ApiClient) => client.post(configMaps, { metadata: { generateName: 'x' } }),
      201,
    ],
    [
      'update',
      { verbs: ['update'] },
      (client: ApiClient) => client.put(`${configMaps}/none`, { metadata: { name: 'none', resourceVersion: '1' } }),
      404,
    ],
    ['patch', { verbs: ['patch'] }, (client: ApiClient) => client.patch(`${configMaps}/none`, 'merge', {}), 404],
    ['delete', { verbs: ['delete'] }, (client: ApiClient) => client.delete(`${configMaps}/none`), 404],
    [
      'deletecollection',
      { verbs: ['deletecollection'] },
      (client: ApiClient) => client.delete(configMaps, undefined, { query: { labelSelector: 'a=b' } }),
      200,
    ],
  ] as const)('allows the verb %s', async (_verb, { verbs }, request, status) => {
    const client = await userWith([{ apiGroups: [''], resources: ['configmaps'], verbs: [...verbs] }]);
    await becomes(status, () => request(client));
  });

  it('does not allow another verb, resource or namespace', async () => {
    const client = await userWith([{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]);
    await becomes(200, () => client.get(configMaps));
    const refused = [
      client.get(`${configMaps}/x`),
      client.get(configMaps, { query: { watch: 1 } }),
      client.get(`/api/v1/namespaces/${namespace}/secrets`),
      client.get(`/api/v1/namespaces/${other}/configmaps`),
      client.get('/api/v1/configmaps'),
    ];
    expect((await Promise.all(refused)).map(({ status }) => status)).toEqual([403, 403, 403, 403, 403]);
  });

  it('can be limited to names', async () => {
    created(await admin.post(configMaps, { metadata: { name: 'mine' } }));
    const client = await userWith([
      { apiGroups: [''], resources: ['configmaps'], resourceNames: ['mine'], verbs: ['get', 'list'] },
    ]);
    await becomes(200, () => client.get(`${configMaps}/mine`));
    expect((await client.get(`${configMaps}/yours`)).status).toBe(403);
    expect((await client.get(configMaps)).status).toBe(403);
    const byName = await client.get(configMaps, { query: { fieldSelector: 'metadata.name=mine' } });
    expect(byName.status).toBe(200);
  });

  it('names subresources apart from resources', async () => {
    const path = widgets.path.replace('/default/', `/${namespace}/`);
    created(await admin.post(path, widgets.object('w')));
    const client = await userWith([{ apiGroups: [widgets.group], resources: ['widgets/status'], verbs: ['*'] }]);
    await becomes(200, () => client.patch(`${path}/w/status`, 'merge', { status: { phase: 'Seen' } }));
    expect((await client.get(`${path}/w`)).status).toBe(403);
  });

  it('may use wildcards', async () => {
    const client = await userWith([{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list'] }]);
    await becomes(200, () => client.get(configMaps));
    const leases = await client.get(`/apis/coordination.k8s.io/v1/namespaces/${namespace}/leases`);
    expect(leases.status).toBe(200);
    expect((await client.post(configMaps, { metadata: { name: 'x' } })).status).toBe(403);
  });
});

describe('a cluster role', () => {
  it('is valid everywhere when bound by a cluster role binding', async () => {
    const user = await createUser(target, namespace);
    await grantEverywhere(target, user, [{ apiGroups: [''], resources: ['nodes', 'configmaps'], verbs: ['list'] }]);
    await becomes(200, () => user.client.get('/api/v1/nodes'));
    expect((await user.client.get(`/api/v1/namespaces/${other}/configmaps`)).status).toBe(200);
  });

  it('is valid in one namespace when bound by a role binding', async () => {
    const user = await createUser(target, namespace);
    created(await admin.post(`${rbac}/namespaces/${namespace}/rolebindings`, await readerBinding(user.subject)));
    await becomes(200, () => user.client.get(configMaps));
    expect((await user.client.get(`/api/v1/namespaces/${namespace}/secrets`)).status).toBe(403);
    expect((await user.client.get(`/api/v1/namespaces/${other}/configmaps`)).status).toBe(403);
  });

  it('may name paths', async () => {
    const user = await createUser(target, namespace);
    expect((await user.client.get('/metrics')).status).toBe(403);
    await grantEverywhere(target, user, [{ nonResourceURLs: ['/metrics', '/logs/*'], verbs: ['get'] }]);
    await eventually(async () => (await user.client.get('/metrics')).status !== 403, 'the path to be allowed');
  });

  it('for groups reaches every service account of a namespace', async () => {
    const user = await createUser(target, other);
    const subject = { apiGroup: 'rbac.authorization.k8s.io', kind: 'Group', name: `system:serviceaccounts:${other}` };
    const binding = await readerBinding(subject);
    created(await admin.post(`${rbac}/clusterrolebindings`, binding));
    target.defer(() => admin.delete(`${rbac}/clusterrolebindings/${binding.metadata.name}`));
    await becomes(200, () => user.client.get('/api/v1/configmaps'));
  });

  it.each(['cluster-admin', 'admin', 'edit', 'view'])('%s exists from the start', async (name) => {
    expect((await admin.get(`${rbac}/clusterroles/${name}`)).status).toBe(200);
  });

  target.when('roleAggregation')('view shows ConfigMaps, but no Secrets', async () => {
    const user = await createUser(target, namespace);
    await bindClusterRole(target, 'view', user);
    await becomes(200, () => user.client.get(configMaps));
    expect((await user.client.get(`/api/v1/namespaces/${namespace}/secrets`)).status).toBe(403);
  });

  target.when('roleAggregation')('gathers the rules of those that its selector matches', async () => {
    const user = await createUser(target, namespace);
    const label = target.unique('aggregate');
    const name = target.unique('contract-all');
    const aggregationRule = { clusterRoleSelectors: [{ matchLabels: { [label]: 'true' } }] };
    created(await admin.post(`${rbac}/clusterroles`, { metadata: { name }, aggregationRule, rules: [] }));
    const part = { metadata: { name: `${name}-part`, labels: { [label]: 'true' } } };
    const rules = [{ apiGroups: [''], resources: ['nodes'], verbs: ['list'] }];
    created(await admin.post(`${rbac}/clusterroles`, { ...part, rules }));
    target.defer(() => admin.delete(`${rbac}/clusterroles/${name}`));
    target.defer(() => admin.delete(`${rbac}/clusterroles/${name}-part`));
    await bindClusterRole(target, name, user);
    await becomes(200, () => user.client.get('/api/v1/nodes'));
  });
});

describe('a binding', () => {
  it('may not change its role', async () => {
    const path = `${rbac}/namespaces/${namespace}/rolebindings`;
    const roleRef = { apiGroup: 'rbac.authorization.k8s.io', kind: 'ClusterRole', name: 'view' };
    created(await admin.post(path, { metadata: { name: 'fixed' }, roleRef, subjects: [] }));
    const change = { roleRef: { ...roleRef, name: 'edit' } };
    const { status, body } = await admin.patch(`${path}/fixed`, 'merge', change);
    expect([status, body.details!.causes![0]!.field]).toEqual([422, 'roleRef']);
  });
});
