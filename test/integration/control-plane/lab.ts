/**
 * A cluster for the operator: the sandbox Kubernetes API, a Mayastor stand-in of four nodes in two tiers, and a real Prometheus
 * that scrapes its engines. What the operator does is seen in Kubernetes, in the log and over HTTP.
 */
import { realClock } from '@couchestor/common/base';
import { HttpTransport } from '@couchestor/control-plane/adapters/kubernetes';
import { KubeApiServer, type JsonObject } from '@couchestor/sandbox/kube';
import {
  IoEngineExporters,
  MayastorCluster,
  MayastorObjects,
  MayastorRest,
  type ClusterOptions,
} from '@couchestor/sandbox/mayastor';
import { KubeConfig } from '@kubernetes/client-node';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parse } from 'yaml';
import { PrometheusServer } from '../../prometheus.ts';
import { OperatorProcess } from './operator-process.ts';

const GIB = 1024 ** 3;
const crds = join(import.meta.dirname, '..', '..', '..', 'crds');
const POLICIES = { group: 'storage.billyronks.io', resource: 'storagepolicies' };
const MIGRATIONS = { group: 'storage.billyronks.io', resource: 'volumemigrations' };

export interface Policy {
  metadata: { name: string; uid: string; generation: number };
  status?: {
    observedGeneration?: number;
    decisions?: Record<string, unknown>[];
    decisionCounts?: Record<string, number>;
    totals?: Record<string, number>;
    history?: unknown[];
    conditions?: { type: string; status: string; reason: string }[];
  };
}

export interface Migration {
  metadata: { name: string; finalizers?: string[]; deletionTimestamp?: string };
  spec: { volumeId: string };
  status?: {
    phase: string;
    message?: string;
    phaseStartTime?: string;
    completionTime?: string;
    cordons?: unknown[];
    newReplica?: { pool: string };
    extraReplica?: { pool: string; removedTime?: string };
  };
}

export interface LabOptions {
  /** The program; undefined: without Prometheus. */
  readonly prometheus?: string;
  readonly bearerToken?: string;
  /** How old answers of Mayastor may be, and how fast it rebuilds; by default as it really is. */
  readonly mayastor?: Pick<ClusterOptions, 'stalenessMs' | 'rebuildBytesPerSecond'>;
}

export class Lab {
  readonly kube: KubeApiServer;
  readonly cluster: MayastorCluster;
  readonly objects: MayastorObjects;
  readonly prometheus: PrometheusServer | undefined;
  readonly kubeconfig: string;
  readonly folder: string;
  readonly #exporters: IoEngineExporters;
  readonly #bearerToken: string | undefined;
  #rest: MayastorRest;
  #isMayastorDown = false;
  #isPrometheusDown = false;
  readonly #operators: OperatorProcess[] = [];

  private constructor(parts: Pick<Lab, 'kube' | 'cluster' | 'prometheus' | 'folder'> & LabParts) {
    this.kube = parts.kube;
    this.cluster = parts.cluster;
    this.prometheus = parts.prometheus;
    this.folder = parts.folder;
    this.#exporters = parts.exporters;
    this.#bearerToken = parts.bearerToken;
    this.#rest = parts.rest;
    this.kubeconfig = join(this.folder, 'kubeconfig');
    writeFileSync(this.kubeconfig, this.kube.kubeconfig());
    this.objects = new MayastorObjects({ cluster: this.cluster, kube: this.kube, refreshMs: 200 });
  }

  static async start({ prometheus, bearerToken, mayastor = {} }: LabOptions = {}): Promise<Lab> {
    const kube = await KubeApiServer.start();
    install(kube);
    const cluster = tieredCluster(mayastor);
    const rest = await MayastorRest.start({ cluster, ...(bearerToken === undefined ? {} : { bearerToken }) });
    const exporters = await IoEngineExporters.start({ cluster });
    const server =
      prometheus === undefined
        ? undefined
        : await PrometheusServer.start({ prometheus, targets: exporters.targets, scrapeIntervalMs: 1_000 });
    const folder = mkdtempSync(join(tmpdir(), 'couchestor-operator-'));
    const lab = new Lab({ kube, cluster, prometheus: server, folder, exporters, rest, bearerToken });
    lab.objects.start();
    lab.objects.addStorageClass({ name: 'mayastor', replicaCount: 1, thin: false });
    return lab;
  }

  get mayastorUrl(): string {
    return this.#rest.url;
  }

  /** Published, in the pool named, claimed as shop/NAME. */
  volume(name: string, pool: string, workload?: { readOps: number; writeOps: number }): string {
    const volumeId = this.cluster.createVolume({ sizeBytes: 20 * GIB, replicaCount: 1, pools: [pool] });
    this.cluster.publish(volumeId, 'hot-1');
    if (workload !== undefined) this.cluster.setWorkload(volumeId, workload);
    this.objects.addClaims(new Map([[volumeId, { namespace: 'shop', name, storageClassName: 'mayastor' }]]));
    return volumeId;
  }

  /** One that looks at the last seconds, and is content with few samples. */
  applyPolicy(name: string, changes: JsonObject = {}): void {
    const spec = {
      highWatermarkIOPS: 1_000,
      lowWatermarkIOPS: 100,
      samplingWindow: '10s',
      minimumCoverage: '10%',
      cooldownPeriod: '1h',
      storageClassName: 'mayastor',
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
      ...changes,
    };
    this.kube.apply([{ apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy', metadata: { name }, spec }]);
  }

  remove(policy: string): void {
    const object = this.kube.store.get(POLICIES, undefined, policy);
    if (object !== undefined) this.kube.store.delete(POLICIES, object);
  }

  policy(name: string): Policy {
    const found = (this.list(POLICIES) as readonly Policy[]).find(({ metadata }) => metadata.name === name);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found;
  }

  migrations(): readonly Migration[] {
    return this.list(MIGRATIONS) as readonly Migration[];
  }

  /** Everything in the Kubernetes API is lost; only what was installed is there again. */
  wipe(): void {
    this.objects.stop();
    this.kube.wipe();
    install(this.kube);
  }

  /** Of the operator's Lease. */
  annotateLease(annotations: Readonly<Record<string, string>>): Promise<void> {
    const path = '/apis/coordination.k8s.io/v1/namespaces/couchestor-system/leases/couchestor-operator';
    return this.#patch(path, { metadata: { annotations } });
  }

  /** From now on none can be created: what is decided stays decided, and nothing moves. */
  holdMigrations(): void {
    this.kube.faults.add({
      match: { verb: 'create', path: /volumemigrations$/ },
      effect: { kind: 'status', code: 403 },
    });
  }

  /** As a person changes it; see the CRD for what may be changed. */
  changeMigration(name: string, spec: object): Promise<void> {
    return this.#patch(`/apis/storage.billyronks.io/v1/volumemigrations/${name}`, { spec });
  }

  /** As a person deletes it; it goes once its finalizer is taken away. */
  deleteMigration(name: string): Promise<void> {
    return this.#send('DELETE', `/apis/storage.billyronks.io/v1/volumemigrations/${name}`);
  }

  /** `True`, `False`, or undefined when there is no such condition. */
  condition(policy: string, type: string): { status: string; reason: string } | undefined {
    return this.policy(policy).status?.conditions?.find((condition) => condition.type === type);
  }

  decision(policy: string, volumeId: string): Record<string, unknown> | undefined {
    return this.policy(policy).status?.decisions?.find((decision) => decision.volumeId === volumeId);
  }

  /** Of objects of one kind. */
  events(kind: string): readonly { reason: string; type: string; involvedObject: { kind: string; name: string } }[] {
    const all = this.list({ group: '', resource: 'events' }) as ReturnType<Lab['events']>;
    return all.filter(({ involvedObject }) => involvedObject.kind === kind);
  }

  /** Who holds the lease; undefined when there is none in `namespace`. */
  leaseHolder(namespace = 'couchestor-system'): string | undefined {
    const leases = this.list({ group: 'coordination.k8s.io', resource: 'leases' }) as readonly {
      metadata: { namespace: string; name: string };
      spec: { holderIdentity?: string };
    }[];
    const lease = leases.find(({ metadata }) => metadata.namespace === namespace);
    return lease === undefined ? undefined : (lease.spec.holderIdentity ?? '');
  }

  /** Writes parts of a status as another program would. */
  patchStatus(policy: string, status: object): Promise<void> {
    return this.#patch(`/apis/storage.billyronks.io/v1/storagepolicies/${policy}/status`, { status });
  }

  /** Of the claim shop/NAME; null takes an annotation away. */
  annotate(name: string, annotations: Readonly<Record<string, string | null>>): Promise<void> {
    return this.#patch(`/api/v1/namespaces/shop/persistentvolumeclaims/${name}`, { metadata: { annotations } });
  }

  #patch(path: string, change: object): Promise<void> {
    return this.#send('PATCH', path, change);
  }

  async #send(method: 'PATCH' | 'DELETE', path: string, change?: object): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(this.kubeconfig);
    const transport = new HttpTransport({ config });
    const { status: code, body } = await transport.request({
      method,
      path,
      headers: { accept: 'application/json', 'content-type': 'application/merge-patch+json' },
      signal: AbortSignal.timeout(10_000),
      ...(change === undefined ? {} : { body: JSON.stringify(change) }),
    });
    transport.close();
    if (code !== 200) throw new Error(`${method} ${path}: ${code} ${body}`);
  }

  list(resource: { group: string; resource: string }): readonly object[] {
    return this.kube.store.list(resource);
  }

  async operator(args: readonly string[] = [], env: NodeJS.ProcessEnv = {}): Promise<OperatorProcess> {
    const started = await OperatorProcess.start([...this.arguments(), ...args], env);
    this.#operators.push(started);
    return started;
  }

  arguments(): string[] {
    return [
      `--kubeconfig=${this.kubeconfig}`,
      `--mayastor-url=${this.mayastorUrl}`,
      `--prometheus-url=${this.prometheus?.url ?? 'http://127.0.0.1:1'}`,
      '--scrape-interval=1s',
      '--reconcile-interval=1s',
    ];
  }

  async stopMayastor(): Promise<void> {
    this.#isMayastorDown = true;
    await this.#rest.stop();
  }

  /** Where it was before; does nothing while it is up. */
  async resumeMayastor(): Promise<void> {
    if (!this.#isMayastorDown) return;
    const port = Number(new URL(this.#rest.url).port);
    const token = this.#bearerToken === undefined ? {} : { bearerToken: this.#bearerToken };
    this.#rest = await MayastorRest.start({ cluster: this.cluster, port, ...token });
    this.#isMayastorDown = false;
  }

  async stopPrometheus(): Promise<void> {
    this.#isPrometheusDown = true;
    await this.prometheus?.kill();
  }

  /** With the data that it had; does nothing while it is up. */
  async resumePrometheus(): Promise<void> {
    if (!this.#isPrometheusDown) return;
    await this.prometheus?.resume();
    this.#isPrometheusDown = false;
  }

  async killOperators(): Promise<void> {
    await Promise.all(this.#operators.splice(0).map((operator) => operator.kill()));
  }

  async stop(): Promise<void> {
    await this.killOperators();
    this.objects.stop();
    await Promise.all([this.prometheus?.stop(), this.#exporters.stop(), this.#rest.stop(), this.kube.stop()]);
    rmSync(this.folder, { recursive: true, force: true });
  }
}

interface LabParts {
  readonly exporters: IoEngineExporters;
  readonly rest: MayastorRest;
  readonly bearerToken: string | undefined;
}

function install(kube: KubeApiServer): void {
  const definitions = readdirSync(crds).filter((file) => file.endsWith('.yaml'));
  kube.apply(definitions.map((file) => parse(readFileSync(join(crds, file), 'utf8')) as JsonObject));
  kube.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'couchestor-system' } }]);
}

function tieredCluster(options: LabOptions['mayastor']): MayastorCluster {
  const cluster = new MayastorCluster({ clock: realClock, release: '2.10', ...options });
  for (const name of ['hot-1', 'hot-2', 'cold-1', 'cold-2']) {
    cluster.addNode({ name });
    cluster.addPool({
      name: `pool-${name}`,
      node: name,
      capacityBytes: 100 * GIB,
      labels: { tier: name.replace(/-.*/, '') },
    });
  }
  return cluster;
}
