import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import type { ServerResponse } from 'node:http';
import { createServer, type AddressInfo } from 'node:net';
import { CoucheStorError, nullLogger, type LogFields } from '@couchestor/common/base';
import { heatOf, type HeatReading } from '../../model/heat.ts';
import { PrometheusHeatSource } from './prometheus-heat-source.ts';
import { HeatLab, HOUR_MS, never } from './prometheus-heat-source.fixture.ts';
import { errorBody, matrix, momentsOf, steady, type Query } from './scripted-prometheus.fixture.ts';

let lab: HeatLab;

beforeEach(async () => {
  lab = await HeatLab.start();
});

afterEach(() => lab.stop());

type Script = (response: ServerResponse, query: Query) => void;

const good: Script = (response, query) => void response.end(steady(query, { 'pvc-1': 40 }));
const status =
  (code: number, body = '', headers: Readonly<Record<string, string>> = {}): Script =>
  (response) =>
    void response.writeHead(code, headers).end(body);
const body =
  (text: string): Script =>
  (response) =>
    void response.end(text);
/** Later queries are answered by the last script. */
const answerWith = (...scripts: Script[]): void => {
  lab.prometheus.reply = (query, response) => {
    const index = Math.min(lab.prometheus.queries.length, scripts.length) - 1;
    scripts[index]?.(response, query);
  };
};
const read = (): Promise<HeatReading> => lab.settle(lab.source().read(HOUR_MS, never));
const attempts = (): number => lab.prometheus.queries.length;

const twoSeries = (query: Query): string => {
  const series = { metric: { pv_name: 'pvc-1' }, values: [[momentsOf(query)[0], '1']] };
  return JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [series, series] } });
};
const at = (place: (query: Query) => number): Script => {
  return (response, query) => void response.end(matrix({ 'pvc-1': [[place(query), '1']] }));
};

const FINAL: readonly (readonly [string, Script, string, RegExp])[] = [
  [
    'a bad request',
    status(400, errorBody('bad_data', 'parse error')),
    'Refused',
    /answered 400: bad_data: parse error/,
  ],
  [
    'a query that cannot be carried out',
    status(422, errorBody('execution', 'many-to-many')),
    'Refused',
    /many-to-many/,
  ],
  ['an error with a good status', body(errorBody('internal', 'oh')), 'Refused', /internal: oh/],
  ['no token', status(401), 'AccessDenied', /bearer token/],
  ['a token that may not', status(403, 'Forbidden'), 'AccessDenied', /answered 403/],
  ['another server', status(404, '404 page not found'), 'Refused', /check the URL/],
  ['a redirect', status(302, '', { Location: 'http://elsewhere.invalid/' }), 'Redirected', /answered 302/],
  ['nothing', body(''), 'BadAnswer', /it is empty/],
  ['garbage', body('\u0000\u0001<html>'), 'BadAnswer', /it is not JSON/],
  ['half an answer', body('{"status":"success","data":{"resultType":"matrix","resu'), 'BadAnswer', /it is not JSON/],
  ['a vector', body('{"status":"success","data":{"resultType":"vector","result":[]}}'), 'BadAnswer', /not a matrix/],
  ['two series of a volume', (response, query) => void response.end(twoSeries(query)), 'BadAnswer', /two series/],
  [
    'samples out of order',
    body(
      matrix({
        v: [
          [2, '1'],
          [1, '1'],
        ],
      }),
    ),
    'BadAnswer',
    /not in order/,
  ],
  ['samples of the future', at((query) => (momentsOf(query).at(-1) ?? 0) + 61), 'BadAnswer', /of another time/],
  ['samples of another window', at((query) => (momentsOf(query)[0] ?? 0) - 61), 'BadAnswer', /of another time/],
  ['another hour', status(200, matrix({}), { Date: 'Wed, 01 Jan 2025 01:00:00 GMT' }), 'ClockSkew', /3600 s ahead of/],
  ['another day', status(200, matrix({}), { Date: 'Tue, 31 Dec 2024 00:00:00 GMT' }), 'ClockSkew', /86400 s behind/],
];

const PASSING: readonly (readonly [string, Script, string])[] = [
  ['a server error', status(500, errorBody('internal', 'oh')), 'ServerError'],
  ['a bad gateway', status(502, '<html>Bad Gateway</html>'), 'ServerError'],
  ['a query that took too long', status(503, errorBody('timeout', 'query timed out')), 'Timeout'],
  ['a query that was given up', status(503, errorBody('canceled', 'context canceled')), 'ServerError'],
  ['the same in newer words', status(499, errorBody('canceled', 'context canceled')), 'ServerError'],
  ['a proxy that waited too long', status(408), 'Timeout'],
  ['too many queries', status(429), 'Overloaded'],
  ['a connection that is closed', (response) => void response.destroy(), 'Unreachable'],
  [
    'an answer that breaks off',
    (response) => {
      response.writeHead(200, { 'Content-Length': 1000 });
      response.write('{"status":"succ', () => response.destroy());
    },
    'Unreachable',
  ],
  ['parts missing', body(matrix({}, { warnings: ['No StoreAPIs matched for this query'] })), 'PartialAnswer'],
];

describe('a reading', () => {
  it.each(FINAL)('is unavailable after %s, and asks no second time', async (_, script, reason, message) => {
    answerWith(script);
    const reading = await read();
    expect(reading).toMatchObject({ kind: 'unavailable', windowMs: HOUR_MS, reason });
    expect(heatOf(reading, 'pvc-1')).toMatchObject({ kind: 'unknown', reason: 'TelemetryUnavailable' });
    expect(reading.kind === 'unavailable' && reading.message).toMatch(message);
    expect(attempts()).toBe(1);
  });

  const all = [...FINAL, ...PASSING].map(([name, script]) => [name, script] as const);
  it.each(all)('says where and what to do after %s', async (_, script) => {
    answerWith(script);
    const reading = await read();
    const message = reading.kind === 'unavailable' ? reading.message : '';
    expect(message).toMatch(/(; |: check ).+\.$/);
    expect(message).toMatch(/127\.0\.0\.1|two series/);
  });

  it.each(PASSING)('gets over %s', async (_, script) => {
    answerWith(script, script, good);
    expect(heatOf(await read(), 'pvc-1')).toMatchObject({ kind: 'known', iops: 40 });
    expect(attempts()).toBe(3);
  });

  it.each(PASSING)('is unavailable after %s for the third time', async (_, script, reason) => {
    answerWith(script);
    expect(await read()).toMatchObject({ kind: 'unavailable', reason });
    expect(attempts()).toBe(3);
  });

  it('is unavailable where nobody listens', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    const source = lab.source({ url: `http://127.0.0.1:${port}` });
    const reading = await lab.settle(source.read(HOUR_MS, never));
    expect(reading).toMatchObject({ kind: 'unavailable', reason: 'Unreachable' });
    expect(reading.kind === 'unavailable' && reading.message).toContain('ECONNREFUSED');
  });

  it('is unavailable when the answer is larger than it may be', async () => {
    const { promise: hungUp, resolve } = Promise.withResolvers<true>();
    lab.prometheus.reply = (_, response) => {
      response.on('close', () => resolve(true));
      const more = (): void => {
        if (response.writable) response.write(' '.repeat(65_536), more);
      };
      more();
    };
    const reading = await lab.settle(lab.source({ maxAnswerBytes: 1_000_000 }).read(HOUR_MS, never));
    expect(reading).toMatchObject({ kind: 'unavailable', reason: 'AnswerTooLarge' });
    await hungUp;
    expect(attempts()).toBe(1);
  });

  it('ends each request after its time, and all of them after theirs', async () => {
    lab.prometheus.reply = () => undefined;
    const work = lab.source({ requestTimeoutMs: 10_000, deadlineMs: 25_000 }).read(HOUR_MS, never);
    await lab.prometheus.received(1);
    await lab.clock.advance(9_999);
    expect(attempts()).toBe(1);
    await lab.clock.advance(1);
    await lab.prometheus.received(2);
    await lab.clock.advance(10_000);
    await lab.prometheus.received(3);
    await lab.clock.advance(5_000);
    expect(await work).toMatchObject({ kind: 'unavailable', reason: 'Timeout' });
    expect(lab.clock.pendingTimerCount).toBe(0);
  });

  it('says that a request took too long, not that it was broken off', async () => {
    lab.prometheus.reply = () => undefined;
    const work = lab.source({ requestTimeoutMs: 10_000, attempts: 1 }).read(HOUR_MS, never);
    await lab.prometheus.received(1);
    await lab.clock.advance(10_000);
    const reading = await work;
    expect(reading).toMatchObject({ kind: 'unavailable', reason: 'Timeout' });
    expect(reading.kind === 'unavailable' && reading.message).toContain('did not answer within 10000 ms');
  });

  it('asks as often as it is told', async () => {
    answerWith(status(500));
    await lab.settle(lab.source({ attempts: 5 }).read(HOUR_MS, never));
    expect(attempts()).toBe(5);
  });

  it('waits between attempts, by chance', async () => {
    answerWith(status(500), good);
    const source = lab.source({ random: () => 0.5, requestTimeoutMs: 600_000, deadlineMs: 600_000 });
    await lab.settle(source.read(HOUR_MS, never), 10);
    expect(lab.clock.monotonic()).toBeGreaterThanOrEqual(250);
  });

  it.each(['2', 'Wed, 01 Jan 2025 00:00:02 GMT'])('waits for as long as Retry-After: %s says', async (retryAfter) => {
    answerWith(status(503, '', { 'Retry-After': retryAfter }), good);
    const source = lab.source({ requestTimeoutMs: 600_000, deadlineMs: 600_000 });
    expect(await lab.settle(source.read(HOUR_MS, never), 20)).toMatchObject({ kind: 'read' });
    // The date counts from the moment of the answer.
    expect(lab.clock.monotonic()).toBeGreaterThanOrEqual(1900);
  });

  it('does not knock before a longer Retry-After is over', async () => {
    answerWith(status(429, '', { 'Retry-After': '60' }), good);
    const source = lab.source();
    expect(await lab.settle(source.read(HOUR_MS, never))).toMatchObject({ reason: 'Overloaded' });
    await lab.clock.advance(59_000);
    expect(await source.read(HOUR_MS, never)).toMatchObject({ reason: 'Overloaded' });
    expect(attempts()).toBe(1);
    await lab.clock.advance(1_000);
    expect(await source.read(HOUR_MS, never)).toMatchObject({ kind: 'read' });
  });

  it('does not believe a server that asks for a day', async () => {
    answerWith(status(429, '', { 'Retry-After': '86400' }), good);
    const source = lab.source();
    await lab.settle(source.read(HOUR_MS, never));
    await lab.clock.advance(5 * 60_000);
    expect(await source.read(HOUR_MS, never)).toMatchObject({ kind: 'read' });
  });

  it('shares a failure for a few seconds, not for as long as an answer', async () => {
    answerWith(status(404), good);
    const source = lab.source();
    const first = await source.read(HOUR_MS, never);
    await lab.clock.advance(4_999);
    expect(await source.read(HOUR_MS, never)).toBe(first);
    await lab.clock.advance(1);
    expect(await source.read(HOUR_MS, never)).toMatchObject({ kind: 'read' });
  });

  it('never takes a failure for a family that has nothing', async () => {
    answerWith(body(matrix({})), status(400, errorBody('bad_data', 'oh')));
    expect(await read()).toMatchObject({ kind: 'unavailable', reason: 'Refused' });
    expect(attempts()).toBe(2);
  });

  it('lets a broken invariant through', async () => {
    await expect(lab.source().read(NaN, never)).rejects.toThrow(/a window has a length/);
  });
});

describe('credentials', () => {
  const authorizations = (): unknown[] => lab.prometheus.queries.map(({ headers }) => headers.authorization);

  it('are read for every request, so that a rotated token is used', async () => {
    answerWith(status(500), good);
    let count = 0;
    const source = lab.source({ bearerToken: () => Promise.resolve(`token-${(count += 1)}\n`) });
    await lab.settle(source.read(HOUR_MS, never));
    expect(authorizations()).toEqual(['Bearer token-1', 'Bearer token-2']);
  });

  it('may be a user and a password in the URL, which no message repeats', async () => {
    answerWith(status(403));
    const url = lab.prometheus.url.replace('//', '//user:secret@');
    const reading = await lab.source({ url }).read(HOUR_MS, never);
    expect(authorizations()).toEqual([`Basic ${Buffer.from('user:secret').toString('base64')}`]);
    expect(JSON.stringify(reading)).not.toContain('secret');
  });

  it.each(['', 'two words', 'line\r\nX-Evil: 1'])('that are %j are not sent, nor repeated', async (token) => {
    const reading = await lab.source({ bearerToken: () => token }).read(HOUR_MS, never);
    expect(reading).toMatchObject({ kind: 'unavailable', reason: 'CredentialsUnreadable' });
    expect(JSON.stringify(reading)).not.toContain('Evil');
    expect(attempts()).toBe(0);
  });

  it('that cannot be read are a failure of the reading', async () => {
    const bearerToken = (): Promise<string> => Promise.reject(new Error('ENOENT'));
    expect(await lab.source({ bearerToken }).read(HOUR_MS, never)).toMatchObject({ reason: 'CredentialsUnreadable' });
  });
});

describe('the source', () => {
  it.each(['', 'prometheus:9090', 'ftp://prometheus', '/api'])('refuses the URL %j', (url) => {
    const make = (): unknown => new PrometheusHeatSource({ url, clock: lab.clock, logger: nullLogger });
    expect(make).toThrow(expect.objectContaining({ code: 'invalid' }));
    expect(make).toThrow(CoucheStorError);
  });

  it('logs when Prometheus goes and when it comes back, once each', async () => {
    const lines: string[] = [];
    const log = (message: string, fields?: LogFields): void => {
      lines.push(typeof fields?.reason === 'string' ? `${message}: ${fields.reason}` : message);
    };
    const source = lab.source({ logger: { ...nullLogger, info: log, warn: log }, cacheTtlMs: 0 });
    answerWith(good, status(404), status(404), good, good);
    for (let round = 0; round < 5; round += 1) {
      await source.read(HOUR_MS, never);
      await lab.clock.advance(5_000);
    }
    expect(lines).toEqual(['Prometheus answers', 'Heat cannot be read: Refused', 'Prometheus answers']);
  });
});
