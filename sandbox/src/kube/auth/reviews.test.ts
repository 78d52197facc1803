import { describe, expect, it } from '@jest/globals';
import type { JsonObject, KubeObject, UserInfo } from '../types.ts';
import { Authenticator } from './authenticator.ts';
import { bootstrapObjects } from './bootstrap-roles.ts';
import { storedObjects } from './rbac.fixture.ts';
import { RbacAuthorizer } from './rbac.ts';
import { answerReview, isReview } from './reviews.ts';
import { API_AUDIENCE, ServiceAccountTokens, type FindObject } from './service-account-tokens.ts';
import { answerTokenRequest } from './token-request.ts';

const bob: UserInfo = { username: 'bob', groups: ['system:authenticated'] };
const account = {
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: { name: 'robot', namespace: 'ns', uid: 'uid-1', resourceVersion: '1', creationTimestamp: '' },
} satisfies KubeObject;
const find: FindObject = (_resource, _namespace, name) => (name === 'robot' ? account : undefined);
const tokens = await ServiceAccountTokens.open({ find, now: () => Date.UTC(2026, 0, 1) });
const authorizer = new RbacAuthorizer(storedObjects(bootstrapObjects()));
const authenticator = new Authenticator({ serviceAccountTokens: tokens });

const ask = (kind: string, spec: JsonObject, namespace = ''): Promise<JsonObject> =>
  answerReview(kind, { kind, spec }, { user: bob, namespace, authorizer, authenticator });
const statusOf = async (...question: Parameters<typeof ask>): Promise<unknown> => (await ask(...question)).status;
const messageOf = async (promise: Promise<unknown>): Promise<string> => {
  const error: unknown = await promise.then(
    () => new Error('answered'),
    (reason: unknown) => reason,
  );
  return (error as Error).message;
};

describe('TokenReview', () => {
  it('says who a token stands for, towards which audiences', async () => {
    const { token } = await tokens.issueToken({
      namespace: 'ns',
      name: 'robot',
      uid: 'uid-1',
      audiences: ['x', API_AUDIENCE],
      expirationSeconds: 600,
    });
    const user = {
      username: 'system:serviceaccount:ns:robot',
      uid: 'uid-1',
      groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
    };
    expect(await ask('TokenReview', { token })).toEqual({
      kind: 'TokenReview',
      metadata: { creationTimestamp: null },
      spec: { token },
      status: { authenticated: true, user, audiences: [API_AUDIENCE] },
    });
    expect(await statusOf('TokenReview', { token, audiences: ['y', 'x'] })).toEqual({
      authenticated: true,
      user,
      audiences: ['x'],
    });
    expect(await statusOf('TokenReview', { token, audiences: ['y'] })).toEqual({
      user: {},
      error: 'invalid bearer token',
    });
    expect(await statusOf('TokenReview', { token: 'bad' })).toEqual({ user: {}, error: 'invalid bearer token' });
  });

  it('needs a token', async () => {
    for (const spec of [{}, { token: '' }]) {
      expect(await messageOf(ask('TokenReview', spec))).toBe('token is required for TokenReview in authentication');
    }
  });
});

describe('access reviews', () => {
  const getPods = { verb: 'get', resource: 'pods' };

  it('answer for anybody', async () => {
    expect(await statusOf('SubjectAccessReview', { user: 'bob', resourceAttributes: getPods })).toEqual({
      allowed: false,
    });
    expect(await statusOf('SubjectAccessReview', { groups: ['system:masters'], resourceAttributes: getPods })).toEqual({
      allowed: true,
    });
    const nonResourceAttributes = { verb: 'get', path: '/version' };
    expect(
      await statusOf('SubjectAccessReview', { user: 'bob', groups: ['system:authenticated'], nonResourceAttributes }),
    ).toEqual({
      allowed: true,
      reason: 'RBAC: allowed by ClusterRoleBinding "system:discovery"',
    });
  });

  it('answer for whoever asks', async () => {
    expect(
      await statusOf('SelfSubjectAccessReview', { nonResourceAttributes: { verb: 'get', path: '/api' } }),
    ).toMatchObject({ allowed: true });
    expect(await statusOf('SelfSubjectReview', {})).toEqual({ userInfo: bob });
  });

  it('answer in their own namespace only', async () => {
    const question = (namespace: string): Promise<unknown> =>
      statusOf('LocalSubjectAccessReview', { user: 'bob', resourceAttributes: { ...getPods, namespace } }, 'n');
    expect(await question('n')).toEqual({ allowed: false });
    expect(await messageOf(question('m'))).toBe('spec.resourceAttributes.namespace must match namespace: n');
  });

  it('refuse questions that make no sense', async () => {
    expect(await messageOf(ask('SubjectAccessReview', { user: 'bob' }))).toMatch(/exactly one of/);
    const both = { user: 'bob', resourceAttributes: getPods, nonResourceAttributes: { path: '/', verb: 'get' } };
    expect(await messageOf(ask('SubjectAccessReview', both))).toMatch(/exactly one of/);
    expect(await messageOf(ask('SubjectAccessReview', { resourceAttributes: getPods }))).toMatch(/at least one of/);
  });

  it('list the rules that hold', async () => {
    const status = (await statusOf('SelfSubjectRulesReview', { namespace: 'n' })) as JsonObject;
    expect(status).toMatchObject({
      incomplete: false,
      resourceRules: expect.arrayContaining([
        expect.objectContaining({ verbs: ['create'], apiGroups: ['authentication.k8s.io'] }),
      ]) as unknown,
      nonResourceRules: expect.arrayContaining([expect.objectContaining({ verbs: ['get'] })]) as unknown,
    });
  });

  it('are the only kinds', () => {
    expect(['TokenReview', 'SelfSubjectReview', 'Pod', 'constructor'].map(isReview)).toEqual([
      true,
      true,
      false,
      false,
    ]);
  });
});

describe('TokenRequest', () => {
  const request = (spec: JsonObject): Promise<JsonObject> => answerTokenRequest({ spec }, { account, tokens });
  const claimsOf = (answer: JsonObject): JsonObject => {
    const { token } = answer.status as { token: string };
    return JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as JsonObject;
  };

  it('issues a token for an hour and this server, unless it is told otherwise', async () => {
    const answer = await request({});
    expect(answer).toMatchObject({
      kind: 'TokenRequest',
      metadata: { name: 'robot', namespace: 'ns' },
      spec: { audiences: [API_AUDIENCE], expirationSeconds: 3600, boundObjectRef: null },
      status: { expirationTimestamp: '2026-01-01T01:00:00Z' },
    });
    const other = await request({ audiences: ['x'], expirationSeconds: 700 });
    expect(claimsOf(other)).toMatchObject({ aud: ['x'], exp: Date.UTC(2026, 0, 1) / 1000 + 700 });
  });

  it('binds tokens to nothing but their account', async () => {
    expect(await messageOf(request({ boundObjectRef: { kind: 'Pod', apiVersion: 'v1', name: 'p' } }))).toBe(
      'this server binds tokens to service accounts only, not to spec.boundObjectRef',
    );
  });

  it.each([
    [5, 'Invalid value: 5: may not specify a duration less than 10 minutes'],
    [99_999_999_999, 'Invalid value: 99999999999: may not specify a duration larger than 2^32 seconds'],
  ])('refuses %d seconds', async (expirationSeconds, why) => {
    const message = `TokenRequest.authentication.k8s.io "" is invalid: spec.expirationSeconds: ${why}`;
    expect(await messageOf(request({ expirationSeconds }))).toBe(message);
  });
});
