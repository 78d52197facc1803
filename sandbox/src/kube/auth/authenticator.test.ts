import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { SignJWT, generateKeyPair } from 'jose';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { KubeObject } from '../types.ts';
import { Authenticator } from './authenticator.ts';
import { API_AUDIENCE, ServiceAccountTokens, type FindObject, type TokenSpec } from './service-account-tokens.ts';

const spec: TokenSpec = { namespace: 'ns', name: 'robot', uid: 'uid-1', audiences: [], expirationSeconds: 600 };
const user = {
  username: 'system:serviceaccount:ns:robot',
  uid: 'uid-1',
  groups: ['system:serviceaccounts', 'system:serviceaccounts:ns', 'system:authenticated'],
};

describe('Authenticator', () => {
  const objects = new Map<string, string>();
  let now = Date.UTC(2026, 0, 1);
  const find: FindObject = (resource, namespace, name) => {
    const uid = objects.get(`${resource}/${namespace}/${name}`);
    return uid === undefined ? undefined : ({ metadata: { name, namespace, uid } } as KubeObject);
  };
  const options = { find, now: () => now };
  let tokens: ServiceAccountTokens;
  let authenticator: Authenticator;

  beforeEach(async () => {
    now = Date.UTC(2026, 0, 1);
    objects.clear();
    objects.set('serviceaccounts/ns/robot', 'uid-1');
    tokens = await ServiceAccountTokens.open(options);
    const staticTokens = new Map([['s3cret', { username: 'jane', groups: ['dev'] }]]);
    authenticator = new Authenticator({ serviceAccountTokens: tokens, staticTokens });
  });

  const bearer = (token: string) => authenticator.authenticate({ authorization: `Bearer ${token}` });

  it('takes the user and groups from a verified certificate', async () => {
    const peerCertificate = { authorized: true, subject: { CN: 'jane', O: ['dev', 'ops'] } };
    const expected = { username: 'jane', groups: ['dev', 'ops', 'system:authenticated'] };
    expect(await authenticator.authenticate({ peerCertificate })).toEqual(expected);
    const withToken = { peerCertificate, authorization: 'Bearer wrong' };
    expect(await authenticator.authenticate(withToken)).toEqual(expected);
    const single = { authorized: true, subject: { CN: 'joe', O: 'dev' } };
    expect(await authenticator.authenticate({ peerCertificate: single })).toMatchObject({
      groups: ['dev', 'system:authenticated'],
    });
  });

  it('refuses a certificate it cannot verify, unless a token says who it is', async () => {
    const peerCertificate = { authorized: false, subject: { CN: 'jane' } };
    expect(await authenticator.authenticate({ peerCertificate })).toBeUndefined();
    expect(await authenticator.authenticate({ peerCertificate, authorization: 'Bearer s3cret' })).toMatchObject({
      username: 'jane',
    });
  });

  it('knows nobody without credentials, or with a certificate that names nobody', async () => {
    const anonymous = { username: 'system:anonymous', groups: ['system:unauthenticated'] };
    expect(await authenticator.authenticate({})).toEqual(anonymous);
    expect(await authenticator.authenticate({ authorization: 'Basic abc' })).toEqual(anonymous);
    expect(await authenticator.authenticate({ authorization: 'Bearer ' })).toEqual(anonymous);
    expect(await authenticator.authenticate({ peerCertificate: { authorized: true, subject: {} } })).toEqual(anonymous);
  });

  it('never takes wrong credentials for none', async () => {
    await fc.assert(
      fc.asyncProperty(fc.stringMatching(/^[!-~]+$/), async (token) => {
        fc.pre(token !== 's3cret');
        expect(await bearer(token)).toBeUndefined();
      }),
    );
  });

  it('accepts static tokens, towards this server alone', async () => {
    expect(await bearer('s3cret')).toEqual({ username: 'jane', groups: ['dev', 'system:authenticated'] });
    expect(await authenticator.reviewToken('s3cret', ['other'])).toBeUndefined();
  });

  it('accepts the tokens of service accounts, with the claims of a real server', async () => {
    const { token, expirationTimestamp } = await tokens.issueToken(spec);
    expect(expirationTimestamp).toBe('2026-01-01T00:10:00Z');
    expect(await bearer(token)).toEqual(user);
    const claims = JSON.parse(Buffer.from(token.split('.')[1]!, 'base64url').toString()) as Record<string, unknown>;
    expect(claims).toMatchObject({
      iss: API_AUDIENCE,
      aud: [API_AUDIENCE],
      sub: user.username,
      iat: now / 1000,
      nbf: now / 1000,
      exp: now / 1000 + 600,
      'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'robot', uid: 'uid-1' } },
    });
  });

  it('refuses them out of their time', async () => {
    const { token } = await tokens.issueToken(spec);
    now += 599_000;
    expect(await bearer(token)).toEqual(user);
    now += 1000;
    expect(await bearer(token)).toBeUndefined();
    now -= 601_000;
    expect(await bearer(token)).toBeUndefined();
  });

  it('refuses them once the account is gone, or another has its name', async () => {
    const { token } = await tokens.issueToken(spec);
    objects.set('serviceaccounts/ns/robot', 'uid-2');
    expect(await bearer(token)).toBeUndefined();
    objects.delete('serviceaccounts/ns/robot');
    expect(await bearer(token)).toBeUndefined();
  });

  it('binds tokens to their audiences', async () => {
    const { token } = await tokens.issueToken({ ...spec, audiences: ['x', 'y'] });
    expect(await bearer(token)).toBeUndefined();
    expect(await authenticator.reviewToken(token, ['z', 'y', 'x'])).toEqual({ user, audiences: ['y', 'x'] });
    expect(await authenticator.reviewToken(token, ['z'])).toBeUndefined();
    expect(await authenticator.reviewToken(token, [])).toBeUndefined();
  });

  it('refuses tokens that another key signed, or none, or that were changed', async () => {
    const { privateKey } = await generateKeyPair('ES256');
    const claims = { 'kubernetes.io': { namespace: 'ns', serviceaccount: { name: 'robot', uid: 'uid-1' } } };
    const forged = await new SignJWT(claims)
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(API_AUDIENCE)
      .setSubject(user.username)
      .setAudience(API_AUDIENCE)
      .setNotBefore(now / 1000)
      .setExpirationTime(now / 1000 + 600)
      .sign(privateKey);
    expect(await bearer(forged)).toBeUndefined();
    const { token } = await tokens.issueToken(spec);
    const [, payload = ''] = token.split('.');
    const unsigned = Buffer.from('{"alg":"none"}').toString('base64url');
    expect(await bearer(`${unsigned}.${payload}.`)).toBeUndefined();
    await fc.assert(
      fc.asyncProperty(fc.nat(token.length - 1), fc.constantFrom('A', 'b', '-', '.'), async (index, character) => {
        const changed = token.slice(0, index) + character + token.slice(index + 1);
        // The last character of a base64 text may carry bits that mean nothing.
        const isSame =
          changed
            .split('.')
            .map((part) => Buffer.from(part, 'base64url').toString('hex'))
            .join() ===
          token
            .split('.')
            .map((part) => Buffer.from(part, 'base64url').toString('hex'))
            .join();
        fc.pre(!isSame);
        expect(await bearer(changed)).toBeUndefined();
      }),
    );
  });

  it('keeps its signing key in the directory', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'sandbox-sa-'));
    try {
      const first = await ServiceAccountTokens.open({ ...options, directory });
      const second = await ServiceAccountTokens.open({ ...options, directory });
      const { token } = await first.issueToken(spec);
      expect(await second.verify(token, [API_AUDIENCE])).toBeDefined();
      expect(await tokens.verify(token, [API_AUDIENCE])).toBeUndefined();
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
