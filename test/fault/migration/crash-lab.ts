/**
 * A cluster for operators that crash: the sandbox Kubernetes API and a Mayastor stand-in, on a clock that runs faster, shared by
 * as many volumes and migrations as a test has crashes. Its questions are those that must have a good answer whatever happened.
 */
import { HttpTransport } from '@couchestor/control-plane/adapters/kubernetes';
import { KubeApiServer, type JsonObject } from '@couchestor/sandbox/kube';
import { MayastorCluster, MayastorRest, type VolumeView } from '@couchestor/sandbox/mayastor';
import { KubeConfig } from '@kubernetes/client-node';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { parse } from 'yaml';
import { TcpProxy } from '../kube-adapter/tcp-proxy.ts';
import { FastClock } from './fast-clock.ts';
import { OperatorProcess } from './operator-process.ts';

const GIB = 1024 ** 3;
const crds = join(import.meta.dirname, '..', '..', '..', 'crds');
const NODES = ['hot-1', 'hot-2', 'cold-1', 'cold-2'];
const NAMESPACE = 'couchestor-system';
const MIGRATIONS = { group: 'storage.billyronks.io', resource: 'volumemigrations' };
const POLICIES = { group: 'storage.billyronks.io', resource: 'storagepolicies' };
const EVENTUALLY_MS = 60_000;
const POLL_MS = 30;
/** Of one test; nothing is as slow unless the machine has no time for it. */
export const PATIENCE_MS = 120_000;

export interface Migration {
  readonly metadata: { readonly name: string; readonly uid: string };
  readonly spec: { readonly approval?: { readonly mode?: string; readonly approved?: boolean } };
  readonly status?: {
    readonly phase: string;
    readonly message?: string;
    readonly intent?: { readonly step: string };
    readonly cordons?: readonly unknown[];
    readonly oldReplica?: { readonly replicaId: string };
    readonly newReplica?: { readonly replicaId: string; readonly pool: string };
    readonly extraReplica?: { readonly replicaId: string; readonly pool: string; readonly removedTime?: string };
  };
}

interface Policy {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
}

/** Where a migration begins and leads to. */
export interface Route {
  /** Of the volume's replicas; the first one is to move. */
  readonly pools: readonly string[];
  readonly target: string;
  /** Of the volume's target. */
  readonly node: string;
  /** Of pools that no other volume may use; see `addLane`. */
  readonly lane?: string;
}

export interface CrashLabOptions {
  readonly speed?: number;
  /** How old answers of Mayastor may be; on the faster clock, like all that follow. */
  readonly stalenessMs?: number;
  readonly settleTime?: string;
  readonly leaderElect?: boolean;
  /** The API is reached through a proxy, which can refuse connections. */
  readonly behindProxy?: boolean;
}

export class CrashLab {
  readonly kube: KubeApiServer;
  readonly cluster: MayastorCluster;
  readonly clock: FastClock;
  /** Undefined unless it was asked for. */
  readonly proxy: TcpProxy | undefined;
  readonly #rest: MayastorRest;
  readonly #folder: string;
  readonly #options: CrashLabOptions;
  readonly #operators: OperatorProcess[] = [];
  readonly #initialIds = new Map<string, readonly string[]>();

  private constructor(
    parts: Pick<CrashLab, 'kube' | 'cluster' | 'clock' | 'proxy'> & { readonly rest: MayastorRest },
    options: CrashLabOptions,
  ) {
    this.kube = parts.kube;
    this.cluster = parts.cluster;
    this.clock = parts.clock;
    this.proxy = parts.proxy;
    this.#rest = parts.rest;
    this.#options = options;
    this.#folder = mkdtempSync(join(tmpdir(), 'couchestor-crash-'));
    const direct = this.kube.kubeconfig();
    const { port = '' } = this.proxy ?? {};
    const led = port === '' ? direct : direct.replaceAll(new URL(this.kube.url).host, `127.0.0.1:${port}`);
    writeFileSync(join(this.#folder, 'kubeconfig'), led);
  }

  static async start(options: CrashLabOptions = {}): Promise<CrashLab> {
    const clock = new FastClock({ speed: options.speed ?? 10, sinceMs: Date.now() });
    const kube = await KubeApiServer.start();
    const definitions = readdirSync(crds).filter((file) => file.endsWith('.yaml'));
    kube.apply(definitions.map((file) => parse(readFileSync(join(crds, file), 'utf8')) as JsonObject));
    kube.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: NAMESPACE } }]);
    const cluster = new MayastorCluster({
      clock,
      release: '2.10',
      stalenessMs: options.stalenessMs ?? 1_000,
      reconcileMs: 2_000,
    });
    for (const name of NODES) {
      cluster.addNode({ name });
      cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 10_000 * GIB });
    }
    const rest = await MayastorRest.start({ cluster });
    const proxy = options.behindProxy === true ? await TcpProxy.start(new URL(kube.url)) : undefined;
    const lab = new CrashLab({ kube, cluster, clock, rest, proxy }, options);
    lab.applyPolicy();
    return lab;
  }

  applyPolicy(changes: JsonObject = {}): void {
    const spec = {
      highWatermarkIOPS: 1_000,
      lowWatermarkIOPS: 100,
      storageClassName: 'mayastor',
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
      ...changes,
    };
    this.kube.apply([
      { apiVersion: 'storage.billyronks.io/v1', kind: 'StoragePolicy', metadata: { name: 'gold' }, spec },
    ]);
  }

  /** A volume of its own, and its migration; returns the volume. */
  migrate(name: string, route: Route, { spec = {}, metadata = {}, sizeBytes = GIB }: Migrating = {}): string {
    const { pools, target, node, lane } = route;
    const volumeId = this.cluster.createVolume({
      sizeBytes,
      replicaCount: pools.length,
      pools,
      ...(lane === undefined
        ? {}
        : { topology: { pool_topology: { labelled: { inclusion: { lane }, exclusion: {} } } } }),
    });
    this.cluster.publish(volumeId, node);
    this.#initialIds.set(name, this.volume(volumeId)?.replicas.map(({ replicaId }) => replicaId) ?? []);
    const [source = ''] = pools;
    this.kube.apply([
      {
        apiVersion: 'storage.billyronks.io/v1',
        kind: 'VolumeMigration',
        metadata: { name, finalizers: ['storage.billyronks.io/migration'], ...metadata },
        spec: {
          policyRef: { name: 'gold' },
          volumeId,
          source: { tier: 'Cold', pool: source, node: this.#nodeOf(source) },
          target: { tier: 'Hot', pool: target, node: this.#nodeOf(target) },
          plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: pools.length },
          reason: { code: 'Promote', message: 'Busy.' },
          ...spec,
        },
      },
    ]);
    return volumeId;
  }

  /** Pools for the volumes of one route alone, so that what is done to them is known to be its doing. */
  addLane(lane: string): Route {
    for (const node of NODES) {
      this.cluster.addPool({ name: `${node}-${lane}`, node, capacityBytes: 10_000 * GIB, labels: { lane } });
    }
    return { pools: [`cold-1-${lane}`, `hot-1-${lane}`], target: `hot-2-${lane}`, node: 'hot-1', lane };
  }

  #nodeOf(name: string): string {
    return this.cluster.view().pools.find((pool) => pool.name === name)?.node ?? '';
  }

  volume(volumeId: string): VolumeView | undefined {
    return this.cluster.view().volumes.find((volume) => volume.volumeId === volumeId);
  }

  poolsOf(volumeId: string): readonly string[] {
    return (
      this.volume(volumeId)
        ?.replicas.map(({ pool }) => pool)
        .toSorted() ?? []
    );
  }

  /** Replicas that were not there when the migration was created, and those that are gone since. */
  changesSince(name: string, volumeId: string): { readonly added: number; readonly removed: number } {
    const before = this.#initialIds.get(name) ?? [];
    const now = this.volume(volumeId)?.replicas.map(({ replicaId }) => replicaId) ?? [];
    return {
      added: now.filter((id) => !before.includes(id)).length,
      removed: before.filter((id) => !now.includes(id)).length,
    };
  }

  migration(name: string): Migration | undefined {
    return this.kube.store.get(MIGRATIONS, undefined, name) as unknown as Migration | undefined;
  }

  /** All that its drivers write; the condition of the accounts is not theirs. */
  statusOf(name: string): string {
    return JSON.stringify({ ...this.migration(name)?.status, conditions: [] });
  }

  phase(name: string): string | undefined {
    return this.migration(name)?.status?.phase;
  }

  /** Of a person; see the CRD for what may be changed. */
  change(name: string, spec: object): Promise<void> {
    return this.#send('PATCH', `/apis/storage.billyronks.io/v1/volumemigrations/${name}`, { spec });
  }

  async #send(method: 'PATCH' | 'DELETE', path: string, content?: object): Promise<void> {
    const config = new KubeConfig();
    config.loadFromFile(join(this.#folder, 'kubeconfig'));
    const transport = new HttpTransport({ config });
    const { status, body } = await transport.request({
      method,
      path,
      headers: { accept: 'application/json', 'content-type': 'application/merge-patch+json' },
      signal: AbortSignal.timeout(10_000),
      ...(content === undefined ? {} : { body: JSON.stringify(content) }),
    });
    transport.close();
    if (status !== 200) throw new Error(`${status} ${body}`);
  }

  /** As `kubectl delete` does it: it goes once its finalizer is taken away. */
  remove(name: string): Promise<void> {
    return this.#send('DELETE', `/apis/storage.billyronks.io/v1/volumemigrations/${name}`);
  }

  /** With its volume, so that those who come later do not look at it as well. */
  forget(name: string, volumeId: string): void {
    const object = this.kube.store.get(MIGRATIONS, undefined, name);
    if (object !== undefined) this.kube.store.delete(MIGRATIONS, object);
    this.cluster.deleteVolume(volumeId);
    this.#initialIds.delete(name);
  }

  policy(): Policy {
    return this.kube.store.get(POLICIES, undefined, 'gold') as unknown as Policy;
  }

  /** As `kubectl delete` does it: what it owns is deleted after it. */
  deletePolicy(): Promise<void> {
    return this.#send('DELETE', '/apis/storage.billyronks.io/v1/storagepolicies/gold');
  }

  leaseHolder(name: string): string {
    const all: readonly object[] = this.kube.store.list({ group: 'coordination.k8s.io', resource: 'leases' });
    const leases = all as readonly {
      readonly metadata: { readonly name: string };
      readonly spec: { readonly holderIdentity?: string };
    }[];
    return leases.find(({ metadata }) => metadata.name === name)?.spec.holderIdentity ?? '';
  }

  /** What a migration may have left standing: cordons, of whomever, and the lock. */
  leftovers(): readonly string[] {
    const { nodes, pools } = this.cluster.view();
    const holder = this.leaseHolder('couchestor-placement');
    return [
      ...nodes.flatMap(({ name, cordons }) => cordons.map((label) => `node ${name} is cordoned: ${label}`)),
      ...pools.filter(({ cordon }) => cordon !== undefined).map(({ name }) => `pool ${name} is cordoned`),
      ...(holder === '' ? [] : [`${holder} holds the lock`]),
      ...this.cluster.violations.map((violation) => JSON.stringify(violation)),
    ];
  }

  /** How many requests that change something have reached Mayastor since. */
  countChanges(): { readonly count: () => number; readonly stop: () => void } {
    const counted = ['PUT', 'POST', 'PATCH', 'DELETE'].map((method) =>
      this.cluster.faults.add({ match: { method }, effect: { kind: 'delay', ms: 0 } }),
    );
    return {
      count: () => counted.reduce((sum, { hits }) => sum + hits, 0),
      stop: () => {
        for (const handle of counted) handle.remove();
      },
    };
  }

  /** Loaded, and waiting to begin. */
  operator(): OperatorProcess {
    const { settleTime = '2s', leaderElect = false } = this.#options;
    const args = [
      `--kubeconfig=${join(this.#folder, 'kubeconfig')}`,
      `--mayastor-url=${this.#rest.url}`,
      '--prometheus-url=http://127.0.0.1:1',
      `--settle-time=${settleTime}`,
      '--sync-poll-interval-seconds=1',
      '--reconcile-interval=10m',
      // Many moves of one run are made by hand, at the pace of a test.
      '--max-concurrent-migrations=100',
      '--max-migrations-per-hour=1000',
      ...(leaderElect ? [] : ['--no-leader-elect']),
      ...['metrics', 'probe', 'api'].flatMap((name) => [`--${name}-port=0`, `--${name}-host=127.0.0.1`]),
    ];
    const marksFile = join(this.#folder, `marks-${this.#operators.length}`);
    const operator = new OperatorProcess({
      args,
      pace: this.clock.pace,
      marksFile,
      compiled: join(this.#folder, 'compiled'),
    });
    this.#operators.push(operator);
    return operator;
  }

  /** Of every clock, within a moment. */
  async setSpeed(speed: number): Promise<void> {
    const pace = { speed, sinceMs: Date.now(), nowMs: this.clock.now() };
    this.clock.setPace(pace);
    const running = this.#operators.filter(({ hasEnded }) => !hasEnded);
    await Promise.all(running.map((operator) => operator.setPace(pace)));
  }

  async stop(): Promise<void> {
    await Promise.all(this.#operators.map((operator) => operator.kill()));
    await this.proxy?.stop();
    await Promise.all([this.#rest.stop(), this.kube.stop()]);
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

export interface Migrating {
  readonly sizeBytes?: number;
  readonly spec?: JsonObject;
  readonly metadata?: JsonObject;
}

/** What `look` returns as soon as it is neither undefined nor false. Thrown after a while: an Error with what was waited for. */
export async function until<T>(what: () => string, look: () => T | undefined | false): Promise<T> {
  const started = performance.now();
  while (performance.now() - started < EVENTUALLY_MS) {
    const found = look();
    if (found !== undefined && found !== false) return found;
    await sleep(POLL_MS);
  }
  throw new Error(`waited in vain: ${what()}`);
}
