import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { Api, configMap, eventually } from '../api.fixture.ts';
import type { Reply } from '../api.fixture.ts';
import type { JsonObject, KubeObject } from '../types.ts';

let api: Api;
let namespaces = 0;
beforeAll(async () => {
  api = await Api.start();
});
afterAll(() => api.stop());

interface Fixture {
  path: string;
  create: (name: string, metadata?: JsonObject) => Promise<KubeObject['metadata']>;
  names: () => Promise<string[]>;
}

async function inNamespace(): Promise<Fixture> {
  const name = `gc-${(namespaces += 1)}`;
  const path = `/api/v1/namespaces/${name}/configmaps`;
  await api.call('POST', '/api/v1/namespaces', { metadata: { name } });
  return {
    path,
    create: async (object, metadata = {}) => {
      const { code, body } = await api.call('POST', path, configMap(object, {}, metadata));
      expect(code).toBe(201);
      return body.metadata;
    },
    names: async () => (await api.call('GET', path)).body.items.map(({ metadata }) => metadata.name),
  };
}

const ownedBy = (
  ...owners: { name: string; uid: string; blockOwnerDeletion?: boolean; kind?: string }[]
): JsonObject => ({
  ownerReferences: owners.map(({ name, uid, blockOwnerDeletion = false, kind = 'ConfigMap' }) => ({
    ...{ apiVersion: kind === 'Unknown' ? 'x.example.com/v1' : 'v1', kind, name, uid, blockOwnerDeletion },
  })),
});

const merge = (path: string, change: JsonObject): Promise<Reply> =>
  api.call('PATCH', path, change, { 'content-type': 'application/merge-patch+json' });

/** Long enough for whatever the collector still wanted to do: it acts in the turn after a write. */
const settled = (): Promise<void> => new Promise((resolve) => setTimeout(resolve, 20));

describe('dependents', () => {
  it('go with their last owner, and so on down', async () => {
    const { create, names, path } = await inNamespace();
    const [one, two] = [await create('one'), await create('two')];
    const child = await create('child', ownedBy(one, two));
    await create('grandchild', ownedBy(child));
    await api.call('DELETE', `${path}/one`);
    await eventually('the owner is dropped', async () => {
      const { body } = await api.call('GET', `${path}/child`);
      return body.metadata.ownerReferences?.length === 1;
    });
    expect(await names()).toEqual(['child', 'grandchild', 'two']);
    await api.call('DELETE', `${path}/two`);
    await eventually('all are gone', async () => (await names()).length === 0);
  });

  it('of an owner that never was, or was another of the same name, or is elsewhere, go at once', async () => {
    const { create, names } = await inNamespace();
    const other = await inNamespace();
    const elsewhere = await other.create('elsewhere');
    await create('owner');
    await create('a', ownedBy({ name: 'owner', uid: 'another' }));
    await create('b', ownedBy({ name: 'nobody', uid: 'nobody' }));
    await create('c', ownedBy(elsewhere));
    await eventually('they are gone', async () => (await names()).join() === 'owner');
  });

  it('of an owner whose kind is unknown stay', async () => {
    const { create, names } = await inNamespace();
    await create('kept', ownedBy({ kind: 'Unknown', name: 'x', uid: 'x' }));
    await settled();
    expect(await names()).toEqual(['kept']);
  });

  it('may be owned by what has no namespace', async () => {
    const { create, names } = await inNamespace();
    const node = (await api.call('POST', '/api/v1/nodes', { metadata: { name: 'owner' } })).body.metadata;
    await create('kept', ownedBy({ kind: 'Node', name: 'owner', uid: node.uid }));
    await settled();
    expect(await names()).toEqual(['kept']);
    await api.call('DELETE', '/api/v1/nodes/owner');
    await eventually('it is gone', async () => (await names()).length === 0);
  });
});

describe('deletion', () => {
  it('in the foreground waits for the dependents that block it', async () => {
    const { create, names, path } = await inNamespace();
    const owner = await create('owner');
    await create('blocking', {
      ...ownedBy({ ...owner, blockOwnerDeletion: true }),
      finalizers: ['test.example.com/wait'],
    });
    const { body } = await api.call('DELETE', `${path}/owner`, { propagationPolicy: 'Foreground' });
    expect(body.metadata.finalizers).toEqual(['foregroundDeletion']);
    await eventually('the dependent is being deleted', async () => {
      return (await api.call('GET', `${path}/blocking`)).body.metadata.deletionTimestamp !== undefined;
    });
    expect(await names()).toEqual(['blocking', 'owner']);
    await merge(`${path}/blocking`, { metadata: { finalizers: null } });
    await eventually('both are gone', async () => (await names()).length === 0);
  });

  it('in the foreground ends even when owners own each other', async () => {
    const { create, names, path } = await inNamespace();
    const one = await create('one');
    const two = await create('two', ownedBy({ ...one, blockOwnerDeletion: true }));
    await merge(`${path}/one`, { metadata: ownedBy({ ...two, blockOwnerDeletion: true }) });
    await api.call('DELETE', `${path}/one`, { propagationPolicy: 'Foreground' });
    await eventually('both are gone', async () => (await names()).length === 0);
  });

  it('can orphan the dependents', async () => {
    const { create, names, path } = await inNamespace();
    const owner = await create('owner');
    await create('orphan', ownedBy(owner));
    await api.call('DELETE', `${path}/owner`, { propagationPolicy: 'Orphan' });
    await eventually('the owner is gone', async () => (await names()).join() === 'orphan');
    await settled();
    expect((await api.call('GET', `${path}/orphan`)).body.metadata.ownerReferences).toBeUndefined();
  });
});

describe('a namespace', () => {
  it('is gone when all in it is gone, finalizers respected', async () => {
    const { create, path } = await inNamespace();
    const namespace = path.replace('/configmaps', '');
    await create('plain');
    await create('held', { finalizers: ['test.example.com/wait'] });
    expect((await api.call('DELETE', namespace)).body.status).toEqual({ phase: 'Terminating' });
    await eventually('the plain one is gone', async () => (await api.call('GET', `${path}/plain`)).code === 404);
    expect((await api.call('GET', namespace)).code).toBe(200);
    await merge(`${path}/held`, { metadata: { finalizers: null } });
    await eventually('the namespace is gone', async () => (await api.call('GET', namespace)).code === 404);
  });

  it('gets its default service account, again if need be', async () => {
    const { path } = await inNamespace();
    const account = path.replace('configmaps', 'serviceaccounts/default');
    await eventually('it is there', async () => (await api.call('GET', account)).code === 200);
    await api.call('DELETE', account);
    await eventually('it is there again', async () => (await api.call('GET', account)).code === 200);
  });
});
