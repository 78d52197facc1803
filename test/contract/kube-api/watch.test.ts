import { describe, expect, it } from '@jest/globals';
import { openTarget } from './harness/target.ts';
import { installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;

describe('a watch from a resourceVersion', () => {
  it('tells every later change in order, and none before', async () => {
    const widgets = await installWidgets(target);
    await widgets.create('old');
    const { metadata } = ok(await admin.get(widgets.path));
    await widgets.create('a');
    ok(await admin.patch(`${widgets.path}/a`, 'merge', { spec: { size: 2 } }));
    const watch = await admin.watch(widgets.path, { resourceVersion: metadata.resourceVersion });
    await admin.delete(`${widgets.path}/a`);
    await widgets.create('b');
    expect([watch.status, watch.contentType]).toEqual([200, 'application/json']);
    expect(await watch.take(4)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED b']);
    watch.close();
  });

  it('carries in each event the object with its new resourceVersion', async () => {
    const widgets = await installWidgets(target);
    const before = await widgets.create('a');
    const watch = await admin.watch(widgets.path, { resourceVersion: before.metadata.resourceVersion });
    const after = ok(await admin.patch(`${widgets.path}/a`, 'merge', { spec: { size: 2 } }));
    await admin.delete(`${widgets.path}/a`);
    expect(await watch.next()).toEqual({ type: 'MODIFIED', object: after });
    const last = (await watch.next())!;
    expect(last).toMatchObject({ type: 'DELETED', object: { kind: 'Widget', spec: after.spec } });
    expect(Number(last.object.metadata.resourceVersion)).toBeGreaterThan(Number(after.metadata.resourceVersion));
    watch.close();
  });

  it('says nothing of an update that changed nothing', async () => {
    const widgets = await installWidgets(target);
    const before = await widgets.create('a');
    const watch = await admin.watch(widgets.path, { resourceVersion: before.metadata.resourceVersion });
    ok(await admin.put(`${widgets.path}/a`, before));
    await widgets.create('b');
    expect(await watch.take(1)).toEqual(['ADDED b']);
    watch.close();
  });

  it('ends with an ERROR event of code 410 when it is too old', async () => {
    const widgets = await installWidgets(target);
    const { metadata } = await widgets.create('a');
    await widgets.create('b');
    await target.compact?.();
    const watch = await admin.watch(widgets.path, { resourceVersion: 1 });
    const event = await watch.next();
    expect(event).toMatchObject({
      type: 'ERROR',
      object: { kind: 'Status', status: 'Failure', reason: 'Expired', code: 410 },
    });
    expect(event!.object.message).toMatch(/^too old resource version: 1 \(\d+\)$/);
    expect(Number(metadata.resourceVersion)).toBeGreaterThan(1);
    expect(await watch.next()).toBeUndefined();
  });
});

describe('a watch without history', () => {
  it.each([
    ['from 0', { resourceVersion: '0' }],
    ['from nowhere', {}],
  ])('%s begins with what exists', async (_name, query) => {
    const widgets = await installWidgets(target);
    await widgets.create('a');
    await widgets.create('b');
    const watch = await admin.watch(widgets.path, query);
    expect((await watch.take(2)).sort()).toEqual(['ADDED a', 'ADDED b']);
    await admin.delete(`${widgets.path}/a`);
    expect(await watch.take(1)).toEqual(['DELETED a']);
    watch.close();
  });
});

describe('the life of a watch', () => {
  it('ends at its timeout, without an error', async () => {
    const widgets = await installWidgets(target);
    await widgets.create('a');
    const watch = await admin.watch(widgets.path, { timeoutSeconds: 1 });
    expect((await watch.rest()).map(({ type }) => type)).toEqual(['ADDED']);
  });

  it('has a bookmark before it ends, for those who asked', async () => {
    const widgets = await installWidgets(target);
    const before = await widgets.create('a');
    const watch = await admin.watch(widgets.path, {
      resourceVersion: before.metadata.resourceVersion,
      allowWatchBookmarks: true,
      timeoutSeconds: 5,
    });
    const { metadata } = await widgets.create('b');
    expect(await watch.take(1)).toEqual(['ADDED b']);
    const event = await watch.next();
    watch.close();
    expect(event).toMatchObject({ type: 'BOOKMARK', object: { kind: 'Widget', apiVersion: widgets.apiVersion } });
    expect(Number(event!.object.metadata.resourceVersion)).toBeGreaterThanOrEqual(Number(metadata.resourceVersion));
    expect(event!.object.metadata.name ?? '').toBe('');
  });

  it('is over for its definition when that is deleted', async () => {
    const widgets = await installWidgets(target);
    const watch = await admin.watch(widgets.path);
    await admin.delete(widgets.crdPath);
    expect(await watch.rest()).toEqual([]);
  });

  it('serves many at once the same events', async () => {
    const widgets = await installWidgets(target);
    const { metadata } = await widgets.create('a');
    const query = { resourceVersion: metadata.resourceVersion };
    const watches = await Promise.all(Array.from({ length: 20 }, () => admin.watch(widgets.path, query)));
    for (const name of ['b', 'c', 'd']) await widgets.create(name);
    const seen = await Promise.all(watches.map((watch) => watch.take(3)));
    for (const watch of watches) watch.close();
    expect(new Set(seen.map((events) => events.join())).size).toBe(1);
    expect(seen[0]).toEqual(['ADDED b', 'ADDED c', 'ADDED d']);
  });
});

describe('a watch with a selector', () => {
  it('turns label changes into arrivals and departures', async () => {
    const widgets = await installWidgets(target);
    const { metadata } = await widgets.create('a');
    const label = (value: string | null): Promise<unknown> =>
      admin.patch(`${widgets.path}/a`, 'merge', { metadata: { labels: { tier: value } } });
    const watch = await admin.watch(widgets.path, {
      resourceVersion: metadata.resourceVersion,
      labelSelector: 'tier=hot',
    });
    await label('hot');
    await admin.patch(`${widgets.path}/a`, 'merge', { spec: { size: 2 } });
    await label('cold');
    await label('hot');
    await admin.delete(`${widgets.path}/a`);
    expect(await watch.take(5)).toEqual(['ADDED a', 'MODIFIED a', 'DELETED a', 'ADDED a', 'DELETED a']);
    watch.close();
  });

  it('shows a departing object as it matched last', async () => {
    const widgets = await installWidgets(target);
    const { metadata } = await widgets.create('a', { size: 1 }, { labels: { tier: 'hot' } });
    const watch = await admin.watch(widgets.path, {
      resourceVersion: metadata.resourceVersion,
      labelSelector: 'tier=hot',
    });
    const change = { metadata: { labels: { tier: 'cold' } }, spec: { size: 9 } };
    const after = ok(await admin.patch(`${widgets.path}/a`, 'merge', change));
    const event = await watch.next();
    watch.close();
    expect(event).toMatchObject({
      type: 'DELETED',
      object: {
        metadata: { labels: { tier: 'hot' }, resourceVersion: after.metadata.resourceVersion },
        spec: { size: 1 },
      },
    });
  });

  it('can follow one object by its name', async () => {
    const widgets = await installWidgets(target);
    const { metadata } = await widgets.create('a');
    const query = { resourceVersion: metadata.resourceVersion, fieldSelector: 'metadata.name=b' };
    const watch = await admin.watch(widgets.path, query);
    await widgets.create('c');
    await widgets.create('b');
    expect(await watch.take(1)).toEqual(['ADDED b']);
    watch.close();
  });

  it('keeps to its namespace', async () => {
    const widgets = await installWidgets(target);
    const { metadata } = await widgets.create('a');
    const everywhere = widgets.path.replace('/namespaces/default', '');
    const query = { resourceVersion: metadata.resourceVersion };
    const [all, elsewhere] = await Promise.all([
      admin.watch(everywhere, query),
      admin.watch(widgets.path.replace('/default/', '/kube-system/'), query),
    ]);
    await widgets.create('b');
    await admin.post(widgets.path.replace('/default/', '/kube-system/'), widgets.object('c'));
    expect(await all.take(2)).toEqual(['ADDED b', 'ADDED c']);
    expect(await elsewhere.take(1)).toEqual(['ADDED c']);
    all.close();
    elsewhere.close();
  });
});

describe('a watch for other forms', () => {
  it('sends PartialObjectMetadata', async () => {
    const widgets = await installWidgets(target);
    await widgets.create('a');
    const accept = 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1';
    const watch = await admin.watch(widgets.path, {}, { accept });
    const event = await watch.next();
    watch.close();
    expect(event).toMatchObject({
      type: 'ADDED',
      object: { kind: 'PartialObjectMetadata', apiVersion: 'meta.k8s.io/v1' },
    });
    expect(event!.object.spec).toBeUndefined();
  });

  it('sends Tables, with columns in the first alone', async () => {
    const widgets = await installWidgets(target);
    await widgets.create('a');
    const accept = 'application/json;as=Table;g=meta.k8s.io;v=v1';
    const watch = await admin.watch(widgets.path, {}, { accept });
    const first = (await watch.next())!.object;
    await widgets.create('b');
    const second = (await watch.next())!.object;
    watch.close();
    expect(first.columnDefinitions).toEqual(expect.arrayContaining([expect.objectContaining({ name: 'Name' })]));
    expect(first.rows).toMatchObject([{ cells: ['a', expect.any(String)] }]);
    expect(second.columnDefinitions ?? []).toEqual([]);
    expect(second.rows).toMatchObject([{ cells: ['b', expect.any(String)] }]);
  });
});
