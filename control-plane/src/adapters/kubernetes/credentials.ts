/**
 * Who this process is to the API server, as client-node's KubeConfig knows it (kubeconfig, in-cluster, exec and OIDC plug-ins),
 * remembered for a short while so that files are not read for every request. Two things client-node 2.0.1 gets wrong are done
 * here: it re-reads a rotated service account token by wall time, so a clock set back keeps an expired token; and it makes
 * a new connection pool for every request, so the TLS material is handed out with an identity to keep one pool by.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { Agent, RequestOptions } from 'node:https';
import type { KubeConfig } from '@kubernetes/client-node';
import { CoucheStorError, type Clock } from '@couchestor/common/base';

export interface Credentials {
  /** Base URL of the API server. */
  readonly server: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: TlsMaterial;
  /** The same as long as the TLS material is. */
  readonly tlsId: string;
  /** Only behind a proxy: the agent that goes through it. */
  readonly proxyAgent?: Agent;
}

export type TlsMaterial = Pick<
  RequestOptions,
  'ca' | 'cert' | 'key' | 'pfx' | 'passphrase' | 'servername' | 'rejectUnauthorized'
>;

/** A projected token lives for ten minutes or more, and is replaced when 80 % of that are over. */
const REFRESH_AFTER_MS = 30_000;

export class CredentialSource {
  readonly #config: KubeConfig;
  readonly #clock: Clock;
  #cached: { readonly credentials: Credentials; readonly readMs: number } | undefined;

  constructor(config: KubeConfig, clock: Clock) {
    this.#config = config;
    this.#clock = clock;
  }

  /** Thrown when the configuration names no cluster or its files cannot be read: whatever the reading throws. */
  async current(): Promise<Credentials> {
    const nowMs = this.#clock.monotonic();
    if (this.#cached === undefined || nowMs - this.#cached.readMs >= REFRESH_AFTER_MS) {
      this.#cached = { credentials: await this.#read(), readMs: nowMs };
    }
    return this.#cached.credentials;
  }

  /** After a 401: what is remembered may be out of date. */
  forget(): void {
    this.#cached = undefined;
  }

  async #read(): Promise<Credentials> {
    const options: RequestOptions = { headers: {} };
    const cluster = this.#config.getCurrentCluster();
    if (cluster === null) {
      throw new CoucheStorError('invalid', 'The kubeconfig has no current cluster; set its current-context.');
    }
    // client-node refuses plain HTTP without this mark; a kubeconfig that says http:// has said it.
    if (cluster.server.startsWith('http:')) Object.assign(cluster, { skipTLSVerify: true });
    await this.#config.applyToHTTPSOptions(options);
    const { ca, cert, key, pfx, passphrase, servername, rejectUnauthorized } = options;
    const tls = withoutAbsent({ ca, cert, key, pfx, passphrase, servername, rejectUnauthorized });
    const headers = { ...textHeaders(options.headers), ...(await this.#mountedToken()) };
    if (typeof options.auth === 'string') {
      headers.Authorization = `Basic ${Buffer.from(options.auth).toString('base64')}`;
    }
    const tlsId = createHash('sha256').update(JSON.stringify(tls)).digest('hex');
    const proxied = cluster.proxyUrl !== undefined && typeof options.agent === 'object';
    return { server: cluster.server, headers, tls, tlsId, ...(proxied ? { proxyAgent: options.agent as Agent } : {}) };
  }

  async #mountedToken(): Promise<Record<string, string>> {
    const provider: unknown = this.#config.getCurrentUser()?.authProvider;
    const path = (provider as { config?: { tokenFile?: string } } | undefined)?.config?.tokenFile;
    if (path === undefined) return {};
    return { Authorization: `Bearer ${(await readFile(path, 'utf8')).trim()}` };
  }
}

function textHeaders(headers: RequestOptions['headers']): Record<string, string> {
  const entries = Object.entries(headers ?? {}).filter(
    (entry): entry is [string, string] => typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}

function withoutAbsent(material: { readonly [Key in keyof TlsMaterial]-?: TlsMaterial[Key] | undefined }): TlsMaterial {
  return Object.fromEntries(Object.entries(material).filter(([, value]) => value !== undefined));
}
