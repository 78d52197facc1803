import { describe, expect, it } from '@jest/globals';
import type { Answer, ApiClient } from './harness/client.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { createUser, grant, grantEverywhere } from './harness/users.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;
const namespace = await createNamespace(target);
const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

const as = (client: ApiClient, path: string, headers: Record<string, string>): Promise<Answer> =>
  client.get(path, { headers });

describe('a user who may impersonate', () => {
  it('is the other user, with nothing of their own', async () => {
    const { status, body } = await as(admin, '/api/v1/nodes', { 'Impersonate-User': 'bob' });
    expect([status, body.message]).toEqual([
      403,
      'nodes is forbidden: User "bob" cannot list resource "nodes" in API group "" at the cluster scope',
    ]);
  });

  it('is in the groups that it names', async () => {
    const headers = { 'Impersonate-User': 'bob', 'Impersonate-Group': 'system:masters' };
    expect((await as(admin, '/api/v1/nodes', headers)).status).toBe(200);
  });

  it('is in the groups of a service account without naming them', async () => {
    const user = await createUser(target, namespace);
    await grant(target, namespace, user, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['list'] }]);
    const headers = { 'Impersonate-User': user.username };
    await eventually(async () => (await as(admin, configMaps, headers)).status === 200, 'the role');
    expect((await as(admin, '/version', headers)).status).toBe(200);
  });

  it('names a user when it names a group', async () => {
    const { status } = await as(admin, '/api/v1/nodes', { 'Impersonate-Group': 'system:masters' });
    expect(status).toBe(500);
  });
});

describe('a user who may not impersonate', () => {
  it('is refused', async () => {
    const user = await createUser(target, namespace);
    const forbidden = (subject: string, resource: string, group: string, scope: string): string =>
      `${subject} is forbidden: User "${user.username}" cannot impersonate resource "${resource}" in API group "${group}" ${scope}`;
    const everywhere = 'at the cluster scope';
    const someone = await as(user.client, '/version', { 'Impersonate-User': 'bob' });
    expect([someone.status, someone.body.message]).toEqual([403, forbidden('users "bob"', 'users', '', everywhere)]);
    const account = await as(user.client, '/version', { 'Impersonate-User': 'system:serviceaccount:default:sa' });
    expect(account.body.message).toBe(
      forbidden('serviceaccounts "sa"', 'serviceaccounts', '', 'in the namespace "default"'),
    );
  });

  it('may be allowed single users, and still no groups', async () => {
    const user = await createUser(target, namespace);
    const rule = { apiGroups: [''], resources: ['users'], resourceNames: ['bob'], verbs: ['impersonate'] };
    await grantEverywhere(target, user, [rule]);
    await eventually(
      async () => (await as(user.client, '/version', { 'Impersonate-User': 'bob' })).status === 200,
      'the role',
    );
    expect((await as(user.client, '/version', { 'Impersonate-User': 'alice' })).status).toBe(403);
    const group = await as(user.client, '/version', {
      'Impersonate-User': 'bob',
      'Impersonate-Group': 'system:masters',
    });
    expect([group.status, group.body.message]).toEqual([
      403,
      expect.stringMatching(/^groups "system:masters" is forbidden/),
    ]);
  });
});
