import { join } from 'node:path';
import { expect, it } from '@jest/globals';
import { createNamespace } from '../../contract/kube-api/harness/namespaces.ts';
import { openTarget } from '../../contract/kube-api/harness/target.ts';
import { requireTool } from '../../skips.ts';
import { CommandLine } from './kubectl.ts';

const tool = requireTool('helm');
const target = await openTarget();
const helm = await CommandLine.of(tool.path, target);
const chart = join(import.meta.dirname, '../../fixtures/charts/tiny');
const gadgets = 'apis/tiny.couchestor.test/v1/namespaces';
const crd = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions/gadgets.tiny.couchestor.test';
target.defer(() => target.admin.delete(crd));

interface Release {
  name: string;
  revision: string;
  status: string;
  chart: string;
}

async function install(...args: string[]): Promise<string> {
  const namespace = await createNamespace(target);
  await helm.ok(['install', 'web', chart, '-n', namespace, ...args]);
  return namespace;
}

const statusOf = async (path: string): Promise<number> => (await target.admin.get(path)).status;

tool.describe('helm', () => {
  it('installs a chart with its definitions, roles and hooks', async () => {
    const namespace = await install();
    const core = `/api/v1/namespaces/${namespace}`;
    const paths = [
      crd,
      `${core}/serviceaccounts/web`,
      `${core}/configmaps/web`,
      `${core}/configmaps/web-before`,
      `${core}/secrets/web`,
      `/apis/apps/v1/namespaces/${namespace}/deployments/web`,
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/web`,
      `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/rolebindings/web`,
      `/${gadgets}/${namespace}/gadgets/web`,
    ];
    expect(await Promise.all(paths.map(statusOf))).toEqual(paths.map(() => 200));
    const releases = JSON.parse(await helm.ok(['list', '-n', namespace, '-o', 'json'])) as Release[];
    expect(releases).toMatchObject([{ name: 'web', revision: '1', status: 'deployed', chart: 'tiny-0.1.0' }]);
  });

  it('upgrades, removes what the chart leaves out, and rolls back', async () => {
    const namespace = await install('--set', 'mode=loud');
    const map = `/api/v1/namespaces/${namespace}/configmaps/web`;
    const role = `/apis/rbac.authorization.k8s.io/v1/namespaces/${namespace}/roles/web`;
    await helm.ok(['upgrade', 'web', chart, '-n', namespace, '--set', 'mode=calm,replicas=3,roles=false']);
    expect((await target.admin.get(map)).body.data).toEqual({ mode: 'calm' });
    expect((await target.admin.get(`/${gadgets}/${namespace}/gadgets/web`)).body.spec).toMatchObject({ size: 3 });
    expect(await statusOf(role)).toBe(404);
    await helm.ok(['rollback', 'web', '1', '-n', namespace]);
    expect((await target.admin.get(map)).body.data).toEqual({ mode: 'loud' });
    expect(await statusOf(role)).toBe(200);
    const history = JSON.parse(await helm.ok(['history', 'web', '-n', namespace, '-o', 'json'])) as Release[];
    expect(history.map(({ status }) => status)).toEqual(['superseded', 'superseded', 'deployed']);
  });

  it('repairs what somebody changed by hand', async () => {
    const namespace = await install();
    const map = `/api/v1/namespaces/${namespace}/configmaps/web`;
    await target.admin.patch(map, 'merge', { data: { mode: 'broken', extra: 'x' } });
    await helm.ok(['upgrade', 'web', chart, '-n', namespace, '--set', 'mode=calm']);
    expect((await target.admin.get(map)).body.data).toEqual({ mode: 'calm', extra: 'x' });
  });

  it('uninstalls everything but the definitions', async () => {
    const namespace = await install();
    await helm.ok(['uninstall', 'web', '-n', namespace, '--wait']);
    const paths = [
      `/api/v1/namespaces/${namespace}/configmaps/web`,
      `/apis/apps/v1/namespaces/${namespace}/deployments/web`,
      `/${gadgets}/${namespace}/gadgets/web`,
    ];
    expect(await Promise.all(paths.map(statusOf))).toEqual([404, 404, 404]);
    expect(await statusOf(crd)).toBe(200);
    expect(JSON.parse(await helm.ok(['list', '-n', namespace, '-o', 'json']))).toEqual([]);
  });

  it('fails on values that the definition refuses, before anything is deployed', async () => {
    const namespace = await createNamespace(target);
    await install();
    const { code, stderr } = await helm.run(['install', 'web', chart, '-n', namespace, '--set', 'replicas=many']);
    expect([code, stderr]).toEqual([1, expect.stringMatching(/size|replicas/)]);
    expect(await statusOf(`/apis/apps/v1/namespaces/${namespace}/deployments/web`)).toBe(404);
  });

  it('renders against the server without writing', async () => {
    const namespace = await createNamespace(target);
    const output = await helm.ok(['install', 'web', chart, '-n', namespace, '--dry-run=server']);
    expect(output).toContain(`policy-version: ${target.supports('policyV1') ? 'v1' : 'none'}`);
    expect(await statusOf(`/api/v1/namespaces/${namespace}/configmaps/web`)).toBe(404);
  });

  it('refuses to take over what it does not own', async () => {
    const namespace = await createNamespace(target);
    await target.admin.post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'web' } });
    const { code, stderr } = await helm.run(['install', 'web', chart, '-n', namespace]);
    expect([code, stderr]).toEqual([1, expect.stringContaining('invalid ownership metadata')]);
  });
});
