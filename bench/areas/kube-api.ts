/**
 * The sandbox Kubernetes API under many objects: writes, paged lists, watch fan-out and memory. The peer is a real
 * kube-apiserver with etcd, when KUBECONFIG_TEST names one; both are asked the same by the same client.
 */
import { readFileSync } from 'node:fs';
import { parse } from 'yaml';
import { ApiClient } from '../../test/contract/kube-api/harness/client.ts';
import type { WatchStream } from '../../test/contract/kube-api/harness/watch-stream.ts';
import type { Area, Row } from '../row.ts';
import { startSandbox } from '../sandbox-process.ts';

interface Sizes {
  objects: number;
  watchers: number;
  updates: number;
  concurrency: number;
}

const FULL: Sizes = { objects: 10_000, watchers: 10, updates: 2_000, concurrency: 16 };
const SMOKE: Sizes = { objects: 200, watchers: 3, updates: 50, concurrency: 8 };

interface Figures {
  createPerSecond: number;
  updatePerSecond: number;
  listMs: number;
  watchEventsPerSecond: number;
}

export const kubeApi: Area = {
  name: 'kube-api',
  summary: 'sandbox Kubernetes API: writes, lists, watch throughput, memory (peer: KUBECONFIG_TEST)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    const sandbox = await startSandbox('--log-level', 'warn');
    try {
      const idleMiB = sandbox.rssMiB();
      const own = await measure(sandbox.kubeconfig, sizes);
      const fullMiB = sandbox.rssMiB();
      const real = process.env.KUBECONFIG_TEST;
      const peer = real === undefined ? undefined : await measure(readFileSync(real, 'utf8'), sizes);
      return [...rows(own, peer, sizes), ...memoryRows(idleMiB, fullMiB, sizes)];
    } finally {
      await sandbox.stop();
    }
  },
};

function rows(own: Figures, peer: Figures | undefined, sizes: Sizes): Row[] {
  const row = (shape: string, figure: keyof Figures, unit: string): Row => ({
    area: 'kube-api',
    shape,
    subject: 'sandbox',
    value: own[figure],
    unit,
    peers: peer === undefined ? {} : { 'kube-apiserver': peer[figure] },
  });
  const { objects, watchers, updates, concurrency } = sizes;
  return [
    row(`create ${objects} ConfigMaps, ${concurrency} at a time`, 'createPerSecond', 'objects/s'),
    row(
      `update ${updates} of ${objects}, ${concurrency} at a time, ${watchers} watchers`,
      'updatePerSecond',
      'objects/s',
    ),
    row(`deliver ${updates} updates to ${watchers} watchers`, 'watchEventsPerSecond', 'events/s'),
    row(`list ${objects} in pages of 500`, 'listMs', 'ms'),
  ];
}

function memoryRows(idleMiB: number | undefined, fullMiB: number | undefined, sizes: Sizes): Row[] {
  if (idleMiB === undefined || fullMiB === undefined) return [];
  const row = (shape: string, value: number): Row => ({
    area: 'kube-api',
    shape,
    subject: 'sandbox',
    value,
    unit: 'MiB RSS',
    peers: {},
  });
  return [
    row('memory at start', idleMiB),
    row(`memory at ${sizes.objects} objects, ${sizes.watchers} watchers`, fullMiB),
  ];
}

interface Kubeconfig {
  clusters: { cluster: { server: string; 'certificate-authority-data': string } }[];
  users: { user: { 'client-certificate-data': string; 'client-key-data': string } }[];
}

function clientOf(kubeconfig: string): ApiClient {
  const { clusters, users } = parse(kubeconfig) as Kubeconfig;
  const decode = (text: string | undefined): string => Buffer.from(text ?? '', 'base64').toString('utf8');
  const cluster = clusters[0]?.cluster;
  const user = users[0]?.user;
  return new ApiClient(
    { server: cluster?.server ?? '', caPem: decode(cluster?.['certificate-authority-data']) },
    { certPem: decode(user?.['client-certificate-data']), keyPem: decode(user?.['client-key-data']) },
  );
}

async function measure(kubeconfig: string, sizes: Sizes): Promise<Figures> {
  const client = clientOf(kubeconfig);
  const namespace = `bench-${process.pid}`;
  const path = `/api/v1/namespaces/${namespace}/configmaps`;
  const body = (index: number, round: number): object => ({
    metadata: { name: `object-${index}`, labels: { bench: 'yes' } },
    data: { round: String(round), text: 'x'.repeat(512) },
  });
  try {
    expectStatus(201, (await client.post('/api/v1/namespaces', { metadata: { name: namespace } })).status);
    const createMs = await timed(() =>
      pool(sizes.objects, sizes.concurrency, async (index) =>
        expectStatus(201, (await client.post(path, body(index, 0))).status),
      ),
    );
    const { version, ms: listMs } = await listAll(client, path);
    const streams = await Promise.all(
      Array.from({ length: sizes.watchers }, () => client.watch(path, { resourceVersion: version })),
    );
    const started = performance.now();
    const delivered = Promise.all(streams.map((stream) => countEvents(stream, sizes.updates)));
    const updateMs = await timed(() =>
      pool(sizes.updates, sizes.concurrency, async (index) =>
        expectStatus(200, (await client.put(`${path}/object-${index}`, body(index, 1))).status),
      ),
    );
    await delivered;
    const deliverMs = performance.now() - started;
    for (const stream of streams) stream.close();
    return {
      createPerSecond: (sizes.objects / createMs) * 1000,
      updatePerSecond: (sizes.updates / updateMs) * 1000,
      listMs,
      watchEventsPerSecond: ((sizes.updates * sizes.watchers) / deliverMs) * 1000,
    };
  } finally {
    await client.delete(path);
    await client.delete(`/api/v1/namespaces/${namespace}`);
    client.close();
  }
}

async function listAll(client: ApiClient, path: string): Promise<{ version: string; ms: number }> {
  const started = performance.now();
  let token = '';
  let version: string;
  do {
    const answer = await client.get(path, { query: { limit: 500, ...(token === '' ? {} : { continue: token }) } });
    expectStatus(200, answer.status);
    version = answer.body.metadata.resourceVersion;
    token = answer.body.metadata.continue ?? '';
  } while (token !== '');
  return { version, ms: performance.now() - started };
}

async function countEvents(stream: WatchStream, wanted: number): Promise<void> {
  for (let seen = 0; seen < wanted; seen++) await stream.next();
}

async function timed(work: () => Promise<void>): Promise<number> {
  const started = performance.now();
  await work();
  return performance.now() - started;
}

/** Runs `count` calls, at most `concurrency` at a time. */
async function pool(count: number, concurrency: number, call: (index: number) => Promise<void>): Promise<void> {
  let next = 0;
  const worker = async (): Promise<void> => {
    while (next < count) await call(next++);
  };
  await Promise.all(Array.from({ length: concurrency }, worker));
}

function expectStatus(expected: number, found: number): void {
  if (found !== expected) throw new Error(`the API answered ${found}, expected ${expected}`);
}
