import { describe, expect, it } from '@jest/globals';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
const namespace = await createNamespace(target);

describe('a delete', () => {
  it('answers with a Status that names the object, for a custom resource', async () => {
    const { metadata } = await widgets.create('plain');
    const { status, body } = await admin.delete(`${widgets.path}/plain`);
    expect(status).toBe(200);
    expect(body).toMatchObject({
      kind: 'Status',
      apiVersion: 'v1',
      status: 'Success',
      details: { name: 'plain', group: widgets.group, kind: 'widgets', uid: metadata.uid },
    });
    expect((await admin.get(`${widgets.path}/plain`)).status).toBe(404);
  });

  it('of what is gone is not found', async () => {
    const { status, body } = await admin.delete(`${widgets.path}/never`);
    expect([status, body.reason]).toEqual([404, 'NotFound']);
  });

  it('respects a uid precondition', async () => {
    const { metadata } = await widgets.create('guarded');
    const path = `${widgets.path}/guarded`;
    const wrong = await admin.delete(path, { preconditions: { uid: 'someone-else' } });
    expect([wrong.status, wrong.body.reason]).toEqual([409, 'Conflict']);
    expect(wrong.body.message).toContain(
      `the UID in the precondition (someone-else) does not match the UID in record (${metadata.uid}).`,
    );
    expect((await admin.delete(path, { preconditions: { uid: metadata.uid } })).status).toBe(200);
  });

  it('respects a resourceVersion precondition', async () => {
    const { metadata } = await widgets.create('versioned');
    const path = `${widgets.path}/versioned`;
    ok(await admin.patch(path, 'merge', { spec: { size: 2 } }));
    const stale = await admin.delete(path, { preconditions: { resourceVersion: metadata.resourceVersion } });
    expect([stale.status, stale.body.reason]).toEqual([409, 'Conflict']);
    expect(stale.body.message).toMatch(
      /the ResourceVersion in the precondition \(\d+\) does not match the ResourceVersion in record \(\d+\)\./,
    );
    const fresh = (await admin.get(path)).body.metadata.resourceVersion;
    expect((await admin.delete(path, { preconditions: { resourceVersion: fresh } })).status).toBe(200);
  });

  it('takes options from the query as well as from the body', async () => {
    await widgets.create('queried');
    const options = { query: { propagationPolicy: 'Background', gracePeriodSeconds: 0 } };
    expect((await admin.delete(`${widgets.path}/queried`, undefined, options)).status).toBe(200);
  });

  it('refuses an unknown propagation policy', async () => {
    await widgets.create('confused');
    const { status, body } = await admin.delete(`${widgets.path}/confused`, { propagationPolicy: 'Sideways' });
    expect([status, body.message]).toEqual([
      422,
      expect.stringMatching(/propagationPolicy: (Invalid|Unsupported) value: "Sideways"/),
    ]);
  });

  it('of a pod that runs nowhere is immediate', async () => {
    const pods = `/api/v1/namespaces/${namespace}/pods`;
    created(await admin.post(pods, { metadata: { name: 'p' }, spec: { containers: [{ name: 'c', image: 'i' }] } }));
    const { status, body } = await admin.delete(`${pods}/p`);
    expect([status, body.kind]).toEqual([200, 'Pod']);
    expect((await admin.get(`${pods}/p`)).status).toBe(404);
  });
});

describe('finalizers', () => {
  const finalizer = 'contract.couchestor.test/hold';

  it('keep a deleted object until the last is removed', async () => {
    const before = await widgets.create('held', { size: 1 }, { finalizers: [finalizer] });
    const path = `${widgets.path}/held`;
    const deleted = await admin.delete(path);
    expect([deleted.status, deleted.body.kind]).toEqual([200, 'Widget']);
    const held = ok(await admin.get(path));
    expect(held.metadata).toMatchObject({
      deletionTimestamp: expect.stringMatching(/^\d{4}-.*Z$/),
      deletionGracePeriodSeconds: 0,
      generation: before.metadata.generation! + 1,
      finalizers: [finalizer],
    });
    ok(await admin.patch(path, 'json', [{ op: 'remove', path: '/metadata/finalizers' }]));
    expect((await admin.get(path)).status).toBe(404);
  });

  it('show their end as a DELETED event with the last state', async () => {
    const before = await widgets.create('watched', { size: 1 }, { finalizers: [finalizer] });
    const watch = await admin.watch(widgets.path, { resourceVersion: before.metadata.resourceVersion });
    await admin.delete(`${widgets.path}/watched`);
    await admin.patch(`${widgets.path}/watched`, 'merge', { metadata: { finalizers: null } });
    expect(await watch.take(2)).toEqual(['MODIFIED watched', 'DELETED watched']);
    watch.close();
  });

  it('may not be added to an object that is being deleted', async () => {
    await widgets.create('closing', { size: 1 }, { finalizers: [finalizer] });
    const path = `${widgets.path}/closing`;
    await admin.delete(path);
    const more = { metadata: { finalizers: [finalizer, 'contract.couchestor.test/late'] } };
    const { status, body } = await admin.patch(path, 'merge', more);
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    expect(body.message).toContain(
      'metadata.finalizers: Forbidden: no new finalizers can be added if the object is being deleted',
    );
    await admin.patch(path, 'merge', { metadata: { finalizers: [] } });
  });

  it('let an object that is being deleted be updated', async () => {
    await widgets.create('busy', { size: 1 }, { finalizers: [finalizer] });
    const path = `${widgets.path}/busy`;
    await admin.delete(path);
    expect(ok(await admin.patch(path, 'merge', { spec: { size: 2 } })).spec).toMatchObject({ size: 2 });
    expect(ok(await admin.patch(`${path}/status`, 'merge', { status: { phase: 'Going' } })).status).toEqual({
      phase: 'Going',
    });
    const again = await admin.post(widgets.path, widgets.object('busy'));
    expect([again.status, again.body.reason]).toEqual([409, 'AlreadyExists']);
    expect(again.body.message).toMatch(/object is being deleted: .* "busy" already exists/);
    await admin.patch(path, 'merge', { metadata: { finalizers: null } });
  });

  it('keep the first deletionTimestamp when deleted twice', async () => {
    await widgets.create('insisted', { size: 1 }, { finalizers: [finalizer] });
    const path = `${widgets.path}/insisted`;
    await admin.delete(path);
    const first = ok(await admin.get(path)).metadata;
    await admin.delete(path);
    const second = ok(await admin.get(path)).metadata;
    expect([second.deletionTimestamp, second.resourceVersion]).toEqual([
      first.deletionTimestamp,
      first.resourceVersion,
    ]);
    await admin.patch(path, 'merge', { metadata: { finalizers: null } });
  });
});

describe('deleting a collection', () => {
  it('deletes what the selector matches', async () => {
    for (const [name, tier] of [
      ['c1', 'hot'],
      ['c2', 'cold'],
      ['c3', 'hot'],
    ]) {
      await widgets.create(name!, { size: 1 }, { labels: { tier } });
    }
    const { status, body } = await admin.delete(widgets.path, undefined, { query: { labelSelector: 'tier=hot' } });
    expect([status, body.kind]).toEqual([200, 'WidgetList']);
    const left = (await admin.get(widgets.path, { query: { labelSelector: 'tier' } })).body.items;
    expect(left.map(({ metadata }) => metadata.name)).toEqual(['c2']);
  });

  it('leaves finalized objects terminating', async () => {
    await widgets.create('f1', { size: 1 }, { labels: { part: 'f' }, finalizers: ['x.test/y'] });
    await admin.delete(widgets.path, undefined, { query: { labelSelector: 'part=f' } });
    expect(ok(await admin.get(`${widgets.path}/f1`)).metadata.deletionTimestamp).toBeDefined();
    await admin.patch(`${widgets.path}/f1`, 'merge', { metadata: { finalizers: null } });
  });
});

describe('dependents', () => {
  const gc = target.when('garbageCollection');
  const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;

  /** An owner and a ConfigMap that it owns; returns their paths. */
  async function family(name: string, blockOwnerDeletion = true): Promise<{ owner: string; child: string }> {
    const owner = created(await admin.post(configMaps, { metadata: { name: `${name}-owner` } }));
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: owner.metadata.name,
      uid: owner.metadata.uid,
      blockOwnerDeletion,
    };
    created(await admin.post(configMaps, { metadata: { name: `${name}-child`, ownerReferences: [reference] } }));
    return { owner: `${configMaps}/${name}-owner`, child: `${configMaps}/${name}-child` };
  }

  const gone = (path: string): Promise<void> =>
    eventually(async () => (await admin.get(path)).status === 404, `${path} to be gone`);

  it('keep an owner that is deleted in the foreground, with a finalizer', async () => {
    const { owner, child } = await family('front');
    const watch = await admin.watch(configMaps, { fieldSelector: 'metadata.name=front-owner' });
    expect(await watch.take(1)).toEqual(['ADDED front-owner']);
    const { body } = await admin.delete(owner, { propagationPolicy: 'Foreground' });
    expect(body.metadata).toMatchObject({ finalizers: ['foregroundDeletion'], deletionTimestamp: expect.any(String) });
    expect(await watch.take(1)).toEqual(['MODIFIED front-owner']);
    watch.close();
    if (!target.supports('garbageCollection')) await admin.patch(owner, 'merge', { metadata: { finalizers: null } });
    else await Promise.all([gone(owner), gone(child)]);
  });

  gc('go when their owner is deleted in the background', async () => {
    const { owner, child } = await family('back');
    await admin.delete(owner, { propagationPolicy: 'Background' });
    await gone(owner);
    await gone(child);
  });

  gc('stay without their reference when they are orphaned', async () => {
    const { owner, child } = await family('orphan');
    await admin.delete(owner, { propagationPolicy: 'Orphan' });
    await gone(owner);
    expect(ok(await admin.get(child)).metadata.ownerReferences).toBeUndefined();
  });

  gc('of a custom resource in its scope go too', async () => {
    const owner = await widgets.create('parent');
    const reference = { apiVersion: widgets.apiVersion, kind: 'Widget', name: 'parent', uid: owner.metadata.uid };
    await widgets.create('offspring', { size: 1 }, { ownerReferences: [reference] });
    await admin.delete(`${widgets.path}/parent`);
    await gone(`${widgets.path}/offspring`);
  });

  gc('of an owner that never was are collected', async () => {
    const reference = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      name: 'never',
      uid: '00000000-0000-4000-8000-000000000000',
    };
    created(await admin.post(configMaps, { metadata: { name: 'stray', ownerReferences: [reference] } }));
    await gone(`${configMaps}/stray`);
  });

  gc('with another owner stay', async () => {
    const { owner, child } = await family('shared');
    const second = created(await admin.post(configMaps, { metadata: { name: 'second-owner' } }));
    const reference = { apiVersion: 'v1', kind: 'ConfigMap', name: 'second-owner', uid: second.metadata.uid };
    const add = [{ op: 'add', path: '/metadata/ownerReferences/-', value: reference }];
    ok(await admin.patch(child, 'json', add));
    await admin.delete(owner);
    await eventually(async () => ok(await admin.get(child)).metadata.ownerReferences?.length === 1, 'one owner left');
  });
});
