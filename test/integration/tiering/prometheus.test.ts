/** Mistakes that systems of this kind have made with Prometheus, on the whole chain with a real one. */
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { nullLogger, realClock } from '@couchestor/common/base';
import { FakeHeatSource, PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { IoEngineExporters } from '@couchestor/sandbox/mayastor';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';
import { Chain } from './chain.ts';
import { Surroundings } from './surroundings.ts';

const prometheus = requireTool('prometheus');

const SCRAPE_MS = 250;
const PATIENCE_MS = 20_000;

prometheus.describe('with a real Prometheus', () => {
  let around: Surroundings;
  let server: PrometheusServer | undefined;
  let exporters: IoEngineExporters | undefined;
  let sources: PrometheusHeatSource[] = [];
  let chain: Chain | undefined;

  beforeEach(async () => {
    around = await Surroundings.start({ clock: realClock });
    around.policy('gold', { samplingWindow: '6s', minimumCoverage: '10%' });
  }, 60_000);

  afterEach(async () => {
    await chain?.stop();
    for (const source of sources) source.close();
    sources = [];
    await Promise.all([server?.stop(), exporters?.stop(), around?.stop()]);
    [server, exporters, chain] = [undefined, undefined, undefined];
  });

  const heatOf = (url: string): PrometheusHeatSource => {
    const timing = { cacheTtlMs: 0, scrapeIntervalMs: SCRAPE_MS, staleAfterMs: 3_000, deadlineMs: 3_000, attempts: 1 };
    const source = new PrometheusHeatSource({ url, clock: realClock, logger: nullLogger, ...timing });
    sources.push(source);
    return source;
  };

  it('1. No samples, or Prometheus down, became heat 0: unknown heat never moves data', async () => {
    const pin = { 'storage.billyronks.io/pin': 'cold' };
    const volumes = [
      around.volume({ pools: ['hot-1'] }),
      around.volume({ pools: ['cold-1'] }),
      around.volume({ pools: ['hot-2'], claim: { annotations: pin } }),
    ];
    server = await PrometheusServer.start({ prometheus: prometheus.path });
    const real = heatOf(server.url);
    let heat: PrometheusHeatSource | FakeHeatSource = real;
    const following = new Chain(around, { heat: { read: (...asked) => heat.read(...asked) }, intervalMs: 1 }).follow();
    chain = following;
    const expectNothingMoves = async (reason: string): Promise<void> => {
      const { status } = await following.round('gold');
      const condition = { type: 'TelemetryHealthy', status: 'False', reason };
      expect(status?.conditions).toContainEqual(expect.objectContaining(condition));
      expect(status?.decisionCounts).toEqual({ move: 0, wait: 0, blocked: 0, stay: volumes.length });
      expect(following.report?.decisions?.map(({ code }) => code)).toEqual(volumes.map(() => 'HeatUnknown'));
    };

    await expectNothingMoves('NoData');
    await server.kill();
    // The failure is shared for some seconds; another source has nothing to share.
    heat = heatOf(server.url);
    await expectNothingMoves('Unreachable');

    // Had it become 0, this is what would have been done.
    const zero = new FakeHeatSource({ clock: realClock });
    for (const volumeId of volumes) zero.set(`pvc-${volumeId}`, 0);
    heat = zero;
    expect((await following.round('gold')).status?.decisionCounts).toMatchObject({ move: 2 });
    expect(around.cluster.violations).toEqual([]);
  }, 60_000);

  it('4. Metric names that do not exist in Mayastor: a scrape of its engines decides', async () => {
    const busy = around.volume({ pools: ['cold-1'] });
    const idle = around.volume({ pools: ['hot-1'] });
    around.cluster.setWorkload(busy, { readOps: 3_000, writeOps: 1_000 });
    around.cluster.setWorkload(idle, { readOps: 1, writeOps: 0 });
    exporters = await IoEngineExporters.start({ cluster: around.cluster });
    server = await PrometheusServer.start({
      prometheus: prometheus.path,
      targets: exporters.targets,
      scrapeIntervalMs: SCRAPE_MS,
    });
    chain = new Chain(around, { heat: heatOf(server.url), intervalMs: 1 }).follow();
    const codes = async (): Promise<string[]> => {
      await chain?.round('gold');
      return [busy, idle].map((volumeId) => chain?.decision(volumeId).code ?? '');
    };
    const startedMs = performance.now();
    let told = await codes();
    while (told.join() !== 'Promote,Demote' && performance.now() - startedMs < PATIENCE_MS) told = await codes();
    expect(told).toEqual(['Promote', 'Demote']);

    const evidence = chain.decision(busy).heat.evidence;
    expect(evidence?.query).toMatch(/volume_num_read_ops/);
    const answer = await fetch(`${server.url}/api/v1/label/__name__/values`);
    const { data: scraped } = (await answer.json()) as { data: string[] };
    const asked = evidence?.query.match(/\w+_ops\b/g) ?? [];
    expect(asked.length).toBeGreaterThan(1);
    expect(scraped).toEqual(expect.arrayContaining(asked));
    const { status } = around.stored('gold');
    expect(status).toMatchObject({ decisionCounts: { move: 2 }, volumes: { unknownHeat: 0 } });
  }, 60_000);
});
