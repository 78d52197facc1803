/** What the project's own client library sees: the generated APIs, generic objects, watches and informers. */
/* eslint-disable @typescript-eslint/no-unsafe-class-instance-assignment, @typescript-eslint/no-misused-spread --
   the library's models are classes in name only: it takes literals, and copies of what it returned */
import { beforeAll, describe, expect, it } from '@jest/globals';
import {
  ApiException,
  AppsV1Api,
  AuthenticationV1Api,
  CoordinationV1Api,
  CoreV1Api,
  CustomObjectsApi,
  KubeConfig,
  KubernetesObjectApi,
  makeInformer,
  PatchStrategy,
  setHeaderOptions,
  V1MicroTime,
  VersionApi,
  Watch,
  type KubernetesListObject,
  type KubernetesObject,
} from '@kubernetes/client-node';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { installWidgets, type Widgets } from './harness/widgets.ts';
import { eventually } from './harness/wait.ts';

const target = await openTarget();
const config = new KubeConfig();
config.loadFromString(target.kubeconfig);
const core = config.makeApiClient(CoreV1Api);
const custom = config.makeApiClient(CustomObjectsApi);
let widgets: Widgets;
let namespace: string;

beforeAll(async () => {
  widgets = await installWidgets(target);
  namespace = await createNamespace(target);
});

interface Widget extends KubernetesObject {
  spec: { size: number; mode?: string };
  status?: { phase: string };
}

const codeOf = (error: unknown): number | undefined => (error instanceof ApiException ? error.code : undefined);

/** The code of the ApiException with which a promise fails. */
const failure = (promise: Promise<unknown>): Promise<number | undefined> =>
  promise.then(
    () => undefined,
    (error: unknown) => codeOf(error),
  );

describe('generated APIs', () => {
  it('read the version', async () => {
    expect((await config.makeApiClient(VersionApi).getCode()).major).toBe('1');
  });

  it('create, read, replace, patch, list and delete', async () => {
    const body = { metadata: { name: 'map' }, data: { a: '1' } };
    const made = await core.createNamespacedConfigMap({ namespace, body });
    expect(made.metadata!.creationTimestamp).toBeInstanceOf(Date);
    const replaced = await core.replaceNamespacedConfigMap({
      name: 'map',
      namespace,
      body: { ...made, data: { a: '2' } },
    });
    expect(replaced.data).toEqual({ a: '2' });
    const patched = await core.patchNamespacedConfigMap(
      { name: 'map', namespace, body: { data: { b: '3' } } },
      setHeaderOptions('Content-Type', PatchStrategy.StrategicMergePatch),
    );
    expect(patched.data).toEqual({ a: '2', b: '3' });
    const list = await core.listNamespacedConfigMap({ namespace, fieldSelector: 'metadata.name=map' });
    expect(list.items.map(({ metadata }) => metadata!.name)).toEqual(['map']);
    await core.deleteNamespacedConfigMap({ name: 'map', namespace });
    expect(await failure(core.readNamespacedConfigMap({ name: 'map', namespace }))).toBe(404);
  });

  it('fail with the code and the Status of the server', async () => {
    expect.assertions(2);
    try {
      await core.readNamespacedConfigMap({ name: 'none', namespace });
    } catch (error) {
      expect(codeOf(error)).toBe(404);
      expect(JSON.parse((error as ApiException<string>).body)).toMatchObject({ kind: 'Status', reason: 'NotFound' });
    }
  });

  it('carry a Lease with its times', async () => {
    const api = config.makeApiClient(CoordinationV1Api);
    const renewTime = new V1MicroTime('2024-01-02T03:04:05.678Z');
    const made = await api.createNamespacedLease({
      namespace,
      body: { metadata: { name: 'l' }, spec: { holderIdentity: 'me', renewTime } },
    });
    expect(new Date(made.spec!.renewTime!).getTime()).toBe(renewTime.getTime());
    const stale = { ...made, metadata: { ...made.metadata, resourceVersion: '1' } };
    expect(await failure(api.replaceNamespacedLease({ name: 'l', namespace, body: stale }))).toBe(409);
  });

  it('store a Deployment as it was written', async () => {
    const api = config.makeApiClient(AppsV1Api);
    const labels = { app: 'x' };
    const template = {
      metadata: { labels },
      spec: { containers: [{ name: 'c', image: 'i', resources: { limits: { memory: '64Mi' } } }] },
    };
    const body = { metadata: { name: 'd' }, spec: { replicas: 2, selector: { matchLabels: labels }, template } };
    const made = await api.createNamespacedDeployment({ namespace, body });
    expect(made.spec).toMatchObject(body.spec);
    expect(made.metadata!.generation).toBe(1);
  });

  it('request and review tokens', async () => {
    await core.createNamespacedServiceAccount({ namespace, body: { metadata: { name: 'sa' } } });
    const request = await core.createNamespacedServiceAccountToken({
      name: 'sa',
      namespace,
      body: { spec: { audiences: ['couchestor'] } },
    });
    const review = await config
      .makeApiClient(AuthenticationV1Api)
      .createTokenReview({ body: { spec: { token: request.status!.token!, audiences: ['couchestor'] } } });
    expect(review.status).toMatchObject({
      authenticated: true,
      user: { username: `system:serviceaccount:${namespace}:sa` },
    });
  });
});

describe('custom objects', () => {
  it('are created, patched and listed in pages', async () => {
    const place = { group: widgets.group, version: 'v1', namespace: 'default', plural: 'widgets' };
    for (const name of ['a', 'b', 'c']) {
      await custom.createNamespacedCustomObject({ ...place, body: widgets.object(name) });
    }
    const merge = setHeaderOptions('Content-Type', PatchStrategy.MergePatch);
    const patched = (await custom.patchNamespacedCustomObjectStatus(
      { ...place, name: 'a', body: { status: { phase: 'Ready' } } },
      merge,
    )) as Widget;
    expect(patched.status).toEqual({ phase: 'Ready' });
    const page = (await custom.listNamespacedCustomObject({ ...place, limit: 2 })) as KubernetesListObject<Widget>;
    const next = (page.metadata as { continue?: string }).continue!;
    const rest = (await custom.listNamespacedCustomObject({
      ...place,
      _continue: next,
    })) as KubernetesListObject<Widget>;
    expect([...page.items, ...rest.items].map(({ metadata }) => metadata!.name)).toEqual(['a', 'b', 'c']);
  });

  it('are found by kind through discovery', async () => {
    const objects = KubernetesObjectApi.makeApiClient(config);
    const made = await objects.create(widgets.object('found'));
    expect(made).toMatchObject({ spec: { size: 1, mode: 'Slow' } });
    await objects.delete(made);
    expect(
      await failure(
        objects.read({
          apiVersion: widgets.apiVersion,
          kind: 'Widget',
          metadata: { name: 'found', namespace: 'default' },
        }),
      ),
    ).toBe(404);
  });
});

describe('watches', () => {
  it('deliver events until they are aborted', async () => {
    const seen: string[] = [];
    const ended = Promise.withResolvers<unknown>();
    const controller = await new Watch(config).watch(
      `/api/v1/namespaces/${namespace}/secrets`,
      {},
      (phase: string, object: KubernetesObject) => seen.push(`${phase} ${object.metadata!.name!}`),
      (error: unknown) => ended.resolve(error),
    );
    await core.createNamespacedSecret({ namespace, body: { metadata: { name: 's' }, stringData: { a: 'b' } } });
    await core.deleteNamespacedSecret({ name: 's', namespace });
    await eventually(() => Promise.resolve(seen.length === 2), 'two events');
    expect(seen).toEqual(['ADDED s', 'DELETED s']);
    controller.abort();
    await ended.promise;
  });

  it('feed an informer', async () => {
    const list = async (): Promise<KubernetesListObject<KubernetesObject>> =>
      core.listNamespacedConfigMap({ namespace });
    const informer = makeInformer(config, `/api/v1/namespaces/${namespace}/configmaps`, list);
    const seen: string[] = [];
    for (const verb of ['add', 'update', 'delete'] as const) {
      informer.on(verb, (object) => seen.push(`${verb} ${object.metadata!.name!}`));
    }
    await core.createNamespacedConfigMap({ namespace, body: { metadata: { name: 'before' } } });
    await informer.start();
    const body = { metadata: { name: 'after' } };
    const after = await core.createNamespacedConfigMap({ namespace, body });
    await core.replaceNamespacedConfigMap({ name: 'after', namespace, body: { ...after, data: { a: '1' } } });
    await core.deleteNamespacedConfigMap({ name: 'after', namespace });
    await eventually(() => Promise.resolve(seen.includes('delete after')), 'the last event');
    await informer.stop();
    expect(seen).toEqual(['add before', 'add after', 'update after', 'delete after']);
  });
});
