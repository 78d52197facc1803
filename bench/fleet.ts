/**
 * Everything that a round decides on, made up for any number of volumes, pools and policies. The mix is that of a cluster that
 * was never tiered: about half of the volumes should move, each replica by itself, and some of those cannot.
 */
import { parseStoragePolicy } from '@couchestor/common/api';
import { assertInvariant, parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import type { DecideInput } from '@couchestor/control-plane/brain';

type Snapshot = DecideInput['snapshot'];
type Volume = Snapshot['storage']['volumes'][number];
type Pool = Snapshot['storage']['pools'][number];
type Reading = ReturnType<DecideInput['heat']>;
type Heat = Extract<Reading, { kind: 'read' }>['byVolumeName'] extends ReadonlyMap<string, infer H> ? H : never;

export interface FleetSizes {
  readonly volumes: number;
  /** Each watches an equal part of the volumes, by a label of their claims. */
  readonly policies?: number;
  /** Over three tiers, each on a node of its own. */
  readonly pools?: number;
}

const TIERS = ['hot', 'warm', 'cold'] as const;
const REPLICA_COUNT = 3;
const GIB = 1024 ** 3;
const HOUR_MS = 3_600_000;
const NOW_MS = Date.parse('2026-02-17T12:00:00Z');
const QUERY = 'sum by (pv_name) (rate(volume_num_read_ops[4m]) + rate(volume_num_write_ops[4m]))';
/** Against watermarks of 200, 1500 and 5000. */
const IOPS = [3, 12, 40, 90, 700, 900, 2_000, 3_000, 7_000, 15_000] as const;

export function fleet({ volumes, policies = 1, pools = 60 }: FleetSizes): DecideInput {
  const tiers = TIERS.map((tier) => Array.from({ length: Math.ceil(pools / TIERS.length) }, (_, n) => poolOf(tier, n)));
  const allPools = tiers.flat();
  const indexes = Array.from({ length: volumes }, (_, index) => index);
  const byVolumeName = new Map(indexes.map((index) => [volumeNameOf(index), heatOf(index)]));
  return {
    snapshot: {
      takenAtMs: NOW_MS,
      storage: {
        capabilities: {
          kind: 'MayastorRest',
          version: '2.10.0',
          canMoveReplicas: true,
          removalKnowsTopology: true,
          removalKnowsCordons: true,
          poolCordons: true,
        },
        volumes: indexes.map((index) => volumeOf(index, tiers)),
        pools: allPools,
        nodes: allPools.map(({ node }, n) => ({
          node,
          status: 'Online',
          cordoned: false,
          labels: {},
          failureDomain: `zone-${n % 5}`,
        })),
      },
      claims: indexes.map((index) => claimOf(index, policies)),
      migrations: [],
    },
    policies: Array.from({ length: policies }, (_, index) => policyOf(index)),
    heat: (windowMs): Reading => ({ kind: 'read', windowMs, family: 'volume', byVolumeName, readAtMs: NOW_MS }),
    settings: { maxConcurrentMigrations: 2, dryRun: false, preservationMode: false, poolReserve: 0.1 },
    nowMs: NOW_MS,
  };
}

const volumeIdOf = (index: number): string => `00000000-0000-4000-8000-${String(index).padStart(12, '0')}`;
const volumeNameOf = (index: number): string => `pvc-${volumeIdOf(index)}`;

function poolOf(tier: string, index: number): Pool {
  return {
    pool: parsePoolName(`pool-${tier}-${index}`),
    node: parseNodeName(`node-${tier}-${index}`),
    status: 'Online',
    capacityBytes: 1e15,
    usedBytes: 1e14,
    committedBytes: 1e14,
    labels: { tier },
    cordoned: false,
    encrypted: false,
  };
}

function volumeOf(index: number, tiers: readonly (readonly Pool[])[]): Volume {
  const volumeId = parseVolumeId(volumeIdOf(index));
  const pools = tiers[Math.floor(index / IOPS.length) % tiers.length] ?? [];
  const published = index % 12 !== 0;
  const replicaCount = 1 + (index % REPLICA_COUNT);
  return {
    volumeId,
    sizeBytes: 8 * GIB,
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
        allocatedBytes: 2 * GIB,
      };
    }),
    thin: index % 2 === 0,
    snapshotCount: index % 20 === 0 ? 1 : 0,
    affinityGroup: undefined,
    topology: {
      poolInclusion: index % 15 === 0 ? { tier: 'hot' } : { tier: '' },
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

function heatOf(index: number): Heat {
  return {
    kind: 'known',
    iops: IOPS[index % IOPS.length] ?? 0,
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

function policyOf(index: number): DecideInput['policies'][number] {
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
      volumeSelector: { matchLabels: { team: `team-${index}` } },
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      warmPoolSelector: { matchLabels: { tier: 'warm' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
    },
  });
  assertInvariant(result.kind === 'ok', 'the policies of the bench can be read');
  const { spec } = result.value;
  return { name, uid: `uid-${index}`, generation: 1, createdAtMs: index, spec, accepted: true };
}
