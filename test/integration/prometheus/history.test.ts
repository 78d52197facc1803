import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { nullLogger, realClock } from '@couchestor/common/base';
import { PrometheusHeatSource, type PrometheusHeatSourceOptions } from '@couchestor/control-plane/adapters/prometheus';
import { metricFamilies } from '@couchestor/control-plane/eyes';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';
import { openMetrics, SCRAPE_MS, type CounterHistory } from './history.ts';

const prometheus = requireTool('prometheus');
const promtool = requireTool('promtool');

const DAY_MS = 24 * 3_600_000;
const never = new AbortController().signal;
type Reading = Awaited<ReturnType<PrometheusHeatSource['read']>>;

const onNode = (node: string, volume: string): { node: string; pv_name: string } => ({ node, pv_name: volume });
const steady = (): number => 100;

const VOLUMES: readonly CounterHistory[] = [
  { labels: onNode('n1', 'pvc-steady'), iops: steady },
  { labels: onNode('n1', 'pvc-idle'), iops: () => 0 },
  { labels: onNode('n1', 'pvc-restarts'), iops: steady, restartsEveryHours: 2 },
  { labels: onNode('n1', 'pvc-gap'), iops: steady, isScraped: (hoursAgo) => hoursAgo < 6 || hoursAgo >= 12 },
  { labels: onNode('n1', 'pvc-nan'), iops: steady, isBroken: (hoursAgo) => hoursAgo >= 6 && hoursAgo < 12 },
  { labels: onNode('n1', 'pvc-only-nan'), iops: steady, isBroken: () => true },
  { labels: onNode('n1', 'pvc-gone'), iops: steady, isScraped: (hoursAgo) => hoursAgo > 2 },
  { labels: onNode('n1', 'pvc-young'), iops: steady, isScraped: (hoursAgo) => hoursAgo < 3 },
  { labels: onNode('n1', 'pvc-awake'), iops: (hoursAgo) => (hoursAgo < 6 ? 1000 : 0) },
  { labels: onNode('n1', 'pvc-asleep'), iops: (hoursAgo) => (hoursAgo < 6 ? 0 : 1000) },
  { labels: onNode('n1', 'pvc-moved'), iops: steady, isScraped: (hoursAgo) => hoursAgo >= 9 },
  { labels: onNode('n2', 'pvc-moved'), iops: steady, isScraped: (hoursAgo) => hoursAgo < 9, restartsEveryHours: 15 },
];

/** Three replicas that share the writes of 40 and, unevenly, have reads of their own. */
const REPLICAS: readonly CounterHistory[] = ['a', 'b', 'c'].map((name) => ({
  labels: { node: `n-${name}`, name, pv_name: 'pvc-replicated' },
  iops: steady,
}));

prometheus.describe('heat of a day in a real Prometheus', () => {
  let server: PrometheusServer;
  let sources: PrometheusHeatSource[] = [];

  const sourceOf = (options: Partial<PrometheusHeatSourceOptions> = {}): PrometheusHeatSource => {
    const source = new PrometheusHeatSource({ url: server.url, clock: realClock, logger: nullLogger, ...options });
    sources.push(source);
    return source;
  };
  const family = (name: string): Partial<PrometheusHeatSourceOptions> => ({
    families: metricFamilies().filter((one) => one.name === name),
  });
  const heatIn = (reading: Reading, volume: string): { iops: number; coverage: number } => {
    const heat = reading.kind === 'read' ? reading.byVolumeName.get(volume) : undefined;
    if (heat?.kind === 'known') return heat;
    throw new Error(`${volume}: ${JSON.stringify(heat ?? reading)}`);
  };

  beforeAll(async () => {
    const endMs = Math.floor(Date.now() / SCRAPE_MS) * SCRAPE_MS;
    const openebs = { labels: { openebs_pv: 'pvc-jiva' }, iops: steady };
    const custom = { labels: { volume: 'pvc-named' }, iops: steady };
    server = await PrometheusServer.start({
      prometheus: prometheus.path,
      promtool: promtool.path,
      samples: openMetrics(
        [
          { names: { reads: 'volume_num_read_ops', writes: 'volume_num_write_ops' }, counters: VOLUMES },
          { names: { reads: 'replica_num_read_ops', writes: 'replica_num_write_ops' }, counters: REPLICAS },
          { names: { reads: 'openebs_reads', writes: 'openebs_writes' }, counters: [openebs] },
          { names: { reads: 'my_reads', writes: 'my_writes' }, counters: [custom] },
        ],
        { endMs, hours: 25 },
      ),
    });
  }, 60_000);

  afterAll(async () => {
    for (const source of sources) source.close();
    sources = [];
    await server?.stop();
  });

  it('is what the counters counted, over restarts, gaps, NaN and a move between nodes', async () => {
    const reading = await sourceOf().read(DAY_MS, never);
    expect(reading).toMatchObject({ kind: 'read', family: 'volume' });
    for (const volume of ['pvc-steady', 'pvc-restarts', 'pvc-gap', 'pvc-nan', 'pvc-young', 'pvc-moved']) {
      const { iops } = heatIn(reading, volume);
      expect({ volume, iops: Math.round(iops / 5) * 5 }).toEqual({ volume, iops: 100 });
    }
    expect(heatIn(reading, 'pvc-idle')).toMatchObject({ iops: 0, coverage: 1 });
  });

  it('knows how much of the day it rests on', async () => {
    const reading = await sourceOf().read(DAY_MS, never);
    const coverageOf = (volume: string): number => heatIn(reading, volume).coverage;
    expect(['pvc-steady', 'pvc-restarts', 'pvc-moved'].map(coverageOf)).toEqual([1, 1, 1]);
    expect(coverageOf('pvc-gap')).toBeCloseTo(0.75, 1);
    expect(coverageOf('pvc-nan')).toBeCloseTo(0.75, 1);
    expect(coverageOf('pvc-young')).toBeCloseTo(3 / 24, 1);
  });

  it('weighs the last hours more, by the half-life', async () => {
    const reading = await sourceOf().read(DAY_MS, never);
    // Half-life and activity are a quarter of the window: (1 − 1/2) / (1 − 1/16) of the weight.
    const newestQuarter = (1 - 1 / 2) / (1 - 1 / 16);
    expect(heatIn(reading, 'pvc-awake').iops / 1000).toBeCloseTo(newestQuarter, 1);
    expect(heatIn(reading, 'pvc-asleep').iops / 1000).toBeCloseTo(1 - newestQuarter, 1);
  });

  it('is unknown where the samples say nothing of now', async () => {
    const reading = await sourceOf().read(DAY_MS, never);
    if (reading.kind !== 'read') throw new Error(reading.message);
    expect(reading.byVolumeName.get('pvc-gone')).toMatchObject({ kind: 'unknown', reason: 'Stale' });
    expect(reading.byVolumeName.get('pvc-only-nan')).toMatchObject({ kind: 'unknown', reason: 'NoSamples' });
    expect(reading.byVolumeName.get('pvc-never-seen')).toBeUndefined();
  });

  it.each([60_000, 300_000, 3_600_000, 7 * DAY_MS])('is there for a window of %i ms', async (windowMs) => {
    const reading = await sourceOf().read(windowMs, never);
    expect(Math.round(heatIn(reading, 'pvc-steady').iops / 5) * 5).toBe(100);
  });

  it('comes from replicas when there is nothing of volumes: their reads, and their writes once', async () => {
    const reading = await sourceOf(family('replica')).read(DAY_MS, never);
    expect(reading).toMatchObject({ family: 'replica' });
    expect(heatIn(reading, 'pvc-replicated').iops).toBeCloseTo(3 * 60 + 40, -1);
  });

  it('comes from older engines', async () => {
    const reading = await sourceOf(family('openebs')).read(DAY_MS, never);
    expect(heatIn(reading, 'pvc-jiva').iops).toBeCloseTo(100, -1);
  });

  it('comes first from the names that the operator gave', async () => {
    const families = metricFamilies({ readOps: 'my_reads', writeOps: 'my_writes', volumeLabel: 'volume' });
    const reading = await sourceOf({ families }).read(DAY_MS, never);
    expect(reading).toMatchObject({ family: 'custom' });
    expect(heatIn(reading, 'pvc-named').iops).toBeCloseTo(100, -1);
  });

  it('falls back to Mayastor when nothing has the names that the operator gave', async () => {
    const families = metricFamilies({ readOps: 'no_reads', writeOps: 'no_writes', volumeLabel: 'volume' });
    expect(await sourceOf({ families }).read(DAY_MS, never)).toMatchObject({ family: 'volume' });
  });
});
