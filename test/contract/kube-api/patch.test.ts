import { beforeAll, describe, expect, it } from '@jest/globals';
import type { Body } from './harness/body.ts';
import { patchTypes } from './harness/client.ts';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
const namespace = await createNamespace(target);
const one = `${widgets.path}/one`;

beforeAll(async () => {
  await widgets.create('one', { size: 1, tags: ['x'] }, { labels: { a: '1', b: '2' } });
});

describe('a JSON patch', () => {
  it('adds, replaces, removes, copies, moves and tests', async () => {
    await widgets.create('ops', { size: 1, tags: ['a', 'b'] });
    const body = ok(
      await admin.patch(`${widgets.path}/ops`, 'json', [
        { op: 'test', path: '/spec/size', value: 1 },
        { op: 'replace', path: '/spec/size', value: 2 },
        { op: 'add', path: '/spec/tags/1', value: 'c' },
        { op: 'remove', path: '/spec/tags/0' },
        { op: 'add', path: '/metadata/labels', value: { 'a/b': 'x' } },
        { op: 'copy', from: '/metadata/labels/a~1b', path: '/spec/note' },
        { op: 'move', from: '/spec/tags/0', path: '/spec/tags/-' },
      ]),
    );
    expect(body.spec).toEqual({ size: 2, mode: 'Slow', tags: ['b', 'c'], note: 'x' });
  });

  it.each([
    ['a failing test', { op: 'test', path: '/spec/size', value: 7 }],
    ['a missing path to remove', { op: 'remove', path: '/spec/none' }],
    ['a missing path to replace', { op: 'replace', path: '/spec/none/deep', value: 1 }],
    ['an index beyond the end', { op: 'add', path: '/spec/tags/9', value: 'x' }],
  ])('is refused as a whole for %s', async (_why, operation) => {
    const label = { op: 'add', path: '/metadata/labels/partial', value: 'x' };
    const { status, body } = await admin.patch(one, 'json', [label, operation]);
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    expect(ok(await admin.get(one)).metadata.labels).toEqual({ a: '1', b: '2' });
  });

  it.each([
    ['no array', {}],
    ['no JSON', 'not json'],
    ['no operation', [{ path: '/spec/size' }]],
  ])('is malformed when it is %s', async (_why, patch) => {
    const { status } = await admin.patch(one, 'json', patch);
    expect([400, 422]).toContain(status);
  });
});

describe('a merge patch', () => {
  it('merges objects, replaces lists and removes what is null', async () => {
    await widgets.create('merged', { size: 1, tags: ['a', 'b'], weights: { a: 1, b: 2 } });
    const change = { spec: { tags: ['c'], weights: { a: null, c: 3 } } };
    const body = ok(await admin.patch(`${widgets.path}/merged`, 'merge', change));
    expect(body.spec).toEqual({ size: 1, mode: 'Slow', tags: ['c'], weights: { b: 2, c: 3 } });
  });

  it('brings defaults back for what it removes', async () => {
    await widgets.create('defaulted', { size: 1, mode: 'Fast' });
    const body = ok(await admin.patch(`${widgets.path}/defaulted`, 'merge', { spec: { mode: null } }));
    expect(body.spec).toEqual({ size: 1, mode: 'Slow' });
  });

  it('with a stale resourceVersion is a conflict, with a current one is not', async () => {
    const { metadata } = await widgets.create('guarded');
    const path = `${widgets.path}/guarded`;
    const patch = (size: number, resourceVersion: string): unknown => ({
      metadata: { resourceVersion },
      spec: { size },
    });
    ok(await admin.patch(path, 'merge', patch(2, metadata.resourceVersion)));
    const { status, body } = await admin.patch(path, 'merge', patch(3, metadata.resourceVersion));
    expect([status, body.reason]).toEqual([409, 'Conflict']);
  });

  it.each([
    ['no JSON', 'not json'],
    ['no object', '[1]'],
  ])('is malformed when it is %s', async (_why, patch) => {
    expect([400, 422, 500]).toContain((await admin.patch(one, 'merge', patch)).status);
  });

  it.each([
    ['the name', { metadata: { name: 'two' } }, [400, 422]],
    ['the kind', { kind: 'Gadget' }, [400, 422]],
    ['the namespace', { metadata: { namespace: 'other' } }, [400, 422]],
  ])('may not change %s', async (_what, change, codes) => {
    expect(codes).toContain((await admin.patch(one, 'merge', change)).status);
  });

  it('of what does not exist is not found', async () => {
    expect((await admin.patch(`${widgets.path}/ghost`, 'merge', { spec: { size: 1 } })).status).toBe(404);
  });
});

describe('a media type', () => {
  it('that is no patch is refused with the list of those that are', async () => {
    const { status, body } = await admin.send('PATCH', one, { body: {}, contentType: 'application/json' });
    expect([status, body.reason]).toEqual([415, 'UnsupportedMediaType']);
    expect(body.message).toBe(
      `the body of the request was in an unknown format - accepted media types include: ${patchTypes.json}, ` +
        `${patchTypes.merge}, ${patchTypes.apply}`,
    );
  });

  it('of a strategic patch is refused for custom resources', async () => {
    const { status, body } = await admin.patch(one, 'strategic', { spec: { size: 2 } });
    expect([status, body.reason]).toEqual([415, 'UnsupportedMediaType']);
    expect(body.message).toContain(patchTypes.merge);
  });
});

describe('a strategic merge patch', () => {
  const deployments = `/apis/apps/v1/namespaces/${namespace}/deployments`;
  const container = (name: string, more: object = {}): object => ({ name, image: `${name}:1`, ...more });

  interface Container {
    name: string;
    image: string;
    env?: { name: string; value: string }[];
    args?: string[];
  }

  interface PodSpec {
    containers: Container[];
    tolerations?: { key: string }[];
    volumes?: Record<string, unknown>[];
  }

  const podOf = (body: Body): PodSpec => (body.spec as { template: { spec: PodSpec } }).template.spec;

  async function patchPod(name: string, spec: object, patch: object): Promise<PodSpec> {
    const labels = { app: name };
    const template = { metadata: { labels }, spec };
    created(
      await admin.post(deployments, { metadata: { name }, spec: { selector: { matchLabels: labels }, template } }),
    );
    const change = { spec: { template: { spec: patch } } };
    return podOf(ok(await admin.patch(`${deployments}/${name}`, 'strategic', change)));
  }

  it('merges containers and their environment by name', async () => {
    const before = { containers: [container('a', { env: [{ name: 'X', value: '1' }] }), container('b')] };
    const env = [{ name: 'Y', value: '2' }];
    const pod = await patchPod('merge', before, { containers: [{ name: 'a', image: 'a:2', env }] });
    const [first, second] = [...pod.containers].sort((x, y) => x.name.localeCompare(y.name));
    expect(first).toMatchObject({ name: 'a', image: 'a:2' });
    expect(first!.env!.map(({ name }) => name).sort()).toEqual(['X', 'Y']);
    expect(second).toMatchObject({ name: 'b', image: 'b:1' });
  });

  it('adds containers that are new', async () => {
    const pod = await patchPod('adds', { containers: [container('a')] }, { containers: [container('b')] });
    expect(pod.containers.map(({ name }) => name).sort()).toEqual(['a', 'b']);
  });

  it('deletes by $patch: delete', async () => {
    const before = { containers: [container('a'), container('b')] };
    const pod = await patchPod('delete', before, { containers: [{ name: 'a', $patch: 'delete' }] });
    expect(pod.containers.map(({ name }) => name)).toEqual(['b']);
  });

  it('replaces by $patch: replace', async () => {
    const before = { containers: [container('a'), container('b')] };
    const pod = await patchPod('replace', before, { containers: [container('c'), { $patch: 'replace' }] });
    expect(pod.containers.map(({ name }) => name)).toEqual(['c']);
  });

  it('orders by $setElementOrder', async () => {
    const before = { containers: [container('a'), container('b')] };
    const order = [{ name: 'b' }, { name: 'a' }, { name: 'c' }];
    const pod = await patchPod('order', before, { '$setElementOrder/containers': order, containers: [container('c')] });
    expect(pod.containers.map(({ name }) => name)).toEqual(['b', 'a', 'c']);
  });

  it('replaces lists that have no merge key', async () => {
    const before = {
      containers: [container('a', { args: ['x', 'y'] })],
      tolerations: [{ key: 'k', operator: 'Exists' }],
    };
    const patch = { containers: [{ name: 'a', args: ['z'] }], tolerations: [{ key: 'l', operator: 'Exists' }] };
    const pod = await patchPod('atomic', before, patch);
    expect(pod.containers[0]!.args).toEqual(['z']);
    expect(pod.tolerations!.map(({ key }) => key)).toEqual(['l']);
  });

  it('keeps of a union what $retainKeys names', async () => {
    const before = { containers: [container('a')], volumes: [{ name: 'v', emptyDir: {} }] };
    const volume = { name: 'v', $retainKeys: ['name', 'configMap'], configMap: { name: 'c' } };
    const pod = await patchPod('retain', before, { volumes: [volume] });
    expect(pod.volumes![0]).toMatchObject({ name: 'v', configMap: { name: 'c' } });
    expect(pod.volumes![0]).not.toHaveProperty('emptyDir');
  });

  it('removes what is null, and items of a set by $deleteFromPrimitiveList', async () => {
    const configMaps = `/api/v1/namespaces/${namespace}/configmaps`;
    const metadata = { name: 'set', finalizers: ['x.test/a', 'x.test/b'] };
    created(await admin.post(configMaps, { metadata, data: { a: '1', b: '2' } }));
    const patch = { metadata: { '$deleteFromPrimitiveList/finalizers': ['x.test/a'] }, data: { a: null } };
    const body = ok(await admin.patch(`${configMaps}/set`, 'strategic', patch));
    expect([body.metadata.finalizers, body.data]).toEqual([['x.test/b'], { b: '2' }]);
    const added = ok(await admin.patch(`${configMaps}/set`, 'strategic', { metadata: { finalizers: ['x.test/c'] } }));
    expect([...added.metadata.finalizers!].sort()).toEqual(['x.test/b', 'x.test/c']);
    await admin.patch(`${configMaps}/set`, 'merge', { metadata: { finalizers: null } });
  });

  it('of a list item without its merge key is refused', async () => {
    await patchPod('keyless', { containers: [container('a')] }, {});
    const change = { spec: { template: { spec: { containers: [{ image: 'x' }] } } } };
    const { status, text } = await admin.patch(`${deployments}/keyless`, 'strategic', change);
    expect(status).toBeGreaterThanOrEqual(400);
    expect(text).toContain('does not contain declared merge key: name');
  });

  it('that changes nothing leaves resourceVersion alone', async () => {
    await patchPod('idle', { containers: [container('a')] }, {});
    const before = ok(await admin.get(`${deployments}/idle`)).metadata.resourceVersion;
    const change = { spec: { template: { spec: { containers: [container('a')] } } } };
    expect(ok(await admin.patch(`${deployments}/idle`, 'strategic', change)).metadata.resourceVersion).toBe(before);
  });
});
