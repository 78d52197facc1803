/** The one place where the parts of the server meet: who holds what, and who hears of what. Nothing is started here. */
import { nullLogger, realClock } from '@couchestor/common/base';
import type { Clock, Logger } from '@couchestor/common/base';
import { Authenticator } from './auth/authenticator.ts';
import { CertificateAuthority } from './auth/certificates.ts';
import { forbiddenError, RbacAuthorizer } from './auth/rbac.ts';
import type { ReviewContext } from './auth/reviews.ts';
import { ServiceAccountTokens } from './auth/service-account-tokens.ts';
import type { FindObject } from './auth/service-account-tokens.ts';
import { CustomResources } from './controllers/custom-resources.ts';
import { GarbageCollector } from './controllers/garbage-collector.ts';
import { Namespaces } from './controllers/namespaces.ts';
import { FaultInjector } from './faults.ts';
import { Dispatcher } from './http/dispatcher.ts';
import { ResourceHandlers } from './http/resources.ts';
import { Transport } from './http/server.ts';
import { VirtualResources } from './http/virtual-resources.ts';
import { Registry } from './registry.ts';
import { Lifecycle } from './rest/lifecycle.ts';
import { Reader } from './rest/reader.ts';
import { Writer } from './rest/writer.ts';
import { openPersistence } from './store/persistence.ts';
import { Store } from './store/store.ts';
import type { UserInfo } from './types.ts';

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

export interface Assembly {
  store: Store;
  registry: Registry;
  writer: Writer;
  faults: FaultInjector;
  resources: ResourceHandlers;
  customResources: CustomResources;
  /** In the order in which they are to look at a store they have not seen. */
  controllers: readonly { sync(): void; stop(): void }[];
  transport: Transport;
  authority: CertificateAuthority | undefined;
  /** Users by bearer token; may grow while the server runs. */
  staticTokens: Map<string, UserInfo>;
}

const defaultBookmarkIntervalMs = 60_000;

export async function assemble(options: KubeApiServerOptions): Promise<Assembly> {
  const { dataDir, host, clock = realClock, logger = nullLogger, historyLimit } = options;
  const persistence = dataDir === undefined ? undefined : openPersistence(dataDir);
  const store = new Store({ persistence, historyLimit });
  const registry = new Registry();
  const lifecycle = new Lifecycle(store, clock);
  const faults = new FaultInjector();
  const authorizer = authorizerOf(store, options.authorization ?? 'rbac');
  const writer = new Writer({ store, lifecycle, clock });
  const { bookmarkIntervalMs = defaultBookmarkIntervalMs } = options;
  const reader = new Reader(store);
  const resources = new ResourceHandlers({ store, reader, writer, lifecycle, faults, clock, bookmarkIntervalMs });

  const parts = { store, registry, lifecycle, clock };
  const collector = new GarbageCollector(parts);
  const customResources = new CustomResources(parts, () => {
    resources.closeWatchesExcept(registry.types);
    collector.sync();
  });
  const controllers = [customResources, collector, new Namespaces(parts)];
  store.subscribe((event) => {
    for (const controller of controllers) controller.observe(event);
  });

  const staticTokens = new Map<string, UserInfo>();
  const find: FindObject = (resource, namespace, name) => store.get({ group: '', resource }, namespace, name);
  const tokens = await ServiceAccountTokens.open({ directory: dataDir, now: () => clock.now(), find });
  const authenticator = new Authenticator({ serviceAccountTokens: tokens, staticTokens });
  const authority = options.tls === false ? undefined : await CertificateAuthority.open(dataDir);
  const server = await authority?.issueServer(host === undefined ? [] : [host]);
  const virtual = new VirtualResources({ find, tokens, authorizer, authenticator });
  const transport = new Transport({
    tls: authority && server && { key: server.key, cert: server.certificate, ca: authority.certificate },
    authenticator,
    authorize: (user, attributes) => {
      if (!authorizer.authorize(user, attributes).allowed) throw forbiddenError(user, attributes);
    },
    dispatcher: new Dispatcher({ registry, resources, virtual }),
    ...{ faults, clock, logger },
  });
  const inner = { store, registry, writer, faults, resources, customResources, controllers };
  return { ...inner, transport, authority, staticTokens };
}

/** Who may do what: everybody everything when nothing is enforced. */
function authorizerOf(store: Store, mode: 'rbac' | 'always-allow'): ReviewContext['authorizer'] {
  const rbac = new RbacAuthorizer({ list: (resource) => store.list(resource) });
  if (mode === 'rbac') return rbac;
  return {
    authorize: () => ({ allowed: true, reason: '' }),
    rulesFor: (user, namespace) => rbac.rulesFor(user, namespace),
  };
}
