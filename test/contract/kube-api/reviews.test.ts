import { describe, expect, it } from '@jest/globals';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { createUser, grant } from './harness/users.ts';
import { created } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;
const namespace = await createNamespace(target);
const user = await createUser(target, namespace);
const reader = await createUser(target, namespace);
await grant(target, namespace, reader, [{ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] }]);

const tokenReviews = '/apis/authentication.k8s.io/v1/tokenreviews';
const reviews = '/apis/authorization.k8s.io/v1';

interface TokenStatus {
  authenticated?: boolean;
  user?: { username: string; uid: string; groups: string[]; extra?: Record<string, string[]> };
  audiences?: string[];
  error?: string;
}

const review = async (spec: object): Promise<TokenStatus> =>
  created(await admin.post(tokenReviews, { spec })).status as TokenStatus;

const tokenFor = async (spec: object): Promise<{ token: string; expirationTimestamp: string }> => {
  const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${user.subject.name}/token`;
  return created(await admin.post(path, { spec })).status as { token: string; expirationTimestamp: string };
};

describe('a TokenRequest', () => {
  it('issues a token that expires when asked', async () => {
    const before = Date.now();
    const { token, expirationTimestamp } = await tokenFor({ expirationSeconds: 1200 });
    const lifetime = (Date.parse(expirationTimestamp) - before) / 1000;
    expect(lifetime).toBeGreaterThan(1190);
    expect(lifetime).toBeLessThan(1260);
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({
      sub: user.username,
      exp: Math.floor(Date.parse(expirationTimestamp) / 1000),
      'kubernetes.io': { namespace, serviceaccount: { name: user.subject.name, uid: user.uid } },
    });
  });

  it('refuses a life of less than ten minutes', async () => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/${user.subject.name}/token`;
    const { status, body } = await admin.post(path, { spec: { expirationSeconds: 60 } });
    expect([status, body.message]).toEqual([
      422,
      expect.stringContaining(
        'spec.expirationSeconds: Invalid value: 60: may not specify a duration less than 10 minutes',
      ),
    ]);
  });

  it('needs the service account', async () => {
    const path = `/api/v1/namespaces/${namespace}/serviceaccounts/nobody/token`;
    const { status, body } = await admin.post(path, { spec: {} });
    expect([status, body.message]).toEqual([404, 'serviceaccounts "nobody" not found']);
  });
});

describe('a TokenReview', () => {
  it('says whose a token is', async () => {
    const status = await review({ token: user.token });
    expect(status).toMatchObject({
      authenticated: true,
      user: {
        username: user.username,
        uid: user.uid,
        groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`, 'system:authenticated'],
      },
    });
  });

  it('does not know what nobody issued', async () => {
    const status = await review({ token: 'made-up' });
    expect([status.authenticated ?? false, status.user?.username]).toEqual([false, undefined]);
  });

  it('checks the audience', async () => {
    const { token } = await tokenFor({ audiences: ['couchestor'] });
    expect(await review({ token, audiences: ['couchestor', 'other'] })).toMatchObject({
      authenticated: true,
      audiences: ['couchestor'],
    });
    expect((await review({ token, audiences: ['other'] })).authenticated ?? false).toBe(false);
    expect((await review({ token })).authenticated ?? false).toBe(false);
  });

  it('refuses the token of a service account that was deleted', async () => {
    const doomed = await createUser(target, namespace);
    expect((await review({ token: doomed.token })).authenticated).toBe(true);
    await admin.delete(`/api/v1/namespaces/${namespace}/serviceaccounts/${doomed.subject.name}`);
    await eventually(
      async () => (await review({ token: doomed.token })).authenticated !== true,
      'the token to be refused',
      30_000,
    );
  }, 40_000);

  it('may be asked only by those who are allowed', async () => {
    expect((await user.client.post(tokenReviews, { spec: { token: user.token } })).status).toBe(403);
  });
});

describe('a SubjectAccessReview', () => {
  interface AccessStatus {
    allowed: boolean;
    denied?: boolean;
    reason?: string;
  }

  const access = async (spec: object): Promise<AccessStatus> =>
    created(await admin.post(`${reviews}/subjectaccessreviews`, { spec })).status as AccessStatus;

  it('answers for a user and a resource', async () => {
    const attributes = { verb: 'get', resource: 'configmaps', namespace };
    await eventually(
      async () => (await access({ user: reader.username, resourceAttributes: attributes })).allowed,
      'access',
    );
    const { reason } = await access({ user: reader.username, resourceAttributes: attributes });
    expect(reason).toContain(`RBAC: allowed by RoleBinding "`);
    const other = await access({ user: reader.username, resourceAttributes: { ...attributes, verb: 'delete' } });
    expect(other.allowed).toBe(false);
  });

  it('answers for groups', async () => {
    const resourceAttributes = { verb: 'delete', resource: 'nodes', name: 'n' };
    expect((await access({ user: 'root', groups: ['system:masters'], resourceAttributes })).allowed).toBe(true);
    expect((await access({ user: 'root', resourceAttributes })).allowed).toBe(false);
  });

  it('answers for paths', async () => {
    const groups = ['system:authenticated'];
    const path = async (name: string): Promise<boolean> =>
      (await access({ user: 'someone', groups, nonResourceAttributes: { path: name, verb: 'get' } })).allowed;
    expect([await path('/version'), await path('/metrics')]).toEqual([true, false]);
  });

  it('needs a question and a subject', async () => {
    const path = `${reviews}/subjectaccessreviews`;
    const nothing = await admin.post(path, { spec: { user: 'x' } });
    expect([nothing.status, nothing.body.message]).toEqual([
      422,
      expect.stringContaining('exactly one of nonResourceAttributes or resourceAttributes must be specified'),
    ]);
    const nobody = await admin.post(path, { spec: { resourceAttributes: { verb: 'get', resource: 'pods' } } });
    expect([nobody.status, nobody.body.message]).toEqual([
      422,
      expect.stringContaining('at least one of user or group must be specified'),
    ]);
  });

  it('has a local form for one namespace', async () => {
    const path = `${reviews}/namespaces/${namespace}/localsubjectaccessreviews`;
    const ask = (inside: string): object => ({
      metadata: { namespace },
      spec: { user: reader.username, resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: inside } },
    });
    expect(created(await admin.post(path, ask(namespace))).status).toMatchObject({ allowed: true });
    expect((await admin.post(path, ask('default'))).status).toBeGreaterThanOrEqual(400);
  });
});

describe('a self review', () => {
  it('answers for the user who asks', async () => {
    const spec = { resourceAttributes: { verb: 'list', resource: 'configmaps', namespace } };
    const path = `${reviews}/selfsubjectaccessreviews`;
    await eventually(async () => {
      const { status } = created(await reader.client.post(path, { spec }));
      return (status as { allowed: boolean }).allowed;
    }, 'access');
    expect(created(await user.client.post(path, { spec })).status).toMatchObject({ allowed: false });
    expect(created(await admin.post(path, { spec })).status).toMatchObject({ allowed: true });
  });

  it('lists the rules of the user who asks', async () => {
    const path = `${reviews}/selfsubjectrulesreviews`;
    const { status } = created(await reader.client.post(path, { spec: { namespace } }));
    const { resourceRules, nonResourceRules } = status as { resourceRules: unknown[]; nonResourceRules: unknown[] };
    expect(resourceRules).toContainEqual({ apiGroups: [''], resources: ['configmaps'], verbs: ['get', 'list'] });
    expect(nonResourceRules.length).toBeGreaterThan(0);
  });

  target.when('selfSubjectReview')('says who the user is', async () => {
    const { status } = created(
      await user.client.post('/apis/authentication.k8s.io/v1/selfsubjectreviews', {
        apiVersion: 'authentication.k8s.io/v1',
        kind: 'SelfSubjectReview',
      }),
    );
    expect(status).toMatchObject({
      userInfo: { username: user.username, groups: expect.arrayContaining(['system:authenticated']) },
    });
  });
});
