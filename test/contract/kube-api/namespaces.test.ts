import { describe, expect, it } from '@jest/globals';
import { createNamespace, finalizeNamespace, removeNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const { admin } = target;

/** A namespace that a finalizer holds in its deletion. */
async function terminating(): Promise<string> {
  const name = await createNamespace(target);
  const hold = `/api/v1/namespaces/${name}/configmaps`;
  created(await admin.post(hold, { metadata: { name: 'hold', finalizers: ['x.test/hold'] } }));
  target.defer(() => admin.patch(`${hold}/hold`, 'merge', { metadata: { finalizers: null } }));
  expect((await admin.delete(`/api/v1/namespaces/${name}`)).status).toBe(200);
  return name;
}

describe('a namespace', () => {
  it.each(['default', 'kube-system', 'kube-public', 'kube-node-lease'])('%s exists from the start', async (name) => {
    await eventually(async () => (await admin.get(`/api/v1/namespaces/${name}`)).status === 200, name);
  });

  it('is active, and held by the finalizer kubernetes in its spec', async () => {
    const name = await createNamespace(target);
    const body = ok(await admin.get(`/api/v1/namespaces/${name}`));
    expect([body.spec, body.status]).toEqual([{ finalizers: ['kubernetes'] }, { phase: 'Active' }]);
  });

  target.when('namespaceNameLabel')('is labelled with its name', async () => {
    const name = await createNamespace(target);
    expect(ok(await admin.get(`/api/v1/namespaces/${name}`)).metadata.labels).toEqual({
      'kubernetes.io/metadata.name': name,
    });
  });

  it('must exist before anything is created in it', async () => {
    const widgets = await installWidgets(target);
    for (const [path, object] of [
      ['/api/v1/namespaces/nowhere/configmaps', { metadata: { name: 'a' } }],
      [widgets.path.replace('/default/', '/nowhere/'), widgets.object('a')],
    ] as const) {
      const { status, body } = await admin.post(path, object);
      expect([status, body.message]).toEqual([404, 'namespaces "nowhere" not found']);
      expect(body.details).toEqual({ name: 'nowhere', kind: 'namespaces' });
    }
  });

  it('terminates: it says so, and takes nothing new', async () => {
    const name = await terminating();
    const body = ok(await admin.get(`/api/v1/namespaces/${name}`));
    expect(body.status).toMatchObject({ phase: 'Terminating' });
    expect(body.metadata.deletionTimestamp).toBeDefined();
    const refused = await admin.post(`/api/v1/namespaces/${name}/configmaps`, { metadata: { name: 'late' } });
    expect([refused.status, refused.body.reason]).toEqual([403, 'Forbidden']);
    expect(refused.body.message).toBe(
      `configmaps "late" is forbidden: unable to create new content in namespace ${name} because it is being terminated`,
    );
    expect(refused.body.details!.causes).toContainEqual(
      expect.objectContaining({ reason: 'NamespaceTerminating', message: `namespace ${name} is being terminated` }),
    );
  });

  it('that terminates still lets its contents change and go', async () => {
    const name = await terminating();
    const path = `/api/v1/namespaces/${name}/configmaps/hold`;
    expect((await admin.patch(path, 'merge', { data: { a: '1' } })).status).toBe(200);
    expect((await admin.delete(path)).status).toBe(200);
  });

  it('is gone once its finalizers are', async () => {
    const name = await createNamespace(target);
    await admin.delete(`/api/v1/namespaces/${name}`);
    await finalizeNamespace(target, name);
    await eventually(
      async () => (await admin.get(`/api/v1/namespaces/${name}`)).status === 404,
      'the namespace to be gone',
    );
  });

  target.when('namespaceController')('takes its contents along', async () => {
    const name = await createNamespace(target);
    const widgets = await installWidgets(target);
    const path = widgets.path.replace('/default/', `/${name}/`);
    created(await admin.post(path, widgets.object('inside')));
    created(await admin.post(`/api/v1/namespaces/${name}/secrets`, { metadata: { name: 'inside' } }));
    await admin.delete(`/api/v1/namespaces/${name}`);
    await eventually(
      async () => (await admin.get(`/api/v1/namespaces/${name}`)).status === 404,
      'the namespace to be gone',
    );
    expect((await admin.get(`${path}/inside`)).status).toBe(404);
  });

  target.when('namespaceController')('waits for the finalizers of its contents', async () => {
    const name = await terminating();
    const path = `/api/v1/namespaces/${name}`;
    await eventually(async () => {
      const { metadata } = ok(await admin.get(`${path}/configmaps/hold`));
      return metadata.deletionTimestamp !== undefined;
    }, 'the contents to be deleted');
    expect((await admin.get(path)).status).toBe(200);
    await admin.patch(`${path}/configmaps/hold`, 'merge', { metadata: { finalizers: null } });
    await eventually(async () => (await admin.get(path)).status === 404, 'the namespace to be gone');
  });

  it('default cannot be deleted', async () => {
    const { status, body } = await admin.delete('/api/v1/namespaces/default');
    expect([status, body.message]).toEqual([
      403,
      'namespaces "default" is forbidden: this namespace may not be deleted',
    ]);
  });

  it('can be made again after its removal', async () => {
    const name = await createNamespace(target);
    await removeNamespace(target, name);
    await eventually(
      async () => (await admin.get(`/api/v1/namespaces/${name}`)).status === 404,
      'the namespace to be gone',
    );
    created(await admin.post('/api/v1/namespaces', { metadata: { name } }));
  });
});
