import { afterAll, afterEach, beforeAll, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { Api, configMap, configMaps, eventually } from './api.fixture.ts';
import { FaultInjector } from './faults.ts';

let api: Api;
beforeAll(async () => {
  api = await Api.start();
});
afterEach(() => api.server.faults.clear());
afterAll(() => api.stop());

const request = { method: 'GET', path: '/api/v1/nodes', verb: 'list', user: 'ann' };

describe('a rule', () => {
  it('strikes what matches in every respect, as often as it may', () => {
    const faults = new FaultInjector();
    const match = { method: 'GET', path: /nodes$/g, verb: 'list', user: 'ann' };
    const rule = faults.add({ match, times: 2, effect: { kind: 'drop' } });
    for (const other of [{ method: 'PUT' }, { path: '/api/v1/pods' }, { verb: 'watch' }, { user: 'bob' }]) {
      expect(faults.take({ ...request, ...other }, 'drop')).toBeUndefined();
    }
    expect([1, 2, 3].map(() => faults.take(request, 'drop')?.kind)).toEqual(['drop', 'drop', undefined]);
    expect(rule.hits).toBe(2);
  });

  it('is asked in the order of adding, and no more once it is removed', () => {
    const faults = new FaultInjector();
    const first = faults.add({ effect: { kind: 'status', code: 500 } });
    faults.add({ effect: { kind: 'status', code: 503 } });
    expect(faults.take(request, 'status', 'reset')).toEqual({ kind: 'status', code: 500 });
    first.remove();
    expect(faults.take(request, 'status')).toEqual({ kind: 'status', code: 503 });
    faults.clear();
    expect(faults.take(request, 'status')).toBeUndefined();
  });
});

describe('a request', () => {
  it('is answered 429 with Retry-After', async () => {
    const rule = api.server.faults.add({ times: 1, effect: { kind: 'status', code: 429, retryAfterSeconds: 7 } });
    const { code, headers, body } = await api.call('GET', configMaps);
    expect([code, headers['retry-after'], body.reason]).toEqual([429, '7', 'TooManyRequests']);
    expect((await api.call('GET', configMaps)).code).toBe(200);
    expect(rule.hits).toBe(1);
  });

  it.each([500, 503, 504, 418])('is answered %i', async (code) => {
    api.server.faults.add({ effect: { kind: 'status', code } });
    const reply = await api.call('GET', configMaps);
    expect([reply.code, reply.body.kind, reply.body.code]).toEqual([code, 'Status', code]);
  });

  it('is reset before it takes effect', async () => {
    api.server.faults.add({ match: { verb: 'create' }, effect: { kind: 'reset' } });
    await expect(api.call('POST', configMaps, configMap('reset'))).rejects.toThrow();
    expect((await api.call('GET', `${configMaps}/reset`)).code).toBe(404);
  });

  it.each(['reset', 'status'] as const)('takes effect and its answer is lost by %s', async (then) => {
    const rule = api.server.faults.add({ times: 1, effect: { kind: 'after-effect', then } });
    const answer = api.call('POST', configMaps, configMap(`lost-${then}`));
    if (then === 'reset') await expect(answer).rejects.toThrow();
    else expect((await answer).code).toBe(500);
    expect((await api.call('GET', `${configMaps}/lost-${then}`)).code).toBe(200);
    expect(rule.hits).toBe(1);
  });

  it('is dropped: read and never answered', async () => {
    const rule = api.server.faults.add({ times: 1, effect: { kind: 'drop' } });
    let settled = false;
    const answer = api.call('GET', configMaps).finally(() => (settled = true));
    const broken = expect(answer).rejects.toThrow();
    await eventually('the rule has struck', () => rule.hits === 1);
    await api.call('GET', configMaps);
    expect(settled).toBe(false);
    api.server.wipe();
    await broken;
  });

  it('is delayed on the clock of the server', async () => {
    const clock = new VirtualClock();
    const delayed = await Api.start({ clock });
    const rule = delayed.server.faults.add({ effect: { kind: 'delay', ms: 60_000 } });
    const answer = delayed.call('GET', configMaps);
    await eventually('the rule has struck', () => rule.hits === 1);
    await clock.advance(60_000);
    expect((await answer).code).toBe(200);
    await delayed.stop();
  });

  it('to list is answered with what was', async () => {
    const { body } = await api.call('POST', configMaps, configMap('later'));
    const revision = Number(body.metadata.resourceVersion);
    api.server.faults.add({ effect: { kind: 'stale-list', revision: revision - 1 } });
    const stale = await api.call('GET', configMaps);
    expect(stale.body.metadata.resourceVersion).toBe(String(revision - 1));
    expect(stale.body.items.map(({ metadata }) => metadata.name)).not.toContain('later');
  });
});

describe('a watch', () => {
  const namesOf = async (mode: 'duplicate' | 'reorder' | 'drop', count: number): Promise<string[]> => {
    const { body } = await api.call('GET', configMaps);
    const watch = await api.watch(`${configMaps}?watch=true&resourceVersion=${body.metadata.resourceVersion}`);
    const rule = api.server.faults.add({ times: 1, effect: { kind: 'watch-events', mode } });
    for (const name of ['a', 'b']) await api.call('POST', configMaps, configMap(`${mode}-${name}`));
    const seen: string[] = [];
    while (seen.length < count) seen.push((await watch.next())?.object.metadata.name.slice(-1) ?? '');
    watch.raw.destroy();
    expect(rule.hits).toBe(1);
    return seen;
  };

  it('that is open already sees events twice', async () => {
    expect(await namesOf('duplicate', 3)).toEqual(['a', 'a', 'b']);
  });

  it('sees events in the wrong order', async () => {
    expect(await namesOf('reorder', 2)).toEqual(['b', 'a']);
  });

  it('misses events', async () => {
    expect(await namesOf('drop', 1)).toEqual(['b']);
  });

  it('goes silent, bookmarks and time-out included, and stays so', async () => {
    const clock = new VirtualClock();
    const silent = await Api.start({ clock, bookmarkIntervalMs: 1_000 });
    const path = `${configMaps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=5`;
    const watch = await silent.watch(path);
    const rule = silent.server.faults.add({ times: 1, effect: { kind: 'half-open-watch' } });
    await silent.call('POST', configMaps, configMap('unseen'));
    await eventually('the rule has struck', () => rule.hits === 1);
    silent.server.faults.clear();
    let heard = false;
    void watch.next().then(() => (heard = true));
    await clock.advance(60_000);
    await silent.call('GET', configMaps);
    expect(heard).toBe(false);
    await silent.stop();
  });
});
