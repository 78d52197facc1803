/** What `kubectl apply` and `kubectl get` do, without kubectl: the demo must run where there is none. */
import { HttpTransport, type KubeTransport } from '@couchestor/control-plane/adapters/kubernetes';
import { KubeConfig } from '@kubernetes/client-node';
import { readFileSync } from 'node:fs';
import { parseAllDocuments } from 'yaml';
import { table } from './table.ts';

const POLICIES = '/apis/storage.billyronks.io/v1/storagepolicies';
const TABLE = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json';

interface Table {
  columnDefinitions: { name: string; priority: number }[];
  rows: { cells: (string | number | boolean | null)[] }[];
}

export interface Condition {
  type: string;
  status: string;
  reason: string;
  message: string;
}

export interface Policy {
  metadata: { name: string; generation: number; resourceVersion: string };
  spec: Record<string, unknown>;
  status?: { conditions?: Condition[]; decisionCounts?: { move: number } };
}

export type Applied = { kind: 'applied' } | { kind: 'refused'; message: string };

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

  /** Server-side apply of every policy in a file, changed by `edit` first; stops at the first that is refused. */
  async apply(file: string, edit: (spec: Record<string, unknown>) => void = () => undefined): Promise<Applied> {
    for (const document of parseAllDocuments(readFileSync(file, 'utf8'))) {
      const manifest = document.toJS() as Policy;
      edit(manifest.spec);
      const path = `${POLICIES}/${manifest.metadata.name}?fieldManager=demo&force=true`;
      const { status, body } = await this.#send('PATCH', path, manifest);
      if (status >= 300) return { kind: 'refused', message: (JSON.parse(body) as { message: string }).message };
    }
    return { kind: 'applied' };
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

  /** The table that `kubectl get spol` prints, as the server makes it. */
  async table(): Promise<string> {
    const { body } = await this.#send('GET', POLICIES, undefined, TABLE);
    const { columnDefinitions, rows } = JSON.parse(body) as Table;
    const shown = columnDefinitions.flatMap(({ priority }, index) => (priority === 0 ? [index] : []));
    const lines = [
      shown.map((index) => columnDefinitions[index]?.name.toUpperCase() ?? ''),
      ...rows.map(({ cells }) => shown.map((index) => String(cells[index] ?? ''))),
    ];
    return table(lines);
  }

  #send(
    method: 'GET' | 'PATCH',
    path: string,
    body?: unknown,
    accept = 'application/json',
  ): Promise<{ status: number; body: string }> {
    return this.#transport.request({
      method,
      path,
      headers: { accept, ...(body === undefined ? {} : { 'content-type': 'application/apply-patch+yaml' }) },
      signal: AbortSignal.timeout(15_000),
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
  }
}
