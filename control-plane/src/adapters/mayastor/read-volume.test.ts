import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from '@couchestor/common/base';
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';
import { Place } from './json-fields.ts';
import { volumeJson, VOLUME_ID, type Json } from './mayastor.fixture.ts';
import { readVolume, withAffinity } from './read-volume.ts';

const place = new Place('/v0/volumes', 'entries[3]');
const read = (value: unknown): VolumeFacts => readVolume(value, place).facts;

describe('a volume', () => {
  it('is read with its target and replicas', () => {
    expect(read(volumeJson())).toEqual({
      volumeId: VOLUME_ID,
      sizeBytes: 80241024,
      replicaCount: 2,
      specStatus: 'Created',
      busy: false,
      status: 'Degraded',
      target: { node: 'node-a', status: 'Online', rebuildCount: 1, childCount: 2 },
      replicas: [
        {
          replicaId: '03f0c3f1-4d3e-44e5-b768-4c50e53f7a34',
          pool: 'pool-a',
          node: 'node-a',
          status: 'Online',
          childStatus: 'Online',
          rebuildPercent: undefined,
          allocatedBytes: 41943040,
        },
        {
          replicaId: 'a76adcd6-9df0-47a1-90a5-2d5bf4151572',
          pool: 'pool-b',
          node: 'node-b',
          status: 'Online',
          childStatus: 'Degraded',
          rebuildPercent: 42,
          allocatedBytes: undefined,
        },
      ],
      thin: false,
      snapshotCount: 0,
      affinityGroup: undefined,
      topology: { poolInclusion: {}, poolExclusion: {}, nodeInclusion: {}, nodeExclusion: {}, allowedNodes: undefined },
    });
  });

  it('of 2.0 gets the states of its replicas from the children of its target', () => {
    const replica = { node: 'node-b', pool: 'pool-b', state: 'Online' };
    const replica_topology = { 'a76adcd6-9df0-47a1-90a5-2d5bf4151572': replica };
    const { replicas } = read(volumeJson({ state: { replica_topology } }));
    expect(replicas).toMatchObject([{ childStatus: 'Degraded', rebuildPercent: 42 }]);
  });

  it('is not published without a target, and its replicas are children of nothing', () => {
    const replica_topology = { r: { node: 'node-a', pool: 'pool-a', state: 'Online' } };
    const facts = read(volumeJson({ spec: { target: null }, state: { target: null, replica_topology } }));
    expect(facts).toMatchObject({ target: undefined, replicas: [{ status: 'Online', childStatus: undefined }] });
  });

  it('is published on a target that is gone as long as the specification says so', () => {
    const { target } = read(volumeJson({ state: { target: undefined } }));
    expect(target).toEqual({ node: 'node-a', status: 'Unknown', rebuildCount: 0, childCount: 0 });
  });

  it('is busy while an operation is recorded', () => {
    expect(read(volumeJson({ spec: { operation: { operation: 'SetReplica' } } })).busy).toBe(true);
    expect(read(volumeJson({ spec: { operation: null } })).busy).toBe(false);
  });

  it('counts snapshots where the release does, and is thin once it was made so', () => {
    expect(read(volumeJson({ spec: { num_snapshots: 2, as_thin: true } }))).toMatchObject({
      snapshotCount: 2,
      thin: true,
    });
    expect(read(volumeJson({ spec: { num_snapshots: undefined } })).snapshotCount).toBe(0);
  });

  it('shows its topology and its affinity group', () => {
    const topology = {
      node_topology: { explicit: { allowed_nodes: ['node-a', 'node-b'], preferred_nodes: [] } },
      pool_topology: { labelled: { inclusion: { tier: 'hot', media: '' }, exclusion: { rack: '' } } },
    };
    expect(read(volumeJson({ spec: { topology, affinity_group: { id: 'sts' } } }))).toMatchObject({
      affinityGroup: 'sts',
      topology: {
        poolInclusion: { tier: 'hot', media: '' },
        poolExclusion: { rack: '' },
        allowedNodes: ['node-a', 'node-b'],
      },
    });
    const labelled = { labelled: { inclusion: { zone: 'z1' }, exclusion: {} } };
    const spec = { topology: { node_topology: labelled, pool_topology: null } };
    expect(read(volumeJson({ spec })).topology).toMatchObject({
      nodeInclusion: { zone: 'z1' },
      allowedNodes: undefined,
    });
  });

  it.each(['affinity_key', 'affinitykey'])('is bound by %s to the values that its pools and nodes have now', (key) => {
    const labelled = (name: string): Json => ({ labelled: { inclusion: {}, exclusion: {}, [key]: [name] } });
    const topology = { pool_topology: labelled('tier'), node_topology: labelled('rack') };
    const volume = readVolume(volumeJson({ spec: { topology } }), place);
    const labels = { pool: () => ({ tier: 'hot' }), node: () => ({}) };
    expect(withAffinity(volume, labels).topology).toMatchObject({
      poolInclusion: { tier: 'hot' },
      nodeInclusion: { rack: '' },
    });
  });

  it('of a later release is read as far as it is known', () => {
    const odd = { node: 'node-a', pool: 'Pool_1', state: 'Suspected', 'rebuild-progress': 'soon', encrypted: true };
    const facts = read(
      volumeJson({
        spec: { status: 'Migrating', tenant: 'x' },
        state: { status: 'Resting', health: {}, replica_topology: { r: odd } },
      }),
    );
    expect(facts).toMatchObject({ specStatus: 'Migrating', status: 'Unknown' });
    expect(facts.replicas).toMatchObject([{ status: 'Unknown', pool: undefined, node: 'node-a', rebuildPercent: 0 }]);
  });

  it.each([
    ['spec', { ...volumeJson(), spec: undefined }],
    ['spec.uuid', volumeJson({ spec: { uuid: '../etc' } })],
    ['spec.size', volumeJson({ spec: { size: '80241024' } })],
    ['spec.num_replicas', volumeJson({ spec: { num_replicas: null } })],
    ['spec.thin', volumeJson({ spec: { thin: 'no' } })],
    ['spec.num_snapshots', volumeJson({ spec: { num_snapshots: -1 } })],
    ['spec.topology', volumeJson({ spec: { topology: 'any' } })],
    [
      'spec.topology.pool_topology.labelled.inclusion.tier',
      volumeJson({ spec: { topology: { pool_topology: { labelled: { inclusion: { tier: 1 } } } } } }),
    ],
    [
      'spec.topology.node_topology.explicit.allowed_nodes[0]',
      volumeJson({ spec: { topology: { node_topology: { explicit: { allowed_nodes: ['Node_1'] } } } } }),
    ],
    ['state', { ...volumeJson(), state: [] }],
    ['state.replica_topology', volumeJson({ state: { replica_topology: null } })],
    ['state.replica_topology.r', volumeJson({ state: { replica_topology: { r: 'Online' } } })],
    ['state.target.rebuilds', volumeJson({ state: { target: { node: 'node-a', children: [] } } })],
    ['state.target.children', volumeJson({ state: { target: { node: 'node-a', rebuilds: 0 } } })],
  ])('without a readable %s is refused, naming it', (field, value) => {
    expect(() => read(value)).toThrow(
      expect.objectContaining({
        code: 'unsupported',
        retryable: false,
        fields: expect.objectContaining({ path: '/v0/volumes', field: `entries[3].${field}` }),
      }),
    );
  });
});

/** A copy in which one value somewhere is another one. */
function mutated(value: unknown, path: number, replacement: unknown): unknown {
  const places: { readonly holder: Json; readonly key: string }[] = [];
  const collect = (holder: Json): void => {
    for (const key of Object.keys(holder)) {
      places.push({ holder, key });
      const child = holder[key];
      if (typeof child === 'object' && child !== null) collect(child as Json);
    }
  };
  const copy = structuredClone(value) as Json;
  collect(copy);
  const chosen = places[path % places.length]!;
  chosen.holder[chosen.key] = replacement;
  return copy;
}

/** What every reader of facts may rely on. */
function expectSound({ sizeBytes, replicaCount, replicas, target }: VolumeFacts): void {
  const counts = [sizeBytes, replicaCount, target?.rebuildCount ?? 0, ...replicas.map((r) => r.allocatedBytes ?? 0)];
  for (const count of counts) expect(Number.isInteger(count) && count >= 0).toBe(true);
  for (const { pool, node } of replicas)
    expect([typeof pool, typeof node]).toEqual([expect.any(String), expect.any(String)]);
}

describe('reading a volume', () => {
  it('gives sound facts or refuses with path and field, whatever the JSON', () => {
    const anything = fc.oneof(
      fc.jsonValue(),
      fc.tuple(fc.nat(), fc.jsonValue()).map(([path, value]) => mutated(volumeJson(), path, value)),
      fc.record({ spec: fc.jsonValue(), state: fc.jsonValue() }),
    );
    fc.assert(
      fc.property(anything, (value) => {
        try {
          expectSound(read(value));
        } catch (error) {
          if (!(error instanceof CoucheStorError)) throw error;
          expect(error).toMatchObject({ code: 'unsupported', fields: { path: '/v0/volumes' } });
          expect(String(error.fields.field)).toMatch(/^entries\[3\]/);
        }
      }),
      { numRuns: 2_000 },
    );
  });
});
