/**
 * One entry of `GET /v0/volumes` as facts. Key casing is Mayastor's own. What placement and safety rest on (identity, size,
 * replica count, where the replicas are, topology) has to be readable; states that are not known are `Unknown`.
 */
import { parseVolumeId, type NodeName, type VolumeId } from '@couchestor/common/base';
import type { ReplicaFacts, TargetFacts, TopologyFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { JsonObject, Place } from './json-fields.ts';
import { nodeNameOf, poolNameOf } from './names.ts';

const VOLUME_STATES = ['Online', 'Degraded', 'Faulted', 'Shutdown'] as const;
const REPLICA_STATES = ['Online', 'Degraded', 'Faulted'] as const;

export interface ReadVolume {
  readonly facts: VolumeFacts;
  /** Labels of which all pools, or nodes, of the volume have the same value, whatever it is (since 2.8). */
  readonly affinityKeys: { readonly pool: readonly string[]; readonly node: readonly string[] };
}

/** Thrown: CoucheStorError `unsupported`, which names the field. */
export function readVolume(value: unknown, place: Place): ReadVolume {
  const volume = place.object(value);
  const at = { spec: place.at('spec'), state: place.at('state') };
  const spec = at.spec.object(volume.spec);
  const state = at.state.object(volume.state);
  const children = childrenOf(state, at.state);
  const topology = readTopology(spec, at.spec);
  const facts: VolumeFacts = {
    volumeId: readVolumeId(spec.uuid, at.spec.at('uuid')),
    sizeBytes: at.spec.at('size').count(spec.size),
    replicaCount: at.spec.at('num_replicas').count(spec.num_replicas),
    specStatus: typeof spec.status === 'string' ? spec.status : 'Unknown',
    busy: spec.operation !== undefined && spec.operation !== null,
    status: place.state(state.status, VOLUME_STATES),
    target: readTarget(spec, state, at),
    replicas: readReplicas(state, at.state, children),
    // A thick volume with a snapshot takes space as a thin one does.
    thin: isTrue(spec.thin, at.spec.at('thin')) || isTrue(spec.as_thin, at.spec.at('as_thin')),
    // Before 2.4 there are no snapshots, and no count of them.
    snapshotCount: at.spec.at('num_snapshots').optionalCount(spec.num_snapshots) ?? 0,
    affinityGroup: readAffinityGroup(spec.affinity_group, at.spec.at('affinity_group')),
    topology: topology.facts,
  };
  return { facts, affinityKeys: topology.affinityKeys };
}

function readVolumeId(value: unknown, place: Place): VolumeId {
  try {
    return parseVolumeId(value);
  } catch {
    throw place.refuse('the identifier of a volume');
  }
}

function isTrue(value: unknown, place: Place): boolean {
  return value !== undefined && value !== null && place.boolean(value);
}

/** An affinity group is an object with an id. */
function readAffinityGroup(value: unknown, place: Place): string | undefined {
  const group = place.optionalObject(value);
  return group === undefined ? undefined : place.at('id').text(group.id);
}

/** Published, if the specification or the state has a target; what only the specification has is in no known state. */
function readTarget(
  spec: JsonObject,
  state: JsonObject,
  at: { readonly spec: Place; readonly state: Place },
): TargetFacts | undefined {
  const nexus = at.state.at('target').optionalObject(state.target);
  if (nexus !== undefined) {
    const place = at.state.at('target');
    return {
      node: readNode(nexus.node, place.at('node')),
      status: place.state(nexus.state, VOLUME_STATES),
      rebuildCount: place.at('rebuilds').count(nexus.rebuilds),
      childCount: place.at('children').array(nexus.children).length,
    };
  }
  const asked = at.spec.at('target').optionalObject(spec.target);
  if (asked === undefined) return undefined;
  return { node: readNode(asked.node, at.spec.at('target.node')), status: 'Unknown', rebuildCount: 0, childCount: 0 };
}

function readNode(value: unknown, place: Place): NodeName {
  const node = nodeNameOf(place.text(value));
  if (node === undefined) throw place.refuse('the name of a node');
  return node;
}

interface Child {
  readonly uri: string;
  readonly state: unknown;
  readonly rebuildProgress: unknown;
}

function childrenOf(state: JsonObject, place: Place): readonly Child[] {
  const nexus = place.at('target').optionalObject(state.target);
  if (nexus === undefined) return [];
  const at = place.at('target').at('children');
  return at.array(nexus.children).map((value, index) => {
    const { uri, state: childState, rebuildProgress } = at.at(index).object(value);
    return { uri: typeof uri === 'string' ? uri : '', state: childState, rebuildProgress };
  });
}

function readReplicas(state: JsonObject, place: Place, children: readonly Child[]): readonly ReplicaFacts[] {
  const at = place.at('replica_topology');
  return Object.entries(at.object(state.replica_topology)).map(([replicaId, value]) => {
    const here = at.at(replicaId);
    const replica = here.object(value);
    // In 2.0 a replica does not say what it is to the target; the target's child of that name does.
    const child = children.find(({ uri }) => uri.includes(replicaId));
    const childStatus = replica['child-status'] ?? child?.state;
    const usage = here.at('usage').optionalObject(replica.usage);
    return {
      replicaId,
      pool: poolNameOf(here.at('pool').optionalText(replica.pool)),
      node: nodeNameOf(here.at('node').optionalText(replica.node)),
      status: here.state(replica.state, REPLICA_STATES),
      childStatus:
        childStatus === undefined || childStatus === null ? undefined : here.state(childStatus, REPLICA_STATES),
      rebuildPercent: rebuildPercentOf(replica['rebuild-progress'] ?? child?.rebuildProgress),
      allocatedBytes: here.at('usage.allocated').optionalCount(usage?.allocated),
    };
  });
}

/** Whatever stands there means that it rebuilds; how far is only known when it is a number. */
function rebuildPercentOf(value: unknown): number | undefined {
  if (value === undefined || value === null) return undefined;
  return typeof value === 'number' ? Math.min(Math.max(value, 0), 100) : 0;
}

function readTopology(
  spec: JsonObject,
  place: Place,
): { readonly facts: TopologyFacts; readonly affinityKeys: ReadVolume['affinityKeys'] } {
  const at = place.at('topology');
  const topology = at.optionalObject(spec.topology) ?? {};
  const [poolAt, nodeAt] = [at.at('pool_topology'), at.at('node_topology')];
  const pool = readLabelled(poolAt.optionalObject(topology.pool_topology), poolAt);
  const nodes = nodeAt.optionalObject(topology.node_topology);
  const node = readLabelled(nodes, nodeAt);
  return {
    facts: {
      poolInclusion: pool.inclusion,
      poolExclusion: pool.exclusion,
      nodeInclusion: node.inclusion,
      nodeExclusion: node.exclusion,
      allowedNodes: readAllowedNodes(nodes, nodeAt),
    },
    affinityKeys: { pool: pool.affinityKeys, node: node.affinityKeys },
  };
}

function readLabelled(topology: JsonObject | undefined, place: Place) {
  const at = place.at('labelled');
  const labelled = at.optionalObject(topology?.labelled);
  // The specification says affinity_key; releases have said affinitykey as well.
  const keys = labelled?.affinity_key ?? labelled?.affinitykey;
  return {
    inclusion: at.at('inclusion').labels(labelled?.inclusion),
    exclusion: at.at('exclusion').labels(labelled?.exclusion),
    affinityKeys: keys === undefined || keys === null ? [] : readTexts(keys, at.at('affinity_key')),
  };
}

/** An empty list of the REST API allows every node. */
function readAllowedNodes(nodes: JsonObject | undefined, place: Place): readonly NodeName[] | undefined {
  const at = place.at('explicit');
  const explicit = at.optionalObject(nodes?.explicit);
  if (explicit === undefined) return undefined;
  const names = readTexts(explicit.allowed_nodes, at.at('allowed_nodes'));
  return names.length === 0 ? undefined : names.map((name, index) => readNode(name, at.at('allowed_nodes').at(index)));
}

function readTexts(value: unknown, place: Place): readonly string[] {
  return place.array(value).map((text, index) => place.at(index).text(text));
}

/**
 * The volume with its affinity keys as inclusions: the value that the labels of its pools, and nodes, have now is the one that
 * every further replica has to have, which is how the control plane of Mayastor applies them. Of a value that is not known,
 * only that the key is there can be asked.
 */
export function withAffinity({ facts, affinityKeys }: ReadVolume, labels: LabelsOfPlaces): VolumeFacts {
  if (affinityKeys.pool.length + affinityKeys.node.length === 0) return facts;
  const pools = facts.replicas.map(({ pool }) => (pool === undefined ? {} : labels.pool(pool)));
  const nodes = facts.replicas.map(({ node }) => (node === undefined ? {} : labels.node(node)));
  const { topology } = facts;
  return {
    ...facts,
    topology: {
      ...topology,
      poolInclusion: { ...sharedValues(affinityKeys.pool, pools), ...topology.poolInclusion },
      nodeInclusion: { ...sharedValues(affinityKeys.node, nodes), ...topology.nodeInclusion },
    },
  };
}

export interface LabelsOfPlaces {
  readonly pool: (pool: string) => Readonly<Record<string, string>>;
  readonly node: (node: string) => Readonly<Record<string, string>>;
}

function sharedValues(
  keys: readonly string[],
  places: readonly Readonly<Record<string, string>>[],
): Readonly<Record<string, string>> {
  const valueOf = (key: string): string => places.find((labels) => labels[key] !== undefined)?.[key] ?? '';
  return Object.fromEntries(keys.map((key) => [key, valueOf(key)]));
}
