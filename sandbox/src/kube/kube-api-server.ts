/**
 * The sandbox Kubernetes API server as its users hold it. It is a means to run and test Kubernetes clients without a
 * cluster; whatever it serves, it serves as a real one would.
 */
import { stringify } from 'yaml';
import { ApiError } from './api-error.ts';
import { assemble } from './assembly.ts';
import type { Assembly, KubeApiServerOptions } from './assembly.ts';
import { bootstrapObjects } from './auth/bootstrap-roles.ts';
import type { KeyAndCertificate } from './auth/certificates.ts';
import type { FaultInjector } from './faults.ts';
import { textOf } from './patch/json.ts';
import { storageOf } from './registry.ts';
import type { WriteContext } from './rest/writer.ts';
import type { Store } from './store/store.ts';
import type { JsonObject } from './types.ts';

const administrator = { username: 'kubernetes-admin', groups: ['system:masters'] };
const initialNamespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

export class KubeApiServer {
  readonly #parts: Assembly;
  readonly #administratorCertificate: KeyAndCertificate | undefined;
  #url = '';

  private constructor(parts: Assembly, administratorCertificate: KeyAndCertificate | undefined) {
    this.#parts = parts;
    this.#administratorCertificate = administratorCertificate;
  }

  /** Thrown: what the operating system says when it cannot listen or keep the data directory. */
  static async start(options: KubeApiServerOptions = {}): Promise<KubeApiServer> {
    const parts = await assemble(options);
    const server = new KubeApiServer(parts, await parts.authority?.issueClient(administrator));
    try {
      // What is stored must be served from the first request on.
      server.#bootstrap();
      const { host = '127.0.0.1', port = 0 } = options;
      const listening = await parts.transport.listen(host, port);
      const scheme = parts.authority === undefined ? 'http' : 'https';
      server.#url = `${scheme}://${host.includes(':') ? `[${host}]` : host}:${listening}`;
      return server;
    } catch (error) {
      await server.stop();
      throw error;
    }
  }

  get url(): string {
    return this.#url;
  }

  /** What clients must trust; empty without TLS. */
  get caPem(): string {
    return this.#parts.authority?.certificate ?? '';
  }

  get faults(): FaultInjector {
    return this.#parts.faults;
  }

  get store(): Store {
    return this.#parts.store;
  }

  /**
   * A kubeconfig in YAML. The administrator, who is the default, has a client certificate that outlives the process if
   * there is a data directory; anyone else gets a bearer token that this process honours.
   */
  kubeconfig(user?: { username: string; groups: string[] }): string {
    const { username } = user ?? administrator;
    const name = 'couchestor-sandbox';
    const trust = this.caPem === '' ? {} : { 'certificate-authority-data': base64(this.caPem) };
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: this.#url, ...trust } }],
      users: [{ name: username, user: this.#credentials(user) }],
      contexts: [{ name, context: { cluster: name, user: username } }],
      'current-context': name,
    });
  }

  /** Creates or changes objects as `kubectl apply --server-side --force-conflicts` would. Thrown: ApiError. */
  apply(objects: readonly JsonObject[]): void {
    for (const object of objects) {
      const context = this.#contextFor(object);
      this.#parts.writer.patch(context, 'application/apply-patch+yaml', object);
      // Types must be there for the objects that follow.
      if (context.type.kind === 'CustomResourceDefinition') this.#parts.customResources.sync();
    }
  }

  /** As if etcd had been wiped: all but the bootstrap is gone, revisions start again, every connection breaks. */
  wipe(): void {
    this.#parts.transport.closeConnections();
    this.#parts.store.clear();
    this.#bootstrap();
  }

  /** Forgets the history: watches and lists from before now get 410. */
  compact(): void {
    this.#parts.store.compact();
  }

  async stop(): Promise<void> {
    const { controllers, resources, transport, store } = this.#parts;
    for (const controller of controllers) controller.stop();
    resources.closeWatchesExcept([]);
    await transport.close();
    store.close();
  }

  #credentials(user: { username: string; groups: string[] } | undefined): Record<string, string> {
    const issued = this.#administratorCertificate;
    if (user === undefined && issued !== undefined) {
      return { 'client-certificate-data': base64(issued.certificate), 'client-key-data': base64(issued.key) };
    }
    const token = crypto.randomUUID();
    this.#parts.staticTokens.set(token, user ?? administrator);
    return { token };
  }

  /** Creates what every cluster starts with, as far as it is missing. */
  #bootstrap(): void {
    const { store, writer, controllers } = this.#parts;
    const namespaces = initialNamespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    for (const object of [...namespaces, ...bootstrapObjects()]) {
      const context = this.#contextFor(object);
      const existing = store.get(storageOf(context.type), undefined, context.name);
      if (existing === undefined) writer.create({ ...context, name: '' }, object);
    }
    for (const controller of controllers) controller.sync();
  }

  /** The context in which the server itself writes an object. */
  #contextFor({ apiVersion, kind, metadata }: JsonObject): WriteContext {
    const type = this.#parts.registry.findKind(String(apiVersion), String(kind));
    if (type === undefined) throw new ApiError(404, 'NotFound', `no kind ${String(kind)} in ${String(apiVersion)}`);
    return {
      type,
      namespace: type.namespaced ? textOf(metadata, 'namespace') || 'default' : '',
      name: textOf(metadata, 'name'),
      subresource: '',
      user: administrator,
      userAgent: '',
      options: { dryRun: false, fieldValidation: 'Strict', fieldManager: 'couchestor-sandbox', force: true },
      warnings: [],
    };
  }
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');
