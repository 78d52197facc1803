import { describe, expect, it } from '@jest/globals';
import type { NodeFacts, PoolFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { removalOf } from './check-move.ts';
import { NO_TOPOLOGY, node, pool, request, storage, target, volume, type Release } from './placement.fixture.ts';
import { planMove } from './plan-move.ts';

interface Given {
  readonly release?: Release;
  readonly topology: Partial<VolumeFacts['topology']>;
  readonly pools?: Readonly<Record<string, Partial<PoolFacts>>>;
  readonly nodes?: Readonly<Record<string, Partial<NodeFacts>>>;
}

/** Two hot replicas, the first local to the target, and a cold pool for one of them; 2.8 knows topology, and no cordons. */
function factsOf(
  { release = '2.8', topology, pools = {}, nodes = {} }: Given,
  on = ['hot-n1', 'hot-n2'],
): StorageFacts {
  const moved = volume(on, { topology: { ...NO_TOPOLOGY, ...topology }, target: target('n1', on.length) });
  return storage({
    release,
    nodes: ['n1', 'n2', 'n3'].map((name) => node(name, nodes[name])),
    pools: ['hot-n1', 'hot-n2', 'cold-n3'].map((name) => pool(name, pools[name])),
    volumes: [moved],
  });
}

/** Who leaves, as the planner has it, and who of all three can be made to go once the new replica is there. */
function leaving(given: Given): { planned: unknown; removable: unknown } {
  const plan = planMove(request(factsOf(given)));
  const after = factsOf(given, ['hot-n1', 'hot-n2', 'cold-n3']);
  const [moved] = after.volumes;
  const removable = moved!.replicas.map(({ replicaId }) => removalOf({ volume: moved!, storage: after, replicaId }));
  return { planned: plan.kind === 'possible' ? plan.move.source.pool : plan.code, removable };
}

const labelled = { labels: { media: 'x' } };
const inKubernetes = { ...labelled, topologyLabels: {} };

describe('the replica that leaves', () => {
  it('is one whose pool does not fit the topology by what Mayastor knows, whatever its DiskPool says', () => {
    const topology = { poolInclusion: { media: '' } };
    const fitting = { 'hot-n1': labelled, 'hot-n2': labelled, 'cold-n3': labelled };
    expect(leaving({ topology, pools: { ...fitting, 'hot-n2': inKubernetes } })).toEqual({
      planned: 'hot-n2',
      removable: [undefined, 'ByItself', undefined],
    });
    const undecided = { planned: 'RemovalNotSteerable', removable: [undefined, undefined, undefined] };
    expect(leaving({ topology, pools: fitting })).toEqual(undecided);
    const byRest = { ...inKubernetes, topologyLabels: labelled.labels, labels: {} };
    expect(leaving({ topology, pools: { ...fitting, 'hot-n2': byRest } })).toEqual(undecided);
  });

  it('is one whose node does not, likewise', () => {
    const topology = { nodeInclusion: { media: 'x' } };
    expect(leaving({ topology, nodes: { n1: labelled, n2: inKubernetes, n3: labelled } })).toEqual({
      planned: 'hot-n2',
      removable: [undefined, 'ByItself', undefined],
    });
  });

  it('is not told by a spread over labels that Mayastor does not know', () => {
    const topology = { nodeExclusion: { rack: '' } };
    const racks = (n1: string, n2: string): NonNullable<Given['nodes']> => ({
      n1: { labels: { rack: n1 } },
      n2: { labels: { rack: n2 } },
      n3: { labels: { rack: 'c' } },
    });
    const { removable } = leaving({ topology, nodes: racks('a', 'a') });
    // Both clash, and the one that is local to the target goes last.
    expect(removable).toEqual([undefined, 'ByItself', undefined]);
    const unknown = { n1: { labels: { rack: 'a' } }, n2: { labels: { rack: 'a' }, topologyLabels: { rack: 'b' } } };
    expect(leaving({ topology, nodes: { ...racks('a', 'a'), ...unknown } }).removable).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
  });
});

it('a new replica is not placed by labels that Mayastor does not know', () => {
  const given: Given = {
    release: '2.10',
    topology: { nodeExclusion: { rack: '' } },
    nodes: { n1: { labels: { rack: 'a' } }, n2: { labels: { rack: 'b' } }, n3: { labels: { rack: 'c' } } },
  };
  expect(leaving(given).planned).toBe('hot-n1');
  const n3 = { labels: { rack: 'c' }, topologyLabels: { rack: 'a' } };
  expect(leaving({ ...given, nodes: { ...given.nodes, n3 } }).planned).toBe('PinnedTopology');
});
