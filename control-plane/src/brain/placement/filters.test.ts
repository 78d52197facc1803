import { describe, expect, it } from '@jest/globals';
import type { NodeFacts, PoolFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import {
  GIB,
  NO_TOPOLOGY,
  node,
  nodeName,
  pool,
  poolName,
  request,
  storage,
  target,
  volume,
  volumeId,
  type Release,
} from './placement.fixture.ts';
import { planMove } from './plan-move.ts';
import { REJECTION_CODES } from './rejection-codes.ts';

interface Case {
  readonly pool?: Partial<PoolFacts>;
  readonly node?: Partial<NodeFacts> | 'missing';
  readonly source?: Partial<PoolFacts>;
  readonly volume?: Partial<VolumeFacts>;
  readonly others?: readonly VolumeFacts[];
  readonly otherPools?: readonly PoolFacts[];
  readonly release?: Release;
}

/** What is found about cold-n2 for a volume with one replica on hot-n1. */
function verdictOf(given: Case): string {
  const moved = volume(['hot-n1'], given.volume);
  const facts = storage({
    release: given.release ?? '2.10',
    volumes: [moved, ...(given.others ?? [])],
    pools: [pool('hot-n1', given.source), pool('cold-n2', given.pool), ...(given.otherPools ?? [])],
    nodes: [node('n1'), ...(given.node === 'missing' ? [] : [node('n2', given.node)])],
  });
  const plan = planMove(request(facts, { volume: moved }));
  const found = plan.candidates.find((candidate) => candidate.pool === 'cold-n2')?.verdict;
  return found?.kind === 'rejected' ? found.code : (found?.kind ?? 'not listed');
}

const topology = (changed: Partial<VolumeFacts['topology']>): Partial<VolumeFacts> => ({
  topology: { ...NO_TOPOLOGY, ...changed },
});
const sibling = volume(['hot-n2'], { volumeId: volumeId('v2'), affinityGroup: 'g' });
const pair = { affinityGroup: 'g', replicaCount: 2, target: target('n1', 2) };
const twoReplicas = { ...pair, replicas: volume(['hot-n1', 'hot-n3']).replicas };

const CASES: readonly (readonly [string, string, Case])[] = [
  ['a healthy pool with room', 'chosen', {}],
  ['a pool of no tier', 'not listed', { pool: { pool: poolName('other-n2') } }],
  ['a faulted pool', 'PoolNotOnline', { pool: { status: 'Faulted' } }],
  ['a pool of unknown status', 'PoolNotOnline', { pool: { status: 'Unknown' } }],
  ['a cordoned pool', 'PoolCordoned', { pool: { cordoned: true } }],
  ['a node that is not known', 'NodeUnknown', { node: 'missing' }],
  ['a node that is offline', 'NodeNotOnline', { node: { status: 'Offline' } }],
  ['a node of unknown status', 'NodeNotOnline', { node: { status: 'Unknown' } }],
  ['a cordoned node', 'NodeCordoned', { node: { cordoned: true } }],
  ['the node of the replica itself', 'NodeHoldsReplica', { pool: { node: nodeName('n1') } }],
  ['the node of a sibling', 'NodeHoldsSibling', { volume: twoReplicas, others: [sibling] }],
  [
    'a pool without a label that is asked for',
    'TopologyExcludesPool',
    { volume: topology({ poolInclusion: { x: '' } }) },
  ],
  ['a pool with the label, any value', 'chosen', { volume: topology({ poolInclusion: { tier: '' } }) }],
  ['a pool of another value', 'TopologyExcludesPool', { volume: topology({ poolInclusion: { tier: 'hot' } }) }],
  ['a pool that is excluded', 'TopologyExcludesPool', { volume: topology({ poolExclusion: { tier: 'cold' } }) }],
  ['a node of another label', 'TopologyExcludesNode', { volume: topology({ nodeInclusion: { rack: 'a' } }) }],
  [
    'a node of that label',
    'chosen',
    { volume: topology({ nodeInclusion: { rack: 'a' } }), node: { labels: { rack: 'a' } } },
  ],
  ['a node without the key of a spread', 'TopologyExcludesNode', { volume: topology({ nodeExclusion: { rack: '' } }) }],
  [
    'a node with the key of a spread',
    'chosen',
    { volume: topology({ nodeExclusion: { rack: '' } }), node: { labels: { rack: 'b' } } },
  ],
  ['a node that is not on the list', 'TopologyExcludesNode', { volume: topology({ allowedNodes: [nodeName('n1')] }) }],
  [
    'a pool whose label stands on its DiskPool alone',
    'TopologyExcludesPool',
    { volume: topology({ poolInclusion: { tier: 'cold' } }), pool: { topologyLabels: {} } },
  ],
  [
    'a pool whose label Mayastor alone knows',
    'chosen',
    { volume: topology({ poolInclusion: { x: 'y' } }), pool: { topologyLabels: { x: 'y' } } },
  ],
  [
    'a pool that its DiskPool alone excludes',
    'chosen',
    { volume: topology({ poolExclusion: { tier: 'cold' } }), pool: { topologyLabels: {} } },
  ],
  [
    'a node whose label Kubernetes alone knows',
    'TopologyExcludesNode',
    { volume: topology({ nodeInclusion: { rack: 'a' } }), node: { labels: { rack: 'a' }, topologyLabels: {} } },
  ],
  ['a pool smaller than the volume', 'PoolTooSmall', { pool: { capacityBytes: 9 * GIB, usedBytes: 0 } }],
  ['a pool that keeps its reserve', 'chosen', { pool: { usedBytes: 890 * GIB } }],
  ['a pool that would lose its reserve', 'NotEnoughSpace', { pool: { usedBytes: 890 * GIB + 1 } }],
  ['a thin volume, 40 % of its size free', 'chosen', { volume: thin(400), pool: { usedBytes: 829 * GIB } }],
  ['a thin volume, less free', 'NotEnoughSpace', { volume: thin(400), pool: { usedBytes: 831 * GIB } }],
  ['a thin volume, 250 % promised', 'chosen', { volume: thin(100), pool: { committedBytes: 2400 * GIB } }],
  ['a thin volume, more promised', 'CommitmentTooHigh', { volume: thin(100), pool: { committedBytes: 2401 * GIB } }],
  ['an unencrypted pool for an encrypted source', 'NotEncrypted', { source: { encrypted: true } }],
  ['an encrypted pool for it', 'chosen', { source: { encrypted: true }, pool: { encrypted: true } }],
  ['an encrypted pool for a plain source', 'chosen', { pool: { encrypted: true } }],
  [
    'a second pool on its node, before single pools can be cordoned',
    'PlacementNotSteerable',
    { release: '2.9', otherPools: [pool('hot-n2')] },
  ],
  ['the same from 2.10 on', 'chosen', { otherPools: [pool('hot-n2')] }],
  ['a second pool that is full', 'chosen', { release: '2.9', otherPools: [pool('hot-n2', { usedBytes: 995 * GIB })] }],
  ['a release that removes the new replica', 'RemovalNotSteerable', { release: '2.7' }],
  ['the same release with the application there', 'chosen', { release: '2.7', volume: { target: target('n2', 1) } }],
];

function thin(sizeGib: number): Partial<VolumeFacts> {
  const [replica] = volume(['hot-n1']).replicas;
  return { thin: true, sizeBytes: sizeGib * GIB, replicas: [{ ...replica!, allocatedBytes: 10 * GIB }] };
}

describe('a candidate', () => {
  it.each(CASES)('%s: %s', (_, expected, given) => {
    expect(verdictOf(given)).toBe(expected);
  });

  it('that would leave the volume in fewer failure domains is rejected', () => {
    const moved = volume(['hot-n1', 'hot-n2']);
    const nodes = [node('n1', { failureDomain: 'a' }), node('n2', { failureDomain: 'b' })];
    const pools = [pool('hot-n1'), pool('hot-n2', { labels: { tier: 'cold' } }), pool('cold-n3'), pool('cold-n4')];
    const inTiers = (name: string): 'Cold' | 'Hot' => (name === 'hot-n1' ? 'Hot' : 'Cold');
    const facts = storage({
      volumes: [moved],
      pools,
      nodes: [...nodes, node('n3', { failureDomain: 'b' }), node('n4', { failureDomain: 'a' })],
    });
    const plan = planMove(request(facts, { tierOf: inTiers }));
    expect(plan).toMatchObject({ kind: 'possible', move: { target: { pool: 'cold-n4' } } });
    expect(plan.candidates.find((one) => one.pool === 'cold-n3')?.verdict).toMatchObject({
      code: 'WorseFailureDomains',
    });
  });

  it('is rejected for each reason that there is by a test', () => {
    // Of a cluster so large that it has a test of its own.
    const elsewhere = ['WorseFailureDomains', 'TooManyCordons'];
    const shown = new Set([...CASES.map(([, code]) => code), ...elsewhere]);
    expect(REJECTION_CODES.filter((code) => !shown.has(code))).toEqual([]);
  });
});
