/** Planning shares work between pools, volumes and rounds; the plain way, which shares nothing, comes to the same. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { roomAfterMove } from './capacity.ts';
import { isRejection, look, obstaclesTo } from './filters.ts';
import { contextOf, type MoveRequest } from './move-request.ts';
import {
  GIB,
  ledgerOf,
  NO_TOPOLOGY,
  node,
  nodeName,
  pool,
  RELEASES,
  storage,
  tierOf,
  volume,
  volumeId,
} from './placement.fixture.ts';
import { planMove } from './plan-move.ts';
import { rejectedCandidate, rejectionReason, rejectionRemedies } from './rejection.ts';
import { indexOf } from './storage-index.ts';
import { nodeFitsTopology, poolFitsTopology, spreadClashCount, TopologyCheck } from './topology.ts';

const NODES = ['n1', 'n2', 'n3', 'n4', 'n5', 'n6'];
const rarely = fc.integer({ min: 0, max: 9 }).map((value) => value === 0);
const racks = fc.constantFrom<Record<string, string>>({}, { rack: 'a' }, { rack: 'b' }, { rack: 'c' });

const anyTopology = fc.constantFrom<Partial<VolumeFacts['topology']>>(
  {},
  { poolInclusion: { tier: '' } },
  { poolInclusion: { tier: 'hot' }, poolExclusion: { old: '' } },
  { poolExclusion: { tier: 'cold' } },
  { nodeInclusion: { rack: 'a' } },
  { nodeExclusion: { rack: '' } },
  { nodeExclusion: { rack: '' } },
  { nodeExclusion: { rack: 'b' } },
  { allowedNodes: [nodeName('n1'), nodeName('n4')] },
);

const anyVolume = fc.record({
  on: fc.uniqueArray(fc.constantFrom(...NODES), { minLength: 1, maxLength: 3 }),
  target: fc.constantFrom(...NODES),
  sizeGib: fc.constantFrom(1, 99, 100, 100.01, 400),
  allocatedGib: fc.constantFrom(undefined, 1, 60),
  thin: fc.boolean(),
  grouped: rarely,
  isOnItsWay: fc.boolean(),
  topology: fc.oneof({ weight: 2, arbitrary: fc.constant({}) }, { weight: 1, arbitrary: anyTopology }),
});

const anyPool = fc.record({
  there: fc.integer({ min: 0, max: 4 }).map((value) => value > 0),
  status: fc.constantFrom('Online' as const, 'Online' as const, 'Online' as const, 'Faulted' as const),
  topologyLabels: fc.constantFrom({}, { tier: 'cold' }, { tier: 'cold' }, { tier: 'hot' }),
  cordoned: rarely,
  encrypted: fc.boolean(),
  usedGib: fc.constantFrom(0, 100, 500, 600, 890, 950),
  committedGib: fc.constantFrom(100, 200, 2450, undefined),
});

/** One request for each volume, all against the same storage and ledger. */
const requests: fc.Arbitrary<readonly MoveRequest[]> = fc
  .record({
    release: fc.constantFrom(...RELEASES),
    preservation: fc.constantFrom(true, false, false),
    nodes: fc.tuple(
      ...NODES.map(() =>
        fc.record({ cordoned: rarely, labels: racks, topologyLabels: racks, domain: fc.constantFrom('a', 'b', 'own') }),
      ),
    ),
    hot: fc.tuple(...NODES.map(() => anyPool)),
    cold: fc.tuple(...NODES.map(() => anyPool)),
    volumes: fc.array(anyVolume, { minLength: 2, maxLength: 4 }),
  })
  .map(({ release, preservation, nodes, hot, cold, volumes }) => {
    const poolsOf = (tier: string, given: typeof hot): StorageFacts['pools'] =>
      given.flatMap(({ there, usedGib, committedGib, ...rest }, index) =>
        there || tier === 'hot'
          ? [
              pool(`${tier}-${NODES[index]!}`, {
                ...rest,
                usedBytes: usedGib * GIB,
                committedBytes: committedGib && committedGib * GIB,
              }),
            ]
          : [],
      );
    const facts = storage({
      release,
      nodes: nodes.map(({ domain, ...rest }, index) =>
        node(NODES[index]!, { ...rest, failureDomain: domain === 'own' ? NODES[index]! : domain }),
      ),
      pools: [...poolsOf('hot', hot), ...poolsOf('cold', cold)],
      volumes: volumes.map(({ on, target, sizeGib, allocatedGib, thin, grouped, isOnItsWay, topology }, index) => {
        const made = volume(on.map((name, at) => `${isOnItsWay && at > 0 ? 'cold' : 'hot'}-${name}`));
        const allocatedBytes = allocatedGib && allocatedGib * GIB;
        return {
          ...made,
          volumeId: volumeId(`v${index}`),
          sizeBytes: sizeGib * GIB,
          thin,
          replicas: made.replicas.map((replica) => ({ ...replica, allocatedBytes })),
          affinityGroup: grouped && on.length > 1 ? 'g' : undefined,
          target: { ...made.target!, node: nodeName(target) },
          topology: { ...NO_TOPOLOGY, ...topology },
        };
      }),
    });
    const ledger = ledgerOf(facts);
    return facts.volumes.map((moved) => ({
      volume: moved,
      wanted: 'Cold',
      tierOf,
      storage: facts,
      ledger,
      preservation,
      extraReplica: false,
    }));
  });

/** On facts of its own, of which nothing is remembered. */
function afresh(request: MoveRequest): MoveRequest {
  return { ...request, storage: structuredClone(request.storage) };
}

describe('work that is shared', () => {
  it('between the volumes of a round, and with the round before, changes no plan', () => {
    const kinds = { possible: 0, impossible: 0 };
    fc.assert(
      fc.property(requests, (given) => {
        const plain = given.map((request) => planMove(afresh(request)));
        expect(given.map(planMove)).toEqual(plain);
        expect(given.toReversed().map(planMove)).toEqual(plain.toReversed());
        for (const { kind } of plain) kinds[kind] += 1;
      }),
      { numRuns: 200 },
    );
    expect(Math.min(kinds.possible, kinds.impossible)).toBeGreaterThan(10);
  });

  it('between the pools that are looked at for a volume finds the same about each, and the same remedies', () => {
    const found = new Set<string>();
    fc.assert(
      fc.property(requests, (given) => {
        for (const request of given) {
          const shared = contextOf(request);
          for (const site of indexOf(request.storage).sitesOf('Cold', tierOf)) {
            const alone = contextOf(request);
            const room = roomAfterMove(site.pool, request.volume, request.ledger);
            const finding = look(site, shared, room);
            const expected = look(site, alone, room);
            found.add(isRejection(finding) ? finding : finding.removal);
            if (isRejection(finding) || isRejection(expected)) {
              expect(finding).toBe(expected);
            } else {
              expect([finding.removal, finding.source.replicaId]).toEqual([
                expected.removal,
                expected.source.replicaId,
              ]);
            }
            const remedies = (context: typeof alone): unknown =>
              obstaclesTo(site, context).map((code) => rejectionRemedies(code, site, context));
            expect(remedies(shared)).toEqual(remedies(alone));
          }
        }
      }),
      { numRuns: 200 },
    );
    // Nearly all that can be found of these clusters.
    expect(found.size).toBeGreaterThan(11);
  });

  it('between candidates never lends one the reason of another', () => {
    fc.assert(
      fc.property(requests, (given) => {
        for (const request of given) {
          const context = contextOf(request);
          for (const site of context.index.sitesOf('Cold', tierOf)) {
            for (const code of obstaclesTo(site, context)) {
              const { pool: name, verdict } = rejectedCandidate(code, site, context);
              const reason = rejectionReason(code, site, context);
              expect({ name, verdict }).toEqual({ name: site.pool.pool, verdict: { kind: 'rejected', code, reason } });
            }
          }
        }
      }),
      { numRuns: 200 },
    );
  });

  it('between the pools and nodes that a topology is asked about reads it alike', () => {
    fc.assert(
      fc.property(anyTopology, fc.array(racks, { maxLength: 3 }), racks, (changed, others, labels) => {
        const topology = { ...NO_TOPOLOGY, ...changed };
        const check = new TopologyCheck(topology, others);
        const asked = node('n1', { topologyLabels: labels });
        expect(check.admitsNode(asked)).toBe(
          nodeFitsTopology(topology, asked) && spreadClashCount(topology, labels, others) === 0,
        );
        for (const poolLabels of [labels, { tier: 'hot' }, { tier: 'cold', old: 'yes' }, { tier: 'hot', old: 'yes' }]) {
          const asPool = { topologyLabels: poolLabels };
          expect(check.admitsPool(asPool)).toBe(poolFitsTopology(topology, asPool));
        }
      }),
    );
  });
});
