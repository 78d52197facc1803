/** The operator's caches of the Kubernetes API, in this process and without the operator. */
import { setTimeout as sleep } from 'node:timers/promises';
import { KubeConfig } from '@kubernetes/client-node';
import { nullLogger, realClock } from '@couchestor/common/base';
import {
  HttpTransport,
  KubeClient,
  KubernetesClusterObjects,
  KubernetesStoragePolicies,
} from '@couchestor/control-plane/adapters/kubernetes';

const POLL_MS = 20;
const SETTLED_WITHIN_MS = 180_000;

export interface PolicyManifest {
  readonly metadata: { readonly name: string };
  readonly spec: Readonly<Record<string, unknown>>;
}

export class ClusterWatch {
  readonly policies: KubernetesStoragePolicies;
  readonly objects: KubernetesClusterObjects;
  readonly #transport: HttpTransport;
  readonly #stop = new AbortController();
  #running: readonly Promise<void>[] = [];

  constructor(kubeconfig: string) {
    const config = new KubeConfig();
    config.loadFromString(kubeconfig);
    this.#transport = new HttpTransport({ config });
    const options = { client: new KubeClient({ transport: this.#transport, clock: realClock }), logger: nullLogger };
    this.policies = new KubernetesStoragePolicies(options);
    this.objects = new KubernetesClusterObjects({ ...options, policies: this.policies.informer });
  }

  /** Returns once there is everything in the caches. */
  async start(): Promise<void> {
    const informers = [this.policies.informer, ...this.objects.informers];
    this.#running = informers.map((informer) => informer.run(this.#stop.signal));
    await Promise.all(informers.map((informer) => informer.waitForSync(this.#stop.signal)));
  }

  volumeNames(): readonly string[] {
    const snapshot = this.objects.snapshot();
    if (snapshot.kind === 'refused') throw new Error(snapshot.message);
    return snapshot.claims.map(({ volumeName }) => volumeName);
  }

  /** Makes the policies of the cluster those given, and waits until the cache shows them. */
  async apply(manifests: readonly PolicyManifest[]): Promise<void> {
    for (const { name, uid } of this.#policies()) await this.policies.store.delete({ name, uid });
    for (const manifest of manifests) await this.policies.store.create(manifest);
    const names = manifests.map(({ metadata }) => metadata.name).sort();
    const areThere = (): boolean => {
      const known = this.#policies().map(({ name }) => name);
      return known.length === names.length && known.sort().every((name, index) => name === names[index]);
    };
    await until('the policies are in the cache', areThere);
  }

  /** Until every policy has a status that says how many of its volumes are decided about. */
  async untilDecided(): Promise<void> {
    const isDecided = (): boolean => this.#policies().every(({ status }) => status.decisionCounts !== undefined);
    await until('every policy has decisions', isDecided);
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await Promise.allSettled(this.#running);
    this.#transport.close();
  }

  #policies(): { name: string; uid: string; status: Readonly<Record<string, unknown>> }[] {
    const snapshot = this.policies.snapshot();
    if (snapshot.kind === 'refused') throw new Error(snapshot.message);
    return snapshot.policies.map(({ name, uid, status }) => ({ name, uid, status }));
  }
}

/** Thrown when it does not come true in some minutes. */
export async function until(what: string, holds: () => boolean | Promise<boolean>): Promise<void> {
  const deadlineMs = performance.now() + SETTLED_WITHIN_MS;
  while (!(await holds())) {
    if (performance.now() > deadlineMs) throw new Error(`waited in vain until ${what}`);
    await sleep(POLL_MS);
  }
}
