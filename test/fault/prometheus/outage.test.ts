import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { nullLogger, realClock } from '@couchestor/common/base';
import { PrometheusHeatSource, type PrometheusHeatSourceOptions } from '@couchestor/control-plane/adapters/prometheus';
import { openMetrics, SCRAPE_MS } from '../../integration/prometheus/history.ts';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';

const prometheus = requireTool('prometheus');
const promtool = requireTool('promtool');

const HOUR_MS = 3_600_000;
const never = new AbortController().signal;
type Reading = Awaited<ReturnType<PrometheusHeatSource['read']>>;

prometheus.describe('heat while a real Prometheus goes down', () => {
  let server: PrometheusServer;
  let sources: PrometheusHeatSource[];

  const sourceOf = (options: Partial<PrometheusHeatSourceOptions> = {}): PrometheusHeatSource => {
    const source = new PrometheusHeatSource({
      url: server.url,
      clock: realClock,
      logger: nullLogger,
      cacheTtlMs: 0,
      requestTimeoutMs: 500,
      deadlineMs: 2_000,
      ...options,
    });
    sources.push(source);
    return source;
  };

  /** Every reading is either complete and right, or says why there is none. */
  const expectHonest = (reading: Reading): void => {
    if (reading.kind === 'unavailable') {
      expect(['Unreachable', 'Timeout', 'ServerError']).toContain(reading.reason);
      return;
    }
    expect(reading.byVolumeName.size).toBe(2);
    for (const heat of reading.byVolumeName.values()) {
      expect(heat).toMatchObject({ kind: 'known', coverage: 1 });
      if (heat.kind === 'known') expect(heat.iops).toBeCloseTo(100, -1);
    }
  };

  beforeEach(async () => {
    sources = [];
    const counters = ['pvc-1', 'pvc-2'].map((volume) => ({
      labels: { node: 'n1', pv_name: volume },
      iops: () => 100,
    }));
    const names = { reads: 'volume_num_read_ops', writes: 'volume_num_write_ops' };
    const endMs = Math.floor(Date.now() / SCRAPE_MS) * SCRAPE_MS;
    server = await PrometheusServer.start({
      prometheus: prometheus.path,
      promtool: promtool.path,
      samples: openMetrics([{ names, counters }], { endMs, hours: 3 }),
    });
  }, 60_000);

  afterEach(async () => {
    for (const source of sources) source.close();
    await server?.stop();
  });

  it('is unavailable while it is dead, never zero, and back when it is (pitfall: an outage became heat 0)', async () => {
    const source = sourceOf();
    expect(await source.read(HOUR_MS, never)).toMatchObject({ kind: 'read' });
    await server.kill();
    expect(await source.read(HOUR_MS, never)).toMatchObject({ kind: 'unavailable', reason: 'Unreachable' });
    expect(source.health()).toMatchObject({ state: 'Failing', lastFailure: { reason: 'Unreachable' } });
    await server.resume();
    // Another window, of which no failure is remembered.
    expectHonest(await source.read(2 * HOUR_MS, never));
    expect(source.health()).toMatchObject({ state: 'Answering' });
  });

  it('is unavailable while it hangs, within its deadline, and back when it does not', async () => {
    const source = sourceOf();
    await source.read(HOUR_MS, never);
    await server.freeze();
    const startedMs = performance.now();
    expect(await source.read(HOUR_MS, never)).toMatchObject({ kind: 'unavailable', reason: 'Timeout' });
    expect(performance.now() - startedMs).toBeLessThan(4_000);
    server.thaw();
    expectHonest(await source.read(2 * HOUR_MS, never));
  });

  it('is whole or unavailable, never part of it, over kills and restarts in the middle of reads', async () => {
    const readings: Reading[] = [];
    const stop = new AbortController();
    const readers = [1, 2, 3].map(async (hours) => {
      // A source of its own each time, so that nothing remembered answers.
      while (!stop.signal.aborted) {
        readings.push(await sourceOf({ attempts: 1 }).read(hours * HOUR_MS - 30 * 60_000, never));
        await realClock.sleep(5);
      }
    });
    for (let round = 0; round < 4; round += 1) {
      await realClock.sleep(150);
      await server.kill();
      await realClock.sleep(50);
      await server.resume();
    }
    await realClock.sleep(150);
    stop.abort();
    await Promise.all(readers);
    for (const reading of readings) expectHonest(reading);
    expect(new Set(readings.map(({ kind }) => kind))).toEqual(new Set(['read', 'unavailable']));
  });
});
