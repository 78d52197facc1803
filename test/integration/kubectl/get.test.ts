import { expect, it } from '@jest/globals';
import { setTimeout } from 'node:timers/promises';
import { createNamespace } from '../../contract/kube-api/harness/namespaces.ts';
import { openTarget } from '../../contract/kube-api/harness/target.ts';
import { created, installWidgets } from '../../contract/kube-api/harness/widgets.ts';
import { requireTool } from '../../skips.ts';
import { CommandLine, tableOf } from './kubectl.ts';

const tool = requireTool('kubectl');
const target = await openTarget();
const kubectl = await CommandLine.of(tool.path, target);
const namespace = await createNamespace(target);
const widgets = await installWidgets(target, {
  columns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Mode', type: 'string', jsonPath: '.spec.mode', priority: 1 },
    { name: 'Age', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
});
await widgets.create('a', { size: 3 }, { labels: { tier: 'hot' } });
await widgets.create('b', { size: 2, mode: 'Fast' }, { labels: { tier: 'cold' } });
created(
  await target.admin.post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'm' }, data: { k: 'v' } }),
);

tool.describe('kubectl get', () => {
  it('prints the columns of the definition', async () => {
    const [heading, ...rows] = tableOf(await kubectl.ok(['get', widgets.crd]));
    expect(heading).toEqual(['NAME', 'SIZE', 'AGE']);
    expect(rows.map((row) => row.slice(0, 2))).toEqual([
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it.each([
    ['the singular', 'widget'],
    ['the short name', 'wd'],
    ['the kind', 'Widget'],
  ])('knows a type by %s', async (_what, word) => {
    const output = await kubectl.ok(['get', `${word}.v1.${widgets.group}`, 'a', '-o', 'name']);
    expect(output.trim()).toBe(`widget.${widgets.group}/a`);
  });

  it('knows types by their category', async () => {
    expect(await kubectl.ok(['get', 'contract', '-o', 'name'])).toContain(`widget.${widgets.group}/a`);
  });

  it('prints more columns with -o wide', async () => {
    const [heading, first] = tableOf(await kubectl.ok(['get', widgets.crd, '-o', 'wide']));
    expect([heading, first!.slice(0, 3)]).toEqual([
      ['NAME', 'SIZE', 'MODE', 'AGE'],
      ['a', '3', 'Slow'],
    ]);
  });

  it('prints YAML, JSON, names, paths and own columns', async () => {
    expect(await kubectl.ok(['get', widgets.crd, 'a', '-o', 'yaml'])).toContain('spec:\n  mode: Slow\n  size: 3\n');
    const list = await kubectl.json<{ kind: string; items: unknown[] }>(['get', widgets.crd]);
    expect([list.kind, list.items.length]).toEqual(['List', 2]);
    expect(await kubectl.ok(['get', widgets.crd, '-o', 'jsonpath={.items[*].spec.size}'])).toBe('3 2');
    const columns = await kubectl.ok(['get', widgets.crd, '-o', 'custom-columns=N:.metadata.name,S:.spec.size']);
    expect(tableOf(columns)).toEqual([
      ['N', 'S'],
      ['a', '3'],
      ['b', '2'],
    ]);
  });

  it('selects, sorts and shows labels', async () => {
    const rows = async (...args: string[]): Promise<string[]> =>
      (await kubectl.ok(['get', widgets.crd, '-o', 'name', ...args]))
        .trim()
        .split('\n')
        .map((line) => line.split('/')[1]!);
    expect(await rows('-l', 'tier=hot')).toEqual(['a']);
    expect(await rows('--field-selector', 'metadata.name=b')).toEqual(['b']);
    expect(await rows('--sort-by', '.spec.size')).toEqual(['b', 'a']);
    expect(await rows('--chunk-size', '1')).toEqual(['a', 'b']);
    expect(await kubectl.ok(['get', widgets.crd, '--show-labels'])).toContain('tier=hot');
    expect(tableOf(await kubectl.ok(['get', widgets.crd, '-L', 'tier']))[0]).toEqual(['NAME', 'SIZE', 'AGE', 'TIER']);
  });

  it('prints every namespace with -A', async () => {
    const [heading, ...rows] = tableOf(await kubectl.ok(['get', 'configmaps', '-A']));
    expect(heading).toEqual(['NAMESPACE', 'NAME', 'DATA', 'AGE']);
    expect(rows.map((row) => row.slice(0, 3))).toContainEqual([namespace, 'm', '1']);
  });

  it('watches with -w', async () => {
    const follower = kubectl.follow(['get', widgets.crd, '-w', '--output-watch-events', '--no-headers']);
    const words: string[] = [];
    for (let index = 0; index < 2; index++) words.push(await follower.next());
    await widgets.create('c');
    words.push(await follower.next());
    await target.admin.delete(`${widgets.path}/c`);
    words.push(await follower.next());
    follower.stop();
    const seen = words.map((line) => line.split(/ +/).slice(0, 2).join(' '));
    expect(seen).toEqual(['ADDED a', 'ADDED b', 'ADDED c', 'DELETED c']);
  });

  it('watches a table', async () => {
    const follower = kubectl.follow(['get', widgets.crd, 'a', '-w', '--no-headers']);
    expect((await follower.next()).split(/ {3,}/).slice(0, 2)).toEqual(['a', '3']);
    // Of a single object kubectl drops the first event of its watch, which holds whatever changed before the watch began.
    let line = '';
    void follower.next().then((text) => (line = text));
    for (let change = 0; line === ''; change++) {
      await target.admin.patch(`${widgets.path}/a`, 'merge', { metadata: { annotations: { change: `${change}` } } });
      await setTimeout(200);
    }
    expect(line.split(/ {3,}/).slice(0, 2)).toEqual(['a', '3']);
    follower.stop();
  });

  it('says what it cannot find', async () => {
    const missing = await kubectl.run(['get', widgets.crd, 'none']);
    expect([missing.code, missing.stderr]).toEqual([
      1,
      `Error from server (NotFound): ${widgets.crd} "none" not found\n`,
    ]);
    const unknown = await kubectl.run(['get', 'sprockets']);
    expect([unknown.code, unknown.stderr]).toEqual([1, `error: the server doesn't have a resource type "sprockets"\n`]);
  });

  it('reads any path with --raw', async () => {
    expect(await kubectl.ok(['get', '--raw', '/readyz'])).toBe('ok');
    expect(JSON.parse(await kubectl.ok(['get', '--raw', widgets.path]))).toMatchObject({ kind: 'WidgetList' });
  });
});

tool.describe('kubectl describe', () => {
  it('shows objects of any type with their events', async () => {
    const { uid } = (await target.admin.get(`${widgets.path}/a`)).body.metadata;
    const involvedObject = { apiVersion: widgets.apiVersion, kind: 'Widget', name: 'a', namespace: 'default', uid };
    const event = {
      metadata: { generateName: 'a.' },
      involvedObject,
      reason: 'Polished',
      message: 'It shines.',
      type: 'Normal',
    };
    const { body } = await target.admin.post('/api/v1/namespaces/default/events', event);
    target.defer(() => target.admin.delete(`/api/v1/namespaces/default/events/${body.metadata.name}`));
    const output = await kubectl.ok(['describe', widgets.crd, 'a']);
    expect(output).toMatch(/Name: +a\n/);
    expect(output).toMatch(/Spec:\n +Mode: +Slow\n +Size: +3\n/);
    expect(output).toMatch(/Normal +Polished/);
  });

  it.each(['namespace default', 'configmap m'])('%s', async (what) => {
    expect(
      await kubectl.ok(['describe', ...what.split(' '), '-n', what.startsWith('namespace') ? 'default' : namespace]),
    ).toMatch(/^Name:/);
  });
});

tool.describe('kubectl events', () => {
  it('lists what happened in a namespace', async () => {
    const involvedObject = { apiVersion: 'v1', kind: 'ConfigMap', name: 'm', namespace };
    const now = new Date().toISOString().replace(/\.\d+Z/, 'Z');
    const times = { firstTimestamp: now, lastTimestamp: now, count: 1 };
    const event = {
      metadata: { name: 'm.1' },
      involvedObject,
      reason: 'Read',
      message: 'It was read.',
      type: 'Normal',
      ...times,
    };
    created(await target.admin.post(`/api/v1/namespaces/${namespace}/events`, event));
    const rows = tableOf(await kubectl.ok(['events', '-n', namespace]));
    expect(rows[0]).toEqual(['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']);
    expect(rows[1]!.slice(1)).toEqual(['Normal', 'Read', 'ConfigMap/m', 'It was read.']);
    expect(await kubectl.ok(['events', '-n', namespace, '--for', 'configmap/m'])).toContain('It was read.');
    const [heading] = tableOf(await kubectl.ok(['get', 'events', '-n', namespace]));
    expect(heading).toEqual(['LAST SEEN', 'TYPE', 'REASON', 'OBJECT', 'MESSAGE']);
  });
});
