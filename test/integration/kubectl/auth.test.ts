import { expect, it } from '@jest/globals';
import { createNamespace } from '../../contract/kube-api/harness/namespaces.ts';
import { openTarget } from '../../contract/kube-api/harness/target.ts';
import { createUser, grant } from '../../contract/kube-api/harness/users.ts';
import { eventually } from '../../contract/kube-api/harness/wait.ts';
import { requireTool } from '../../skips.ts';
import { CommandLine } from './kubectl.ts';

const tool = requireTool('kubectl');
const target = await openTarget();
const admin = await CommandLine.of(tool.path, target);
const namespace = await createNamespace(target);
const user = await createUser(target, namespace);
await grant(target, namespace, user, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]);

const kubeconfig = JSON.stringify({
  apiVersion: 'v1',
  kind: 'Config',
  clusters: [
    {
      name: 'c',
      cluster: {
        server: target.endpoint.server,
        'certificate-authority-data': Buffer.from(target.endpoint.caPem).toString('base64'),
      },
    },
  ],
  users: [{ name: 'u', user: { token: user.token } }],
  contexts: [{ name: 'x', context: { cluster: 'c', user: 'u', namespace } }],
  'current-context': 'x',
});
const kubectl = await CommandLine.of(tool.path, target, kubeconfig);

tool.describe('a user with a token', () => {
  it('is told by auth can-i what it may do', async () => {
    await eventually(async () => (await kubectl.run(['auth', 'can-i', 'list', 'configmaps'])).code === 0, 'the role');
    expect(await kubectl.ok(['auth', 'can-i', 'list', 'configmaps'])).toBe('yes\n');
    const no = await kubectl.run(['auth', 'can-i', 'delete', 'configmaps']);
    expect([no.code, no.stdout]).toEqual([1, 'no\n']);
    expect(await kubectl.ok(['auth', 'can-i', '--list'])).toMatch(/^configmaps +\[\] +\[\] +\[get list\]$/m);
  });

  it('does what its role allows, and no more', async () => {
    await eventually(async () => (await kubectl.run(['get', 'configmaps'])).code === 0, 'the role');
    const { code, stderr } = await kubectl.run(['get', 'secrets']);
    expect([code, stderr]).toEqual([
      1,
      `Error from server (Forbidden): secrets is forbidden: User "${user.username}" cannot list resource "secrets" in API group "" in the namespace "${namespace}"\n`,
    ]);
  });

  target.when('selfSubjectReview')('is named by auth whoami', async () => {
    expect(await kubectl.ok(['auth', 'whoami', '-o', 'jsonpath={.status.userInfo.username}'])).toBe(user.username);
  });
});

tool.describe('an administrator', () => {
  it('may do everything', async () => {
    expect(await admin.ok(['auth', 'can-i', '*', '*', '-A'])).toBe('yes\n');
  });

  it('creates tokens', async () => {
    const token = (await admin.ok(['create', 'token', user.subject.name, '-n', namespace, '--duration=20m'])).trim();
    const { status } = await target.client({ token }).get(`/api/v1/namespaces/${namespace}/configmaps`);
    expect(status).toBe(200);
  });

  it('reconciles roles', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }];
    const role = {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'Role',
      metadata: { name: 'reconciled', namespace },
      rules,
    };
    expect(await admin.ok(['auth', 'reconcile', '-f', '-'], { input: role })).toMatch(/reconciled reconciled/);
  });
});
