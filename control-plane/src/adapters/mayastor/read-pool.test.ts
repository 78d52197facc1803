import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from '@couchestor/common/base';
import { Place } from './json-fields.ts';
import { nodeJson, poolJson } from './mayastor.fixture.ts';
import type { Named } from './names.ts';
import { readNode } from './read-node.ts';
import { readPool } from './read-pool.ts';

const pool = (value: unknown, labels = {}) =>
  factsOf(readPool(value, new Place('/v0/pools', '[0]'), new Map([['pool-a', labels]])));
const node = (value: unknown) => factsOf(readNode(value, new Place('/v0/nodes', '[0]')));

function factsOf<Facts>(entry: Named<Facts>): Facts {
  if (entry.kind !== 'named') throw new Error(`${entry.name} has no name that can be carried`);
  return entry.facts;
}

describe('a pool', () => {
  it('is read with its sizes and labels', () => {
    expect(pool(poolJson())).toEqual({
      pool: 'pool-a',
      node: 'node-a',
      status: 'Online',
      capacityBytes: 1000,
      usedBytes: 400,
      committedBytes: 700,
      labels: { tier: 'hot' },
      topologyLabels: { tier: 'hot' },
      cordoned: false,
      encrypted: false,
    });
  });

  it('has the labels of its DiskPool where the REST API says nothing else', () => {
    const facts = pool(poolJson(), { tier: 'cold', rack: 'r1' });
    expect(facts.labels).toEqual({ tier: 'hot', rack: 'r1' });
  });

  it('is placed by the labels of the REST API alone', () => {
    const facts = pool(poolJson(), { tier: 'cold', rack: 'r1' });
    expect(facts.topologyLabels).toEqual({ tier: 'hot' });
    expect(pool(poolJson({ spec: { labels: undefined } }), { tier: 'cold' })).toMatchObject({
      labels: { tier: 'cold' },
      topologyLabels: {},
    });
  });

  it('of a node that is away has no known state and no size', () => {
    const facts = pool({ ...poolJson(), state: undefined });
    expect(facts).toMatchObject({ node: 'node-a', status: 'Unknown', capacityBytes: 0, usedBytes: 0 });
  });

  it('that was not made by the control plane has no labels', () => {
    expect(pool({ ...poolJson(), spec: null })).toMatchObject({ node: 'node-a', status: 'Online', labels: {} });
  });

  it.each(['Suspected', 'Offline', undefined, 7])('in state %s is in none that is known', (status) => {
    expect(pool(poolJson({ state: { status } })).status).toBe('Unknown');
  });

  it('that is being deleted is no healthy one', () => {
    expect(pool(poolJson({ spec: { status: 'Deleting' } })).status).toBe('Unknown');
  });

  it.each([
    [undefined, false],
    [null, false],
    [{ cordoned: { replicas: true, snapshots: false, restores: false, import: false } }, true],
    [{ cordoned: { replicas: false, snapshots: true, restores: true, import: false } }, false],
    [{ cordoned: { replicas: false }, drain: { policy: {} } }, true],
    [{ something: 'later' }, true],
  ])('with cordonDrain %j keeps replicas away: %s', (cordonDrain, cordoned) => {
    expect(pool(poolJson({ spec: { cordonDrain } })).cordoned).toBe(cordoned);
  });

  it.each([
    [{ cordoned: { replicas: true, snapshots: false } }, undefined],
    [{ cordoned: { replicas: true, snapshots: true } }, true],
    [{ cordoned: { replicas: true }, drain: { policy: {} } }, true],
    [{ cordoned: { replicas: false, snapshots: true } }, undefined],
  ])('with cordonDrain %j is kept from new replicas by others than us: %s', (cordonDrain, byOthers) => {
    expect(pool(poolJson({ spec: { cordonDrain } })).cordonedByOthers).toBe(byOthers);
  });

  it.each([{ state: { encrypted: true } }, { spec: { encryption: { secret: 'x' } } }, { spec: { encrypted: true } }])(
    'with %j is encrypted',
    (parts) => {
      expect(pool(poolJson(parts)).encrypted).toBe(true);
    },
  );

  it.each([
    ['[0].id', { ...poolJson(), id: 7 }],
    ['[0].spec.node', poolJson({ spec: { node: null } })],
    ['[0].state.capacity', poolJson({ state: { capacity: undefined } })],
    ['[0].state.used', poolJson({ state: { used: -1 } })],
    ['[0].spec.labels.tier', poolJson({ spec: { labels: { tier: null } } })],
    ['[0]', { id: 'pool-a' }],
  ])('without a readable %s is refused, naming it', (field, value) => {
    expect(() => pool(value)).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        fields: expect.objectContaining({ path: '/v0/pools', field }),
      }),
    );
  });

  it('with a name that no object can carry is left to whoever lists it', () => {
    expect(readPool(poolJson({ id: 'Pool_1' }), new Place('/v0/pools'), new Map())).toEqual({
      kind: 'unnameable',
      name: 'Pool_1',
    });
  });
});

describe('a node', () => {
  it('is read with its labels, and fails by itself', () => {
    expect(node(nodeJson({ spec: { labels: { rack: 'r1' } } }))).toEqual({
      node: 'node-a',
      status: 'Online',
      cordoned: false,
      labels: { rack: 'r1' },
      topologyLabels: { rack: 'r1' },
      failureDomain: 'node-a',
    });
  });

  it.each([
    [{ cordonedstate: { cordonlabels: ['maintenance'] } }, ['maintenance']],
    [{ drainingstate: { cordonlabels: ['c'], drainlabels: ['d'] } }, ['c', 'd']],
    [{ drainedstate: { cordonlabels: [], drainlabels: ['d'] } }, ['d']],
    [{ laterstate: 'yes' }, undefined],
    [{ cordonedstate: { cordonlabels: ['c', 7] } }, undefined],
    [{ cordonedstate: { cordonlabels: {} } }, undefined],
  ])('with %j is cordoned, under labels %j', (cordondrainstate, cordonLabels) => {
    expect(node(nodeJson({ spec: { cordondrainstate } }))).toMatchObject({ cordoned: true });
    expect(node(nodeJson({ spec: { cordondrainstate } })).cordonLabels).toEqual(cordonLabels);
  });

  it.each([
    [nodeJson({ state: { status: 'Offline' } }), 'Offline'],
    [nodeJson({ state: { status: 'Rebooting' } }), 'Unknown'],
    [{ id: 'node-a' }, 'Unknown'],
  ])('%# has the state that is said of it', (value, status) => {
    expect(node(value).status).toBe(status);
  });
});

it('reading pools and nodes gives facts or refuses with path and field, whatever the JSON', () => {
  const part = fc.option(
    fc.dictionary(fc.constantFrom('node', 'status', 'capacity', 'used', 'labels', 'cordonDrain'), fc.jsonValue()),
  );
  const shaped = fc.record({ id: fc.oneof(fc.string(), fc.constant('pool-a')), spec: part, state: part });
  fc.assert(
    fc.property(fc.oneof(fc.jsonValue(), shaped), (value) => {
      for (const read of [
        () => readPool(value, new Place('/v0/x'), new Map()),
        () => readNode(value, new Place('/v0/x')),
      ]) {
        try {
          expect(['named', 'unnameable']).toContain(read().kind);
        } catch (error) {
          if (!(error instanceof CoucheStorError)) throw error;
          expect(error).toMatchObject({ code: 'unsupported', fields: { path: '/v0/x' } });
        }
      }
    }),
    { numRuns: 1_000 },
  );
});
