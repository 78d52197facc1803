/** What the exporters of the sandbox's Mayastor expose, as Prometheus and its own checker take it. */
import { afterAll, beforeAll, expect, it } from '@jest/globals';
import { realClock, VirtualClock } from '@couchestor/common/base';
import { demoCluster, IoEngineExporters, MayastorCluster, RELEASES } from '@couchestor/sandbox/mayastor';
import { spawnSync } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { PrometheusServer } from '../../prometheus.ts';
import { requireTool } from '../../skips.ts';

const promtool = requireTool('promtool');
const prometheus = requireTool('prometheus');
const GIB = 1024 ** 3;

promtool.describe('promtool check metrics', () => {
  it.each(RELEASES)(
    'finds nothing wrong with %s but names that Mayastor chose',
    async (release) => {
      const clock = new VirtualClock();
      const { cluster } = demoCluster({ clock, release });
      await clock.advance(60_000);
      const exporters = await IoEngineExporters.start({ cluster });
      try {
        for (const target of exporters.targets) {
          const input = await (await fetch(`http://${target}/metrics`)).text();
          const { stdout, stderr } = spawnSync(promtool.path, ['check', 'metrics'], { input, encoding: 'utf8' });
          const findings = `${stdout}${stderr}`.split('\n').filter((line) => line !== '');
          const known = /^\w+_latency_us metric names should not contain abbreviated units$/;
          expect(findings.filter((line) => !known.test(line))).toEqual([]);
        }
      } finally {
        await exporters.stop();
      }
    },
    30_000,
  );
});

prometheus.describe('a Prometheus that scrapes the exporters', () => {
  let cluster: MayastorCluster;
  let exporters: IoEngineExporters;
  let server: PrometheusServer;

  beforeAll(async () => {
    cluster = new MayastorCluster({ clock: realClock, release: '2.10' });
    for (const name of ['a', 'b']) {
      cluster.addNode({ name });
      cluster.addPool({ name: `pool-${name}`, node: name, capacityBytes: 100 * GIB });
    }
    exporters = await IoEngineExporters.start({ cluster });
    server = await PrometheusServer.start({
      prometheus: prometheus.path,
      targets: exporters.targets,
      scrapeIntervalMs: 250,
    });
  }, 30_000);
  afterAll(async () => {
    await server?.stop();
    await exporters?.stop();
  });

  /** Values by one label. */
  async function query(text: string, label: string): Promise<Record<string, number>> {
    const response = await fetch(`${server.url}/api/v1/query?query=${encodeURIComponent(text)}`);
    const { data } = (await response.json()) as {
      data: { result: { metric: Record<string, string>; value: [number, string] }[] };
    };
    return Object.fromEntries(data.result.map(({ metric, value }) => [metric[label] ?? '', Number(value[1])]));
  }

  async function eventually(what: string, holds: () => Promise<boolean>): Promise<void> {
    const deadline = performance.now() + 25_000;
    while (!(await holds())) {
      if (performance.now() > deadline) throw new Error(`gave up waiting until ${what}`);
      await sleep(100);
    }
  }

  it('sees the rate of a volume, and none of one that is not published', async () => {
    const ids = [1, 2].map(() => cluster.createVolume({ sizeBytes: GIB, replicaCount: 2 }));
    cluster.publish(ids[0]!, 'a');
    cluster.setWorkload(ids[0]!, { readOps: 3000, writeOps: 1000 });
    const rates = 'sum by (pv_name) (rate(volume_num_read_ops[5s]) + rate(volume_num_write_ops[5s]))';
    await eventually('the rate is that of the workload', async () => {
      const seen = await query(rates, 'pv_name');
      expect(Object.keys(seen)).not.toContain(`pvc-${ids[1]}`);
      return Math.abs((seen[`pvc-${ids[0]}`] ?? 0) - 4000) < 200;
    });
  }, 30_000);

  it('sees a node go down and come back', async () => {
    const up = (): Promise<Record<string, number>> => query('up', 'instance');
    const [a, b] = exporters.targets as [string, string];
    await eventually('both are up', async () => Object.values(await up()).join() === '1,1');
    cluster.setNodeStatus('b', 'Offline');
    await eventually('one is down', async () => (await up())[b] === 0);
    expect((await up())[a]).toBe(1);
    cluster.setNodeStatus('b', 'Online');
    await eventually('it is back', async () => (await up())[b] === 1);
  }, 60_000);
});
