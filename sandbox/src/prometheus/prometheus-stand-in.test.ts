import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { createServer, type Server } from 'node:http';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { VirtualClock } from '@couchestor/common/base';
import { evaluate } from './promql/evaluate.ts';
import { parsePromql } from './promql/parse.ts';
import { parseExposition } from './exposition.ts';
import { PrometheusStandIn } from './prometheus-stand-in.ts';
import { NAME, SampleStore } from './samples.ts';
import { Scraper } from './scraper.ts';

const minute = 60_000;
const at = (store: SampleStore, query: string, timeMs: number) =>
  evaluate(parsePromql(query), store, timeMs).map(({ labels, value }) => ({ labels, value }));

function filled(values: readonly number[], labels: Record<string, string> = {}): SampleStore {
  const store = new SampleStore(3_600_000);
  values.forEach((value, index) => store.append({ [NAME]: 'ops', ...labels }, (index + 1) * minute, value));
  return store;
}

describe('expressions', () => {
  it('takes a rate over a counter that grows steadily', () => {
    const store = filled([0, 600, 1200, 1800, 2400]);
    expect(at(store, 'rate(ops[4m])', 5 * minute)).toEqual([{ labels: {}, value: 10 }]);
  });

  it('counts a reset as a start from zero', () => {
    const store = filled([6000, 6600, 0, 600, 1200]);
    const [sample] = at(store, 'rate(ops[4m])', 5 * minute);
    expect(sample?.value).toBeCloseTo((600 + 0 + 600 + 600) / 240, 6);
  });

  it('sums and counts by a label, and divides vectors of the same labels', () => {
    const store = new SampleStore(3_600_000);
    for (const node of ['a', 'b', 'c']) store.append({ [NAME]: 'ops', pv: 'one', node }, minute, 4);
    store.append({ [NAME]: 'ops', pv: 'two', node: 'a' }, minute, 1);
    expect(at(store, 'sum by (pv) (ops) / count by (pv) (ops) + 1', minute)).toEqual([
      { labels: { pv: 'one' }, value: 5 },
      { labels: { pv: 'two' }, value: 2 },
    ]);
  });

  it('matches labels exactly and by whole regular expressions', () => {
    const store = filled([7], { pv: 'pvc-1' });
    expect(at(store, 'ops{pv=~"pvc-.*"}', minute)).toHaveLength(1);
    expect(at(store, 'ops{pv=~"pvc"}', minute)).toHaveLength(0);
    expect(at(store, 'ops{pv!="pvc-1"}', minute)).toHaveLength(0);
  });

  it('forgets a series after five minutes, and at once after a stale marker', () => {
    const store = filled([7]);
    expect(at(store, 'ops', minute + 4 * minute)).toHaveLength(1);
    expect(at(store, 'ops', minute + 5 * minute)).toHaveLength(0);
    store.markStale({ [NAME]: 'ops' }, 2 * minute);
    expect(at(store, 'ops', 2 * minute)).toHaveLength(0);
  });

  it.each([
    '',
    'sum(',
    'rate(ops)',
    'rate(ops[5m]',
    'histogram_quantile(0.9, ops)',
    'ops{a="b}',
    'ops{a=~"("}',
    'ops ops',
    '1 +',
    '#',
  ])('refuses %j', (query) => {
    expect(() => parsePromql(query)).toThrow(expect.objectContaining({ name: 'PromqlError' }));
  });
});

describe('exposition', () => {
  it('reads names, labels with escapes, and special values', () => {
    const text = '# HELP x y\nx{a="b\\"c",d="e\\\\f"} 1.5\ny NaN\nz +Inf 1700000000000\n';
    expect(parseExposition(text)).toEqual([
      { labels: { [NAME]: 'x', a: 'b"c', d: 'e\\f' }, value: 1.5 },
      { labels: { [NAME]: 'y' }, value: Number.NaN },
      { labels: { [NAME]: 'z' }, value: Infinity },
    ]);
  });

  it.each(['x', 'x{a=b} 1', 'x{a="b" 1', '1x 2', 'x one'])('refuses %j', (line) => {
    expect(() => parseExposition(line)).toThrow('not an exposition');
  });
});

describe('the server', () => {
  let target: Server;
  let body = '';
  let status = 200;
  beforeEach(async () => {
    target = createServer((_, response) => void response.writeHead(status).end(body));
    target.listen(0, '127.0.0.1');
    await once(target, 'listening');
    status = 200;
  });
  afterEach(() => void target.close());
  const address = (): string => `127.0.0.1:${(target.address() as AddressInfo).port}`;

  it('ends a series that its target no longer exposes, and all of a target that fails', async () => {
    const clock = new VirtualClock();
    const store = new SampleStore(3_600_000);
    const scraper = new Scraper({ targets: () => [address()], store, clock, intervalMs: 1_000, job: 'io-engine' });
    const scrape = async (text: string): Promise<void> => {
      body = text;
      clock.stepWall(1_000);
      await scraper.scrapeAll(new AbortController().signal);
    };
    await scrape('a 1\nb 2\n');
    expect(at(store, 'b', clock.now())).toHaveLength(1);
    await scrape('a 1\n');
    expect(at(store, 'b', clock.now())).toHaveLength(0);
    expect(at(store, 'up', clock.now())).toMatchObject([{ value: 1 }]);
    status = 500;
    await scrape('a 1\n');
    expect(at(store, 'a', clock.now())).toHaveLength(0);
    expect(at(store, 'up', clock.now())).toMatchObject([{ value: 0 }]);
  });

  it('answers range queries by GET and POST, and says what it does not understand', async () => {
    const server = await PrometheusStandIn.start({ targets: () => [], intervalMs: 60_000 });
    try {
      for (const second of [0, 60, 120, 180])
        server.store.append({ [NAME]: 'ops', pv: 'x' }, second * 1000, second * 5);
      const form = new URLSearchParams({ query: 'sum by (pv) (rate(ops[2m]))', start: '120', end: '180', step: '60' });
      const expected = {
        status: 'success',
        data: {
          resultType: 'matrix',
          result: [
            {
              metric: { pv: 'x' },
              values: [
                [120, '5'],
                [180, '5'],
              ],
            },
          ],
        },
      };
      const posted = await fetch(`${server.url}/api/v1/query_range`, { method: 'POST', body: form });
      expect(await posted.json()).toEqual(expected);
      const got = await fetch(`${server.url}/api/v1/query_range?${form.toString()}`);
      expect(await got.json()).toEqual(expected);
      const bad = await fetch(`${server.url}/api/v1/query?query=avg(ops)`);
      expect(bad.status).toBe(400);
      expect(await bad.json()).toMatchObject({ status: 'error', errorType: 'bad_data' });
      form.set('step', '0');
      expect((await fetch(`${server.url}/api/v1/query_range?${form.toString()}`)).status).toBe(400);
      expect((await fetch(`${server.url}/-/ready`)).status).toBe(200);
      expect((await fetch(`${server.url}/other`)).status).toBe(404);
    } finally {
      await server.stop();
    }
  });

  it('gives its port back when it has stopped', async () => {
    const options = { targets: () => [], intervalMs: 60_000 };
    const first = await PrometheusStandIn.start(options);
    const port = Number(new URL(first.url).port);
    expect((await fetch(`${first.url}/-/ready`)).status).toBe(200);
    await first.stop();
    const second = await PrometheusStandIn.start({ ...options, port });
    expect(second.url).toBe(first.url);
    await second.stop();
  });
});
