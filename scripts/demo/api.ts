/** What `kubectl apply` and `kubectl get` do, without kubectl: the demo must run where there is none. */
import type {
  MigrationSource,
  MigrationTarget,
  StoragePolicyStatus,
  VolumeMigrationStatus,
} from '@couchestor/common/api';
import { HttpTransport, type KubeTransport } from '@couchestor/control-plane/adapters/kubernetes';
import { KubeConfig } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';

const GROUP = '/apis/storage.billyronks.io/v1';
const POLICIES = `${GROUP}/storagepolicies`;

export interface Policy {
  readonly metadata: { readonly name: string };
  readonly status?: Pick<StoragePolicyStatus, 'conditions'>;
}

/** As far as the demo shows it. */
export interface Migration {
  readonly metadata: { readonly name: string };
  readonly spec: {
    readonly volumeId: string;
    readonly source: Pick<MigrationSource, 'tier'>;
    readonly target: Pick<MigrationTarget, 'tier'>;
  };
  readonly status?: Pick<
    VolumeMigrationStatus,
    'phase' | 'message' | 'progressPercent' | 'startTime' | 'completionTime'
  >;
}

export function connect(kubeconfig: string): HttpTransport {
  const config = new KubeConfig();
  config.loadFromFile(kubeconfig);
  return new HttpTransport({ config, userAgent: 'couchestor-demo' });
}

export class DemoApi {
  readonly #transport: KubeTransport;

  constructor(transport: KubeTransport) {
    this.#transport = transport;
  }

  /** Server-side apply of every policy in a file. */
  async apply(file: string): Promise<void> {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const manifest = document.toJS() as Policy;
      const path = `${POLICIES}/${manifest.metadata.name}?fieldManager=demo&force=true`;
      const { status, body } = await this.#send('PATCH', path, manifest);
      if (status >= 300) throw new Error(`PATCH ${manifest.metadata.name}: ${status} ${body}`);
    }
  }

  /** What `kubectl annotate pvc` does. */
  async annotateClaim(
    { namespace, name }: { namespace: string; name: string },
    annotations: Readonly<Record<string, string>>,
  ): Promise<void> {
    const path = `/api/v1/namespaces/${namespace}/persistentvolumeclaims/${name}?fieldManager=demo&force=true`;
    const claim = { apiVersion: 'v1', kind: 'PersistentVolumeClaim', metadata: { namespace, name, annotations } };
    const { status, body } = await this.#send('PATCH', path, claim);
    if (status >= 300) throw new Error(`PATCH ${name}: ${status} ${body}`);
  }

  async policy(name: string): Promise<Policy> {
    const { status, body } = await this.#send('GET', `${POLICIES}/${name}`);
    if (status !== 200) throw new Error(`GET ${name}: ${status} ${body}`);
    return JSON.parse(body) as Policy;
  }

  /** The earliest first. */
  async migrations(): Promise<readonly Migration[]> {
    const { status, body } = await this.#send('GET', `${GROUP}/volumemigrations`);
    if (status !== 200) throw new Error(`GET volumemigrations: ${status} ${body}`);
    return (JSON.parse(body) as { items: Migration[] }).items;
  }

  #send(method: 'GET' | 'PATCH', path: string, body?: unknown): Promise<{ status: number; body: string }> {
    return this.#transport.request({
      method,
      path,
      headers: {
        accept: 'application/json',
        ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }),
      },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
