/** What else one could do to learn the heat of a fleet: ask for each volume by itself, or have promtool ask. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { metricFamilies, planQuery } from '@couchestor/control-plane/eyes';

const run = promisify(execFile);
const MAX_OUTPUT_BYTES = 1024 ** 3;

/** One instant query for every volume, `concurrency` at a time over connections that stay open. */
export async function queryEachVolume(
  url: string,
  volumeNames: readonly string[],
  { range, concurrency }: { readonly range: string; readonly concurrency: number },
): Promise<void> {
  const names = volumeNames.values();
  const ask = async (): Promise<void> => {
    for (const name of names) {
      const rate = (metric: string): string => `sum(rate(${metric}{pv_name="${name}"}[${range}]))`;
      const query = `${rate('volume_num_read_ops')} + ${rate('volume_num_write_ops')}`;
      const answer = await fetch(`${url}/api/v1/query`, { method: 'POST', body: new URLSearchParams({ query }) });
      const { data } = (await answer.json()) as { data: { result: readonly unknown[] } };
      if (data.result.length !== 1) throw new Error(`Prometheus has no heat of ${name}`);
    }
  };
  await Promise.all(Array.from({ length: concurrency }, ask));
}

/** The operator's own query over the same moments, by promtool. */
export async function queryByPromtool(promtool: string, url: string, windowMs: number): Promise<void> {
  const plan = planQuery({ windowMs, nowMs: Date.now(), scrapeIntervalMs: 60_000 });
  const query = metricFamilies()[0]?.query(plan.range) ?? '';
  const { startMs, endMs, stepMs } = plan;
  const grid = [`--start=${startMs / 1000}`, `--end=${endMs / 1000}`, `--step=${stepMs / 1000}s`];
  const { stdout } = await run(promtool, ['query', 'range', ...grid, url, query], { maxBuffer: MAX_OUTPUT_BYTES });
  if (stdout.trim() === '') throw new Error('promtool has no answer');
}
