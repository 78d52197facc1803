/**
 * A sandbox API server, a proxy in front of it, and two clients: the one under test, as user `adapter` through the proxy, and the
 * laboratory's own, which no fault strikes. Patience is cut to fractions of a second; what is measured stays the code.
 */
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import {
  HttpTransport,
  KubeClient,
  KubernetesStoragePolicies,
  STORAGE_POLICIES,
  type GuardOptions,
  type InformerTiming,
  type KubeObject,
} from '@couchestor/control-plane/adapters/kubernetes';
import { KubeApiServer } from '@couchestor/sandbox/kube';
import { parse } from 'yaml';
import { TcpProxy } from './tcp-proxy.ts';

export const FAST_TIMING: Partial<InformerTiming> = {
  relistMs: 60_000,
  minRelistMs: 50,
  livenessMs: 600,
  backoffBaseMs: 20,
  backoffMaxMs: 200,
  deniedRetryMs: 100,
  suspectRetryMs: 50,
  pageSize: 3,
};
export const FAST_GUARD: Partial<GuardOptions> = { confirmingLists: 3, confirmingMs: 300 };
/** Faults of this user strike nobody else. */
export const ADAPTER = 'adapter';
/** Any wait below ends sooner by itself, in production patience too. */
const DEADLINE_MS = { short: 15_000, production: 10 * 60_000 };

/** `production`: the defaults of the adapter and the bookmarks of a real server, for measurements. */
export type Patience = 'short' | 'production';

export interface LabOptions {
  readonly patience?: Patience;
  readonly timing?: Partial<InformerTiming>;
  readonly guard?: Partial<GuardOptions>;
  readonly groups?: string[];
}

export class Lab {
  readonly server: KubeApiServer;
  readonly proxy: TcpProxy;
  /** Under test. */
  readonly client: KubeClient;
  readonly policies: KubernetesStoragePolicies;
  readonly admin: KubeClient;
  /** Changes in the order in which a consumer was told of them. */
  readonly told: string[] = [];
  readonly #transports: HttpTransport[] = [];
  readonly #requestTimeoutMs: number;
  readonly #stop = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(
    server: KubeApiServer,
    proxy: TcpProxy,
    { patience = 'short', timing, guard, groups }: LabOptions,
  ) {
    const short = patience === 'short';
    this.#requestTimeoutMs = short ? 2_000 : 15_000;
    this.server = server;
    this.proxy = proxy;
    const user = { username: ADAPTER, groups: groups ?? ['system:masters'] };
    const throughProxy = server.kubeconfig(user).replace(new URL(server.url).port, String(proxy.port));
    this.client = this.#clientOf(throughProxy);
    this.admin = this.#clientOf(server.kubeconfig());
    this.policies = new KubernetesStoragePolicies({
      client: this.client,
      timing: { ...(short ? FAST_TIMING : {}), ...timing },
      guard: { ...(short ? FAST_GUARD : {}), ...guard },
      backoffBaseMs: 5,
      backoffMaxMs: 50,
    });
    this.policies.informer.subscribe(({ type, entry }) => void this.told.push(`${type} ${entry.key}`));
  }

  static async open(options: LabOptions = {}): Promise<Lab> {
    const server = await KubeApiServer.start(options.patience === 'production' ? {} : { bookmarkIntervalMs: 200 });
    const lab = new Lab(server, await TcpProxy.start(new URL(server.url)), options);
    await lab.installDefinitions();
    return lab;
  }

  async installDefinitions(): Promise<void> {
    const folder = join(import.meta.dirname, '..', '..', '..', 'crds');
    for (const file of ['storagepolicies.yaml', 'volumemigrations.yaml']) {
      this.server.apply([parse(await readFile(join(folder, file), 'utf8'))]);
    }
  }

  /** Starts the informer. */
  follow(): void {
    this.#running = this.policies.informer.run(this.#stop.signal);
  }

  async followUntilSynced(): Promise<void> {
    this.follow();
    await this.policies.informer.waitForSync(AbortSignal.timeout(DEADLINE_MS.short));
  }

  /** Creates or changes a policy, at once. */
  put(name: string, spec: object = {}): void {
    this.server.apply([policyManifest(name, spec)]);
  }

  get(name: string): Promise<KubeObject> {
    return this.admin.get(STORAGE_POLICIES, { name });
  }

  async remove(name: string): Promise<void> {
    await this.admin.delete(STORAGE_POLICIES, { name });
  }

  /** Names in the cache, or why it is refused. */
  known(): string[] {
    const snapshot = this.policies.informer.snapshot();
    return snapshot.kind === 'ok' ? snapshot.entries.map(({ key }) => key).sort() : [`refused: ${snapshot.reason}`];
  }

  knows(...names: string[]): boolean {
    return this.known().join() === names.join();
  }

  async close(): Promise<void> {
    this.#stop.abort();
    await this.#running;
    for (const transport of this.#transports) transport.close();
    await this.proxy.stop();
    await this.server.stop();
  }

  #clientOf(kubeconfig: string): KubeClient {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    const transport = new HttpTransport({ config });
    this.#transports.push(transport);
    return new KubeClient({
      transport,
      requestsPerSecond: 1_000,
      burst: 1_000,
      requestTimeoutMs: this.#requestTimeoutMs,
    });
  }
}

export function policyManifest(name: string, spec: object = {}): Record<string, unknown> {
  return {
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'StoragePolicy',
    metadata: { name },
    spec: {
      highWatermarkIOPS: 5_000,
      lowWatermarkIOPS: 500,
      samplingWindow: '1h',
      cooldownPeriod: '24h',
      storageClassName: 'mayastor',
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
      ...spec,
    },
  };
}

/** Waits for something that is bound to happen; fails with `what` when it does not. */
export async function until(
  condition: () => boolean | Promise<boolean>,
  what: string,
  patience: Patience = 'short',
): Promise<void> {
  const deadlineMs = performance.now() + DEADLINE_MS[patience];
  while (!(await condition())) {
    if (performance.now() > deadlineMs) throw new Error(`Waited in vain until ${what}.`);
    await sleep(5);
  }
}
