/** Small clusters for the tests of placement: everything healthy unless a test says otherwise. */
import type { Tier } from '@couchestor/common/api';
import type { NodeName, PoolName, VolumeId } from '@couchestor/common/base';
import type {
  ClusterSnapshot,
  MigrationFacts,
  NodeFacts,
  PoolFacts,
  StorageCapabilities,
  StorageFacts,
  VolumeFacts,
} from '../../model/cluster-snapshot.ts';
import type { RemedyStep } from './remedy.ts';
import { Ledger } from './ledger.ts';
import type { MoveRequest } from './move-request.ts';
import type { TierOf } from './placement-of.ts';
import { RivalPools } from './rival-pools.ts';

export const GIB = 1024 ** 3;

export const RELEASES = ['2.0', '2.5', '2.7', '2.8', '2.9', '2.10'] as const;
export type Release = (typeof RELEASES)[number];

export const nodeName = (name: string): NodeName => name as NodeName;
export const poolName = (name: string): PoolName => name as PoolName;
export const volumeId = (name: string): VolumeId => name as VolumeId;

export function capabilities(release: Release): StorageCapabilities {
  const minor = Number(release.split('.')[1]);
  return {
    kind: 'MayastorRest',
    version: `${release}.0`,
    canMoveReplicas: true,
    removalKnowsTopology: minor >= 8,
    removalKnowsCordons: minor >= 9,
    poolCordons: minor >= 10,
  };
}

/** Mayastor knows its labels unless it is said which. */
export function node(name: string, changed: Partial<NodeFacts> = {}): NodeFacts {
  const { labels = {} } = changed;
  const known = { labels, topologyLabels: labels };
  return { node: nodeName(name), status: 'Online', cordoned: false, ...known, failureDomain: name, ...changed };
}

/** Named `<tier>-<node>`, as in `cold-n2`; labelled with its tier, of which Mayastor knows unless it is said what it knows. */
export function pool(name: string, changed: Partial<PoolFacts> = {}): PoolFacts {
  const [tier = '', on = ''] = name.split('-');
  return {
    pool: poolName(name),
    node: nodeName(on),
    status: 'Online',
    capacityBytes: 1000 * GIB,
    usedBytes: 100 * GIB,
    committedBytes: 100 * GIB,
    labels: { tier },
    topologyLabels: changed.labels ?? { tier },
    cordoned: false,
    encrypted: false,
    ...changed,
  };
}

/** By the prefix of the name. */
export const tierOf: TierOf = (name) => {
  const prefix = name.split('-')[0] ?? '';
  const tiers: Readonly<Record<string, Tier>> = { hot: 'Hot', warm: 'Warm', cold: 'Cold', '(new pool)': 'Cold' };
  return tiers[prefix] ?? 'Unassigned';
};

export const NO_TOPOLOGY: VolumeFacts['topology'] = {
  poolInclusion: {},
  poolExclusion: {},
  nodeInclusion: {},
  nodeExclusion: {},
  allowedNodes: undefined,
};

/** Published on the node of the first pool unless a target is given. */
export function volume(pools: readonly string[], changed: Partial<VolumeFacts> = {}): VolumeFacts {
  const replicas = pools.map((name) => replica(name));
  return {
    volumeId: volumeId('v1'),
    sizeBytes: 10 * GIB,
    replicaCount: replicas.length,
    specStatus: 'Created',
    busy: false,
    status: 'Online',
    target: target(pools[0]?.split('-')[1] ?? 'n1', replicas.length),
    replicas,
    thin: false,
    snapshotCount: 0,
    affinityGroup: undefined,
    topology: NO_TOPOLOGY,
    ...changed,
  };
}

export function replica(name: string): VolumeFacts['replicas'][number] {
  return {
    replicaId: `r-${name}`,
    pool: poolName(name),
    node: nodeName(name.split('-')[1] ?? ''),
    status: 'Online',
    childStatus: 'Online',
    rebuildPercent: undefined,
    allocatedBytes: undefined,
  };
}

export function target(on: string, childCount: number): NonNullable<VolumeFacts['target']> {
  return { node: nodeName(on), status: 'Online', rebuildCount: 0, childCount };
}

export function storage(parts: Partial<StorageFacts> & { release?: Release }): StorageFacts {
  const { release = '2.10', ...rest } = parts;
  return { capabilities: capabilities(release), volumes: [], pools: [], nodes: [], ...rest };
}

export function snapshot(facts: StorageFacts, migrations: readonly MigrationFacts[] = []): ClusterSnapshot {
  return { takenAtMs: 0, storage: facts, claims: [], migrations };
}

export function ledgerOf(
  facts: StorageFacts,
  { reserve = 0.1, heat = {} }: { reserve?: number; heat?: Readonly<Record<string, number>> } = {},
): Ledger {
  return new Ledger(snapshot(facts), reserve, (id) => heat[id]);
}

/** A volume of the storage to the cold tier, unless changed. */
export function request(facts: StorageFacts, changed: Partial<MoveRequest> = {}): MoveRequest {
  const [first = volume(['hot-n1'])] = facts.volumes;
  return {
    volume: first,
    wanted: 'Cold',
    tierOf,
    storage: facts,
    ledger: ledgerOf(facts),
    preservation: false,
    extraReplica: false,
    ...changed,
  };
}

/** A hot and a cold pool on each of so many nodes, each node a failure domain. */
export function twoTierCluster(nodeCount: number): Pick<StorageFacts, 'nodes' | 'pools'> {
  const names = Array.from({ length: nodeCount }, (_, index) => `n${index + 1}`);
  return {
    nodes: names.map((name) => node(name)),
    pools: names.flatMap((name) => [pool(`hot-${name}`), pool(`cold-${name}`)]),
  };
}

/** The request after somebody did what the step says. */
export function carriedOut(before: MoveRequest, step: RemedyStep): MoveRequest {
  const { volume: old, storage: facts } = before;
  const withVolume = (changed: Partial<VolumeFacts>): MoveRequest =>
    again({ ...before, volume: { ...old, ...changed } });
  const withStorage = (changed: Partial<StorageFacts>): MoveRequest =>
    again({ ...before, storage: { ...facts, ...changed } });
  const withNode = (name: string, changed: Partial<NodeFacts>): MoveRequest =>
    withStorage({ nodes: facts.nodes.map((one) => (one.node === name ? { ...one, ...changed } : one)) });
  const withPool = (name: string, change: (one: PoolFacts) => Partial<PoolFacts>): MoveRequest =>
    withStorage({ pools: facts.pools.map((one) => (one.pool === name ? { ...one, ...change(one) } : one)) });
  const newPool = (on: string, freeBytes: number, encrypted: boolean): PoolFacts =>
    pool('(new pool)', {
      node: nodeName(on),
      capacityBytes: freeBytes,
      usedBytes: 0,
      committedBytes: 0,
      encrypted,
      labels: { ...old.topology.poolInclusion, tier: 'cold' },
    });

  switch (step.kind) {
    case 'UncordonNode':
      return withNode(step.node, { cordoned: false });
    case 'BringNodeOnline':
      return withNode(step.node, { status: 'Online' });
    case 'PublishOnNode':
      return withVolume({ target: target(step.node, old.replicas.length) });
    case 'UncordonPool':
      return withPool(step.pool, () => ({ cordoned: false }));
    case 'BringPoolOnline':
      return withPool(step.pool, () => ({ status: 'Online' }));
    case 'FreeSpace':
      return withPool(step.pool, (one) => ({ usedBytes: one.usedBytes - step.bytes }));
    case 'ReduceCommitment':
      return withPool(step.pool, (one) => ({ committedBytes: (one.committedBytes ?? 0) - step.bytes }));
    case 'Upgrade':
      return withStorage({ capabilities: capabilities(step.version) });
    case 'RecreateVolume':
      return withVolume({ topology: NO_TOPOLOGY });
    case 'AddPool':
      return withStorage({ pools: [...facts.pools, newPool(step.node, step.freeBytes, step.encrypted)] });
    case 'AddNode': {
      const { nodeInclusion, nodeExclusion } = old.topology;
      const spread = Object.fromEntries(Object.keys(nodeExclusion).map((key) => [key, 'a-new-value']));
      return withStorage({
        nodes: [...facts.nodes, node('added', { labels: { ...nodeInclusion, ...spread } })],
        pools: [...facts.pools, newPool('added', step.freeBytes, step.encrypted)],
      });
    }
    case 'CordonNodes': {
      const nodes = new RivalPools(old, facts).cordons(step.besides).filter(({ kind }) => kind === 'Node');
      const named = new Set<string>(nodes.slice(0, step.count).map(({ name }) => name));
      return withStorage({
        nodes: facts.nodes.map((one) => (named.has(one.node) ? { ...one, cordoned: true } : one)),
      });
    }
    case 'LabelPoolInMayastor':
      return withPool(step.pool, (one) => ({ topologyLabels: { ...one.topologyLabels, ...step.labels } }));
    case 'LabelNodeInMayastor': {
      const known = facts.nodes.find((one) => one.node === step.node)?.topologyLabels;
      return withNode(step.node, { topologyLabels: { ...known, ...step.labels } });
    }
    case 'LabelPool':
      return { ...before, tierOf: (name) => (name === step.pool ? step.tier : before.tierOf(name)) };
    case 'AskForReplicas':
      throw new Error('a second replica is more than a change of the facts; the test of the preflight looks at it');
    case 'Preserve':
      return { ...before, preservation: true };
    case 'Publish':
      return withVolume({ target: target('n1', old.replicas.length) });
    case 'DeleteSnapshots':
      return withVolume({ snapshotCount: 0 });
    case 'RemoveExtraReplica':
      return { ...before, extraReplica: false };
    case 'UseRestBackend':
      return withStorage({ capabilities: capabilities('2.10') });
  }
}

/** With a ledger of its own storage, in which the volume is the one of the request. */
function again(changed: MoveRequest): MoveRequest {
  const volumes = changed.storage.volumes.map((one) =>
    one.volumeId === changed.volume.volumeId ? changed.volume : one,
  );
  const facts = { ...changed.storage, volumes };
  return { ...changed, storage: facts, ledger: ledgerOf(facts, { reserve: changed.ledger.poolReserve }) };
}
