/** Every answer under test/fixtures/prometheus means to the adapter what it meant to the server that gave it. */
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import { globSync, readFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join, relative } from 'node:path';
import { nullLogger, VirtualClock } from '@couchestor/common/base';
import { PrometheusHeatSource } from '@couchestor/control-plane/adapters/prometheus';
import { metricFamilies } from '@couchestor/control-plane/eyes';

const folder = join(import.meta.dirname, '..', '..', 'fixtures', 'prometheus');
const END_MS = Date.UTC(2025, 0, 1);
const BUSY = 'pvc-6a1c8a1e-54bb-4d5e-9a0b-0d5f6f8a7c11';
const IDLE = 'pvc-c0ffee00-1111-4222-8333-444455556666';
const NOT_A_NUMBER = 'pvc-0badcafe-7777-4888-9999-aaaabbbbcccc';

/** What each answer means: all three volumes, no series, or the reason of an unavailable reading. */
const MEANINGS: Readonly<Record<string, string>> = {
  '2.30/matrix': 'heat',
  '2.30/no-series': 'no series',
  '2.30/too-many-samples': 'TooManySamples',
  '2.30/timeout': 'Timeout',
  '2.30/canceled': 'ServerError',
  '2.30/bad-query': 'Refused',
  '2.30/remote-read-warning': 'PartialAnswer',
  '2.42/matrix': 'heat',
  '2.42/no-series': 'no series',
  '2.42/too-many-samples': 'TooManySamples',
  '2.42/too-many-points': 'Refused',
  '2.42/timeout': 'Timeout',
  '2.42/bad-query': 'Refused',
  '2.53/infos-among-warnings': 'heat',
  '2.53/infos-and-a-warning': 'PartialAnswer',
  '3.14/matrix-with-infos': 'heat',
  '3.14/native-histograms': 'heat',
  '3.14/promql-warning': 'PartialAnswer',
  '3.14/too-many-samples': 'TooManySamples',
  '3.14/too-many-points': 'Refused',
  '3.14/timeout': 'Timeout',
  '3.14/canceled': 'ServerError',
  '3.14/bad-query': 'Refused',
  'others/thanos-partial': 'PartialAnswer',
  'others/thanos-no-stores': 'PartialAnswer',
  'others/victoriametrics': 'heat',
  'others/victoriametrics-partial': 'PartialAnswer',
  'others/ingress-no-endpoints': 'ServerError',
  'others/oauth-proxy': 'Redirected',
};

interface Recorded {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

function readRecorded(name: string): Recorded {
  const [head = '', ...rest] = readFileSync(join(folder, `${name}.http`), 'utf8').split('\n\n');
  const [statusLine = '', ...headers] = head.split('\n');
  return {
    status: Number(statusLine.split(' ')[1]),
    headers: Object.fromEntries(headers.map((line) => line.split(': ', 2) as [string, string])),
    body: rest.join('\n\n').trimEnd(),
  };
}

describe('a recorded answer', () => {
  let server: Server;
  let recorded: Recorded;

  beforeAll(async () => {
    server = createServer((_, response) => {
      response.sendDate = false;
      response.writeHead(recorded.status, recorded.headers).end(recorded.body);
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
  });

  afterAll(() => {
    server.closeAllConnections();
    server.close();
  });

  it('has a meaning here, each of them', () => {
    const names = globSync('*/*.http', { cwd: folder }).map((file) => relative('', file).replace('.http', ''));
    expect(names.sort()).toEqual(Object.keys(MEANINGS).sort());
  });

  it.each(Object.entries(MEANINGS))('%s is %s', async (name, meaning) => {
    recorded = readRecorded(name);
    const source = new PrometheusHeatSource({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      clock: new VirtualClock(END_MS),
      logger: nullLogger,
      families: metricFamilies().slice(0, 1),
      attempts: 1,
    });
    const reading = await source.read(5 * 60_000, new AbortController().signal);
    source.close();
    if (reading.kind === 'unavailable') {
      expect(reading.reason).toBe(meaning);
      return;
    }
    if (meaning === 'no series') {
      expect(reading.byVolumeName.size).toBe(0);
      return;
    }
    expect(meaning).toBe('heat');
    expect(reading.byVolumeName.get(BUSY)).toMatchObject({ kind: 'known', iops: 250, coverage: 1 });
    expect(reading.byVolumeName.get(IDLE)).toMatchObject({ kind: 'known', iops: 0, coverage: 1 });
    expect(reading.byVolumeName.get(NOT_A_NUMBER)).toMatchObject({ kind: 'unknown', reason: 'NoSamples' });
  });
});
