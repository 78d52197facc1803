import { afterAll, beforeAll, beforeEach, afterEach, expect, it } from '@jest/globals';
import { setTimeout as sleep } from 'node:timers/promises';
import { nullLogger, realClock } from '@couchestor/common/base';
import { PrometheusHeatSource, type PrometheusHeatSourceOptions } from '@couchestor/control-plane/adapters/prometheus';
import { metricFamilies, telemetryHealth } from '@couchestor/control-plane/eyes';
import { IoEngineExporters, MayastorCluster } from '@couchestor/sandbox/mayastor';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';

const prometheus = requireTool('prometheus');

/** Scrapes come this quickly here; everything else follows from it. */
const SCRAPE_MS = 250;
const WINDOW_MS = 6_000;
const GIB = 1024 ** 3;
const never = new AbortController().signal;

type Reading = Awaited<ReturnType<PrometheusHeatSource['read']>>;
type Heat = Extract<Reading, { kind: 'read' }>['byVolumeName'] extends ReadonlyMap<string, infer Value> ? Value : never;

prometheus.describe('heat of a live Mayastor, scraped by a real Prometheus', () => {
  let cluster: MayastorCluster;
  let exporters: IoEngineExporters;
  let server: PrometheusServer;
  let source: PrometheusHeatSource;

  const createVolume = (workload?: { readOps: number; writeOps: number }): { id: string; name: string } => {
    const id = cluster.createVolume({ sizeBytes: GIB, replicaCount: 2 });
    if (workload !== undefined) {
      cluster.publish(id, 'n1');
      cluster.setWorkload(id, workload);
    }
    return { id, name: `pvc-${id}` };
  };

  const heatsOf = (reading: Reading): ReadonlyMap<string, Heat> => {
    if (reading.kind === 'read') return reading.byVolumeName;
    throw new Error(`${reading.reason}: ${reading.message}`);
  };

  /** What is read once it is so, while scrapes come in. */
  const until = async (isSo: (reading: Reading) => boolean): Promise<Reading> => {
    for (let attempt = 0; ; attempt += 1) {
      const reading = await source.read(WINDOW_MS, never);
      if (isSo(reading)) return reading;
      if (attempt > 200) throw new Error(`never came: ${JSON.stringify(reading, (_, value: unknown) => plain(value))}`);
      await sleep(100);
    }
  };
  const plain = (value: unknown): unknown => (value instanceof Map ? Object.fromEntries(value) : value);
  const isAbout = (reading: Reading, volume: string, iops: number): boolean => {
    const heat = heatsOf(reading).get(volume);
    return heat?.kind === 'known' && Math.abs(heat.iops - iops) <= iops * 0.15;
  };

  beforeAll(async () => {
    cluster = new MayastorCluster({ clock: realClock, release: '2.7' });
    for (const name of ['n1', 'n2', 'n3']) {
      cluster.addNode({ name });
      cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 100 * GIB });
    }
    exporters = await IoEngineExporters.start({ cluster });
    server = await PrometheusServer.start({
      prometheus: prometheus.path,
      targets: exporters.targets,
      scrapeIntervalMs: SCRAPE_MS,
    });
  }, 60_000);

  const sourceOf = (options: Partial<PrometheusHeatSourceOptions> = {}): PrometheusHeatSource =>
    new PrometheusHeatSource({
      url: server.url,
      clock: realClock,
      logger: nullLogger,
      cacheTtlMs: 0,
      scrapeIntervalMs: SCRAPE_MS,
      staleAfterMs: 3_000,
      ...options,
    });

  beforeEach(() => {
    source = sourceOf();
  });

  afterEach(() => source?.close());

  afterAll(async () => {
    await server?.stop();
    await exporters?.stop();
  });

  it('is none of a volume that is not published, which is not idle', async () => {
    const unused = createVolume();
    const replicas = until((one) => one.kind === 'read' && one.family === 'replica');
    // Their replicas have counters that stand still; whoever is not published is not moved on them.
    expect(heatsOf(await replicas).get(unused.name)).toMatchObject({ kind: 'known', iops: 0 });
    const ofVolumes = sourceOf({ families: metricFamilies().slice(0, 1) });
    const none = await ofVolumes.read(WINDOW_MS, never);
    ofVolumes.close();
    expect(none).toMatchObject({ kind: 'read', family: undefined });
    expect(telemetryHealth([none], 1)).toMatchObject({ healthy: false, reason: 'NoData' });
    const used = createVolume({ readOps: 10, writeOps: 0 });
    const reading = await until((one) => heatsOf(one).has(used.name) && one.kind === 'read' && one.family === 'volume');
    expect(heatsOf(reading).has(unused.name)).toBe(false);
  });

  it('is what the applications do (pitfall: the queried metric names do not exist in Mayastor)', async () => {
    const busy = createVolume({ readOps: 300, writeOps: 100 });
    const idle = createVolume({ readOps: 0, writeOps: 0 });
    const reading = await until((one) => heatsOf(one).has(busy.name) && isAbout(one, busy.name, 400));
    expect(reading).toMatchObject({ family: 'volume' });
    expect(heatsOf(reading).get(idle.name)).toMatchObject({ kind: 'known', iops: 0 });
    expect(telemetryHealth([reading], 2)).toMatchObject({ healthy: true });
  });

  it('stays what it was when the engine restarts and its counters with it', async () => {
    const { name } = createVolume({ readOps: 150, writeOps: 50 });
    await until((one) => heatsOf(one).has(name) && isAbout(one, name, 200));
    for (let restart = 0; restart < 3; restart += 1) {
      cluster.restartEngine('n1');
      await sleep(4 * SCRAPE_MS);
      const heat = heatsOf(await source.read(WINDOW_MS, never)).get(name);
      // A reset loses what came after the last scrape, and never makes a leap.
      expect(heat).toMatchObject({ kind: 'known' });
      if (heat?.kind === 'known') expect(heat.iops).toBeLessThan(240);
    }
    await until((one) => isAbout(one, name, 200));
  });

  it('follows a volume to another node', async () => {
    const { id, name } = createVolume({ readOps: 80, writeOps: 20 });
    await until((one) => heatsOf(one).has(name) && isAbout(one, name, 100));
    cluster.unpublish(id);
    cluster.publish(id, 'n2');
    cluster.setWorkload(id, { readOps: 80, writeOps: 20 });
    await sleep(WINDOW_MS);
    await until((one) => isAbout(one, name, 100));
  });

  it('is stale, then gone, and never zero, when nobody uses the volume any more', async () => {
    const { id, name } = createVolume({ readOps: 90, writeOps: 10 });
    await until((one) => heatsOf(one).has(name) && isAbout(one, name, 100));
    cluster.unpublish(id);
    const seen = new Set<string>();
    await until((one) => {
      const heat = heatsOf(one).get(name);
      seen.add(heat === undefined ? 'gone' : heat.kind === 'unknown' ? heat.reason : 'known');
      if (heat?.kind === 'known') expect(heat.iops).toBeGreaterThan(0);
      return heat === undefined;
    });
    expect([...seen]).toEqual(['known', 'Stale', 'gone']);
  });
});
