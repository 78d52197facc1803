import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { PoolFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { Ledger } from './ledger.ts';
import type { MoveRequest } from './move-request.ts';
import {
  GIB,
  ledgerOf,
  node,
  nodeName,
  pool,
  RELEASES,
  request,
  snapshot,
  storage,
  target,
  tierOf,
  twoTierCluster,
  volume,
  volumeId,
} from './placement.fixture.ts';
import { planMove, type MovePlan } from './plan-move.ts';
import { removedByScaleDown } from './removal-order.ts';

function possible(plan: MovePlan): Extract<MovePlan, { kind: 'possible' }> {
  if (plan.kind === 'possible') return plan;
  throw new Error(`${plan.code}: ${plan.reason}`);
}

const oneTierPerNode = (release: (typeof RELEASES)[number], moved: VolumeFacts): StorageFacts =>
  storage({
    release,
    nodes: ['n1', 'n2', 'n3', 'n4'].map((name) => node(name)),
    pools: [pool('hot-n1'), pool('hot-n2'), pool('cold-n3'), pool('cold-n4')],
    volumes: [moved],
  });

describe('Mistakes of an earlier tiering system', () => {
  it('8. Scale-down removed whichever replica the backend chose: a move is planned only if it will be the intended one', () => {
    const local = volume(['hot-n1']);
    const expected = {
      '2.0': 'none',
      '2.5': 'none',
      '2.7': 'none',
      '2.8': 'none',
      '2.9': 'ByCordon',
      '2.10': 'ByCordon',
    };
    for (const release of RELEASES) {
      const plan = planMove(request(oneTierPerNode(release, local)));
      expect([release, plan.kind === 'possible' ? plan.move.removal : 'none']).toEqual([release, expected[release]]);
      if (plan.kind === 'impossible') expect(plan.code).toBe('RemovalNotSteerable');
      // What would have happened: the new replica goes, the old one stays.
      const after = [
        { replicaId: 'old', localToTarget: true },
        { replicaId: 'new', localToTarget: false },
      ].map((one) => ({ ...one, ...SYNCED }));
      expect(removedByScaleDown(after, oneTierPerNode(release, local).capabilities)).toBe('new');
    }
  });

  it('9. Target pool was the first match: capacity, load and failure domain decide, not the name', () => {
    const moved = volume(['hot-n1', 'hot-n2']);
    const nodes = [
      node('n1', { failureDomain: 'a' }),
      node('n2', { failureDomain: 'a' }),
      ...['n3', 'n4', 'n5', 'n6'].map((name) => node(name, { failureDomain: name === 'n5' ? 'b' : 'a' })),
    ];
    const chosen = (changed: Readonly<Record<string, Partial<PoolFacts>>>, heat = {}, onlyIn = /./): string => {
      const cold = ['cold-n3', 'cold-n4', 'cold-n5', 'cold-n6'].filter((name) => onlyIn.test(name));
      const pools = [pool('hot-n1'), pool('hot-n2'), ...cold.map((name) => pool(name, changed[name]))];
      const busy = volume(['cold-n3'], { volumeId: volumeId('busy') });
      const idle = ['cold-n4', 'cold-n6'].map((on) => volume([on], { volumeId: volumeId(`idle-${on}`) }));
      const facts = storage({ nodes, pools, volumes: [moved, busy, ...idle] });
      return possible(planMove(request(facts, { ledger: ledgerOf(facts, { heat }) }))).move.target.pool;
    };
    const oneDomain = /n[346]/;
    expect(chosen({ 'cold-n3': { usedBytes: 800 * GIB } }, {}, oneDomain)).toBe('cold-n4');
    expect(chosen({}, { busy: 8000 }, oneDomain)).toBe('cold-n4');
    expect(chosen({}, {}, oneDomain)).toBe('cold-n3');
    expect(chosen({})).toBe('cold-n5');
  });
});

const SYNCED = {
  status: 'Online',
  childStatus: 'Online',
  rebuildPercent: undefined,
  misplaced: { node: false, pool: false, spreadClashCount: 0 },
  onCordonedNode: false,
} as const;

describe('the plan of a move', () => {
  it('names source, target, removal and what remains', () => {
    const plan = possible(planMove(request(oneTierPerNode('2.10', volume(['hot-n1', 'hot-n2'])))));
    expect(plan.move).toEqual({
      source: { tier: 'Hot', pool: 'hot-n1', node: 'n1', replicaId: 'r-hot-n1' },
      target: { tier: 'Cold', pool: 'cold-n3', node: 'n3' },
      removal: 'ByCordon',
      replicaCount: 2,
      sizeBytes: volume(['hot-n1', 'hot-n2']).sizeBytes,
      remainingReplicaCount: 1,
    });
    expect(plan.candidates.map(({ pool: name, verdict }) => [name, verdict.kind])).toEqual([
      ['cold-n3', 'chosen'],
      ['cold-n4', 'eligible'],
    ]);
  });

  it('lets the slowest replica leave first when the volume goes up', () => {
    const nodes = ['n1', 'n2', 'n3'].map((name) => node(name));
    const pools = [pool('warm-n1'), pool('cold-n2'), pool('hot-n3')];
    const facts = storage({ nodes, pools, volumes: [volume(['warm-n1', 'cold-n2'])] });
    expect(possible(planMove(request(facts, { wanted: 'Hot' }))).move.source.tier).toBe('Cold');
  });

  it('removes by itself what is on a cordoned node already', () => {
    const facts = oneTierPerNode('2.9', volume(['hot-n1', 'hot-n2']));
    const cordoned = { ...facts, nodes: facts.nodes.map((one) => ({ ...one, cordoned: one.node === 'n2' })) };
    expect(possible(planMove(request(cordoned))).move).toMatchObject({
      source: { pool: 'hot-n2' },
      removal: 'ByItself',
    });
  });

  it('removes nothing in preservation mode, so that any release will do', () => {
    for (const release of RELEASES) {
      const plan = planMove(request(oneTierPerNode(release, volume(['hot-n1', 'hot-n2'])), { preservation: true }));
      expect(possible(plan).move.removal).toBe('Preserved');
    }
  });

  it('before 2.8 needs the application on the node of the new replica, and one replica', () => {
    const elsewhere = volume(['hot-n1'], { target: target('n4', 1) });
    expect(possible(planMove(request(oneTierPerNode('2.7', elsewhere)))).move).toMatchObject({
      target: { pool: 'cold-n4' },
      removal: 'ByItself',
    });
    const two = volume(['hot-n1', 'hot-n2'], { target: target('n4', 2) });
    expect(planMove(request(oneTierPerNode('2.7', two)))).toMatchObject({ code: 'RemovalNotSteerable' });
  });

  it('takes from pools what earlier moves of the round were promised', () => {
    const small = { capacityBytes: 20 * GIB, usedBytes: 0, committedBytes: 0 };
    const volumes = ['a', 'b'].map((name) => volume(['hot-n1'], { volumeId: volumeId(name) }));
    const pools = [pool('hot-n1'), pool('cold-n2', small)];
    const facts = storage({ nodes: [node('n1'), node('n2')], pools, volumes });
    const ledger = ledgerOf(facts);
    const first = possible(planMove(request(facts, { volume: volumes[0]!, ledger })));
    ledger.reserve(first.move, volumes[0]!);
    expect(planMove(request(facts, { volume: volumes[1]!, ledger }))).toMatchObject({
      kind: 'impossible',
      code: 'NoPool',
    });
  });
});

interface Round {
  readonly facts: StorageFacts;
  readonly volumes: readonly VolumeFacts[];
}

const anyRound: fc.Arbitrary<Round> = fc
  .record({
    domainsOf: fc.array(fc.constantFrom('a', 'b', 'c'), { minLength: 5, maxLength: 5 }),
    used: fc.array(fc.integer({ min: 0, max: 100 }), { minLength: 5, maxLength: 5 }),
    volumes: fc.array(
      fc.record({
        on: fc.uniqueArray(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 3 }),
        sizeGib: fc.integer({ min: 1, max: 60 }),
        thin: fc.boolean(),
      }),
      { minLength: 1, maxLength: 8 },
    ),
  })
  .map(({ domainsOf, used, volumes: made }) => {
    const nodes = domainsOf.map((failureDomain, index) => node(`n${index + 1}`, { failureDomain }));
    const pools = nodes.flatMap(({ node: name }, index) => [
      pool(`hot-${name}`),
      pool(`cold-${name}`, {
        capacityBytes: 100 * GIB,
        usedBytes: used[index]! * GIB,
        committedBytes: used[index]! * GIB,
      }),
    ]);
    const volumes = made.map(({ on, sizeGib, thin }, index) => {
      const whole = volume(on.map((at) => `hot-n${at}`));
      const replicas = whole.replicas.map((one) => ({ ...one, allocatedBytes: (sizeGib * GIB) / 2 }));
      return { ...whole, volumeId: volumeId(`v${index}`), sizeBytes: sizeGib * GIB, thin, replicas };
    });
    return { facts: storage({ nodes, pools, volumes }), volumes };
  });

function playRound({ facts, volumes }: Round): readonly (readonly [VolumeFacts, MovePlan])[] {
  const ledger = new Ledger(snapshot(facts), 0.1, () => undefined);
  return volumes.map((moved) => {
    const plan = planMove(request(facts, { volume: moved, ledger }));
    if (plan.kind === 'possible') ledger.reserve(plan.move, moved);
    return [moved, plan] as const;
  });
}

describe('whatever the cluster', () => {
  const moves = (round: Round): readonly (readonly [VolumeFacts, Extract<MovePlan, { kind: 'possible' }>])[] =>
    playRound(round).flatMap(([moved, plan]) => (plan.kind === 'possible' ? [[moved, plan] as const] : []));

  it('no replica goes to a node that holds one of the volume', () => {
    fc.assert(
      fc.property(anyRound, (round) => {
        for (const [moved, { move }] of moves(round)) {
          expect(moved.replicas.map((one) => one.node)).not.toContain(move.target.node);
        }
      }),
    );
  });

  it('a volume is never in fewer failure domains than before', () => {
    fc.assert(
      fc.property(anyRound, (round) => {
        const domainOf = (name: unknown): string => round.facts.nodes.find((one) => one.node === name)!.failureDomain;
        for (const [moved, { move }] of moves(round)) {
          const before = moved.replicas.map((one) => one.node!);
          const after = [...before.filter((name) => name !== move.source.node), move.target.node];
          expect(new Set(after.map(domainOf)).size).toBeGreaterThanOrEqual(new Set(before.map(domainOf)).size);
        }
      }),
    );
  });

  it('all moves of a round together leave every pool its reserve, and Mayastor its headroom', () => {
    fc.assert(
      fc.property(anyRound, (round) => {
        const free = new Map(round.facts.pools.map((one) => [one.pool, one.capacityBytes - one.usedBytes]));
        for (const [moved, { move }] of moves(round)) {
          const left = free.get(move.target.pool)! - (moved.thin ? moved.sizeBytes / 2 : moved.sizeBytes);
          free.set(move.target.pool, left);
          expect(left).toBeGreaterThanOrEqual(moved.thin ? Math.max(10 * GIB, 0.4 * moved.sizeBytes) : 10 * GIB);
        }
      }),
    );
  });

  it('pools of other tiers, and pools that are rejected, change no score and no choice', () => {
    fc.assert(
      fc.property(anyRound, ({ facts, volumes: [moved] }) => {
        const more = [
          pool('warm-n1'),
          pool('other-n2'),
          pool('cold-n9'),
          pool('cold-n1x', { node: nodeName('n1'), cordoned: true }),
        ];
        const plan = planMove(request(facts, { volume: moved! }));
        const again = planMove(request({ ...facts, pools: [...more, ...facts.pools] }, { volume: moved! }));
        const scores = ({ candidates }: MovePlan): unknown =>
          candidates.filter(({ verdict }) => verdict.kind !== 'rejected');
        expect(scores(again)).toEqual(scores(plan));
      }),
    );
  });

  it('the order of nodes, pools, volumes and replicas does not matter', () => {
    fc.assert(
      fc.property(anyRound, ({ facts, volumes }) => {
        const turned = volumes.map((one) => ({ ...one, replicas: one.replicas.toReversed() }));
        const backwards = {
          ...facts,
          nodes: facts.nodes.toReversed(),
          pools: facts.pools.toReversed(),
          volumes: turned.toReversed(),
        };
        expect(playRound({ facts: backwards, volumes: turned }).map(([, plan]) => plan)).toEqual(
          playRound({ facts, volumes }).map(([, plan]) => plan),
        );
      }),
    );
  });
});

describe('the work of planning', () => {
  it('looks at the pools of a tier only, however many volumes there are: each pool is sorted into a tier once', () => {
    const cluster = twoTierCluster(20);
    const volumes = Array.from({ length: 500 }, (_, index) =>
      volume([`hot-n${(index % 20) + 1}`], { volumeId: volumeId(`v${index}`), sizeBytes: GIB }),
    );
    const facts = storage({ ...cluster, volumes });
    const ledger = ledgerOf(facts);
    let asked = 0;
    const counting: MoveRequest['tierOf'] = (name) => {
      asked += 1;
      return tierOf(name);
    };
    for (const moved of volumes) {
      const plan = planMove(request(facts, { volume: moved, ledger, tierOf: counting }));
      expect(plan.candidates).toHaveLength(20);
    }
    // Once for each pool, and once for each replica of the volumes planned.
    expect(asked).toBe(cluster.pools.length + volumes.length);
  });
});
