/**
 * Who a request comes from. Client certificates are tried before bearer tokens; a request with neither is anonymous,
 * but one whose credentials are wrong never is.
 */
import type { TLSSocket } from 'node:tls';
import type { UserInfo } from '../types.ts';
import { API_AUDIENCE, type ServiceAccountTokens, type VerifiedToken } from './service-account-tokens.ts';

/** What a TLS connection says of its client; `authorized` when the chain was verified. */
export interface PeerCertificate {
  authorized: boolean;
  subject: { CN?: string | readonly string[]; O?: string | readonly string[] };
}

export interface Credentials {
  peerCertificate?: PeerCertificate | undefined;
  /** The Authorization header. */
  authorization?: string | undefined;
}

interface Options {
  serviceAccountTokens: ServiceAccountTokens;
  /** Users by bearer token, beside service accounts. */
  staticTokens?: ReadonlyMap<string, UserInfo>;
}

const AUTHENTICATED = 'system:authenticated';

/** The certificate that a client of this connection presented, if any. */
export function peerCertificateOf(socket: TLSSocket): PeerCertificate | undefined {
  const certificate = socket.getPeerCertificate();
  // Without a certificate Node returns an empty object.
  if (!Object.hasOwn(certificate, 'subject')) return undefined;
  return { authorized: socket.authorized, subject: certificate.subject };
}

export class Authenticator {
  readonly #options: Options;

  constructor(options: Options) {
    this.#options = options;
  }

  /** Undefined means 401. */
  async authenticate({ peerCertificate, authorization }: Credentials): Promise<UserInfo | undefined> {
    if (peerCertificate?.authorized === true) {
      const [username] = list(peerCertificate.subject.CN);
      if (username !== undefined && username !== '') {
        return authenticated({ username, groups: list(peerCertificate.subject.O) });
      }
    }
    const [, token] = /^bearer +(\S+)/i.exec(authorization ?? '') ?? [];
    if (token !== undefined) return (await this.reviewToken(token, [API_AUDIENCE]))?.user;
    if (peerCertificate?.authorized === false) return undefined;
    return { username: 'system:anonymous', groups: ['system:unauthenticated'] };
  }

  /** Who a bearer token stands for, towards any of `audiences`; undefined when it is not valid there. */
  async reviewToken(token: string, audiences: readonly string[]): Promise<VerifiedToken | undefined> {
    const known = this.#options.staticTokens?.get(token);
    if (known !== undefined) {
      // A static token knows no audience: it is good for this server alone.
      return audiences.includes(API_AUDIENCE) ? { user: authenticated(known), audiences: [API_AUDIENCE] } : undefined;
    }
    const verified = await this.#options.serviceAccountTokens.verify(token, audiences);
    return verified && { ...verified, user: authenticated(verified.user) };
  }
}

const list = (value: string | readonly string[] | undefined): string[] =>
  value === undefined ? [] : typeof value === 'string' ? [value] : [...value];

const authenticated = (user: UserInfo): UserInfo => ({
  ...user,
  groups: user.groups.includes(AUTHENTICATED) ? user.groups : [...user.groups, AUTHENTICATED],
});
