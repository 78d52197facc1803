/**
 * The certificate authority of one sandbox: it signs the server's certificate and those of clients, which say who they
 * are as on a real cluster (CN is the user, each O a group). Keys are ECDSA P-256. Only the authority itself is kept in
 * the directory; leaves are issued anew at every start.
 */
import 'reflect-metadata'; // @peculiar/x509 cannot be loaded before this.
import type { webcrypto } from 'node:crypto';
import * as x509 from '@peculiar/x509';
import { loadOrCreate } from './key-files.ts';

/** Both in PEM. */
export interface KeyAndCertificate {
  key: string;
  certificate: string;
}

const ALGORITHM = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' };
const DAY_MS = 24 * 60 * 60 * 1000;
const AUTHORITY_DAYS = 3650;
const LEAF_DAYS = 365;
const SERVER_NAMES = ['localhost', 'kubernetes', 'kubernetes.default', 'kubernetes.default.svc', '127.0.0.1', '::1'];

/** Explicit strings: a bare text that starts with # would be read as hexadecimal. */
const distinguishedName = (commonName: string, organizations: readonly string[] = []): x509.Name =>
  new x509.Name([
    ...organizations.map((utf8String) => ({ O: [{ utf8String }] })),
    { CN: [{ utf8String: commonName }] },
  ]);

export class CertificateAuthority {
  /** The authority's own certificate in PEM: what clients trust. */
  readonly certificate: string;
  readonly #issuer: x509.X509Certificate;
  readonly #key: webcrypto.CryptoKey;

  private constructor(certificate: string, key: webcrypto.CryptoKey) {
    this.certificate = certificate;
    this.#issuer = new x509.X509Certificate(certificate);
    this.#key = key;
  }

  /** Loads the authority of `directory`, or makes one. Thrown when the file there is not what this method wrote. */
  static async open(directory?: string): Promise<CertificateAuthority> {
    const pem = await loadOrCreate(directory, 'ca.pem', createAuthority);
    const [key, certificate] = pem.split(/(?<=-----END PRIVATE KEY-----)\n/);
    if (key === undefined || certificate === undefined) throw new Error('ca.pem must hold a key and a certificate');
    const pkcs8 = x509.PemConverter.decodeFirst(key);
    return new CertificateAuthority(
      certificate,
      await crypto.subtle.importKey('pkcs8', pkcs8, ALGORITHM, false, ['sign']),
    );
  }

  /** A server certificate for this machine, the names of the API inside a cluster, and `names` (hosts or addresses). */
  async issueServer(names: readonly string[] = []): Promise<KeyAndCertificate> {
    const alternatives = [...new Set([...SERVER_NAMES, ...names])].map((value) => ({
      type: /^[\d.]+$|:/.test(value) ? ('ip' as const) : ('dns' as const),
      value,
    }));
    return this.#issue(distinguishedName('kube-apiserver'), x509.ExtendedKeyUsage.serverAuth, [
      new x509.SubjectAlternativeNameExtension(alternatives),
    ]);
  }

  async issueClient({ username, groups }: { username: string; groups: readonly string[] }): Promise<KeyAndCertificate> {
    return this.#issue(distinguishedName(username, groups), x509.ExtendedKeyUsage.clientAuth, []);
  }

  async #issue(subject: x509.Name, usage: x509.ExtendedKeyUsage, extra: x509.Extension[]): Promise<KeyAndCertificate> {
    const keys = await generateKeys();
    const certificate = await x509.X509CertificateGenerator.create({
      subject,
      issuer: this.#issuer.subjectName,
      publicKey: keys.publicKey,
      signingKey: this.#key,
      signingAlgorithm: ALGORITHM,
      ...validFor(LEAF_DAYS),
      extensions: [
        new x509.BasicConstraintsExtension(false, undefined, true),
        new x509.KeyUsagesExtension(x509.KeyUsageFlags.digitalSignature, true),
        new x509.ExtendedKeyUsageExtension([usage]),
        await x509.AuthorityKeyIdentifierExtension.create(this.#issuer),
        ...extra,
      ],
    });
    return { key: await exportKey(keys.privateKey), certificate: `${certificate.toString('pem')}\n` };
  }
}

async function createAuthority(): Promise<string> {
  const keys = await generateKeys();
  const certificate = await x509.X509CertificateGenerator.createSelfSigned({
    name: distinguishedName('couchestor-sandbox'),
    keys,
    signingAlgorithm: ALGORITHM,
    ...validFor(AUTHORITY_DAYS),
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  });
  return `${await exportKey(keys.privateKey)}${certificate.toString('pem')}\n`;
}

const generateKeys = (): Promise<webcrypto.CryptoKeyPair> =>
  crypto.subtle.generateKey(ALGORITHM, true, ['sign', 'verify']);

async function exportKey(key: webcrypto.CryptoKey): Promise<string> {
  return `${x509.PemConverter.encode(await crypto.subtle.exportKey('pkcs8', key), 'PRIVATE KEY')}\n`;
}

/** From a day ago, so that a clock that lags a little still accepts the certificate. */
function validFor(days: number): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(Date.now() - DAY_MS), notAfter: new Date(Date.now() + days * DAY_MS) };
}
