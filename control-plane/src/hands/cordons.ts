/**
 * The cordons that a migration sets so that a scale-up of the volume can only choose the target, as its status names them: what each
 * stands on, whether it is set, and the calls that set and lift it.
 */
import type { Cordon } from '@couchestor/common/api';
import { parseNodeName, parsePoolName, type NodeName, type PoolName } from '@couchestor/common/base';
import { RivalPools, type Surroundings } from '../brain/placement/index.ts';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import type { StorageCall } from './instruction.ts';

export interface Steering {
  readonly volume: VolumeFacts;
  readonly target: { readonly pool: PoolName; readonly node: NodeName };
  readonly storage: Surroundings;
  /** Of node cordons, so that nobody else's is touched. */
  readonly label: string;
  readonly setTime: string;
}

/** Those still to be set, by name. */
export function cordonsFor({ volume, target, storage, label, setTime }: Steering): readonly Cordon[] {
  return new RivalPools(volume, storage)
    .cordons(target)
    .map((cordon) => (cordon.kind === 'Pool' ? { ...cordon, setTime } : { ...cordon, label, setTime }));
}

export function isSet({ kind, name }: Cordon, { pools, nodes }: Surroundings): boolean {
  return kind === 'Pool'
    ? pools.some((pool) => pool.pool === name && pool.cordoned)
    : nodes.some((node) => node.node === name && node.cordoned);
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
