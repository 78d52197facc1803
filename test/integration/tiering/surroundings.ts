/**
 * What the operator has around it: the sandbox Kubernetes API with the project's definitions, and a Mayastor stand-in of as many
 * pools as a test wants, each on a node of its own. Every request to Mayastor is recorded. The clock is the test's.
 */
import type { Clock } from '@couchestor/common/base';
import { HttpTransport } from '@couchestor/control-plane/adapters/kubernetes';
import { KubeApiServer, type JsonObject, type KubeApiServerOptions } from '@couchestor/sandbox/kube';
import {
  MayastorCluster,
  MayastorObjects,
  MayastorRest,
  type ClaimFields,
  type MayastorObjectsOptions,
} from '@couchestor/sandbox/mayastor';
import { KubeConfig } from '@kubernetes/client-node';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { parse } from 'yaml';

export const GIB = 1024 ** 3;
export const STORAGE_CLASS = 'mayastor';
export const POLICIES = { group: 'storage.billyronks.io', resource: 'storagepolicies' };
const API = '/apis/storage.billyronks.io/v1';
const crds = join(import.meta.dirname, '..', '..', '..', 'crds');

export interface SurroundingsOptions {
  readonly clock: Clock;
  /** Pools, such as `hot-1`: the part before the dash is the label `tier`; each is on the node of its name. */
  readonly pools?: readonly string[];
  readonly kube?: KubeApiServerOptions;
  /** How old Mayastor's answers may be; never stale unless said otherwise. */
  readonly stalenessMs?: number;
  readonly objects?: Pick<MayastorObjectsOptions, 'refreshMs'>;
}

export interface VolumeFields {
  readonly pools: readonly string[];
  readonly sizeBytes?: number;
  readonly claim?: Partial<ClaimFields>;
  /** Undefined: not published. */
  readonly node?: string | undefined;
}

/** Of `kubectl get`. */
export interface StoredPolicy {
  readonly metadata: { readonly name: string; readonly generation: number; readonly resourceVersion: string };
  readonly status?: Readonly<Record<string, unknown>>;
}

export class Surroundings {
  readonly clock: Clock;
  readonly kube: KubeApiServer;
  readonly cluster: MayastorCluster;
  readonly objects: MayastorObjects;
  readonly rest: MayastorRest;
  /** Methods and paths of what Mayastor was asked, in order. */
  readonly asked: { readonly method: string; readonly path: string }[] = [];
  readonly #admin: HttpTransport;
  #volumeCount = 0;

  private constructor(
    parts: Pick<Surroundings, 'clock' | 'kube' | 'cluster' | 'rest'>,
    objects: SurroundingsOptions['objects'],
  ) {
    this.clock = parts.clock;
    this.kube = parts.kube;
    this.cluster = parts.cluster;
    this.rest = parts.rest;
    this.objects = new MayastorObjects({ cluster: this.cluster, kube: this.kube, ...objects });
    const config = new KubeConfig();
    config.loadFromString(this.kube.kubeconfig());
    this.#admin = new HttpTransport({ config });
    this.#record();
  }

  static async start(options: SurroundingsOptions): Promise<Surroundings> {
    const { clock, pools = ['hot-1', 'hot-2', 'cold-1', 'cold-2'], kube = {}, stalenessMs = 0, objects } = options;
    const server = await KubeApiServer.start(kube);
    const cluster = new MayastorCluster({ clock, release: '2.10', stalenessMs });
    const rest = await MayastorRest.start({ cluster });
    const around = new Surroundings({ clock, kube: server, cluster, rest }, objects);
    around.install();
    for (const pool of pools) around.addPool(pool);
    around.objects.start();
    around.objects.addStorageClass({ name: STORAGE_CLASS, replicaCount: 1, thin: false });
    return around;
  }

  /** The definitions of the project. */
  install(): void {
    const files = readdirSync(crds).filter((file) => file.endsWith('.yaml'));
    this.kube.apply(files.map((file) => parse(readFileSync(join(crds, file), 'utf8')) as JsonObject));
  }

  addPool(name: string, { capacityBytes = 100 * GIB, node = name } = {}): void {
    if (!this.cluster.view().nodes.some((known) => known.name === node)) this.cluster.addNode({ name: node });
    this.cluster.addPool({ name, node, capacityBytes, labels: { tier: name.replace(/-.*/, '') } });
  }

  /** With a claim; published on a node of its own unless said otherwise. Returns its identifier. */
  volume({ pools, sizeBytes = GIB, claim = {}, ...rest }: VolumeFields): string {
    const volumeId = this.cluster.createVolume({ sizeBytes, replicaCount: pools.length, pools });
    const node = 'node' in rest ? rest.node : pools[0];
    if (node !== undefined) this.cluster.publish(volumeId, node);
    this.#volumeCount += 1;
    const fields = { namespace: 'shop', name: `data-${this.#volumeCount}`, storageClassName: STORAGE_CLASS, ...claim };
    this.objects.addClaims(new Map([[volumeId, fields]]));
    this.objects.sync();
    return volumeId;
  }

  /** Watermarks 100 and 1000, no cooldown, everything else as the API server fills it in. */
  policy(name: string, spec: Readonly<Record<string, unknown>> = {}): void {
    const fields = {
      highWatermarkIOPS: 1_000,
      lowWatermarkIOPS: 100,
      storageClassName: STORAGE_CLASS,
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
      ...spec,
    };
    const given = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined));
    this.kube.apply([
      { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy', metadata: { name }, spec: given },
    ]);
  }

  /** A VolumeMigration of the policy that came as far as `phases` say, the last at this moment. */
  async migration(
    name: string,
    { policy, volumeId, from, to }: Readonly<Record<'policy' | 'volumeId' | 'from' | 'to', string>>,
    phases: readonly string[],
    { preserved = false } = {},
  ): Promise<void> {
    const time = new Date(this.clock.now()).toISOString().replace(/\.\d+Z/, 'Z');
    const spec = {
      policyRef: { name: policy, uid: 'uid', generation: 1 },
      volumeId,
      claim: { namespace: 'shop', name: 'data' },
      source: { tier: from, pool: 'old', node: 'old', replicaId: 'old' },
      target: { tier: to, pool: 'new', node: 'new' },
      preservationMode: preserved,
      plan: {
        steps: ['Add', 'Sync', 'Verify', ...(preserved ? [] : ['Remove'])],
        replicaCount: 1,
        sizeBytes: GIB,
        timeout: '30m',
      },
      reason: { code: 'Demote', message: 'It is idle.', decisionTime: time },
    };
    this.kube.apply([{ apiVersion: 'storage.billyronks.io/v1', kind: 'VolumeMigration', metadata: { name }, spec }]);
    for (const phase of phases) {
      const isLast = phase === 'Completed' || phase === 'Failed';
      const ended = isLast ? { completionTime: time } : {};
      await this.patchStatus('volumemigrations', name, { phase, phaseStartTime: time, ...ended });
    }
  }

  /** Changes parts of a status as another program would. */
  async patchStatus(plural: string, name: string, status: object): Promise<void> {
    await this.#send('PATCH', `${API}/${plural}/${name}/status`, { status });
  }

  async remove(plural: string, name: string): Promise<void> {
    await this.#send('DELETE', `${API}/${plural}/${name}`);
  }

  stored(name: string): StoredPolicy {
    const found = this.kube.store.get(POLICIES, undefined, name);
    if (found === undefined) throw new Error(`no policy ${name}`);
    return found as unknown as StoredPolicy;
  }

  /** Whom Events were made about: kind/name. */
  toldOf(): readonly string[] {
    const events = this.kube.store.list({ group: '', resource: 'events' }) as unknown as readonly {
      involvedObject: { kind: string; name: string };
    }[];
    return events.map(({ involvedObject: { kind, name } }) => `${kind}/${name}`);
  }

  async stop(): Promise<void> {
    this.objects.stop();
    this.#admin.close();
    await Promise.all([this.rest.stop(), this.kube.stop()]);
  }

  /** Every request passes by the faults, whether there are any or not. */
  #record(): void {
    const { faults } = this.cluster;
    const take = faults.take.bind(faults);
    faults.take = (method, path) => {
      this.asked.push({ method, path });
      return take(method, path);
    };
  }

  async #send(method: 'PATCH' | 'DELETE', path: string, body?: object): Promise<void> {
    const headers = { accept: 'application/json', 'content-type': 'application/merge-patch+json' };
    const content = body === undefined ? {} : { body: JSON.stringify(body) };
    const signal = AbortSignal.timeout(10_000);
    const answer = await this.#admin.request({ method, path, headers, signal, ...content });
    if (answer.status >= 300) throw new Error(`${method} ${path}: ${answer.status} ${answer.body}`);
  }
}
