import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { nullLogger, realClock } from '@couchestor/common/base';
import { PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';
import { openMetrics, SCRAPE_MS } from './history.ts';

const prometheus = requireTool('prometheus');
const promtool = requireTool('promtool');

const DAY_MS = 24 * 3_600_000;
const VOLUME_COUNT = 40;
const never = new AbortController().signal;

prometheus.describe('a fleet in a real Prometheus', () => {
  let server: PrometheusServer | undefined;
  let source: PrometheusHeatSource;

  const start = async (flags: readonly string[]): Promise<void> => {
    const counters = Array.from({ length: VOLUME_COUNT }, (_, index) => ({
      labels: { node: `n${index % 3}`, pv_name: `pvc-${index}` },
      iops: () => index,
    }));
    const names = { reads: 'volume_num_read_ops', writes: 'volume_num_write_ops' };
    const endMs = Math.floor(Date.now() / SCRAPE_MS) * SCRAPE_MS;
    const samples = openMetrics([{ names, counters }], { endMs, hours: 25 });
    server = await PrometheusServer.start({
      prometheus: prometheus.path,
      promtool: promtool.path,
      samples,
      flags,
    });
    source = new PrometheusHeatSource({ url: server.url, clock: realClock, logger: nullLogger, cacheTtlMs: 0 });
  };

  /** As the server counts them, by status. */
  const queryCount = async (status = ''): Promise<number> => {
    const text = await (await fetch(`${server?.url ?? ''}/metrics`)).text();
    const lines = text.split('\n').filter((line) => line.startsWith('prometheus_http_requests_total{'));
    return lines
      .filter((line) => line.includes('handler="/api/v1/query_range"') && line.includes(`code="${status}`))
      .reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
  };

  const readIops = async (windowMs: number): Promise<ReadonlyMap<string, number>> => {
    const reading = await source.read(windowMs, never);
    if (reading.kind !== 'read') throw new Error(`${reading.reason}: ${reading.message}`);
    const known = [...reading.byVolumeName].map(([volume, heat]) => {
      if (heat.kind !== 'known' || heat.coverage < 1) throw new Error(`${volume}: ${JSON.stringify(heat)}`);
      return [volume, heat.iops] as const;
    });
    return new Map(known);
  };

  beforeEach(() => {
    server = undefined;
  });

  afterEach(async () => {
    source.close();
    await server?.stop();
  });

  it('is read by one query a round, however many volumes there are', async () => {
    await start([]);
    for (let round = 1; round <= 3; round += 1) {
      expect((await readIops(DAY_MS)).size).toBe(VOLUME_COUNT);
      expect(await queryCount()).toBe(round);
    }
  });

  it('is read in pieces from a server that takes few samples at a time, which is learned once', async () => {
    await start(['--query.max-samples=3000']);
    const inPieces = await readIops(DAY_MS);
    expect(inPieces.size).toBe(VOLUME_COUNT);
    for (const [volume, iops] of inPieces) expect(iops).toBeCloseTo(Number(volume.slice('pvc-'.length)), 0);
    const refused = await queryCount('422');
    const answered = await queryCount('200');
    expect(refused).toBeGreaterThan(0);
    expect(answered).toBeGreaterThan(1);
    expect(await readIops(DAY_MS)).toEqual(inPieces);
    expect(await queryCount('422')).toBe(refused);
  });

  it('is not read, and the remedy named, from a server that takes hardly any', async () => {
    await start(['--query.max-samples=5']);
    const reading = await source.read(DAY_MS, never);
    expect(reading).toMatchObject({ kind: 'unavailable', reason: 'TooManySamples' });
    expect(reading.kind === 'unavailable' && reading.message).toContain('--query.max-samples');
    expect(await queryCount()).toBeLessThanOrEqual(6);
  });

  it('stays below the points that a server gives of one series, in the longest window too', async () => {
    await start([]);
    const reading = await source.read(365 * DAY_MS, never);
    expect(reading).toMatchObject({ kind: 'read', family: 'volume' });
  });
});
