/**
 * Everything that a round decides on, made up for any number of volumes, pools and policies. The mix is that of a cluster that
 * was never tiered: about half of the volumes should move, each replica by itself, and some of those cannot. Or else, the worst
 * that can be asked of a round: every volume should move, and the same is in the way of all. No two sizes are much alike.
 */
import { parseStoragePolicy } from '@couchestor/common/api';
import { assertInvariant, parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import type { DecideInput } from '@couchestor/control-plane/brain';

type Snapshot = DecideInput['snapshot'];
type Volume = Snapshot['storage']['volumes'][number];
type Pool = Snapshot['storage']['pools'][number];
type Reading = ReturnType<DecideInput['heat']>;
type Heat = Extract<Reading, { kind: 'read' }>['byVolumeName'] extends ReadonlyMap<string, infer H> ? H : never;

/** What is in the way of all volumes; Nothing: only the limit. */
export const WAYS = [
  'Nothing',
  'NotEnoughSpace',
  'NodesCordoned',
  'PinnedTopology',
  'RemovalNotSteerable',
  'AffinityGroup',
] as const;
export type Way = (typeof WAYS)[number];

export interface FleetSizes {
  readonly volumes: number;
  /** Each watches an equal part of the volumes, by a label of their claims. */
  readonly policies?: number;
  /** Whether every policy matches every volume instead, so that all but the oldest report a conflict. */
  readonly overlapping?: boolean;
  /** Over three tiers. */
  readonly pools?: number;
  /** Each with pools of all tiers; without it, every pool is on a node of its own. */
  readonly nodes?: number | undefined;
  /** Every volume should move, and this is in the way of all; without it, the usual mix. */
  readonly allWantTo?: Way | undefined;
  /** How many migrations may run at once. */
  readonly limit?: number;
}

const TIERS = ['hot', 'warm', 'cold'] as const;
const REPLICA_COUNT = 3;
const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-02-17T12:00:00Z');
const QUERY = 'sum by (pv_name) (rate(volume_num_read_ops[4m]) + rate(volume_num_write_ops[4m]))';
/** Against watermarks of 200, 1500 and 5000. */
const IOPS = [3, 12, 40, 90, 700, 900, 2_000, 3_000, 7_000, 15_000] as const;

export function fleet(sizes: FleetSizes): DecideInput {
  const { volumes, policies = 1, overlapping = false, pools = 30, nodes, allWantTo, limit = 2 } = sizes;
  const tiers = TIERS.map((tier) =>
    Array.from({ length: Math.ceil(pools / TIERS.length) }, (_, n) => {
      const node = nodes === undefined ? `node-${tier}-${n}` : `node-${n % nodes}`;
      return poolOf(tier, n, { node, full: allWantTo === 'NotEnoughSpace' });
    }),
  );
  const allPools = tiers.flat();
  const indexes = Array.from({ length: volumes }, (_, index) => index);
  const heatOf = (index: number): Heat => heat(allWantTo === undefined ? usualIops(index) : iopsElsewhere(index));
  const byVolumeName = new Map(indexes.map((index) => [volumeNameOf(index), heatOf(index)]));
  return {
    snapshot: {
      takenAtMs: NOW_MS,
      storage: {
        capabilities: allWantTo === 'RemovalNotSteerable' ? RELEASE_2_7 : RELEASE_2_10,
        volumes: indexes.map((index) => volumeOf(index, tiers, allWantTo)),
        pools: allPools,
        nodes: [...new Set(allPools.map(({ node }) => node))].map((node, n) => ({
          node,
          status: 'Online',
          cordoned: allWantTo === 'NodesCordoned',
          labels: {},
          topologyLabels: {},
          failureDomain: `zone-${n % 5}`,
        })),
      },
      claims: indexes.map((index) => claimOf(index, policies)),
      migrations: [],
    },
    policies: Array.from({ length: policies }, (_, index) => policyOf(index, { overlapping, limit })),
    heat: (windowMs): Reading => ({ kind: 'read', windowMs, family: 'volume', byVolumeName, readAtMs: NOW_MS }),
    settings: {
      maxConcurrentMigrations: limit,
      maxMigrationsPerHour: limit,
      dryRun: false,
      preservationMode: false,
      poolReserve: 0.1,
    },
    nowMs: NOW_MS,
  };
}

const RELEASE_2_10: Snapshot['storage']['capabilities'] = {
  kind: 'MayastorRest',
  version: '2.10.0',
  canMoveReplicas: true,
  removalKnowsTopology: true,
  removalKnowsCordons: true,
  poolCordons: true,
};
const RELEASE_2_7: Snapshot['storage']['capabilities'] = {
  ...RELEASE_2_10,
  version: '2.7.0',
  removalKnowsTopology: false,
  removalKnowsCordons: false,
  poolCordons: false,
};

const volumeIdOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const volumeNameOf = (index: number): string => `pvc-${volumeIdOf(index)}`;

function poolOf(tier: string, index: number, { node, full }: { node: string; full: boolean }): Pool {
  return {
    pool: parsePoolName(`pool-${tier}-${index}`),
    node: parseNodeName(node),
    status: 'Online',
    capacityBytes: 1e15,
    usedBytes: full ? 0.95e15 : 1e14,
    committedBytes: 1e14,
    labels: { tier },
    topologyLabels: { tier },
    cordoned: false,
    encrypted: false,
  };
}

/** By tens of volumes, so that each heat is in each tier. */
const tierIndexOf = (index: number): number => Math.floor(index / IOPS.length) % TIERS.length;
const usualIops = (index: number): number => IOPS[index % IOPS.length] ?? 0;
/** Hot volumes are in the cold tier, and cold ones anywhere else. */
const iopsElsewhere = (index: number): number => (TIERS[tierIndexOf(index)] === 'cold' ? 15_000 : 3);

function volumeOf(index: number, tiers: readonly (readonly Pool[])[], allWantTo: Way | undefined): Volume {
  const tierIndex = tierIndexOf(index);
  const pools = tiers[tierIndex] ?? [];
  const isUsual = allWantTo === undefined;
  const published = !isUsual || index % 12 !== 0;
  const replicaCount = allWantTo === 'AffinityGroup' ? 2 : 1 + (index % REPLICA_COUNT);
  const pinnedTier =
    allWantTo === 'PinnedTopology' ? TIERS[tierIndex] : isUsual && index % 15 === 0 ? 'hot' : undefined;
  return {
    volumeId: parseVolumeId(volumeIdOf(index)),
    sizeBytes: (8 + (index % 13)) * GIB,
    replicaCount,
    specStatus: 'Created',
    busy: false,
    status: 'Online',
    target: published
      ? { node: parseNodeName('node-app'), status: 'Online', rebuildCount: 0, childCount: replicaCount }
      : undefined,
    replicas: Array.from({ length: replicaCount }, (_, replica) => {
      const pool = pools[(index + replica) % pools.length];
      return {
        replicaId: `${index}-${replica}`,
        pool: pool?.pool,
        node: pool?.node,
        status: 'Online',
        childStatus: published ? 'Online' : undefined,
        rebuildPercent: undefined,
        allocatedBytes: 2 * GIB + index * 4096,
      };
    }),
    thin: index % 2 === 0,
    snapshotCount: isUsual && index % 20 === 0 ? 1 : 0,
    affinityGroup: allWantTo === 'AffinityGroup' ? 'everybody' : undefined,
    topology: {
      poolInclusion: { tier: pinnedTier ?? '' },
      poolExclusion: {},
      nodeInclusion: {},
      nodeExclusion: {},
      allowedNodes: undefined,
    },
  };
}

function claimOf(index: number, policies: number): Snapshot['claims'][number] {
  const name = `data-${index}`;
  const labels = { team: `team-${index % policies}` };
  return {
    volumeId: parseVolumeId(volumeIdOf(index)),
    volumeName: volumeNameOf(index),
    storageClassName: 'mayastor',
    claim: { namespace: 'default', name, uid: `uid-${index}`, labels, annotations: {} },
  };
}

function heat(iops: number): Heat {
  return {
    kind: 'known',
    iops,
    coverage: 1,
    evidence: {
      family: 'volume',
      query: QUERY,
      windowMs: HOUR_MS,
      stepMs: 60_000,
      sampleCount: 60,
      expectedSampleCount: 60,
      newestSampleMs: NOW_MS,
    },
  };
}

function policyOf(
  index: number,
  { overlapping, limit }: { overlapping: boolean; limit: number },
): DecideInput['policies'][number] {
  const name = `policy-${index}`;
  const result = parseStoragePolicy({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'StoragePolicy',
    metadata: { name },
    spec: {
      storageClassName: 'mayastor',
      lowWatermarkIOPS: 200,
      warmWatermarkIOPS: 1500,
      highWatermarkIOPS: 5000,
      maxConcurrentMigrations: limit,
      volumeSelector: overlapping ? {} : { matchLabels: { team: `team-${index}` } },
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      warmPoolSelector: { matchLabels: { tier: 'warm' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
    },
  });
  assertInvariant(result.kind === 'ok', 'the policies of the bench can be read');
  const { spec } = result.value;
  return { name, uid: `uid-${index}`, generation: 1, createdAtMs: index, spec, accepted: true };
}
