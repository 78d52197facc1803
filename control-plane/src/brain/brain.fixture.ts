/** For tests: a small cluster from a few words. Every field has a value with which a volume could move. */
import type { Placement, StoragePolicySpec, Tier } from '@couchestor/common/api';
import { parseStoragePolicy } from '@couchestor/common/api';
import { assertInvariant, parseNodeName, parsePoolName, parseVolumeId, type VolumeId } from '@couchestor/common/base';
import type {
  ClaimFacts,
  ClusterSnapshot,
  MigrationFacts,
  NodeFacts,
  PoolFacts,
  ReplicaFacts,
  VolumeFacts,
} from '../model/cluster-snapshot.ts';
import type { Heat, HeatReading } from '../model/heat.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';
import { NO_STORAGE } from '../model/storage.fixture.ts';

export const HOUR_MS = 3_600_000;
export const NOW_MS = Date.parse('2026-02-17T12:00:00Z');
export const STORAGE_CLASS = 'mayastor';

export const SETTINGS: OperatorSettings = Object.freeze({
  maxConcurrentMigrations: 4,
  maxMigrationsPerHour: 6,
  dryRun: false,
  preservationMode: false,
  poolReserve: 0.1,
});

/** Three tiers, watermarks 100, 200 and 1000; `spec` as in a manifest. */
export function policySpec(spec: Readonly<Record<string, unknown>> = {}): StoragePolicySpec {
  const result = parseStoragePolicy({
    apiVersion: 'storage.billyronks.io/v1',
    kind: 'StoragePolicy',
    metadata: { name: 'policy' },
    spec: {
      storageClassName: STORAGE_CLASS,
      lowWatermarkIOPS: 100,
      warmWatermarkIOPS: 200,
      highWatermarkIOPS: 1000,
      hotPoolSelector: { matchLabels: { tier: 'hot' } },
      warmPoolSelector: { matchLabels: { tier: 'warm' } },
      coldPoolSelector: { matchLabels: { tier: 'cold' } },
      ...spec,
    },
  });
  assertInvariant(result.kind === 'ok', JSON.stringify(result));
  return result.value.spec;
}

export function policyInput(
  name = 'policy',
  spec: Readonly<Record<string, unknown>> = {},
  rest: Partial<PolicyInput> = {},
): PolicyInput {
  return {
    name,
    uid: `uid-${name}`,
    generation: 1,
    createdAtMs: NOW_MS - 1000 * HOUR_MS,
    spec: policySpec(spec),
    accepted: true,
    ...rest,
  };
}

export function volumeId(index: number): VolumeId {
  return parseVolumeId(`00000000-0000-4000-8000-${String(index).padStart(12, '0')}`);
}

export function volumeName(index: number): string {
  return `pvc-${volumeId(index)}`;
}

/** `annotations` without the group before them. */
export function claimOf(
  index: number,
  { annotations = {}, labels = {} }: Partial<Record<'annotations' | 'labels', Readonly<Record<string, string>>>> = {},
  rest: Partial<ClaimFacts> = {},
): ClaimFacts {
  const named = Object.entries(annotations).map(([name, value]) => [`storage.billyronks.io/${name}`, value]);
  return {
    volumeId: volumeId(index),
    volumeName: volumeName(index),
    storageClassName: STORAGE_CLASS,
    claim: {
      namespace: 'default',
      name: `data-${index}`,
      uid: `uid-${index}`,
      labels,
      annotations: Object.fromEntries(named) as Record<string, string>,
    },
    ...rest,
  };
}

const LABEL_OF: Readonly<Record<Placement, string>> = { Hot: 'hot', Warm: 'warm', Cold: 'cold', Unassigned: 'none' };

/** Pool `hot-0` is on node `node-hot-0`, so that pools of one number are on different nodes. */
export function poolOf(tier: Placement, index: number, rest: Partial<PoolFacts> = {}): PoolFacts {
  const pool = `${LABEL_OF[tier]}-${index}`;
  return {
    pool: parsePoolName(pool),
    node: parseNodeName(`node-${pool}`),
    status: 'Online',
    capacityBytes: 1e15,
    usedBytes: 0,
    committedBytes: 0,
    labels: { tier: LABEL_OF[tier] },
    topologyLabels: { tier: LABEL_OF[tier] },
    cordoned: false,
    encrypted: false,
    ...rest,
  };
}

export function nodeOf(pool: PoolFacts): NodeFacts {
  const labels = {};
  return {
    node: pool.node,
    status: 'Online',
    cordoned: false,
    labels,
    topologyLabels: labels,
    failureDomain: pool.node,
  };
}

export function replicaOf(pool: PoolFacts, volume: number, rest: Partial<ReplicaFacts> = {}): ReplicaFacts {
  return {
    replicaId: `${volume}-${pool.pool}`,
    pool: pool.pool,
    node: pool.node,
    status: 'Online',
    childStatus: 'Online',
    rebuildPercent: undefined,
    allocatedBytes: 1024 ** 3,
    ...rest,
  };
}

const NO_TOPOLOGY: VolumeFacts['topology'] = Object.freeze({
  poolInclusion: {},
  poolExclusion: {},
  nodeInclusion: {},
  nodeExclusion: {},
  allowedNodes: undefined,
});

/** Healthy and published on a node without a pool, with one replica in each of `pools`. */
export function volumeOf(index: number, pools: readonly PoolFacts[], rest: Partial<VolumeFacts> = {}): VolumeFacts {
  return {
    volumeId: volumeId(index),
    sizeBytes: 1024 ** 3,
    replicaCount: pools.length,
    specStatus: 'Created',
    busy: false,
    status: 'Online',
    target: { node: parseNodeName('node-app'), status: 'Online', rebuildCount: 0, childCount: pools.length },
    replicas: pools.map((pool) => replicaOf(pool, index)),
    thin: false,
    snapshotCount: 0,
    affinityGroup: undefined,
    topology: NO_TOPOLOGY,
    ...rest,
  };
}

export function migrationOf(index: number, name: string, rest: Partial<MigrationFacts> = {}): MigrationFacts {
  return {
    name,
    volumeId: volumeId(index),
    policy: 'policy',
    phase: 'Completed',
    from: 'Hot',
    to: 'Cold',
    targetPool: undefined,
    startedAtMs: NOW_MS - 2 * HOUR_MS,
    completedAtMs: NOW_MS - HOUR_MS,
    extraReplica: false,
    ...rest,
  };
}

export function snapshotOf(parts: {
  readonly claims: readonly ClaimFacts[];
  readonly volumes: readonly VolumeFacts[];
  readonly pools: readonly PoolFacts[];
  readonly migrations?: readonly MigrationFacts[];
}): ClusterSnapshot {
  const { claims, volumes, pools, migrations = [] } = parts;
  return {
    takenAtMs: NOW_MS,
    storage: { ...NO_STORAGE, volumes, pools, nodes: pools.map(nodeOf) },
    claims,
    migrations,
  };
}

export function knownHeat(iops: number, coverage = 1): Heat {
  const evidence = {
    family: 'volume',
    query: 'query',
    windowMs: HOUR_MS,
    stepMs: 60_000,
    sampleCount: Math.round(60 * coverage),
    expectedSampleCount: 60,
    newestSampleMs: NOW_MS,
  };
  return { kind: 'known', iops, coverage, evidence };
}

/** The heat of volumes by their number; a number is IOPS with full coverage. */
export function readingOf(
  heats: ReadonlyMap<number, number | Heat>,
): (windowMs: number) => Extract<HeatReading, { kind: 'read' }> {
  const byVolumeName = new Map(
    [...heats].map(([index, heat]) => [volumeName(index), typeof heat === 'number' ? knownHeat(heat) : heat]),
  );
  return (windowMs) => ({ kind: 'read', windowMs, family: 'volume', byVolumeName, readAtMs: NOW_MS });
}

export const TIERS: readonly Tier[] = ['Hot', 'Warm', 'Cold'];
