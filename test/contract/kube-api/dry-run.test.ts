import { describe, expect, it } from '@jest/globals';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
const namespace = await createNamespace(target);
const dry = { query: { dryRun: 'All' } };

describe('a dry run', () => {
  it('of a create answers as if it were stored', async () => {
    const { status, body } = await admin.post(widgets.path, widgets.object('unmade'), dry);
    expect([status, body.spec]).toEqual([201, { size: 1, mode: 'Slow' }]);
    expect(body.metadata.uid).not.toBe('');
    expect((await admin.get(`${widgets.path}/unmade`)).status).toBe(404);
  });

  it('of a create finds what exists already and what is invalid', async () => {
    await widgets.create('made');
    expect((await admin.post(widgets.path, widgets.object('made'), dry)).status).toBe(409);
    expect((await admin.post(widgets.path, widgets.object('wrong', { size: -1 }), dry)).status).toBe(422);
  });

  it('of an update, a patch and an apply changes nothing', async () => {
    const before = await widgets.create('kept');
    const path = `${widgets.path}/kept`;
    const put = ok(await admin.put(path, { ...before, spec: { size: 2 } }, dry));
    const patch = ok(await admin.patch(path, 'merge', { spec: { size: 3 } }, dry));
    const applied = ok(
      await admin.patch(path, 'apply', widgets.object('kept', { size: 4 }), {
        query: { dryRun: 'All', fieldManager: 'm', force: true },
      }),
    );
    expect([put, patch, applied].map(({ spec }) => spec!.size)).toEqual([2, 3, 4]);
    expect(ok(await admin.get(path))).toEqual(before);
  });

  it('of a stale update is a conflict', async () => {
    const before = await widgets.create('stale');
    ok(await admin.patch(`${widgets.path}/stale`, 'merge', { spec: { size: 2 } }));
    expect((await admin.put(`${widgets.path}/stale`, before, dry)).status).toBe(409);
  });

  it('of a delete deletes nothing', async () => {
    await widgets.create('alive', { size: 1 }, { labels: { keep: 'me' } });
    const path = `${widgets.path}/alive`;
    expect((await admin.delete(path, undefined, dry)).status).toBe(200);
    expect((await admin.delete(path, { dryRun: ['All'] })).status).toBe(200);
    await admin.delete(widgets.path, undefined, { query: { dryRun: 'All', labelSelector: 'keep=me' } });
    expect(ok(await admin.get(path)).metadata.deletionTimestamp).toBeUndefined();
  });

  it('is seen by no watch', async () => {
    const { metadata } = await widgets.create('quiet');
    const watch = await admin.watch(widgets.path, { resourceVersion: metadata.resourceVersion });
    await admin.patch(`${widgets.path}/quiet`, 'merge', { spec: { size: 7 } }, dry);
    await admin.delete(`${widgets.path}/quiet`, undefined, dry);
    await widgets.create('loud');
    expect(await watch.take(1)).toEqual(['ADDED loud']);
    watch.close();
  });

  it('works on built-in types', async () => {
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const { status } = await admin.post(path, { metadata: { name: 'unmade' }, data: { a: '1' } }, dry);
    expect([status, (await admin.get(`${path}/unmade`)).status]).toEqual([201, 404]);
  });

  it('knows no other mode than All', async () => {
    const { status, body } = await admin.post(widgets.path, widgets.object('x'), { query: { dryRun: 'Some' } });
    expect([status, body.message]).toEqual([
      422,
      expect.stringMatching(/dryRun: Unsupported value: .*"Some".*: supported values: "All"/),
    ]);
  });
});
