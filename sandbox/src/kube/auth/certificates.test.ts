import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { X509Certificate } from 'node:crypto';
import { once } from 'node:events';
import { mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import tls from 'node:tls';
import { type PeerCertificate, peerCertificateOf } from './authenticator.ts';
import { CertificateAuthority, type KeyAndCertificate } from './certificates.ts';

/** What a server under `authority` learns of a client that presents `identity`. */
async function present(
  authority: CertificateAuthority,
  identity: KeyAndCertificate | undefined,
  servername = 'localhost',
): Promise<PeerCertificate | undefined> {
  const { key, certificate } = await authority.issueServer();
  const options = { key, cert: certificate, ca: authority.certificate, requestCert: true, rejectUnauthorized: false };
  const server = tls.createServer(options);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'secureConnection') as Promise<[tls.TLSSocket]>;
  const client = tls.connect({
    port: (server.address() as AddressInfo).port,
    host: '127.0.0.1',
    servername,
    ca: authority.certificate,
    ...(identity && { key: identity.key, cert: identity.certificate }),
  });
  try {
    await once(client, 'secureConnect');
    const [socket] = await accepted;
    return peerCertificateOf(socket);
  } finally {
    client.destroy();
    server.close();
  }
}

describe('CertificateAuthority', () => {
  it('issues client certificates whose CN and O a TLS server reads back', async () => {
    const authority = await CertificateAuthority.open();
    const identity = await authority.issueClient({ username: 'jane', groups: ['dev', 'system:masters'] });
    const peer = await present(authority, identity);
    expect(peer?.authorized).toBe(true);
    expect(peer?.subject).toMatchObject({ CN: 'jane', O: ['dev', 'system:masters'] });
  });

  it('carries any user and group name through the certificate', async () => {
    const authority = await CertificateAuthority.open();
    const name = fc.string({ minLength: 1, maxLength: 40, unit: 'grapheme' }).filter((text) => !/\p{Cc}/u.test(text));
    await fc.assert(
      fc.asyncProperty(name, name, async (username, group) => {
        const { certificate } = await authority.issueClient({ username, groups: [group] });
        const { subject } = new X509Certificate(certificate).toLegacyObject();
        expect([subject.CN, subject.O]).toEqual([username, group]);
      }),
      { numRuns: 60 },
    );
  });

  it('is not fooled by a client certificate of another authority', async () => {
    const stranger = await CertificateAuthority.open();
    const identity = await stranger.issueClient({ username: 'admin', groups: ['system:masters'] });
    expect((await present(await CertificateAuthority.open(), identity))?.authorized).toBe(false);
  });

  it('does not let a server certificate pass as a client', async () => {
    const authority = await CertificateAuthority.open();
    expect((await present(authority, await authority.issueServer()))?.authorized).toBe(false);
  });

  it('reports no certificate as none', async () => {
    expect(await present(await CertificateAuthority.open(), undefined)).toBeUndefined();
  });

  it('gives the server the names of the API inside a cluster and those asked for', async () => {
    const authority = await CertificateAuthority.open();
    await expect(present(authority, undefined, 'kubernetes.default.svc')).resolves.toBeUndefined();
    await expect(present(authority, undefined, 'example.com')).rejects.toThrow(/altnames/i);
    const { certificate } = await authority.issueServer(['sandbox.example', '10.0.0.9']);
    const names = new X509Certificate(certificate).subjectAltName;
    expect(names).toContain('DNS:sandbox.example');
    expect(names).toContain('IP Address:10.0.0.9');
    expect(names).toContain('IP Address:127.0.0.1');
  });

  it('keeps its key in the directory, for the owner only', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'sandbox-ca-'));
    try {
      const [first, rival] = await Promise.all([
        CertificateAuthority.open(directory),
        CertificateAuthority.open(directory),
      ]);
      const second = await CertificateAuthority.open(directory);
      expect(rival.certificate).toBe(first.certificate);
      expect(second.certificate).toBe(first.certificate);
      const identity = await second.issueClient({ username: 'jane', groups: [] });
      expect((await present(first, identity))?.authorized).toBe(true);
      expect((await stat(path.join(directory, 'ca.pem'))).mode & 0o777).toBe(0o600);
    } finally {
      await rm(directory, { recursive: true });
    }
  });

  it('refuses a damaged key file and leaves it as it is', async () => {
    const directory = await mkdtemp(path.join(os.tmpdir(), 'sandbox-ca-'));
    try {
      await writeFile(path.join(directory, 'ca.pem'), 'damaged');
      await expect(CertificateAuthority.open(directory)).rejects.toThrow('ca.pem');
      expect(await readFile(path.join(directory, 'ca.pem'), 'utf8')).toBe('damaged');
    } finally {
      await rm(directory, { recursive: true });
    }
  });
});
