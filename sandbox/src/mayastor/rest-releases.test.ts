/** What each release has over REST, and what it does not say yet. */
import { afterEach, describe, expect, it } from '@jest/globals';
import { GIB } from './cluster.fixture.ts';
import { keysOf, RestFixture } from './rest.fixture.ts';
import type { Release } from './types.ts';

const running: RestFixture[] = [];
afterEach(async () => {
  for (const { rest } of running.splice(0)) await rest.stop();
});

async function start(...args: Parameters<typeof RestFixture.start>): Promise<RestFixture> {
  const fixture = await RestFixture.start(...args);
  running.push(fixture);
  return fixture;
}

describe('what a release does not have is not found, with an empty body', () => {
  const flags = { replicas: true, snapshots: true, restores: true, import: true };
  const calls: readonly [name: string, since: Release, request: { method: string; path: string; body?: unknown }][] = [
    ['rebuild history', '2.5', { method: 'GET', path: '/volumes/ID/rebuild-history' }],
    ['drains', '2.5', { method: 'PUT', path: '/nodes/a/drain/x' }],
    ['properties', '2.7', { method: 'PUT', path: '/volumes/ID/property', body: { max_snapshots: 1 } }],
    ['resizing', '2.7', { method: 'PUT', path: '/volumes/ID/size', body: { size: 20 * GIB } }],
    ['labels of pools', '2.7', { method: 'PUT', path: '/pools/pool-a/label/tier=hot' }],
    ['cordons of pools', '2.10', { method: 'PUT', path: '/pools/pool-a/cordon', body: flags }],
  ];
  it.each(calls)('%s before %s', async (_, since, { method, path, body }) => {
    const releases: readonly Release[] = ['2.0', '2.5', '2.7', '2.8', '2.9', '2.10'];
    for (const release of releases) {
      const api = await start(['a'], { release });
      const volumeId = api.test.volume(['a']);
      const reply = await api.call(method, path.replace('ID', volumeId), { body });
      if (releases.indexOf(release) >= releases.indexOf(since)) expect(reply.status).toBe(200);
      else expect(reply).toEqual({ status: 404, body: '' });
    }
  });

  it('and keys of later releases are left out', async () => {
    const keys = async (release: Release): Promise<{ state: string[]; pool: string[]; node: string[] }> => {
      const api = await start(['a'], { release });
      const { body: volume } = await api.call('GET', `/volumes/${api.test.volume(['a'])}`);
      const { body: pool } = await api.call('GET', '/pools/pool-a');
      const { body: node } = await api.call('GET', '/nodes/a');
      return { state: keysOf(volume, 'state'), pool: keysOf(pool, 'state'), node: keysOf(node, 'spec') };
    };
    const [old, new_] = [await keys('2.0'), await keys('2.10')];
    expect(old.state).not.toEqual(expect.arrayContaining(['usage']));
    expect(old.pool).not.toEqual(expect.arrayContaining(['committed']));
    expect(old.node).not.toEqual(expect.arrayContaining(['version']));
    expect(new_.state).toEqual(expect.arrayContaining(['usage', 'health']));
    expect(new_.pool).toEqual(expect.arrayContaining(['committed', 'encrypted']));
    expect(new_.node).toEqual(expect.arrayContaining(['version']));
  });
});
