/**
 * Mayastor before 1.0, whose volumes, pools and nodes are custom resources (`openebs.io/v1alpha1`). It takes a number of replicas
 * and nothing else, so no replica can be moved on purpose: decisions are made on these facts, and stay blocked.
 */
import { CoucheStorError, parseVolumeId, type NodeName } from '@couchestor/common/base';
import type {
  NodeFacts,
  PoolFacts,
  ReplicaFacts,
  ReplicaStatus,
  StorageFacts,
  TargetFacts,
  VolumeFacts,
  VolumeStatus,
} from '../../model/cluster-snapshot.ts';
import type { OpenEbsObject, OpenEbsObjects, OpenEbsResource } from '../../ports/openebs-objects.ts';
import type { StorageSystem } from '../../ports/storage-system.ts';
import { isObject, type JsonObject } from './json-fields.ts';
import { nodeNameOf, poolNameOf } from './names.ts';
import { VOLUME_CRD_CAPABILITIES } from './release.ts';

export class MayastorCrdSystem implements StorageSystem {
  readonly #objects: OpenEbsObjects;

  constructor({ objects }: { readonly objects: OpenEbsObjects }) {
    this.#objects = objects;
  }

  /** Whether the cluster has the custom resource of volumes at all. Thrown for what may pass: CoucheStorError. */
  async isServed(signal: AbortSignal): Promise<boolean> {
    return (await this.#objects.list('mayastorvolumes', signal)).kind !== 'notServed';
  }

  async observe(signal: AbortSignal): Promise<StorageFacts> {
    const [volumes, pools, nodes] = await Promise.all([
      this.#list('mayastorvolumes', signal),
      this.#list('mayastorpools', signal),
      this.#list('mayastornodes', signal),
    ]);
    return {
      capabilities: VOLUME_CRD_CAPABILITIES,
      volumes: volumes.map(volumeOf),
      pools: pools.flatMap(poolOf),
      nodes: nodes.flatMap(nodeOf),
    };
  }

  async #list(resource: OpenEbsResource, signal: AbortSignal): Promise<readonly OpenEbsObject[]> {
    const listing = await this.#objects.list(resource, signal);
    if (listing.kind === 'listed') return listing.objects;
    const fields = { resource: `${resource}.openebs.io` };
    if (listing.kind === 'forbidden') throw new CoucheStorError('forbidden', listing.message, { fields });
    const remedy = 'install the custom resources of Mayastor, or configure the URL of its REST API';
    throw new CoucheStorError('unsupported', `${fields.resource} is not served.`, { fields: { ...fields, remedy } });
  }
}

function volumeOf({ name, spec, status }: OpenEbsObject): VolumeFacts {
  const state = isObject(status) ? status : {};
  const target = targetOf(state);
  const replicas = objectsOf(state.replicas).map((replica) => replicaOf(replica, state, target));
  return {
    volumeId: parseVolumeId(name, `metadata.name of MayastorVolume ${name}`),
    sizeBytes: countOf(state.size) ?? required(countOf(spec.requiredBytes), name, 'spec.requiredBytes'),
    replicaCount: required(countOf(spec.replicaCount), name, 'spec.replicaCount'),
    specStatus: state.state === 'destroyed' ? 'Deleted' : state.state === 'pending' ? 'Creating' : 'Created',
    busy: false,
    status: volumeStatusOf(state.state),
    target,
    replicas,
    thin: false,
    snapshotCount: 0,
    affinityGroup: undefined,
    topology: {
      poolInclusion: {},
      poolExclusion: {},
      nodeInclusion: {},
      nodeExclusion: {},
      allowedNodes: allowedNodesOf(spec),
    },
  };
}

function replicaOf(replica: JsonObject, state: JsonObject, target: TargetFacts | undefined): ReplicaFacts {
  const uri = textOf(replica.uri);
  const pool = textOf(replica.pool);
  const node = textOf(replica.node);
  const nexus = isObject(state.nexus) ? state.nexus : {};
  const child = objectsOf(nexus.children).find((candidate) => uri !== undefined && candidate.uri === uri);
  return {
    // A replica has no identifier of its own; a pool holds at most one of a volume.
    replicaId: pool ?? node ?? uri ?? 'unknown',
    pool: poolNameOf(pool),
    node: nodeNameOf(node),
    status: replica.offline === false ? 'Online' : 'Unknown',
    childStatus: target === undefined ? undefined : replicaStatusOf(child?.state),
    rebuildPercent: undefined,
    allocatedBytes: undefined,
  };
}

function targetOf(state: JsonObject): TargetFacts | undefined {
  const nexus = isObject(state.nexus) ? state.nexus : undefined;
  const node = nodeNameOf(textOf(nexus?.node));
  if (nexus === undefined || node === undefined) return undefined;
  const status = replicaStatusOf(nexus.state);
  // How far a rebuild is, it does not say: a child that is degraded is one that rebuilds.
  const children = objectsOf(nexus.children);
  const rebuildCount = children.filter((child) => replicaStatusOf(child.state) === 'Degraded').length;
  return { node, status, rebuildCount, childCount: children.length };
}

function poolOf({ name, labels, spec, status }: OpenEbsObject): readonly PoolFacts[] {
  const state = isObject(status) ? status : {};
  const [pool, node] = [poolNameOf(name), nodeNameOf(textOf(spec.node))];
  if (pool === undefined || node === undefined) return [];
  return [
    {
      pool,
      node,
      status: replicaStatusOf(state.state),
      capacityBytes: countOf(state.capacity) ?? 0,
      usedBytes: countOf(state.used) ?? 0,
      committedBytes: undefined,
      labels,
      topologyLabels: labels,
      cordoned: false,
      encrypted: false,
    },
  ];
}

/** Its status is a text. */
function nodeOf({ name, labels, status }: OpenEbsObject): readonly NodeFacts[] {
  const node = nodeNameOf(name);
  if (node === undefined) return [];
  const known = status === 'online' ? 'Online' : status === 'offline' ? 'Offline' : 'Unknown';
  return [{ node, status: known, cordoned: false, labels, topologyLabels: labels, failureDomain: node }];
}

function volumeStatusOf(state: unknown): VolumeStatus {
  return state === 'healthy' ? 'Online' : replicaStatusOf(state);
}

/** `online`, or with the kind before it, such as `CHILD_ONLINE` and `NEXUS_DEGRADED`. */
function replicaStatusOf(state: unknown): ReplicaStatus {
  const word = textOf(state)?.split('_').at(-1)?.toLowerCase();
  if (word === 'online') return 'Online';
  if (word === 'degraded') return 'Degraded';
  return word === 'faulted' ? 'Faulted' : 'Unknown';
}

function allowedNodesOf(spec: JsonObject): readonly NodeName[] | undefined {
  const names = Array.isArray(spec.requiredNodes) ? spec.requiredNodes.map(textOf) : [];
  const nodes = names.flatMap((name) => nodeNameOf(name) ?? []);
  return names.length === 0 ? undefined : nodes;
}

function objectsOf(value: unknown): readonly JsonObject[] {
  return Array.isArray(value) ? value.filter(isObject) : [];
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function countOf(value: unknown): number | undefined {
  return typeof value === 'number' && Number.isInteger(value) && value >= 0 ? value : undefined;
}

function required(value: number | undefined, name: string, field: string): number {
  if (value !== undefined) return value;
  throw new CoucheStorError('unsupported', `MayastorVolume ${name}: ${field} is not a count.`, {
    fields: { path: `mayastorvolumes/${name}`, field },
  });
}
