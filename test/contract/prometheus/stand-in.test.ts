/**
 * The sandbox's Prometheus gives the numbers of the real one for every query that heat is read with: over counters that are
 * reset, pause, move between nodes and end.
 */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { metricFamilies } from '@couchestor/control-plane/eyes';
import { NAME, PrometheusStandIn } from '@couchestor/sandbox/prometheus';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';

const prometheus = requireTool('prometheus');
const promtool = requireTool('promtool');

const SCRAPE_S = 30;
const END_S = Math.floor(Date.UTC(2026, 0, 10) / 1000);
const START_S = END_S - 2 * 3600;

interface Point {
  readonly labels: Readonly<Record<string, string>>;
  readonly timeS: number;
  readonly value: number;
}

/** Pseudo-random and the same in every run (mulberry32). */
function random(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** One counter: grows unevenly, is reset now and then, and pauses for minutes. */
function counter(labels: Readonly<Record<string, string>>, seed: number, lifeS: readonly [number, number]): Point[] {
  const draw = random(seed);
  const points: Point[] = [];
  let value = Math.floor(draw() * 1000);
  let silentUntilS = 0;
  for (let timeS = lifeS[0]; timeS <= lifeS[1]; timeS += SCRAPE_S) {
    value = draw() < 0.02 ? Math.floor(draw() * 50) : value + Math.floor(draw() * 5000);
    if (draw() < 0.01) silentUntilS = timeS + draw() * 900;
    if (timeS >= silentUntilS) points.push({ labels, timeS: timeS + Math.floor(draw() * 3), value });
  }
  return points;
}

function history(): Point[] {
  const points: Point[] = [];
  let seed = 1;
  for (const metric of [
    'volume_num_read_ops',
    'volume_num_write_ops',
    'replica_num_read_ops',
    'replica_num_write_ops',
  ]) {
    for (let volume = 0; volume < 6; volume += 1) {
      const nodes = metric.startsWith('replica') ? ['a', 'b', 'c'] : ['a'];
      for (const node of nodes) {
        const labels = { [NAME]: metric, pv_name: `pvc-${volume}`, node };
        points.push(...counter(labels, (seed += 1), [START_S, volume === 5 ? START_S + 3000 : END_S]));
      }
      // A volume whose target moved half-way.
      if (volume === 4)
        points.push(...counter({ [NAME]: metric, pv_name: 'pvc-4', node: 'd' }, (seed += 1), [START_S + 3600, END_S]));
    }
  }
  return points;
}

function openMetrics(points: readonly Point[]): string {
  const names = [...new Set(points.map(({ labels }) => labels[NAME] ?? ''))];
  const lines = names.flatMap((name) => [
    `# TYPE ${name} gauge`,
    ...points
      .filter(({ labels }) => labels[NAME] === name)
      .map(
        ({ labels, timeS, value }) =>
          `${name}{pv_name="${labels.pv_name ?? ''}",node="${labels.node ?? ''}"} ${value} ${timeS}`,
      ),
  ]);
  return `${lines.join('\n')}\n# EOF\n`;
}

let real: PrometheusServer | undefined;
let standIn: PrometheusStandIn | undefined;

beforeAll(async () => {
  if (prometheus.path === '' || promtool.path === '') return;
  const points = history();
  real = await PrometheusServer.start({
    prometheus: prometheus.path,
    promtool: promtool.path,
    samples: openMetrics(points),
  });
  standIn = await PrometheusStandIn.start({ targets: () => [], intervalMs: 3_600_000 });
  for (const { labels, timeS, value } of points) standIn.store.append(labels, timeS * 1000, value);
}, 60_000);

afterAll(async () => {
  await real?.stop();
  await standIn?.stop();
});

type Rows = Map<string, Map<number, number>>;

async function ask(url: string, query: string): Promise<Rows> {
  const body = new URLSearchParams({ query, start: String(START_S), end: String(END_S), step: '47' });
  const response = await fetch(`${url}/api/v1/query_range`, { method: 'POST', body });
  const answer = (await response.json()) as {
    status: string;
    data: { result: { metric: Record<string, string>; values: [number, string][] }[] };
  };
  expect(answer.status).toBe('success');
  return new Map(
    answer.data.result.map(({ metric, values }) => [
      JSON.stringify(Object.entries(metric).sort()),
      new Map(values.map(([timeS, text]) => [timeS, Number(text)])),
    ]),
  );
}

const families = metricFamilies().map(({ query }) => query('5m'));
const queries = [
  ...families,
  'sum by (pv_name) (rate(volume_num_read_ops{pv_name=~"pvc-[0-3]",node!="b"}[2m]))',
  'count by (node) (replica_num_write_ops)',
  '100 * volume_num_read_ops / 3 - 1',
];

prometheus.describe('the sandbox and the real Prometheus', () => {
  it.each(queries)('answer alike: %s', async (query) => {
    const [ours, theirs] = await Promise.all([ask(standIn?.url ?? '', query), ask(real?.url ?? '', query)]);
    expect([...ours.keys()].sort()).toEqual([...theirs.keys()].sort());
    for (const [series, values] of theirs) {
      const found = ours.get(series) ?? new Map<number, number>();
      expect([...found.keys()]).toEqual([...values.keys()]);
      for (const [timeS, value] of values) expect(found.get(timeS)).toBeCloseTo(value, 6);
    }
    // The older engines' family has no series here; every other query is about something.
    expect(theirs.size > 0).toBe(!query.includes('openebs_'));
  });
});
