import { get } from 'node:http';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, InvariantError, nullLogger } from '@couchestor/common/base';
import { decisionFixture, reportFixture } from '../model/decision.fixture.ts';
import { DecisionBoard } from '../model/decision-board.ts';
import { healthOf, type HealthReport } from '../model/health.ts';
import { startHttpServers, type HttpServers } from './http-servers.ts';

const local = { host: '127.0.0.1', port: 0 };
const down = { name: 'prometheus', healthy: false, reason: 'Timeout', message: 'No answer within 10 s.' };
const up = { name: 'storage', healthy: true, reason: 'Ready', message: '' };

let board: DecisionBoard;
let health: HealthReport;
let expose: () => Promise<string>;
let broken: InvariantError[];
let servers: HttpServers;

beforeEach(async () => {
  board = new DecisionBoard();
  health = healthOf([], [up]);
  broken = [];
  expose = () => Promise.resolve('storage_operator_leader 1\n');
  servers = await startHttpServers({
    metrics: local,
    probes: local,
    api: local,
    exposition: { contentType: 'text/plain; version=0.0.4', expose: () => expose() },
    healthCheck: () => health,
    board,
    logger: nullLogger,
    onBroken: (error) => void broken.push(error),
  });
});

afterEach(() => servers.close());

interface Answer {
  readonly status: number;
  readonly type: string;
  readonly body: string;
}

function ask(url: string, headers: Record<string, string> = {}): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = get(url, { headers, agent: false }, (response) => {
      let body = '';
      response.on('data', (chunk: Buffer) => (body += chunk.toString()));
      response.on('end', () =>
        resolve({ status: response.statusCode ?? 0, type: response.headers['content-type'] ?? '', body }),
      );
    });
    asked.on('error', reject);
  });
}
const json = (answered: Answer): unknown => JSON.parse(answered.body);
const probe = (path: string, headers = {}) => ask(`${servers.urls.probes}${path}`, headers);
const api = (path: string, headers = {}) => ask(`${servers.urls.api}/api/v1/decisions${path}`, headers);

describe('probes', () => {
  it('say ok while the process works, whatever is wrong outside', async () => {
    health = healthOf([], [up, down]);
    for (const path of ['/healthz', '/livez']) {
      expect(await probe(path)).toMatchObject({
        status: 200,
        body: 'ok\n',
        type: expect.stringMatching(/^text\/plain/),
      });
    }
    health = healthOf(['planning: no progress for 400 s.'], [up]);
    for (const path of ['/healthz', '/livez', '/readyz']) {
      expect(await probe(path)).toMatchObject({ status: 503, body: expect.stringMatching(/no progress for 400 s/) });
    }
  });

  it('are ready only when every dependency is, and name each that is not', async () => {
    expect(await probe('/readyz')).toMatchObject({
      status: 200,
      body: '[+]storage: ok\nHealthy: readyz check passed\n',
    });
    health = healthOf([], [up, down]);
    expect(await probe('/readyz')).toMatchObject({
      status: 503,
      body: '[+]storage: ok\n[-]prometheus: Timeout: No answer within 10 s.\nDegraded: readyz check failed\n',
    });
  });

  it('answer as JSON to who asks for it', async () => {
    health = healthOf([], [up, down]);
    const asked = [await probe('/readyz?format=json'), await probe('/readyz', { accept: 'application/json' })];
    for (const answered of asked) {
      expect(answered).toMatchObject({ status: 503, type: expect.stringMatching(/^application\/json/) });
      expect(json(answered)).toEqual({ health: 'Degraded', problems: [], dependencies: [up, down] });
    }
  });
});

describe('metrics', () => {
  it('are exposed', async () => {
    const answered = await ask(`${servers.urls.metrics}/metrics`);
    expect(answered).toEqual({ status: 200, type: 'text/plain; version=0.0.4', body: 'storage_operator_leader 1\n' });
  });

  it('fail as a problem that tells nothing of the inside, and a broken invariant is passed on', async () => {
    expose = () => Promise.reject(new Error('secret path'));
    const answered = await ask(`${servers.urls.metrics}/metrics`);
    expect([answered.status, answered.body.includes('secret'), broken]).toEqual([500, false, []]);
    const error = new InvariantError('bug');
    expose = () => Promise.reject(error);
    expect((await ask(`${servers.urls.metrics}/metrics`)).status).toBe(500);
    expect(broken).toEqual([error]);
  });
});

describe('the read model', () => {
  beforeEach(() => {
    const decisions = ['a', 'b', 'c'].map((name) => decisionFixture(name, name === 'b' ? 'Unpublished' : 'AtTarget'));
    board.update(reportFixture({ sequence: 5, decisions }));
  });

  it('lists decisions in pages, each with its record and its explanation', async () => {
    const first = json(await api('?limit=2')) as { items: unknown[]; continue: string };
    expect(first).toMatchObject({
      round: { sequence: 5, decidedAt: '2025-01-01T00:00:00.000Z', fresh: true },
      totalCount: 3,
      items: [
        { since: '2025-01-01T00:00:00.000Z', decision: { volumeName: 'a', explanation: expect.stringMatching(/\w/) } },
        { decision: { volumeName: 'b' } },
      ],
    });
    const second = json(await api(`?limit=2&continue=${first.continue}`));
    expect(second).toMatchObject({ items: [{ decision: { volumeName: 'c' } }] });
    expect(second).not.toHaveProperty('continue');
  });

  it('filters', async () => {
    expect(json(await api('?outcome=Blocked&namespace=shop'))).toMatchObject({ totalCount: 1 });
  });

  it('gives one decision as JSON, or as a paragraph to who prefers text', async () => {
    expect(json(await api('/id-b'))).toMatchObject({ decision: { volumeId: 'id-b' } });
    const text = await api('/id-b', { accept: 'text/plain' });
    expect(text).toMatchObject({ status: 200, type: expect.stringMatching(/^text\/plain/) });
    expect(text.body).not.toMatch(/^\{/);
  });

  it('says when what it shows is not the latest word', async () => {
    const storage = { healthy: false, reason: 'Timeout', message: 'No answer.' };
    board.update(reportFixture({ sequence: 6, decisions: undefined, storage }));
    expect(json(await api(''))).toMatchObject({
      round: { sequence: 5, fresh: false, staleReason: 'Timeout: No answer.' },
    });
    expect((await api('/id-b', { accept: 'text/plain' })).body).toMatch(/^Not fresh \(Timeout: No answer\.\)/);
  });

  it.each([
    ['?outcome=Maybe', 400, 'outcome'],
    ['?volume=a', 400, 'volume'],
    ['/none', 404, 'volumeId'],
  ])('answers %s with a problem that names the field and the remedy', async (path, status, field) => {
    const answered = await api(path);
    expect([answered.status, answered.type]).toEqual([status, 'application/problem+json; charset=utf-8']);
    expect(json(answered)).toMatchObject({
      status,
      field,
      detail: expect.stringMatching(/\w/),
      remedy: expect.stringMatching(/\w/),
    });
  });

  it('has a problem for paths that do not exist, and for a URL that cannot be decoded', async () => {
    expect(json(await ask(`${servers.urls.api}/api/v2`))).toMatchObject({ status: 404 });
    expect(json(await api('/%E0%A4%A'))).toMatchObject({ status: 400 });
  });
});

it('the read model says that nothing has been decided yet', async () => {
  expect(json(await api(''))).toMatchObject({ status: 503, detail: expect.stringMatching(/first round/) });
});

it('an address that is taken is named, and no server is left behind', async () => {
  const taken = Number(new URL(servers.urls.api).port);
  const starting = startHttpServers({
    metrics: local,
    probes: local,
    api: { host: '127.0.0.1', port: taken },
    exposition: { contentType: '', expose },
    healthCheck: () => health,
    board,
    logger: nullLogger,
    onBroken: () => undefined,
  });
  await expect(starting).rejects.toBeInstanceOf(CoucheStorError);
  await expect(starting).rejects.toThrow(`Cannot listen on 127.0.0.1 port ${taken}`);
});
