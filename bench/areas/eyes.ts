/**
 * What it costs to look at a fleet and decide: a real Prometheus with an hour of I/O of every volume, and a sandbox with a Mayastor of
 * as many. Peers get the same out of the same servers in the same run: promtool and kubectl, and one query for each volume, as
 * operators do that ask for the heat of a volume when they look at it.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { nullLogger, realClock } from '@couchestor/common/base';
import { PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { findTool } from '../../test/tools.ts';
import { serveAnswer } from '../canned-answer.ts';
import { until } from '../cluster-watch.ts';
import { FleetStage, policyManifests, WINDOW_MS, type PrometheusTools } from '../fleet-stage.ts';
import { startOperator } from '../operator-process.ts';
import { queryByPromtool, queryEachVolume } from '../per-volume-queries.ts';
import type { Area, Row } from '../row.ts';
import { bestMsOf } from '../timing.ts';

const run = promisify(execFile);
const never = new AbortController().signal;

const FULL = { volumes: [0, 1_000, 2_000, 10_000], answers: [1_000, 10_000], runs: 5, operatorRounds: 5 } as const;
const SMOKE = { volumes: [20], answers: [20], runs: 1, operatorRounds: 1 } as const;
type Sizes = typeof FULL | typeof SMOKE;
/** Connections that the operator itself has to Prometheus at most. */
const CONCURRENCY = 4;
const MAX_OUTPUT_BYTES = 1024 ** 3;

export const eyes: Area = {
  name: 'eyes',
  summary: 'observing and deciding: rounds, queries, answers, memory (peers: promtool, kubectl, a query a volume)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    const rows: Row[] = [];
    for (const volumes of sizes.answers) rows.push(...(await answerRows(volumes, sizes)));
    const prometheus = findTool('prometheus');
    const promtool = findTool('promtool');
    if (prometheus.kind === 'missing' || promtool.kind === 'missing') {
      process.stderr.write(
        `eyes: only answers are measured: ${prometheus.kind === 'missing' ? prometheus.remedy : ''}\n`,
      );
      return rows;
    }
    const tools = { prometheus: prometheus.path, promtool: promtool.path };
    for (const volumes of sizes.volumes) {
      process.stderr.write(`eyes: ${volumes} volumes\n`);
      rows.push(...(await onStage(volumes, tools, (stage) => stageRows(stage, volumes, { sizes, tools }))));
    }
    return rows;
  },
};

interface Figure {
  readonly subject: string;
  readonly value: number;
  readonly unit: string;
  readonly peers?: Record<string, number>;
}

const row = (shape: string, { subject, value, unit, peers = {} }: Figure): Row => ({
  area: 'eyes',
  shape,
  subject,
  value,
  unit,
  peers,
});

async function onStage(
  volumes: number,
  tools: PrometheusTools,
  measure: (stage: FleetStage) => Promise<Row[]>,
): Promise<Row[]> {
  const stage = await FleetStage.start(volumes, tools);
  try {
    return await measure(stage);
  } finally {
    await stage.stop();
  }
}

async function stageRows(
  stage: FleetStage,
  volumes: number,
  { sizes, tools }: { sizes: Sizes; tools: PrometheusTools },
): Promise<Row[]> {
  if (volumes === 0) return operatorRows(stage, volumes, sizes);
  const rows = [
    ...(await cacheRows(stage, volumes)),
    ...(await heatRows(stage, volumes, { sizes, tools })),
    ...(await storageRows(stage, volumes, sizes)),
  ];
  for (const each of ['class', 'application'] as const)
    rows.push(...(await roundRows(stage, volumes, { sizes, each })));
  return [...rows, ...(await operatorRows(stage, volumes, sizes))];
}

/** The claims and volumes of the Kubernetes API, from nothing. */
async function cacheRows({ syncMs, sandbox }: FleetStage, volumes: number): Promise<Row[]> {
  const kubectl = findTool('kubectl');
  const peers: Record<string, number> = {};
  if (kubectl.kind === 'found') {
    const args = ['get', 'pv,pvc,nodes,storagepolicies,volumemigrations', '--all-namespaces', '--output=json'];
    peers['kubectl get'] = await bestMsOf(1, () =>
      run(kubectl.path, [`--kubeconfig=${sandbox.kubeconfigFile}`, ...args], { maxBuffer: MAX_OUTPUT_BYTES }),
    );
  }
  return [row(`${volumes} claims and volumes`, { subject: 'caches, from nothing', value: syncMs, unit: 'ms', peers })];
}

/** Everything about heat that Prometheus knows, over one window. */
async function heatRows(
  stage: FleetStage,
  volumes: number,
  { sizes, tools }: { sizes: Sizes; tools: PrometheusTools },
): Promise<Row[]> {
  const { heat, prometheus, watch } = stage;
  const value = await bestMsOf(sizes.runs, async () => {
    const reading = await heat.read(WINDOW_MS, never);
    const knownCount = reading.kind === 'read' ? reading.byVolumeName.size : 0;
    if (knownCount !== volumes) throw new Error(`of ${volumes} volumes ${knownCount} have heat`);
  });
  const options = { range: '1h', concurrency: CONCURRENCY };
  const peers = {
    promtool: await bestMsOf(sizes.runs, () => queryByPromtool(tools.promtool, prometheus.url, WINDOW_MS)),
    'a query a volume': await bestMsOf(1, () => queryEachVolume(prometheus.url, watch.volumeNames(), options)),
  };
  return [row(`heat of ${volumes} volumes over 1 h`, { subject: 'range query', value, unit: 'ms', peers })];
}

async function storageRows({ storage }: FleetStage, volumes: number, { runs }: Sizes): Promise<Row[]> {
  const value = await bestMsOf(runs, () => storage.observe(never));
  return [row(`${volumes} volumes of Mayastor`, { subject: 'REST, all of it', value, unit: 'ms' })];
}

/** Whole rounds: the storage system, heat, and every decision. */
async function roundRows(
  stage: FleetStage,
  volumes: number,
  { sizes, each }: { sizes: Sizes; each: 'class' | 'application' },
): Promise<Row[]> {
  const manifests = policyManifests(each);
  await stage.watch.apply(manifests);
  const before = await stage.queryCount();
  const reports = await stage.plan(sizes.runs);
  const queries = ((await stage.queryCount()) - before) / reports.length;
  for (const { decisions = [] } of reports) {
    if (decisions.length !== volumes) throw new Error(`of ${volumes} volumes ${decisions.length} are decided about`);
  }
  const shape = `${volumes} volumes, ${manifests.length} policies`;
  const value = Math.min(...reports.map(({ durationMs }) => durationMs));
  return [
    row(shape, { subject: 'round', value, unit: 'ms' }),
    row(shape, {
      subject: 'queries of a round',
      value: queries,
      unit: 'queries',
      peers: { 'a query a volume': volumes },
    }),
  ];
}

/** The whole process, with a policy for every StorageClass; its memory after some rounds. */
async function operatorRows(stage: FleetStage, volumes: number, { operatorRounds }: Sizes): Promise<Row[]> {
  await stage.watch.apply([]);
  const operator = await startOperator(stage);
  try {
    await until('the operator plans', async () => (await operator.roundCount()) > 0);
    const decidedMs = await bestMsOf(1, async () => {
      await stage.watch.apply(policyManifests('class'));
      await stage.watch.untilDecided();
    });
    const first = await operator.roundCount();
    await until('the operator has settled', async () => (await operator.roundCount()) >= first + operatorRounds);
    const memoryMiB = operator.rssMiB();
    const shape = `${volumes} volumes, 4 policies`;
    return [
      row(shape, { subject: 'operator, from apply to status', value: decidedMs, unit: 'ms' }),
      ...(memoryMiB === undefined
        ? []
        : [row(shape, { subject: 'operator process', value: memoryMiB, unit: 'MiB RSS' })]),
    ];
  } finally {
    await operator.stop();
  }
}

/** Reading what Prometheus says, without Prometheus. */
async function answerRows(volumes: number, { runs }: Sizes): Promise<Row[]> {
  const answer = await serveAnswer(volumes, WINDOW_MS);
  const source = new PrometheusHeatSource({ url: answer.url, clock: realClock, logger: nullLogger, cacheTtlMs: 0 });
  try {
    const ownMs = await bestMsOf(runs, async () => {
      const reading = await source.read(WINDOW_MS, never);
      if (reading.kind !== 'read') throw new Error(reading.message);
    });
    const peerMs = await bestMsOf(runs, async () => (await fetch(answer.url)).json());
    const mebibytesPerSecond = (ms: number): number => answer.sizeBytes / 1024 ** 2 / (ms / 1000);
    const shape = `answer of ${volumes} volumes, ${(answer.sizeBytes / 1024 ** 2).toPrecision(2)} MiB`;
    const peers = { 'fetch and JSON.parse': mebibytesPerSecond(peerMs) };
    return [row(shape, { subject: 'read, checked, weighed', value: mebibytesPerSecond(ownMs), unit: 'MiB/s', peers })];
  } finally {
    source.close();
    await answer.stop();
  }
}
