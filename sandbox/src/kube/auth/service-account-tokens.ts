/**
 * Tokens of service accounts: ES256 JSON web tokens with the claims of a real cluster, bound to audiences, an expiry
 * and the account's uid. A token dies with its account.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { fieldOf, textOf } from '../patch/json.ts';
import type { KubeObject, UserInfo } from '../types.ts';
import { loadOrCreate } from './key-files.ts';

export const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

/** The current account, if there is one. */
export type FindObject = (resource: 'serviceaccounts', namespace: string, name: string) => KubeObject | undefined;

export interface TokenSpec {
  namespace: string;
  name: string;
  uid: string;
  /** Empty stands for the API server itself. */
  audiences: readonly string[];
  expirationSeconds: number;
}

export interface VerifiedToken {
  user: UserInfo;
  /** Those of the wanted audiences that the token is for; never empty. */
  audiences: string[];
}

interface Options {
  directory?: string | undefined;
  /** Wall time in milliseconds since the epoch. */
  now: () => number;
  find: FindObject;
}

export class ServiceAccountTokens {
  readonly #key: KeyObject;
  readonly #publicKey: KeyObject;
  readonly #options: Options;

  private constructor(key: KeyObject, options: Options) {
    this.#key = key;
    this.#publicKey = createPublicKey(key);
    this.#options = options;
  }

  /** Loads the signing key of the directory, or makes one. */
  static async open(options: Options): Promise<ServiceAccountTokens> {
    const pem = await loadOrCreate(options.directory, 'service-account.key', () => {
      const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
      return Promise.resolve(privateKey.export({ type: 'pkcs8', format: 'pem' }).toString());
    });
    return new ServiceAccountTokens(createPrivateKey(pem), options);
  }

  async issueToken(spec: TokenSpec): Promise<{ token: string; expirationTimestamp: string }> {
    const { namespace, name, uid } = spec;
    const issuedAt = Math.floor(this.#options.now() / 1000);
    const expiresAt = issuedAt + spec.expirationSeconds;
    const token = await new SignJWT({ 'kubernetes.io': { namespace, serviceaccount: { name, uid } } })
      .setProtectedHeader({ alg: 'ES256' })
      .setIssuer(API_AUDIENCE)
      .setSubject(`system:serviceaccount:${namespace}:${name}`)
      .setAudience(spec.audiences.length === 0 ? [API_AUDIENCE] : [...spec.audiences])
      .setIssuedAt(issuedAt)
      .setNotBefore(issuedAt)
      .setExpirationTime(expiresAt)
      .setJti(randomUUID())
      .sign(this.#key);
    return { token, expirationTimestamp: new Date(expiresAt * 1000).toISOString().replace('.000Z', 'Z') };
  }

  /** Undefined unless the token is ours, in its time, for one of `audiences`, and its account still exists. */
  async verify(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined> {
    let payload: JWTPayload;
    try {
      ({ payload } = await jwtVerify(token, this.#publicKey, {
        algorithms: ['ES256'],
        issuer: API_AUDIENCE,
        audience: [...audiences],
        currentDate: new Date(this.#options.now()),
        requiredClaims: ['exp', 'nbf', 'sub'],
      }));
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
    const claims = payload['kubernetes.io'];
    const namespace = textOf(claims, 'namespace');
    const account = fieldOf(claims, 'serviceaccount');
    const uid = textOf(account, 'uid');
    const found = this.#options.find('serviceaccounts', namespace, textOf(account, 'name'));
    if (found?.metadata.uid !== uid) return undefined;
    const groups = ['system:serviceaccounts', `system:serviceaccounts:${namespace}`];
    const granted = [payload.aud ?? []].flat();
    return {
      user: { username: String(payload.sub), uid, groups },
      audiences: audiences.filter((audience) => granted.includes(audience)),
    };
  }
}
