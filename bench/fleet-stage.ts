/**
 * A cluster of any number of volumes to be looked at: a sandbox with a Mayastor in it, and a real Prometheus that has an hour of
 * the volumes' I/O. What looks at it are the operator's own adapters and its own rounds of planning, in this process.
 */
import { join } from 'node:path';
import { nullLogger, realClock } from '@couchestor/common/base';
import { MayastorRestSystem } from '@couchestor/control-plane/adapters/mayastor';
import { PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { decide } from '@couchestor/control-plane/brain';
import { PlanningRound } from '@couchestor/control-plane/loop';
import { openMetrics, SCRAPE_MS } from '../test/integration/prometheus/history.ts';
import { PrometheusServer } from '../test/prometheus.ts';
import { ClusterWatch, type PolicyManifest } from './cluster-watch.ts';
import { startSandbox, type SandboxProcess } from './sandbox-process.ts';

export type Report = Awaited<ReturnType<PlanningRound['report']>>;

export interface PrometheusTools {
  readonly prometheus: string;
  readonly promtool: string;
}

const CRDS = join(import.meta.dirname, '..', 'crds');
const STORAGE_CLASSES = ['mayastor-1', 'mayastor-2', 'mayastor-3', 'mayastor-pinned'];
const APPLICATIONS = ['orders', 'search', 'events', 'reports', 'uploads'];
export const WINDOW_MS = 3_600_000;
/** A little longer, for the first rate of the window. */
const HISTORY_HOURS = 1.1;
const NODE_COUNT = 9;
const TIMEOUT_MS = 60_000;

/**
 * Policies that together watch all volumes, and no two of them the same: one for every StorageClass, or one for every
 * application in each of them. All have the same window.
 */
export function policyManifests(each: 'class' | 'application'): readonly PolicyManifest[] {
  const applications = each === 'class' ? [undefined] : APPLICATIONS;
  return STORAGE_CLASSES.flatMap((storageClassName) =>
    applications.map((app) => ({
      metadata: { name: app === undefined ? storageClassName : `${storageClassName}-${app}` },
      spec: {
        storageClassName,
        samplingWindow: '1h',
        lowWatermarkIOPS: 200,
        warmWatermarkIOPS: 1500,
        highWatermarkIOPS: 5000,
        ...(app === undefined ? {} : { volumeSelector: { matchLabels: { app } } }),
        hotPoolSelector: { matchLabels: { tier: 'hot' } },
        warmPoolSelector: { matchLabels: { tier: 'warm' } },
        coldPoolSelector: { matchLabels: { tier: 'cold' } },
      },
    })),
  );
}

export class FleetStage {
  readonly sandbox: SandboxProcess;
  readonly prometheus: PrometheusServer;
  readonly watch: ClusterWatch;
  /** Until the caches of the Kubernetes API had everything. */
  readonly syncMs: number;
  readonly mayastorUrl: string;
  readonly storage: MayastorRestSystem;
  /** Keeps no reading, so that each one is a query. */
  readonly heat: PrometheusHeatSource;

  private constructor(parts: Pick<FleetStage, 'sandbox' | 'prometheus' | 'watch' | 'syncMs'>) {
    this.sandbox = parts.sandbox;
    this.prometheus = parts.prometheus;
    this.watch = parts.watch;
    this.syncMs = parts.syncMs;
    this.mayastorUrl = mayastorUrlIn(parts.sandbox.lines);
    this.storage = new MayastorRestSystem({ url: this.mayastorUrl, clock: realClock });
    this.heat = new PrometheusHeatSource({
      url: parts.prometheus.url,
      clock: realClock,
      logger: nullLogger,
      cacheTtlMs: 0,
      deadlineMs: TIMEOUT_MS,
      requestTimeoutMs: TIMEOUT_MS,
    });
  }

  static async start(volumes: number, tools: PrometheusTools): Promise<FleetStage> {
    const mayastor = ['--mayastor-release', '2.9', '--mayastor-port', '0', '--scenario-volumes', String(volumes)];
    const sandbox = await startSandbox('--log-level', 'warn', '--crds', CRDS, ...mayastor);
    const watch = new ClusterWatch(sandbox.kubeconfig);
    try {
      const started = performance.now();
      await watch.start();
      const syncMs = performance.now() - started;
      const samples = volumes === 0 ? {} : { samples: historyOf(watch.volumeNames()) };
      const prometheus = await PrometheusServer.start({ ...tools, ...samples });
      return new FleetStage({ sandbox, prometheus, watch, syncMs });
    } catch (error) {
      await watch.stop();
      await sandbox.stop();
      throw error;
    }
  }

  /** Whole rounds of planning, one after the other. */
  async plan(rounds: number): Promise<readonly Report[]> {
    const { signal } = new AbortController();
    const round = new PlanningRound({
      parts: {
        storage: this.storage,
        objects: this.watch.objects,
        policies: this.watch.policies,
        heat: this.heat,
        decide,
        settings: {
          maxConcurrentMigrations: 2,
          maxMigrationsPerHour: 6,
          dryRun: false,
          preservationMode: false,
          poolReserve: 0.1,
        },
        clock: realClock,
        metrics: { heatQueried: () => undefined },
        timeoutMs: TIMEOUT_MS,
      },
      intervalMs: 0,
      onReport: () => undefined,
      onOutdated: () => undefined,
      logger: nullLogger,
      signal,
    });
    const reports: Report[] = [];
    while (reports.length < rounds) reports.push(await round.report(undefined, signal));
    return reports;
  }

  /** Queries of any kind that reached Prometheus until now, as it counts them itself. */
  async queryCount(): Promise<number> {
    const text = await (await fetch(`${this.prometheus.url}/metrics`)).text();
    return text
      .split('\n')
      .filter((line) => /^prometheus_http_requests_total\{.*handler="\/api\/v1\/query/.test(line))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  }

  async stop(): Promise<void> {
    this.heat.close();
    await this.watch.stop();
    await Promise.all([this.prometheus.stop(), this.sandbox.stop()]);
  }
}

function historyOf(volumeNames: readonly string[]): string {
  const counters = volumeNames.map((pv_name, index) => ({
    labels: { node: `node-${index % NODE_COUNT}`, pv_name },
    iops: () => index % 10_000,
  }));
  const names = { reads: 'volume_num_read_ops', writes: 'volume_num_write_ops' };
  const endMs = Math.floor(Date.now() / SCRAPE_MS) * SCRAPE_MS;
  return openMetrics([{ names, counters }], { endMs, hours: HISTORY_HOURS });
}

function mayastorUrlIn(lines: readonly string[]): string {
  const url = lines
    .map((line) => /^ready: mayastor \S+ (\S+)\/v0$/.exec(line)?.[1])
    .find((found) => found !== undefined);
  if (url === undefined) throw new Error('the sandbox did not say where Mayastor is');
  return url;
}
