/**
 * The server under test: a sandbox started in this process, or the server of the kubeconfig in KUBECONFIG_TEST. Names
 * are unique to the run, and what a file made is removed in reverse order when it ends, so that a shared server can
 * be tested again and again.
 */
import { readFile } from 'node:fs/promises';
import { randomBytes } from 'node:crypto';
import { afterAll, it } from '@jest/globals';
import { parse } from 'yaml';
import { ApiClient, type Credentials } from './client.ts';
import { lacking, type Capability, type TargetFacts } from './capabilities.ts';
import { skipped } from '../../../skips.ts';

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data'?: string; 'client-key-data'?: string; token?: string } }[];
}

const controllers = ['garbageCollection', 'namespaceController', 'roleAggregation'] as const;

interface Server {
  name: 'the sandbox' | 'a real server';
  kubeconfig: string;
  extras: TargetFacts['extras'];
  compact?: () => Promise<void>;
  stop(): Promise<void>;
}

export class Target {
  readonly kubeconfig: string;
  readonly facts: TargetFacts;
  readonly admin: ApiClient;
  readonly endpoint: { server: string; caPem: string };
  /** Forgets the history before now, where the target allows it. */
  readonly compact: (() => Promise<void>) | undefined;
  readonly #clients: ApiClient[] = [];
  readonly #cleanups: (() => Promise<unknown>)[] = [];

  constructor(server: Server, facts: TargetFacts, admin: ApiClient, endpoint: Target['endpoint']) {
    this.kubeconfig = server.kubeconfig;
    this.compact = server.compact;
    this.facts = facts;
    this.admin = admin;
    this.endpoint = endpoint;
    this.#clients.push(admin);
    this.defer(() => server.stop());
  }

  /** `it`, or its skipped form with the reason in the name. */
  when(capability: Capability): (name: string, body: () => Promise<void>) => void {
    const reason = lacking(capability, this.facts);
    return reason === undefined ? it : skipped(reason);
  }

  supports(capability: Capability): boolean {
    return lacking(capability, this.facts) === undefined;
  }

  unique(prefix: string): string {
    return `${prefix}-${randomBytes(4).toString('hex')}`;
  }

  /** A client with other credentials; none at all means anonymous. */
  client(credentials: Credentials = {}): ApiClient {
    const client = new ApiClient(this.endpoint, credentials);
    this.#clients.push(client);
    return client;
  }

  /** Runs when the file's tests are over, last registered first. */
  defer(cleanup: () => Promise<unknown>): void {
    this.#cleanups.push(cleanup);
  }

  async close(): Promise<void> {
    for (const cleanup of this.#cleanups.splice(1).reverse()) await cleanup();
    for (const client of this.#clients) client.close();
    for (const stop of this.#cleanups) await stop();
  }
}

/** Call once at the top of a test file: `const target = await openTarget()`. Closes itself after the file's last test. */
export async function openTarget(): Promise<Target> {
  const path = process.env.KUBECONFIG_TEST;
  const server = path === undefined || path === '' ? await startSandbox() : await findServer(path);
  const config = parse(server.kubeconfig) as Kubeconfig;
  const endpoint = {
    server: config.clusters[0]!.cluster.server,
    caPem: decode(config.clusters[0]!.cluster['certificate-authority-data'])!,
  };
  const admin = new ApiClient(endpoint, credentialsOf(config));
  const facts = { minor: await minorOf(admin), extras: await extrasOf(server, admin) };
  const target = new Target(server, facts, admin, endpoint);
  afterAll(() => target.close(), 60_000);
  // Says on what the file ran. It runs always, and without a case that runs there would be no afterAll either.
  it(`runs on ${await nameOf(server, admin)}`, () => undefined);
  return target;
}

async function startSandbox(): Promise<Server> {
  const { KubeApiServer } = await import('@couchestor/sandbox/kube');
  const server = await KubeApiServer.start({ bookmarkIntervalMs: 500 });
  return {
    name: 'the sandbox',
    kubeconfig: server.kubeconfig(),
    extras: new Set([...controllers, 'compaction', 'exclusive'] as const),
    compact: () => {
      server.compact();
      return Promise.resolve();
    },
    stop: () => server.stop(),
  };
}

async function findServer(path: string): Promise<Server> {
  const etcd = process.env.ETCD_TEST;
  const plain = {
    name: 'a real server',
    kubeconfig: await readFile(path, 'utf8'),
    extras: new Set<never>(),
    stop: () => Promise.resolve(),
  } as const;
  if (etcd === undefined) return plain;
  return { ...plain, extras: new Set(['compaction'] as const), compact: () => compactEtcd(etcd) };
}

/** Compacts up to the present revision through etcd's JSON gateway. */
async function compactEtcd(address: string): Promise<void> {
  const call = async (path: string, body: unknown): Promise<{ header: { revision: string } }> => {
    const response = await fetch(new URL(path, address), { method: 'POST', body: JSON.stringify(body) });
    return (await response.json()) as { header: { revision: string } };
  };
  const { header } = await call('/v3/kv/range', { key: Buffer.from('none').toString('base64') });
  await call('/v3/kv/compaction', { revision: header.revision, physical: true });
}

/** A running kube-controller-manager holds a lease. */
async function extrasOf(server: Server, admin: ApiClient): Promise<TargetFacts['extras']> {
  const lease = await admin.get('/apis/coordination.k8s.io/v1/namespaces/kube-system/leases/kube-controller-manager');
  return new Set([...server.extras, ...(lease.status === 200 ? controllers : [])]);
}

async function nameOf(server: Server, admin: ApiClient): Promise<string> {
  const { gitVersion } = (await admin.get('/version')).body as { gitVersion?: string };
  return `${server.name} ${gitVersion ?? ''}`;
}

async function minorOf(admin: ApiClient): Promise<number> {
  const version = await admin.get('/version');
  return Number.parseInt(String(version.body.minor), 10);
}

function credentialsOf(config: Kubeconfig): Credentials {
  const user = config.users[0]!.user;
  const certPem = decode(user['client-certificate-data']);
  const keyPem = decode(user['client-key-data']);
  return {
    ...(certPem === undefined ? {} : { certPem }),
    ...(keyPem === undefined ? {} : { keyPem }),
    ...(user.token === undefined ? {} : { token: user.token }),
  };
}

function decode(base64: string | undefined): string | undefined {
  return base64 === undefined ? undefined : Buffer.from(base64, 'base64').toString('utf8');
}
