/** What is asked of Prometheus and Mayastor, as servers that write down every request see it. */
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { loadConfig, nullLogger, realClock } from '@couchestor/common/base';
import { FakeKubeApi } from '../adapters/kubernetes/fake-kube-api.ts';
import { KubeClient } from '../adapters/kubernetes/index.ts';
import { options, type OperatorConfig } from '../config.ts';
import { createHeatSource, createStorageBackend } from './backends.ts';

interface Asked {
  readonly path: string;
  readonly token: string | undefined;
  readonly form: URLSearchParams;
}

const HOUR_MS = 3_600_000;
const signal = new AbortController().signal;
let server: Server;
let url: string;
let asked: Asked[];
let folder: string;

beforeEach(async () => {
  asked = [];
  folder = mkdtempSync(join(tmpdir(), 'couchestor-backends-'));
  server = createServer((request, response) => {
    let body = '';
    request.on('data', (chunk: Buffer) => (body += chunk.toString()));
    request.on('end', () => {
      const path = request.url ?? '';
      asked.push({ path, token: request.headers.authorization, form: new URLSearchParams(body) });
      const matrix = { status: 'success', data: { resultType: 'matrix', result: [] } };
      const answer = path.includes('/api/v1/') ? matrix : path.includes('/volumes') ? { entries: [] } : [];
      response.setHeader('content-type', 'application/json').end(JSON.stringify(answer));
    });
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
});

afterEach(() => {
  server.closeAllConnections();
  server.close();
  rmSync(folder, { recursive: true });
});

function configOf(argv: readonly string[], env: Record<string, string> = {}): OperatorConfig {
  const loaded = loadConfig(options, { argv, env, readFile: () => '' });
  if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}
const backend = (argv: readonly string[], env: Record<string, string> = {}) => ({
  config: configOf(argv, env),
  clock: realClock,
  logger: nullLogger,
});
const heat = (argv: readonly string[], env: Record<string, string> = {}) =>
  createHeatSource(backend(argv, env)).read(HOUR_MS, signal);
const observe = (argv: readonly string[], env: Record<string, string> = {}) => {
  const client = new KubeClient({ transport: new FakeKubeApi(), clock: realClock });
  return createStorageBackend(backend(argv, env), client).system.observe(signal);
};
const file = (name: string, text: string): string => {
  writeFileSync(join(folder, name), text);
  return join(folder, name);
};

describe('Prometheus', () => {
  // observes: --prometheus-url, PROMETHEUS_URL
  it('is asked where the flag or the variable says, the flag first', async () => {
    await heat([`--prometheus-url=${url}/flag`], { PROMETHEUS_URL: `${url}/env` });
    await heat([], { PROMETHEUS_URL: `${url}/env` });
    expect(new Set(asked.map(({ path }) => path.split('/')[1]))).toEqual(new Set(['flag', 'env']));
  });

  // observes: --prometheus-token-file
  it('is given the token in the file, also after it was rotated', async () => {
    const token = file('token', 'first\n');
    const source = createHeatSource(backend([`--prometheus-url=${url}`, `--prometheus-token-file=${token}`]));
    await source.read(HOUR_MS, signal);
    file('token', 'second\n');
    await source.read(2 * HOUR_MS, signal);
    expect(new Set(asked.map((one) => one.token))).toEqual(new Set(['Bearer first', 'Bearer second']));
  });

  // observes: --heat-metrics
  it('is asked for the metrics that are named before those that are known', async () => {
    await heat([`--prometheus-url=${url}`, '--heat-metrics=my_reads,my_writes,my_volume']);
    expect(asked[0]?.form.get('query')).toMatch(/by \(my_volume\).*my_reads.*my_writes/);
    expect(() => createHeatSource(backend(['--heat-metrics=my_reads']))).toThrow(/--heat-metrics/);
  });

  // observes: --scrape-interval
  it('is asked for rates over ranges that hold several scrapes', async () => {
    await heat([`--prometheus-url=${url}`, '--scrape-interval=10s']);
    const short = asked[0]?.form.get('query');
    asked = [];
    await heat([`--prometheus-url=${url}`, '--scrape-interval=5m']);
    expect(asked[0]?.form.get('query')).not.toBe(short);
  });
});

describe('Mayastor', () => {
  // observes: --mayastor-url, MAYASTOR_URL
  it('is observed where the flag or the variable says; without either through its custom resources', async () => {
    expect((await observe([`--mayastor-url=${url}`])).capabilities.kind).toBe('MayastorRest');
    const count = asked.length;
    await observe([], { MAYASTOR_URL: url });
    expect([count > 0, asked.length]).toEqual([true, 2 * count]);
    const custom = await observe([]).catch((error: unknown) => error);
    expect([asked.length, JSON.stringify(custom).includes('MayastorRest')]).toEqual([2 * count, false]);
  });

  it.each(['--mayastor-version=2.9.1', '--mayastor-token-file=token', '--mayastor-ca-file=ca'])(
    'is not asked by REST without an address, so %s alone is refused',
    (flag) => {
      const [name = ''] = flag.split('=');
      const client = new KubeClient({ transport: new FakeKubeApi(), clock: realClock });
      const create = () => createStorageBackend(backend([flag]), client);
      expect(create).toThrow(new RegExp(`flag ${name}: says nothing without --mayastor-url`));
    },
  );

  // observes: --mayastor-version
  it('is what it is said to be', async () => {
    const capabilitiesOf = async (version: string) =>
      (await observe([`--mayastor-url=${url}`, `--mayastor-version=${version}`])).capabilities;
    expect(await capabilitiesOf('2.5.0')).toMatchObject({ version: '2.5.0', removalKnowsCordons: false });
    expect(await capabilitiesOf('2.9.1')).toMatchObject({ version: '2.9.1', removalKnowsCordons: true });
    await expect(capabilitiesOf('latest')).rejects.toMatchObject({ code: 'invalid' });
  });

  // observes: --mayastor-token-file
  it('is given the token in the file', async () => {
    await observe([`--mayastor-url=${url}`, `--mayastor-token-file=${file('token', 'secret\n')}`]);
    expect(new Set(asked.map((one) => one.token))).toEqual(new Set(['Bearer secret']));
  });
});
