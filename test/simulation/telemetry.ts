/**
 * Metrics as they come to be: the counters of the stand-in's targets, scraped every minute where somebody scrapes, their rates, and
 * from these the heat by the functions that read Prometheus's answers. It can be away, hang, or miss the engines of some nodes.
 */
import type { VirtualClock } from '@couchestor/common/base';
import {
  DEFAULT_SCRAPE_INTERVAL_MS,
  DEFAULT_STALE_AFTER_MS,
  heatOfSamples,
  metricFamilies,
  planQuery,
} from '@couchestor/control-plane/eyes';
import type { PlanningParts } from '@couchestor/control-plane/loop';
import type { Heat, HeatReading } from '@couchestor/control-plane/model';
import type { ClusterView, MayastorCluster } from '@couchestor/sandbox/mayastor';

const KEPT_MS = 45 * 60_000;

interface Series {
  readonly nexusId: string;
  ops: number;
  atMs: number;
  timesMs: number[];
  values: number[];
}

export class Telemetry implements NonNullable<PlanningParts['heat']> {
  mode: 'up' | 'down' | 'hanging' = 'up';
  /** Nodes whose engines nobody scrapes. */
  readonly unscraped = new Set<string>();
  /** When it last gave an answer. */
  answeredMs = -Infinity;
  readonly #series = new Map<string, Series>();
  readonly #clock: VirtualClock;
  readonly #cluster: MayastorCluster;

  constructor(clock: VirtualClock, cluster: MayastorCluster) {
    this.#clock = clock;
    this.#cluster = cluster;
    this.#scrapeForEver();
  }

  /** Wall time; undefined: there never was one. */
  newestSampleMs(volumeName: string): number | undefined {
    return this.#series.get(volumeName)?.timesMs.at(-1);
  }

  async read(windowMs: number, signal: AbortSignal): Promise<HeatReading> {
    const { mode } = this;
    if (mode === 'hanging') await this.#clock.sleep(60_000, signal);
    const nowMs = this.#clock.now();
    if (mode !== 'up') {
      return { kind: 'unavailable', windowMs, reason: 'Unreachable', message: 'No answer.', readAtMs: nowMs };
    }
    this.answeredMs = nowMs;
    const plan = planQuery({ windowMs, nowMs, scrapeIntervalMs: DEFAULT_SCRAPE_INTERVAL_MS });
    const [family] = metricFamilies();
    const context = {
      plan,
      family: family?.name ?? '',
      query: family?.query(plan.range) ?? '',
      staleAfterMs: DEFAULT_STALE_AFTER_MS,
    };
    const byVolumeName = new Map<string, Heat>();
    for (const [name, { timesMs, values }] of this.#series) {
      const first = timesMs.findIndex((time) => time > plan.endMs - windowMs);
      if (first < 0) continue;
      const samples = { timesMs: timesMs.slice(first), values: values.slice(first) };
      byVolumeName.set(name, heatOfSamples(name, samples, context));
    }
    return { kind: 'read', windowMs, family: context.family, byVolumeName, readAtMs: plan.endMs };
  }

  #scrapeForEver(): void {
    this.#clock.setTimer(DEFAULT_SCRAPE_INTERVAL_MS, () => {
      if (this.mode === 'up') this.#scrape(this.#cluster.view());
      this.#scrapeForEver();
    });
  }

  #scrape({ volumes, nodes }: ClusterView): void {
    const nowMs = this.#clock.now();
    const away = new Set(nodes.filter(({ status }) => status !== 'Online').map(({ name }) => name));
    for (const { pvName, target } of volumes) {
      if (target === undefined || away.has(target.node) || this.unscraped.has(target.node)) continue;
      const ops = target.counters.readOps + target.counters.writeOps;
      const known = this.#series.get(pvName);
      const isSame = known?.nexusId === target.nexusId && ops >= known.ops;
      const { timesMs, values }: Pick<Series, 'timesMs' | 'values'> = known ?? { timesMs: [], values: [] };
      if (isSame) {
        timesMs.push(nowMs);
        values.push((ops - known.ops) / ((nowMs - known.atMs) / 1_000));
        if ((timesMs[0] ?? nowMs) < nowMs - KEPT_MS) {
          timesMs.shift();
          values.shift();
        }
      }
      this.#series.set(pvName, { nexusId: target.nexusId, ops, atMs: nowMs, timesMs, values });
    }
  }
}
