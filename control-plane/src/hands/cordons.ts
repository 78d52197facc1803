/**
 * Which pools or nodes have to be cordoned so that a scale-up of the volume can only choose the target. A cordon also keeps
 * everybody else's new replicas away, so only what could really be chosen gets one: not what is cordoned, cannot be reached,
 * never fits, or shares its node with a replica of the volume.
 */
import type { Cordon } from '@couchestor/common/api';
import { parseNodeName, parsePoolName, type NodeName, type PoolName } from '@couchestor/common/base';
import { nodeFitsTopology, poolFitsTopology, type Surroundings } from '../brain/placement/index.ts';
import type { NodeFacts, PoolFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import type { StorageCall } from './instruction.ts';

/** What a status can hold. */
export const MAX_CORDONS = 256;

export interface Steering {
  readonly volume: VolumeFacts;
  readonly target: { readonly pool: PoolName; readonly node: NodeName };
  readonly storage: Surroundings;
  /** Of node cordons, so that nobody else's is touched. */
  readonly label: string;
  readonly setTime: string;
}

/** Those still to be set, by name. */
export function cordonsFor(steering: Steering): readonly Cordon[] {
  const { storage, target, label, setTime } = steering;
  const rivals = rivalsOf(steering);
  if (storage.capabilities.poolCordons) {
    return rivals.map(({ pool }) => ({ kind: 'Pool', name: pool, setTime }));
  }
  const nodes = new Set(rivals.map(({ node }) => node).filter((node) => node !== target.node));
  return [...nodes].sort().map((node) => ({ kind: 'Node', name: node, label, setTime }));
}

function rivalsOf({ volume, target, storage }: Steering): readonly PoolFacts[] {
  const nodes = new Map(storage.nodes.map((node) => [node.node, node]));
  const taken = new Set(volume.replicas.map(({ node }) => node));
  return storage.pools
    .filter((pool) => pool.pool !== target.pool && !taken.has(pool.node))
    .filter((pool) => isOpen(pool, volume) && isOpenNode(nodes.get(pool.node), volume))
    .sort((a, b) => (a.pool < b.pool ? -1 : 1));
}

/** A pool of which nothing is known may be chosen a moment later. */
function isOpen(pool: PoolFacts, volume: VolumeFacts): boolean {
  if (pool.cordoned || pool.status === 'Faulted') return false;
  return pool.capacityBytes > volume.sizeBytes && poolFitsTopology(volume.topology, pool);
}

function isOpenNode(node: NodeFacts | undefined, volume: VolumeFacts): boolean {
  if (node === undefined) return true;
  return !node.cordoned && node.status !== 'Offline' && nodeFitsTopology(volume.topology, node);
}

export function isSet({ kind, name }: Cordon, { pools, nodes }: Surroundings): boolean {
  return kind === 'Pool'
    ? pools.some((pool) => pool.pool === name && pool.cordoned)
    : nodes.some((node) => node.node === name && node.cordoned);
}

/** Whether there is still a pool or node of this name. */
export function hasSubject({ kind, name }: Cordon, { pools, nodes }: Surroundings): boolean {
  return kind === 'Pool' ? pools.some(({ pool }) => pool === name) : nodes.some(({ node }) => node === name);
}

export function settingCall({ kind, name, label = '' }: Cordon): StorageCall {
  return kind === 'Pool'
    ? { kind: 'cordonPool', pool: parsePoolName(name) }
    : { kind: 'cordonNode', node: parseNodeName(name), label };
}

export function liftingCall({ kind, name, label = '' }: Cordon): StorageCall {
  return kind === 'Pool'
    ? { kind: 'uncordonPool', pool: parsePoolName(name) }
    : { kind: 'uncordonNode', node: parseNodeName(name), label };
}
