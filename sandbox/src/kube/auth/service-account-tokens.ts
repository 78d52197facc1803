/**
 * Tokens of service accounts: ES256 JSON web tokens with the claims of a real cluster, bound to audiences, an expiry,
 * the account's uid and optionally one object. A token dies with the account (or object) it is bound to.
 */
import { createPrivateKey, createPublicKey, generateKeyPairSync, randomUUID, type KeyObject } from 'node:crypto';
import { errors, jwtVerify, SignJWT, type JWTPayload } from 'jose';
import { fieldOf, listOf } from '../patch/json.ts';
import type { KubeObject, UserInfo } from '../types.ts';
import { loadOrCreate } from './key-files.ts';

export const API_AUDIENCE = 'https://kubernetes.default.svc.cluster.local';

/** The current object, if there is one, of the core group. */
export type FindObject = (
  resource: 'serviceaccounts' | 'pods' | 'secrets' | 'nodes',
  namespace: string,
  name: string,
) => KubeObject | undefined;

export interface TokenSpec {
  namespace: string;
  name: string;
  uid: string;
  /** Empty stands for the API server itself. */
  audiences: readonly string[];
  expirationSeconds: number;
  boundObject?: { kind: 'Pod' | 'Secret' | 'Node'; name: string; uid: string };
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

const BOUND_RESOURCES = { pod: 'pods', secret: 'secrets', node: 'nodes' } as const;

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
    const pem = await loadOrCreate(options.directory, 'service-account.key', () =>
      Promise.resolve(
        generateKeyPairSync('ec', { namedCurve: 'P-256' })
          .privateKey.export({ type: 'pkcs8', format: 'pem' })
          .toString(),
      ),
    );
    return new ServiceAccountTokens(createPrivateKey(pem), options);
  }

  async issueToken(spec: TokenSpec): Promise<{ token: string; expirationTimestamp: string }> {
    const { namespace, name, uid, boundObject } = spec;
    const issuedAt = Math.floor(this.#options.now() / 1000);
    const expiresAt = issuedAt + spec.expirationSeconds;
    const bound = boundObject && { [boundObject.kind.toLowerCase()]: { name: boundObject.name, uid: boundObject.uid } };
    const token = await new SignJWT({ 'kubernetes.io': { namespace, serviceaccount: { name, uid }, ...bound } })
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

  /** Undefined unless the token is ours, in its time, for one of `audiences`, and what it is bound to still exists. */
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
    const user = this.#userOf(payload);
    const granted = typeof payload.aud === 'string' ? [payload.aud] : listOf(payload.aud);
    return user && { user, audiences: audiences.filter((audience) => granted.includes(audience)) };
  }

  #userOf(payload: JWTPayload): UserInfo | undefined {
    const claims = payload['kubernetes.io'];
    const namespace = String(fieldOf(claims, 'namespace'));
    const account = fieldOf(claims, 'serviceaccount');
    const alive = (resource: Parameters<FindObject>[0], reference: unknown): boolean => {
      const home = resource === 'nodes' ? '' : namespace;
      const found = this.#options.find(resource, home, String(fieldOf(reference, 'name')));
      return found !== undefined && found.metadata.uid === fieldOf(reference, 'uid');
    };
    if (!alive('serviceaccounts', account)) return undefined;
    const extra: Record<string, string[]> = {};
    for (const [kind, resource] of Object.entries(BOUND_RESOURCES)) {
      const bound = fieldOf(claims, kind);
      if (bound === undefined) continue;
      if (!alive(resource, bound)) return undefined;
      if (kind === 'secret') continue;
      extra[`authentication.kubernetes.io/${kind}-name`] = [String(fieldOf(bound, 'name'))];
      extra[`authentication.kubernetes.io/${kind}-uid`] = [String(fieldOf(bound, 'uid'))];
    }
    return {
      username: String(payload.sub),
      uid: String(fieldOf(account, 'uid')),
      groups: ['system:serviceaccounts', `system:serviceaccounts:${namespace}`],
      ...(Object.keys(extra).length === 0 ? {} : { extra }),
    };
  }
}
