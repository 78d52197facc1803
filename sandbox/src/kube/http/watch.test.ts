import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { Api, configMap, configMaps, eventually } from '../api.fixture.ts';
import type { WatchLine } from '../api.fixture.ts';

let api: Api;
let clock: VirtualClock;
beforeEach(async () => {
  clock = new VirtualClock();
  api = await Api.start({ clock, bookmarkIntervalMs: 10_000, historyLimit: 100 });
});
afterEach(() => api.stop());

const describeLine = (line: WatchLine | undefined): string | undefined =>
  line && `${line.type} ${line.object.metadata.name ?? line.object.metadata.resourceVersion}`;

describe('bookmarks', () => {
  it('come in their interval and at the end of the time, with the newest revision of any resource', async () => {
    const { next } = await api.watch(`${configMaps}?watch=true&allowWatchBookmarks=true&timeoutSeconds=15`);
    await api.call('POST', configMaps, configMap('a'));
    expect(describeLine(await next())).toBe('ADDED a');
    await api.call('POST', '/api/v1/namespaces', { metadata: { name: 'other' } });
    await eventually(
      'the service account is there',
      () => api.server.store.list({ group: '', resource: 'serviceaccounts' }, 'other').length === 1,
    );
    const newest = `BOOKMARK ${api.server.store.revision}`;
    await clock.advance(10_000);
    expect(describeLine(await next())).toBe(newest);
    await clock.advance(5_000);
    expect(describeLine(await next())).toBe(newest);
    expect(await next()).toBeUndefined();
  });
});

describe('the end of a watch', () => {
  it('is a 410 for a revision that is compacted', async () => {
    await api.call('POST', configMaps, configMap('a'));
    api.server.compact();
    const { next } = await api.watch(`${configMaps}?watch=true&resourceVersion=1`);
    const line = await next();
    expect([line?.type, line?.object.code, line?.object.reason]).toEqual(['ERROR', 410, 'Expired']);
    expect(await next()).toBeUndefined();
  });

  it('is a 410 for a client that reads too slowly, which costs no more than the history', async () => {
    const { raw, next } = await api.watch(`${configMaps}?watch=true&resourceVersion=${api.server.store.revision}`);
    raw.pause();
    const text = 'x'.repeat(100_000);
    await api.call('POST', configMaps, configMap('big', { text }));
    for (let index = 0; index < 400; index++) {
      await api.call(
        'PATCH',
        `${configMaps}/big`,
        { data: { index: String(index) } },
        { 'content-type': 'application/merge-patch+json' },
      );
    }
    expect(api.server.store.revision - api.server.store.compactedRevision).toBeLessThan(200);
    raw.resume();
    let last: WatchLine | undefined;
    let count = 0;
    for (let line = await next(); line !== undefined; line = await next()) {
      last = line;
      count += 1;
    }
    expect([last?.type, last?.object.code]).toEqual(['ERROR', 410]);
    expect(count).toBeLessThan(400);
  });

  it('comes when the store is wiped; revisions start again and only the bootstrap is left', async () => {
    await api.call('POST', configMaps, configMap('a'));
    const before = api.server.store.revision;
    const { raw } = await api.watch(`${configMaps}?watch=true`);
    raw.resume();
    const closed = new Promise((resolve) => raw.once('close', resolve));
    api.server.wipe();
    await closed;
    expect(api.server.store.revision).toBeLessThan(before);
    const { body } = await api.call('GET', '/api/v1/configmaps');
    expect(body.items).toEqual([]);
    expect((await api.call('GET', '/api/v1/namespaces/default')).code).toBe(200);
  });
});

describe('selectors of a watch', () => {
  it('turn changes of what is selected into ADDED and DELETED', async () => {
    const selector = 'labelSelector=on%3Dyes&fieldSelector=metadata.name%3Da';
    const { next, raw } = await api.watch(`${configMaps}?watch=true&${selector}`);
    const merge = { 'content-type': 'application/merge-patch+json' };
    await api.call('POST', configMaps, configMap('a'));
    await api.call('POST', configMaps, configMap('b', {}, { labels: { on: 'yes' } }));
    for (const on of ['yes', 'yes', null]) {
      const change = { metadata: { labels: { on } }, data: { time: String(api.server.store.revision) } };
      await api.call('PATCH', `${configMaps}/a`, change, merge);
    }
    const lines = [await next(), await next(), await next()];
    expect(lines.map(describeLine)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a']);
    expect(lines[2]?.object.metadata).toMatchObject({
      labels: { on: 'yes' },
      resourceVersion: String(api.server.store.revision),
    });
    raw.destroy();
  });
});
