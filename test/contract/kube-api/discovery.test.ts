import { describe, expect, it } from '@jest/globals';
import { openTarget } from './harness/target.ts';
import { installCrd, installWidgets, widgetCrd } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;

const groups: [group: string, version: string][] = [
  ['apps', 'v1'],
  ['apiextensions.k8s.io', 'v1'],
  ['authentication.k8s.io', 'v1'],
  ['authorization.k8s.io', 'v1'],
  ['coordination.k8s.io', 'v1'],
  ['events.k8s.io', 'v1'],
  ['networking.k8s.io', 'v1'],
  ['rbac.authorization.k8s.io', 'v1'],
  ['storage.k8s.io', 'v1'],
];

interface ResourceRow {
  path: string;
  name: string;
  kind: string;
  namespaced: boolean;
  shortNames?: string[];
}

const resources: ResourceRow[] = [
  { path: '/api/v1', name: 'namespaces', kind: 'Namespace', namespaced: false, shortNames: ['ns'] },
  { path: '/api/v1', name: 'nodes', kind: 'Node', namespaced: false, shortNames: ['no'] },
  { path: '/api/v1', name: 'persistentvolumes', kind: 'PersistentVolume', namespaced: false, shortNames: ['pv'] },
  {
    path: '/api/v1',
    name: 'persistentvolumeclaims',
    kind: 'PersistentVolumeClaim',
    namespaced: true,
    shortNames: ['pvc'],
  },
  { path: '/api/v1', name: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'] },
  { path: '/api/v1', name: 'configmaps', kind: 'ConfigMap', namespaced: true, shortNames: ['cm'] },
  { path: '/api/v1', name: 'secrets', kind: 'Secret', namespaced: true },
  { path: '/api/v1', name: 'serviceaccounts', kind: 'ServiceAccount', namespaced: true, shortNames: ['sa'] },
  { path: '/api/v1', name: 'pods', kind: 'Pod', namespaced: true, shortNames: ['po'] },
  { path: '/apis/apps/v1', name: 'deployments', kind: 'Deployment', namespaced: true, shortNames: ['deploy'] },
  { path: '/apis/apps/v1', name: 'daemonsets', kind: 'DaemonSet', namespaced: true, shortNames: ['ds'] },
  {
    path: '/apis/storage.k8s.io/v1',
    name: 'storageclasses',
    kind: 'StorageClass',
    namespaced: false,
    shortNames: ['sc'],
  },
  { path: '/apis/coordination.k8s.io/v1', name: 'leases', kind: 'Lease', namespaced: true },
  { path: '/apis/events.k8s.io/v1', name: 'events', kind: 'Event', namespaced: true, shortNames: ['ev'] },
  { path: '/apis/rbac.authorization.k8s.io/v1', name: 'roles', kind: 'Role', namespaced: true },
  { path: '/apis/rbac.authorization.k8s.io/v1', name: 'rolebindings', kind: 'RoleBinding', namespaced: true },
  { path: '/apis/rbac.authorization.k8s.io/v1', name: 'clusterroles', kind: 'ClusterRole', namespaced: false },
  {
    path: '/apis/rbac.authorization.k8s.io/v1',
    name: 'clusterrolebindings',
    kind: 'ClusterRoleBinding',
    namespaced: false,
  },
  {
    path: '/apis/networking.k8s.io/v1',
    name: 'networkpolicies',
    kind: 'NetworkPolicy',
    namespaced: true,
    shortNames: ['netpol'],
  },
  {
    path: '/apis/apiextensions.k8s.io/v1',
    name: 'customresourcedefinitions',
    kind: 'CustomResourceDefinition',
    namespaced: false,
    shortNames: ['crd', 'crds'],
  },
];

const verbs = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch'];

/** Namespaces go one at a time. */
const kindHas = (kind: string, verb: string): boolean => kind !== 'Namespace' || verb !== 'deletecollection';

interface Resource {
  name: string;
  kind: string;
  namespaced: boolean;
  singularName: string;
  shortNames?: string[];
  categories?: string[];
  verbs: string[];
}

async function resourceOf(path: string, name: string): Promise<Resource | undefined> {
  const { body } = await admin.get(path);
  return (body.resources as Resource[] | undefined)?.find((resource) => resource.name === name);
}

describe('the server', () => {
  it('reports its version', async () => {
    const { status, body } = await admin.get('/version');
    expect(status).toBe(200);
    expect(body).toMatchObject({ major: '1', gitVersion: expect.stringMatching(/^v1\.\d+\.\d+/) });
  });

  it.each(['/healthz', '/livez', '/readyz'])('says ok at %s', async (path) => {
    const answer = await admin.get(path);
    expect([answer.status, answer.text]).toEqual([200, 'ok']);
  });
});

describe('groups and versions', () => {
  it('names v1 as the version of the core group', async () => {
    const { body } = await admin.get('/api');
    expect(body).toMatchObject({ kind: 'APIVersions', versions: ['v1'] });
  });

  it('lists every group with its versions', async () => {
    const { body } = await admin.get('/apis');
    expect(body).toMatchObject({ kind: 'APIGroupList', apiVersion: 'v1' });
    const listed = body.groups as { name: string; versions: { groupVersion: string; version: string }[] }[];
    for (const [name, version] of groups) {
      const entry = listed.find((group) => group.name === name);
      expect(entry?.versions).toContainEqual({ groupVersion: `${name}/${version}`, version });
    }
  });

  it.each(groups)('describes group %s', async (group, version) => {
    const { body } = await admin.get(`/apis/${group}`);
    expect(body).toMatchObject({
      kind: 'APIGroup',
      apiVersion: 'v1',
      name: group,
      preferredVersion: { groupVersion: `${group}/${version}`, version },
    });
  });

  target.when('policyV1')('serves policy/v1', async () => {
    expect(await resourceOf('/apis/policy/v1', 'poddisruptionbudgets')).toMatchObject({ kind: 'PodDisruptionBudget' });
  });

  it('answers an unknown group with a plain 404', async () => {
    const answer = await admin.get('/apis/nothing.couchestor.test');
    expect([answer.status, answer.text.trim()]).toEqual([404, '404 page not found']);
  });
});

describe('resources', () => {
  it.each(resources)('lists $name of $path', async ({ path, name, ...row }) => {
    const resource = await resourceOf(path, name);
    expect(resource).toMatchObject({ name, ...row });
    expect([...resource!.verbs].sort()).toEqual(verbs.filter((verb) => kindHas(row.kind, verb)));
  });

  it.each([
    ['/api/v1', 'namespaces/status'],
    ['/api/v1', 'namespaces/finalize'],
    ['/api/v1', 'nodes/status'],
    ['/api/v1', 'pods/status'],
    ['/api/v1', 'persistentvolumes/status'],
    ['/apis/apps/v1', 'deployments/status'],
    ['/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions/status'],
  ])('lists in %s the subresource %s', async (path, name) => {
    const resource = await resourceOf(path, name);
    expect(resource?.verbs).toEqual(expect.arrayContaining(['update']));
  });

  it.each([
    ['/apis/authentication.k8s.io/v1', 'tokenreviews', 'TokenReview'],
    ['/apis/authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview'],
    ['/apis/authorization.k8s.io/v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview'],
    ['/apis/authorization.k8s.io/v1', 'selfsubjectrulesreviews', 'SelfSubjectRulesReview'],
    ['/api/v1', 'serviceaccounts/token', 'TokenRequest'],
  ])('lists in %s the review %s, which can only be created', async (path, name, kind) => {
    expect(await resourceOf(path, name)).toMatchObject({ kind, verbs: ['create'] });
  });
});

describe('custom resources', () => {
  it('appear with their names, verbs and status', async () => {
    const { group } = await installWidgets(target);
    const path = `/apis/${group}/v1`;
    await eventually(async () => (await resourceOf(path, 'widgets')) !== undefined, 'discovery');
    const resource = await resourceOf(path, 'widgets');
    expect(resource).toMatchObject({
      kind: 'Widget',
      singularName: 'widget',
      namespaced: true,
      shortNames: ['wd'],
      categories: ['contract'],
    });
    expect([...resource!.verbs].sort()).toEqual(verbs);
    const status = await resourceOf(path, 'widgets/status');
    expect([...status!.verbs].sort()).toEqual(['get', 'patch', 'update']);
  });

  it('disappear with their definition', async () => {
    const group = `${target.unique('w')}.contract.couchestor.test`;
    const crd = await installCrd(target, widgetCrd(group));
    await eventually(async () => (await admin.get(`/apis/${group}`)).status === 200, 'the group');
    await admin.delete(`/apis/apiextensions.k8s.io/v1/customresourcedefinitions/${crd.metadata.name}`);
    await eventually(async () => (await admin.get(`/apis/${group}`)).status === 404, 'the group to be gone');
    const { body } = await admin.get('/apis');
    expect((body.groups as { name: string }[]).map((entry) => entry.name)).not.toContain(group);
  });
});

describe('aggregated discovery', () => {
  const v2 = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';

  target.when('aggregatedDiscovery')('lists all groups of /apis in one document', async () => {
    const { headers, body } = await admin.get('/apis', { accept: `${v2},application/json` });
    expect(headers['content-type']).toBe(v2);
    expect(body).toMatchObject({ kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2' });
    const apps = body.items.find((item) => item.metadata.name === 'apps');
    const versions = apps!.versions as { version: string; resources: { resource: string }[] }[];
    expect(versions[0]).toMatchObject({ version: 'v1', freshness: 'Current' });
    expect(versions[0]!.resources.find(({ resource }) => resource === 'deployments')).toMatchObject({
      responseKind: { group: 'apps', version: 'v1', kind: 'Deployment' },
      scope: 'Namespaced',
      shortNames: ['deploy'],
      subresources: expect.arrayContaining([expect.objectContaining({ subresource: 'status' })]),
    });
  });

  it('falls back to the plain list for clients that accept that too', async () => {
    const { headers } = await admin.get('/apis', {
      accept: 'application/json;g=none.k8s.io;v=v9;as=None,application/json',
    });
    expect(headers['content-type']).toBe('application/json');
  });
});
