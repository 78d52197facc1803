import { describe, expect, it } from '@jest/globals';
import { parseNodeName, parseVolumeId } from '@couchestor/common/base';
import type { ClaimFacts, NodeFacts, StorageFacts } from './cluster-snapshot.ts';
import { composeSnapshot, ZONE_LABEL } from './compose-snapshot.ts';

const node = (name: string, labels: Record<string, string> = {}): NodeFacts => ({
  node: parseNodeName(name),
  status: 'Online',
  cordoned: false,
  labels,
  topologyLabels: labels,
  failureDomain: name,
});
const storage = (nodes: readonly NodeFacts[]): StorageFacts => ({
  capabilities: {
    kind: 'MayastorRest',
    version: '2.10.0',
    canMoveReplicas: true,
    removalKnowsTopology: true,
    removalKnowsCordons: true,
    poolCordons: true,
  },
  volumes: [],
  pools: [],
  nodes,
});
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
