import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { MoveRequest } from './move-request.ts';
import {
  carriedOut,
  GIB,
  NO_TOPOLOGY,
  node,
  nodeName,
  pool,
  RELEASES,
  request,
  storage,
  twoTierCluster,
  volume,
  volumeId,
} from './placement.fixture.ts';
import { planMove, planWithRemedies } from './plan-move.ts';
import type { Remedy } from './remedy.ts';

/** Every remedy, carried out, makes the move possible. */
function expectRemediesToWork(before: MoveRequest): readonly Remedy[] {
  const plan = planWithRemedies(before);
  if (plan.kind === 'possible') return [];
  for (const remedy of plan.remedies) {
    const after = planWithRemedies(remedy.reduce(carriedOut, before));
    expect({ remedy, after: after.kind === 'possible' ? after.kind : after.reason }).toEqual({
      remedy,
      after: 'possible',
    });
  }
  return plan.remedies;
}

function blocked(
  facts: StorageFacts,
  changed: Partial<MoveRequest> = {},
): { code: string; reason: string; remedies: string } {
  const before = request(facts, changed);
  expectRemediesToWork(before);
  const plan = planMove(before);
  if (plan.kind === 'possible') throw new Error('the move is possible');
  return { code: plan.code, reason: plan.reason, remedies: plan.remedies.join(' ') };
}

const pinned = (topology: Partial<VolumeFacts['topology']>): VolumeFacts =>
  volume(['hot-n1'], { topology: { ...NO_TOPOLOGY, ...topology } });

describe('a move that is impossible tells what would make it possible', () => {
  it('3 replicas on 3 nodes: a further node', () => {
    const facts = storage({ ...twoTierCluster(3), volumes: [volume(['hot-n1', 'hot-n2', 'hot-n3'])] });
    const { code, reason, remedies } = blocked(facts);
    expect(code).toBe('NoFreeNode');
    expect(reason).toBe(
      'None of the 3 pools of the Cold tier can take a replica: 3 on a node that holds a replica of it already.',
    );
    expect(remedies).toBe(
      'Add a node in a failure domain of its own, with a pool of the Cold tier that has 11.1 GiB free.',
    );
  });

  it('a free node without a cold pool: a pool there', () => {
    const cluster = twoTierCluster(3);
    const facts = storage({
      ...cluster,
      nodes: [...cluster.nodes, node('n4')],
      volumes: [volume(['hot-n1', 'hot-n2', 'hot-n3'])],
    });
    expect(blocked(facts).remedies).toContain('Add a pool of the Cold tier that has 11.1 GiB free to node n4.');
  });

  it('tier: hot in the topology: a StorageClass without the parameter, which is named', () => {
    const facts = storage({ ...twoTierCluster(2), volumes: [pinned({ poolInclusion: { tier: 'hot' } })] });
    const { code, reason, remedies } = blocked(facts);
    expect(code).toBe('PinnedTopology');
    expect(reason).toContain('poolAffinityTopologyLabel: tier=hot');
    expect(remedies).toBe('Restore the volume into a StorageClass without poolAffinityTopologyLabel: tier=hot.');
  });

  it('a label that stands on the DiskPool alone: the same label in Mayastor, before a StorageClass', () => {
    const { nodes } = twoTierCluster(2);
    const pools = [pool('hot-n1'), pool('cold-n2', { labels: { media: 'any' }, topologyLabels: {} })];
    const facts = storage({ nodes, pools, volumes: [pinned({ poolInclusion: { media: '' } })] });
    const plan = planWithRemedies(request(facts));
    expect(plan).toMatchObject({ kind: 'impossible', code: 'PinnedTopology' });
    expect(plan.candidates).toMatchObject([
      {
        pool: 'cold-n2',
        verdict: {
          code: 'TopologyExcludesPool',
          reason:
            'The topology of the volume, fixed when it was made, asks for media=any, which only the DiskPool object says: Mayastor itself has no such label of the pool.',
        },
      },
    ]);
    const { reason, remedies } = blocked(facts);
    expect(reason).toBe(
      'The volume was made with poolHasTopologyKey: media, which Mayastor never changes, and no pool of the Cold tier fits that by the labels that Mayastor itself has; pool cold-n2 would by those of Kubernetes.',
    );
    expect(remedies).toMatch(
      /^Label pool cold-n2 media=any in Mayastor itself, which takes labels of pools since 2\.7\.1\..*Restore the volume/,
    );
  });

  it('labels that stand on the Kubernetes node alone: the same labels in Mayastor', () => {
    const labels = { rack: 'a', row: '7' };
    const pools = [pool('hot-n1'), pool('cold-n2')];
    const nodes = [node('n1', { labels }), node('n2', { labels, topologyLabels: {} })];
    const facts = storage({ nodes, pools, volumes: [pinned({ nodeInclusion: labels })] });
    const { reason, remedies } = blocked(facts);
    expect(reason).toContain('; pool cold-n2 would by those of Kubernetes.');
    expect(remedies).toMatch(
      /^Label node n2 rack=a and row=7 in Mayastor itself, which takes labels of nodes since 2\.6\./,
    );
    const [site] = planWithRemedies(request(facts)).candidates.filter((one) => one.pool === 'cold-n2');
    expect(site?.verdict).toMatchObject({
      reason: expect.stringContaining('rack=a and row=7, which only the Kubernetes node says'),
    });
  });

  it.each([
    [
      'a value that is not asked for',
      { poolInclusion: { tier: 'hot' } },
      { labels: { tier: 'cold' }, topologyLabels: {} },
    ],
    ['a value that Mayastor has otherwise', { poolInclusion: { tier: 'cold' } }, { topologyLabels: { tier: 'hot' } }],
    [
      'a label that would also exclude it',
      { poolInclusion: { media: '' }, poolExclusion: { media: 'hdd' } },
      { labels: { media: 'hdd' }, topologyLabels: {} },
    ],
  ])('on the DiskPool %s: no label in Mayastor would help', (_, topology, changed) => {
    const pools = [pool('hot-n1'), pool('cold-n2', changed)];
    const { reason, remedies } = blocked(
      storage({ nodes: twoTierCluster(2).nodes, pools, volumes: [pinned(topology)] }),
    );
    expect(reason).toMatch(/ and no pool of the Cold tier fits that\.$/);
    expect(remedies).not.toContain('in Mayastor itself');
  });

  it('a spread over racks: the parameter, or a node in a further rack', () => {
    const racks = twoTierCluster(2).nodes.map((one) => ({ ...one, labels: { rack: 'a' } }));
    const facts = storage({ ...twoTierCluster(2), nodes: racks, volumes: [pinned({ nodeExclusion: { rack: '' } })] });
    const { code, remedies } = blocked(facts);
    expect(code).toBe('PinnedTopology');
    expect(remedies).toContain('nodeSpreadTopologyKey: rack');
    expect(remedies).toContain("labelled rack, with a value that no replica's node has");
  });

  it('no pool of the tier: a pool, or a label on one that is in no tier', () => {
    const pools = [pool('hot-n1'), pool('other-n2')];
    const { code, reason, remedies } = blocked(
      storage({ nodes: [node('n1'), node('n2')], pools, volumes: [volume(['hot-n1'])] }),
    );
    expect(code).toBe('NoPool');
    expect(reason).toBe('The policy has no pool in the Cold tier.');
    expect(remedies).toContain("Label pool other-n2 so that the policy's selector of the Cold tier");
  });

  it.each([
    ['a full pool', { pool: { usedBytes: 950 * GIB } }, 'Free 60 GiB on pool cold-n2.'],
    ['a cordoned pool', { pool: { cordoned: true } }, 'Uncordon pool cold-n2.'],
    ['a faulted pool', { pool: { status: 'Faulted' } }, 'Bring pool cold-n2 online.'],
    ['a cordoned node', { node: { cordoned: true } }, 'Uncordon node n2.'],
    ['a node that is off', { node: { status: 'Offline' } }, 'Bring node n2 online.'],
    [
      'both',
      { node: { cordoned: true }, pool: { usedBytes: 950 * GIB } },
      'Uncordon node n2, and free 60 GiB on pool cold-n2.',
    ],
  ] as const)('%s', (_, changed, sentence) => {
    const given: { node?: object; pool?: object } = changed;
    const facts = storage({
      volumes: [volume(['hot-n1'])],
      nodes: [node('n1'), node('n2', given.node)],
      pools: [pool('hot-n1'), pool('cold-n2', given.pool)],
    });
    const { code, remedies } = blocked(facts);
    expect(code).toBe('NoPool');
    expect(remedies).toContain(sentence);
  });

  it('a thin pool that promises too much', () => {
    const facts = storage({
      volumes: [volume(['hot-n1'], { thin: true, sizeBytes: 100 * GIB })],
      nodes: [node('n1'), node('n2')],
      pools: [pool('hot-n1'), pool('cold-n2', { committedBytes: 2450 * GIB })],
    });
    expect(blocked(facts).remedies).toContain('Move thin volumes of 50 GiB off pool cold-n2, which promises too much.');
  });

  it('a removal that cannot be steered: the release, the node of the application, or both copies', () => {
    const alone = [pool('hot-n1'), pool('cold-n2')];
    const facts = storage({
      release: '2.7',
      nodes: twoTierCluster(2).nodes,
      pools: alone,
      volumes: [volume(['hot-n1'])],
    });
    const { code, remedies } = blocked(facts);
    expect(code).toBe('RemovalNotSteerable');
    expect(remedies).toBe(
      'Upgrade Mayastor to 2.9 or later. Run the application on node n2, so that the volume is published there. ' +
        'Turn on preservation mode, which keeps the old replica beside the new one.',
    );
  });

  it('two pools on a node of a release that cordons nodes only', () => {
    const facts = storage({ release: '2.9', ...twoTierCluster(2), volumes: [volume(['hot-n1'])] });
    expect(blocked(facts)).toMatchObject({
      code: 'NoPool',
      remedies: expect.stringContaining('Upgrade Mayastor to 2.10'),
    });
  });

  it('an encrypted source', () => {
    const facts = storage({
      nodes: twoTierCluster(2).nodes,
      pools: [pool('hot-n1', { encrypted: true }), pool('cold-n2')],
      volumes: [volume(['hot-n1'])],
    });
    expect(blocked(facts).remedies).toContain('an encrypted pool of the Cold tier');
  });

  it('and every remedy works, on clusters of all kinds', () => {
    let remedyCount = 0;
    fc.assert(
      fc.property(anyRequest, (before) => {
        remedyCount += expectRemediesToWork(before).length;
      }),
      { numRuns: 400 },
    );
    expect(remedyCount).toBeGreaterThan(50);
  });
});

const sometimes = fc.boolean();
const rarely = fc.integer({ min: 0, max: 3 }).map((value) => value === 0);
const label = fc.constantFrom({}, {}, { rack: 'a' }, { rack: 'b' });

const anyNode = fc.record({
  offline: rarely,
  cordoned: rarely,
  labels: label,
  unknown: rarely,
  domain: fc.constantFrom('a', 'b', 'own'),
});
const anyPool = fc.record({
  there: sometimes,
  faulted: rarely,
  cordoned: rarely,
  encrypted: rarely,
  unknown: rarely,
  usedGib: fc.constantFrom(0, 500, 890, 950, 1000),
  committedGib: fc.constantFrom(100, 2450, undefined),
});

const anyRequest: fc.Arbitrary<MoveRequest> = fc
  .record({
    release: fc.constantFrom(...RELEASES),
    nodes: fc.array(anyNode, { minLength: 2, maxLength: 5 }),
    cold: fc.array(anyPool, { minLength: 5, maxLength: 5 }),
    hot: fc.array(anyPool, { minLength: 5, maxLength: 5 }),
    replicaCount: fc.integer({ min: 1, max: 3 }),
    thin: sometimes,
    sizeGib: fc.constantFrom(1, 100, 600),
    targetIndex: fc.integer({ min: 0, max: 4 }),
    siblingOn: fc.option(fc.integer({ min: 0, max: 4 }), { nil: undefined }),
    topology: fc.constantFrom<Partial<VolumeFacts['topology']>>(
      {},
      {},
      {},
      { poolInclusion: { tier: 'hot' } },
      { poolInclusion: { tier: '' } },
      { nodeInclusion: { rack: 'a' } },
      { nodeExclusion: { rack: '' } },
      { allowedNodes: [nodeName('n1'), nodeName('n2')] },
    ),
  })
  .map((given) => {
    const names = given.nodes.map((_, index) => `n${index + 1}`);
    const nodes = given.nodes.map(({ offline, cordoned, labels, unknown, domain }, index) => {
      const failureDomain = domain === 'own' ? names[index]! : domain;
      const known = { labels, topologyLabels: unknown ? {} : labels };
      return node(names[index]!, { status: offline ? 'Offline' : 'Online', cordoned, ...known, failureDomain });
    });
    const pools = names.flatMap((name, index) => [
      pool(`hot-${name}`, { encrypted: given.hot[index]!.encrypted }),
      ...(given.cold[index]!.there
        ? [
            pool(`cold-${name}`, {
              status: given.cold[index]!.faulted ? 'Faulted' : 'Online',
              cordoned: given.cold[index]!.cordoned,
              encrypted: given.cold[index]!.encrypted,
              topologyLabels: given.cold[index]!.unknown ? {} : { tier: 'cold' },
              usedBytes: given.cold[index]!.usedGib * GIB,
              committedBytes:
                given.cold[index]!.committedGib === undefined ? undefined : given.cold[index]!.committedGib * GIB,
            }),
          ]
        : []),
    ]);
    const on = names.slice(0, given.replicaCount).map((name) => `hot-${name}`);
    const group = given.siblingOn === undefined ? undefined : 'g';
    const base = volume(on);
    const moved = volume(on, {
      sizeBytes: given.sizeGib * GIB,
      thin: given.thin,
      affinityGroup: on.length > 1 ? group : undefined,
      topology: { ...NO_TOPOLOGY, ...given.topology },
      target: { ...base.target!, node: nodeName(names[given.targetIndex % names.length]!) },
    });
    const sibling = volume([`hot-n${(given.siblingOn ?? 0) + 1}`], { volumeId: volumeId('v2'), affinityGroup: group });
    return request(storage({ release: given.release, nodes, pools, volumes: [moved, sibling] }));
  });
