import { describe, expect, it } from '@jest/globals';
import type { Body } from './harness/body.ts';
import type { Answer } from './harness/client.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
for (const name of ['a', 'b', 'c', 'd', 'e']) await widgets.create(name, { size: 1 }, { labels: { name } });

const list = (query: Record<string, string | number>): Promise<Answer> => admin.get(widgets.path, { query });
const names = (body: Body): string[] => body.items.map(({ metadata }) => metadata.name);

describe('a list', () => {
  it('is sorted by name and carries the resourceVersion it was taken at', async () => {
    const body = ok(await list({}));
    expect(body).toMatchObject({ kind: 'WidgetList', apiVersion: widgets.apiVersion });
    expect(names(body)).toEqual(['a', 'b', 'c', 'd', 'e']);
    expect(Number(body.metadata.resourceVersion)).toBeGreaterThanOrEqual(
      Math.max(...body.items.map(({ metadata }) => Number(metadata.resourceVersion))),
    );
  });

  it('of custom resources names the kind in every item, of built-in types only once', async () => {
    expect(ok(await list({})).items[0]).toMatchObject({ kind: 'Widget', apiVersion: widgets.apiVersion });
    const namespaces = ok(await admin.get('/api/v1/namespaces'));
    expect(namespaces.kind).toBe('NamespaceList');
    expect([namespaces.items[0]!.kind, namespaces.items[0]!.apiVersion]).toEqual([undefined, undefined]);
  });

  it('across namespaces is sorted by namespace and name', async () => {
    const inner = await installWidgets(target);
    const namespace = await createNamespace(target);
    const path = inner.path.replace('/default/', `/${namespace}/`);
    created(await admin.post(path, inner.object('b')));
    created(await admin.post(path, inner.object('a')));
    await inner.create('z');
    const all = ok(await admin.get(inner.path.replace('/namespaces/default', '')));
    expect(all.items.map(({ metadata }) => `${metadata.namespace!}/${metadata.name}`)).toEqual([
      `${namespace}/a`,
      `${namespace}/b`,
      'default/z',
    ]);
  });

  it('of a namespace that does not exist is empty', async () => {
    const body = ok(await admin.get(widgets.path.replace('/default/', '/nowhere/')));
    expect(body.items).toEqual([]);
  });
});

describe('pages', () => {
  it('continue where the last one stopped, at one resourceVersion', async () => {
    const first = ok(await list({ limit: 2 }));
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['a', 'b'], 3]);
    await widgets.create('bb');
    const second = ok(await list({ limit: 2, continue: first.metadata.continue! }));
    expect([names(second), second.metadata.remainingItemCount]).toEqual([['c', 'd'], 1]);
    const third = ok(await list({ limit: 2, continue: second.metadata.continue! }));
    expect([names(third), third.metadata.remainingItemCount]).toEqual([['e'], undefined]);
    expect(third.metadata.continue ?? '').toBe('');
    expect(new Set([first, second, third].map(({ metadata }) => metadata.resourceVersion)).size).toBe(1);
    await admin.delete(`${widgets.path}/bb`);
  });

  it('do not show what came later in their range', async () => {
    const first = ok(await list({ limit: 2 }));
    await widgets.create('cc');
    const rest = ok(await list({ continue: first.metadata.continue! }));
    expect(names(rest)).toEqual(['c', 'd', 'e']);
    await admin.delete(`${widgets.path}/cc`);
  });

  it('still show what was deleted after the first', async () => {
    const doomed = await widgets.create('dd');
    const first = ok(await list({ limit: 2 }));
    await admin.delete(`${widgets.path}/dd`);
    const rest = ok(await list({ continue: first.metadata.continue! }));
    expect(rest.items.map(({ metadata }) => metadata.uid)).toContain(doomed.metadata.uid);
  });

  it('have no remaining count with a selector', async () => {
    const first = ok(await list({ limit: 2, labelSelector: 'name!=c' }));
    expect([names(first), first.metadata.remainingItemCount]).toEqual([['a', 'b'], undefined]);
    const rest = ok(await list({ continue: first.metadata.continue!, labelSelector: 'name!=c' }));
    expect(names(rest)).toEqual(['d', 'e']);
  });

  it('fill up to the limit when a selector skips items', async () => {
    const body = ok(await list({ limit: 2, labelSelector: 'name in (a,e)' }));
    expect(names(body)).toEqual(['a', 'e']);
  });

  it('refuse a broken continue token', async () => {
    const { status, body } = await list({ limit: 2, continue: 'broken' });
    expect([status, body.reason, body.message]).toEqual([
      400,
      'BadRequest',
      expect.stringMatching(/continue key is not valid/),
    ]);
  });

  it('refuse a resourceVersion together with a continue token', async () => {
    const first = ok(await list({ limit: 2 }));
    const { status, body } = await list({
      continue: first.metadata.continue!,
      resourceVersion: first.metadata.resourceVersion,
    });
    expect([status, body.message]).toEqual([
      400,
      expect.stringContaining('specifying resource version is not allowed when using continue'),
    ]);
  });

  target.when('compaction')('expire with the history, and offer a token to go on inconsistently', async () => {
    const first = ok(await list({ limit: 2 }));
    await widgets.create('later');
    await admin.delete(`${widgets.path}/later`);
    await target.compact!();
    const { status, body } = await list({ limit: 2, continue: first.metadata.continue! });
    expect([status, body.reason]).toEqual([410, 'Expired']);
    expect(body.message).toContain('The provided continue parameter is too old to display a consistent list result.');
    const rest = ok(await list({ continue: body.metadata.continue! }));
    expect(names(rest)).toEqual(['c', 'd', 'e']);
  });
});

describe('resourceVersion', () => {
  it('0 may be served from any state', async () => {
    expect(ok(await list({ resourceVersion: '0' })).kind).toBe('WidgetList');
    expect(ok(await admin.get(`${widgets.path}/a`, { query: { resourceVersion: '0' } })).metadata.name).toBe('a');
  });

  it('of a read means not older than', async () => {
    const { metadata } = await widgets.create('latest');
    const query = { resourceVersion: metadata.resourceVersion };
    expect(names(ok(await list(query)))).toContain('latest');
    expect(names(ok(await list({ ...query, resourceVersionMatch: 'NotOlderThan' })))).toContain('latest');
    await admin.delete(`${widgets.path}/latest`);
  });

  it('with match Exact shows that very state', async () => {
    const before = ok(await list({})).metadata.resourceVersion;
    await widgets.create('after');
    const body = ok(await list({ resourceVersion: before, resourceVersionMatch: 'Exact', limit: 500 }));
    expect([names(body), body.metadata.resourceVersion]).toEqual([['a', 'b', 'c', 'd', 'e'], before]);
    await admin.delete(`${widgets.path}/after`);
  });

  it.each([
    ['a match without a version', { resourceVersionMatch: 'Exact' }, 'resourceVersionMatch'],
    [
      'an unknown match',
      { resourceVersion: '1', resourceVersionMatch: 'Roughly' },
      'resourceVersionMatch: Unsupported value: "Roughly"',
    ],
    ['an exact match of 0', { resourceVersion: '0', resourceVersionMatch: 'Exact' }, 'resourceVersionMatch'],
  ])('%s is refused', async (_why, query, message) => {
    const { status, body } = await list(query);
    expect(body.message.toLowerCase()).toContain(message.toLowerCase());
    expect(status).toBe(422);
  });

  it('that is no number is refused', async () => {
    const { status } = await list({ resourceVersion: 'abc' });
    const watch = await admin.watch(widgets.path, { resourceVersion: 'abc' });
    watch.close();
    expect([400, 422, 500]).toContain(status);
    expect([400, 422, 500]).toContain(watch.status);
  });

  it('of the future times out with a hint to retry', async () => {
    const now = Number(ok(await list({})).metadata.resourceVersion);
    const { status, body } = await list({ resourceVersion: now + 1_000_000, resourceVersionMatch: 'NotOlderThan' });
    expect([status, body.reason]).toEqual([504, 'Timeout']);
    expect(body.message).toMatch(/^Timeout: Too large resource version: \d+, current: \d+$/);
    expect(body.details).toMatchObject({
      causes: [{ reason: 'ResourceVersionTooLarge', message: 'Too large resource version' }],
      retryAfterSeconds: 1,
    });
  });
});
