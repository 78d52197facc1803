import { describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import type { ClaimFacts, MigrationFacts, NodeFacts, PoolFacts, StorageFacts } from './cluster-snapshot.ts';
import { composeSnapshot, ZONE_LABEL } from './compose-snapshot.ts';
import { NO_STORAGE } from './storage.fixture.ts';

const node = (name: string, labels: Record<string, string> = {}): NodeFacts => ({
  node: parseNodeName(name),
  status: 'Online',
  cordoned: false,
  labels,
  topologyLabels: labels,
  failureDomain: name,
});
const storage = (nodes: readonly NodeFacts[]): StorageFacts => ({ ...NO_STORAGE, nodes });
const compose = (nodes: readonly NodeFacts[], nodeLabels: Record<string, Record<string, string>>) =>
  composeSnapshot({
    storage: storage(nodes),
    objects: { claims: [], nodeLabels: new Map(Object.entries(nodeLabels)), migrations: [] },
    takenAtMs: 7,
  });

describe('composeSnapshot', () => {
  it('lays the labels of the Kubernetes node under those of the storage system', () => {
    const { storage: merged, takenAtMs } = compose([node('a', { disk: 'nvme' })], { a: { disk: 'hdd', rack: '7' } });
    expect(merged.nodes[0]?.labels).toEqual({ disk: 'nvme', rack: '7' });
    expect(merged.nodes[0]?.topologyLabels).toEqual({ disk: 'nvme' });
    expect(takenAtMs).toBe(7);
  });

  it('takes the zone as the failure domain, and the node itself where none is known', () => {
    const nodes = [node('a'), node('b', { [ZONE_LABEL]: 'west' }), node('c'), node('d')];
    const { storage: merged } = compose(nodes, {
      a: { [ZONE_LABEL]: 'east' },
      b: { [ZONE_LABEL]: 'east' },
      d: { [ZONE_LABEL]: '' },
    });
    expect(merged.nodes.map(({ failureDomain }) => failureDomain)).toEqual(['east', 'west', 'c', 'd']);
  });

  it('keeps a claim whose volume the storage system does not have, and one whose names disagree', () => {
    const claim: ClaimFacts = {
      volumeId: parseVolumeId('ec4e66fd-3b33-4439-b504-d49aba53da26'),
      volumeName: 'imported-by-hand',
      storageClassName: 'mayastor',
      claim: undefined,
    };
    const snapshot = composeSnapshot({
      storage: storage([]),
      objects: { claims: [claim], nodeLabels: new Map(), migrations: [] },
      takenAtMs: 0,
    });
    expect(snapshot.claims).toEqual([claim]);
  });
});

describe('cordons', () => {
  const setTime = '2026-01-01T00:00:00Z';
  const pool = (name: string, rest: Partial<PoolFacts> = {}): PoolFacts => ({
    pool: parsePoolName(name),
    node: parseNodeName('a'),
    status: 'Online',
    capacityBytes: 1,
    usedBytes: 0,
    committedBytes: 0,
    labels: {},
    topologyLabels: {},
    cordoned: true,
    encrypted: false,
    ...rest,
  });
  const migration = (cordons: MigrationFacts['cordons']): MigrationFacts => ({
    name: 'v-1',
    volumeId: parseVolumeId('v'),
    policy: 'gold',
    phase: 'Adding',
    from: 'Hot',
    to: 'Cold',
    targetPool: undefined,
    startedAtMs: 0,
    completedAtMs: undefined,
    extraReplica: false,
    ...(cordons === undefined ? {} : { cordons }),
  });
  const cordonedNode = (cordonLabels?: readonly string[]): NodeFacts => ({
    ...node('a'),
    cordoned: true,
    ...(cordonLabels === undefined ? {} : { cordonLabels }),
  });
  const own = { kind: 'Node', name: 'a', label: 'couchestor-1', setTime } as const;
  const cordoned = (
    facts: Pick<StorageFacts, 'pools' | 'nodes'>,
    before: MigrationFacts['cordons'],
    after?: MigrationFacts['cordons'],
  ) => {
    const { storage: seen } = composeSnapshot({
      storage: { ...storage([]), ...facts },
      objects: { claims: [], nodeLabels: new Map(), migrations: [migration(before)] },
      migrationsAfter: [migration(after)],
      takenAtMs: 0,
    });
    return [...seen.pools, ...seen.nodes].map((one) => one.cordoned);
  };

  it('that a migration has set are left out, and no others', () => {
    const pools = [pool('p1'), pool('p2')];
    expect(cordoned({ pools, nodes: [] }, [{ kind: 'Pool', name: 'p1', setTime }])).toEqual([false, true]);
    expect(cordoned({ pools: [], nodes: [cordonedNode(['couchestor-1'])] }, [own])).toEqual([false]);
    expect(cordoned({ pools: [], nodes: [cordonedNode(['couchestor-1'])] }, undefined)).toEqual([true]);
  });

  it('may be set, or lifted and forgotten, while the storage system answers', () => {
    const nodes = [cordonedNode(['couchestor-1'])];
    expect(cordoned({ pools: [], nodes }, [own], undefined)).toEqual([false]);
    expect(cordoned({ pools: [], nodes }, undefined, [own])).toEqual([false]);
  });

  it('of somebody else beside ours count still, where they can be told from ours', () => {
    expect(cordoned({ pools: [], nodes: [cordonedNode(['couchestor-1', 'maintenance'])] }, [own])).toEqual([true]);
    expect(cordoned({ pools: [], nodes: [cordonedNode(['couchestor-2'])] }, [own])).toEqual([true]);
    expect(cordoned({ pools: [], nodes: [cordonedNode()] }, [own])).toEqual([false]);
    const pools = [pool('p1', { cordonedByOthers: true })];
    expect(cordoned({ pools, nodes: [] }, [{ kind: 'Pool', name: 'p1', setTime }])).toEqual([true]);
  });
});
