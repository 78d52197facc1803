import { describe, expect, it } from '@jest/globals';
import { createNamespace } from './harness/namespaces.ts';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);
const namespace = await createNamespace(target);
const core = `/api/v1/namespaces/${namespace}`;

await widgets.create('hot', { size: 1 }, { labels: { tier: 'hot', zone: 'a', rank: '5' } });
await widgets.create('warm', { size: 1 }, { labels: { tier: 'warm', zone: 'b', rank: '10' } });
await widgets.create('cold', { size: 1 }, { labels: { tier: 'cold', empty: '' } });
await widgets.create('bare');

const found = async (path: string, query: Record<string, string>): Promise<string[]> =>
  ok(await admin.get(path, { query })).items.map(({ metadata }) => metadata.name);

describe('a label selector', () => {
  it.each([
    ['', ['bare', 'cold', 'hot', 'warm']],
    ['tier=hot', ['hot']],
    ['tier==hot', ['hot']],
    ['tier!=hot', ['bare', 'cold', 'warm']],
    ['tier', ['cold', 'hot', 'warm']],
    ['!tier', ['bare']],
    ['tier in (hot, warm)', ['hot', 'warm']],
    ['tier notin (hot,warm)', ['bare', 'cold']],
    ['tier,zone', ['hot', 'warm']],
    ['zone=a,tier=hot', ['hot']],
    ['zone=a,tier=warm', []],
    ['empty=', ['cold']],
    ['empty in ()', ['cold']],
    ['rank>5', ['warm']],
    ['rank<10', ['hot']],
    [' tier = hot , zone = a ', ['hot']],
  ])('%j', async (labelSelector, expected) => {
    expect(await found(widgets.path, { labelSelector })).toEqual(expected);
  });

  it.each(['tier in hot', 'tier in (hot', 'tier=hot,', '=hot', 'tier hot', 'a b=c', '-x', 'tier=a b', 'rank>x'])(
    'is refused when it does not parse: %s',
    async (labelSelector) => {
      const { status, body } = await admin.get(widgets.path, { query: { labelSelector } });
      expect([status, body.reason]).toEqual([400, 'BadRequest']);
    },
  );

  it('is refused with the mistake', async () => {
    const { body } = await admin.get(widgets.path, { query: { labelSelector: 'tier in hot' } });
    expect(body.message).toMatch(/unable to parse requirement: found '.*hot',? expected: /);
  });
});

describe('a field selector', () => {
  it.each([
    ['metadata.name=hot', ['hot']],
    ['metadata.name==hot', ['hot']],
    ['metadata.name!=hot', ['bare', 'cold', 'warm']],
    ['metadata.namespace=default', ['bare', 'cold', 'hot', 'warm']],
    ['metadata.namespace=other', []],
    ['metadata.name=hot,metadata.namespace=default', ['hot']],
  ])('%s', async (fieldSelector, expected) => {
    expect(await found(widgets.path, { fieldSelector })).toEqual(expected);
  });

  it.each([
    [
      'an unknown field of a custom resource',
      () => widgets.path,
      'spec.size=1',
      /field label not supported: spec\.size/,
    ],
    ['an unknown field of a built-in type', () => `${core}/configmaps`, 'data.a=1', /"?data\.a"?/],
    [
      'no operator',
      () => widgets.path,
      'metadata.name',
      /invalid selector: 'metadata\.name'; can't understand 'metadata\.name'/,
    ],
  ])('is refused: %s', async (_why, path, fieldSelector, message) => {
    const { status, body } = await admin.get(path(), { query: { fieldSelector } });
    expect([status, body.reason]).toEqual([400, 'BadRequest']);
    expect(body.message).toMatch(message);
  });

  it('selects pods by node and phase', async () => {
    for (const [name, nodeName] of [
      ['p1', 'n1'],
      ['p2', 'n2'],
    ]) {
      const spec = { nodeName, containers: [{ name: 'c', image: 'i' }] };
      created(await admin.post(`${core}/pods`, { metadata: { name }, spec }));
    }
    expect(await found(`${core}/pods`, { fieldSelector: 'spec.nodeName=n1' })).toEqual(['p1']);
    expect(await found(`${core}/pods`, { fieldSelector: 'status.phase=Pending,spec.nodeName!=n1' })).toEqual(['p2']);
  });

  it('selects events by what they are about', async () => {
    for (const [name, kind, reason] of [
      ['e1', 'Widget', 'Moved'],
      ['e2', 'Node', 'Ready'],
    ]) {
      const involvedObject = { kind, name: 'x', namespace };
      created(await admin.post(`${core}/events`, { metadata: { name }, involvedObject, reason, type: 'Normal' }));
    }
    expect(await found(`${core}/events`, { fieldSelector: 'involvedObject.kind=Widget' })).toEqual(['e1']);
    expect(await found(`${core}/events`, { fieldSelector: 'reason=Ready,type=Normal' })).toEqual(['e2']);
  });

  it('selects secrets by type', async () => {
    created(await admin.post(`${core}/secrets`, { metadata: { name: 's1' }, type: 'example.test/a' }));
    created(await admin.post(`${core}/secrets`, { metadata: { name: 's2' } }));
    expect(await found(`${core}/secrets`, { fieldSelector: 'type=example.test/a' })).toEqual(['s1']);
    expect(await found(`${core}/secrets`, { fieldSelector: 'type=Opaque' })).toEqual(['s2']);
  });
});
