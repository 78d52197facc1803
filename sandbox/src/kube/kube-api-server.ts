/**
 * The sandbox Kubernetes API server, put together: store, registry, handlers, controllers, authentication and transport. It is a means to
 * run and test Kubernetes clients without a cluster; whatever it serves, it serves as a real one would.
 */
import { mkdirSync } from 'node:fs';
import { nullLogger, realClock } from '@couchestor/common/base';
import type { Clock, Logger } from '@couchestor/common/base';
import { stringify } from 'yaml';
import { ApiError } from './api-error.ts';
import { Authenticator } from './auth/authenticator.ts';
import { CertificateAuthority } from './auth/certificates.ts';
import type { KeyAndCertificate } from './auth/certificates.ts';
import { bootstrapObjects } from './auth/bootstrap-roles.ts';
import { checkEscalation } from './auth/escalation.ts';
import { forbiddenError, RBAC_GROUP, RbacAuthorizer } from './auth/rbac.ts';
import { ServiceAccountTokens } from './auth/service-account-tokens.ts';
import type { FindObject } from './auth/service-account-tokens.ts';
import { CustomResources } from './controllers/custom-resources.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { Namespaces } from './controllers/namespaces.ts';
import { Pods } from './controllers/pods.ts';
import { FaultInjector } from './faults.ts';
import { Dispatcher } from './http/dispatcher.ts';
import { ResourceHandlers } from './http/resources.ts';
import { Transport } from './http/server.ts';
import { VirtualResources } from './http/virtual-resources.ts';
import { textOf } from './patch/json.ts';
import { Registry } from './registry.ts';
import { Lifecycle } from './rest/lifecycle.ts';
import { Reader } from './rest/reader.ts';
import { Writer } from './rest/writer.ts';
import type { Admission, WriteContext } from './rest/writer.ts';
import { openPersistence } from './store/persistence.ts';
import { Store } from './store/store.ts';
import type { JsonObject, RequestAttributes, UserInfo } from './types.ts';

export interface KubeApiServerOptions {
  /** 0, the default, is any free port. */
  port?: number;
  host?: string;
  /** Where objects and keys are kept; in memory if absent. */
  dataDir?: string;
  tls?: boolean;
  authorization?: 'rbac' | 'always-allow';
  clock?: Clock;
  logger?: Logger;
  /** Events kept for watches and for lists of the past. */
  historyLimit?: number;
  bookmarkIntervalMs?: number;
}

interface Controller {
  sync(): void;
  stop(): void;
}

const defaultBookmarkIntervalMs = 60_000;
const administrator = { username: 'kubernetes-admin', groups: ['system:masters'] };
const namespaces = ['default', 'kube-system', 'kube-public', 'kube-node-lease'];

interface ServerParts {
  store: Store;
  faults: FaultInjector;
  transport: Transport;
  resources: ResourceHandlers;
  controllers: readonly Controller[];
  customResources: CustomResources;
  registry: Registry;
  reader: Reader;
  writer: Writer;
  url: string;
  authority: CertificateAuthority | undefined;
  administratorCertificate: KeyAndCertificate | undefined;
  staticTokens: Map<string, UserInfo>;
}

export class KubeApiServer {
  readonly #parts: ServerParts;

  private constructor(parts: ServerParts) {
    this.#parts = parts;
    this.#bootstrap();
  }

  static async start(options: KubeApiServerOptions = {}): Promise<KubeApiServer> {
    const { dataDir, host = '127.0.0.1', clock = realClock, logger = nullLogger, historyLimit } = options;
    if (dataDir !== undefined) mkdirSync(dataDir, { recursive: true, mode: 0o700 });
    const store = new Store({
      ...(dataDir === undefined ? {} : { persistence: openPersistence(dataDir) }),
      ...(historyLimit === undefined ? {} : { historyLimit }),
    });
    const registry = new Registry();
    const lifecycle = new Lifecycle(store, clock);
    const faults = new FaultInjector();
    const staticTokens = new Map<string, UserInfo>();
    const find: FindObject = (resource, namespace, name) => store.get({ group: '', resource }, namespace, name);
    const tokens = await ServiceAccountTokens.open({ directory: dataDir, now: () => clock.now(), find });
    const authenticator = new Authenticator({ serviceAccountTokens: tokens, staticTokens });
    const rbac = new RbacAuthorizer({ list: (resource) => store.list(resource) });
    const enforced = options.authorization !== 'always-allow';
    const authorizer = {
      authorize: (user: UserInfo, attributes: RequestAttributes) =>
        enforced ? rbac.authorize(user, attributes) : { allowed: true, reason: '' },
      rulesFor: (user: UserInfo, namespace: string) => rbac.rulesFor(user, namespace),
    };
    const admit: Admission = ({ type, user, subresource }, object, old) => {
      if (!enforced || type.group !== RBAC_GROUP || subresource !== '') return;
      checkEscalation({ user, resource: type.resource, object, old }, rbac);
    };
    const writer = new Writer({ store, lifecycle, clock, admit });
    const bookmarkIntervalMs = options.bookmarkIntervalMs ?? defaultBookmarkIntervalMs;
    const reader = new Reader(store);
    const resources = new ResourceHandlers({ store, reader, writer, lifecycle, faults, clock, bookmarkIntervalMs });
    const controllerParts = { store, registry, lifecycle, clock };
    const collector = new GarbageCollector(controllerParts);
    const customResources = new CustomResources(controllerParts, () => {
      resources.closeWatchesExcept(registry.types);
      collector.sync();
    });
    const controllers = [customResources, collector, new Namespaces(controllerParts), new Pods(controllerParts)];
    store.subscribe((event) => {
      for (const controller of controllers) controller.observe(event);
    });
    const authority = options.tls === false ? undefined : await CertificateAuthority.open(dataDir);
    const server = await authority?.issueServer([host]);
    const transport = new Transport({
      tls: authority && server && { key: server.key, cert: server.certificate, ca: authority.certificate },
      authenticator,
      authorize: (user, attributes) => {
        const { allowed, reason } = authorizer.authorize(user, attributes);
        if (!allowed) throw forbiddenError(user, attributes, reason);
      },
      faults,
      dispatcher: new Dispatcher({
        registry,
        resources,
        virtual: new VirtualResources({ find, tokens, authorizer, authenticator }),
      }),
      clock,
      logger,
    });
    const port = await transport.listen(host, options.port ?? 0);
    return new KubeApiServer({
      store,
      faults,
      transport,
      resources,
      controllers,
      customResources,
      registry,
      reader,
      writer,
      url: `${authority === undefined ? 'http' : 'https'}://${host.includes(':') ? `[${host}]` : host}:${port}`,
      authority,
      administratorCertificate: await authority?.issueClient(administrator),
      staticTokens,
    });
  }

  get url(): string {
    return this.#parts.url;
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
   * A kubeconfig in YAML. The administrator, who is the default, has a client certificate that outlives the process if there is a data
   * directory; anyone else gets a bearer token that this process honours.
   */
  kubeconfig(user?: { username: string; groups: string[] }): string {
    const { url, authority, administratorCertificate, staticTokens } = this.#parts;
    const base64 = (text: string): string => Buffer.from(text).toString('base64');
    let credentials: Record<string, string>;
    if (user === undefined && administratorCertificate !== undefined) {
      credentials = {
        'client-certificate-data': base64(administratorCertificate.certificate),
        'client-key-data': base64(administratorCertificate.key),
      };
    } else {
      const token = crypto.randomUUID();
      staticTokens.set(token, user ?? administrator);
      credentials = { token };
    }
    const name = 'couchestor-sandbox';
    const trust = authority === undefined ? {} : { 'certificate-authority-data': base64(authority.certificate) };
    return stringify({
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name, cluster: { server: url, ...trust } }],
      users: [{ name: user?.username ?? administrator.username, user: credentials }],
      contexts: [{ name, context: { cluster: name, user: user?.username ?? administrator.username } }],
      'current-context': name,
    });
  }

  /** Creates or changes objects as `kubectl apply --server-side --force-conflicts` would. Thrown: ApiError for what is refused. */
  apply(objects: readonly JsonObject[]): void {
    for (const object of objects) {
      const context = this.#contextFor(object);
      this.#parts.writer.patch(context, 'application/apply-patch+yaml', object);
      // Types must be there for the objects that follow.
      if (context.type.kind === 'CustomResourceDefinition') this.#parts.customResources.sync();
    }
  }

  /** As if etcd had been wiped: everything but the bootstrap is gone, revisions start again, every watch breaks. */
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

  /** Creates what every cluster starts with, as far as it is missing. */
  #bootstrap(): void {
    const { reader, controllers } = this.#parts;
    const initial = namespaces.map((name) => ({ apiVersion: 'v1', kind: 'Namespace', metadata: { name } }));
    for (const object of [...initial, ...bootstrapObjects()]) {
      const context = this.#contextFor(object);
      if (!reader.has(context.type, '', context.name)) this.#parts.writer.create({ ...context, name: '' }, object);
    }
    for (const controller of controllers) controller.sync();
  }

  /** The context in which the server itself writes an object. */
  #contextFor(object: JsonObject): WriteContext {
    const { apiVersion, kind, metadata } = object;
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
