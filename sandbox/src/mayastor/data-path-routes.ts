/**
 * Replicas, targets and their children over REST. What belongs to a volume is the control plane's: a replica cannot be deleted,
 * and a child that is taken out comes back.
 */
import { MayastorError, notFound } from './errors.ts';
import { uuidFrom } from './input.ts';
import { param } from './router.ts';
import type { Route, RouteContext } from './router.ts';
import { children, replicaUri } from './world.ts';
import type { ReplicaRecord, VolumeRecord } from './world.ts';

export const dataPathRoutes: readonly Route[] = [
  { method: 'GET', path: '/replicas', handle: ({ volumes }) => volumes.replicas() },
  {
    method: 'GET',
    path: '/replicas/{}',
    handle(context) {
      const id = uuidFrom(param(context, 0));
      const found = context.volumes.replicas().find(({ uuid }) => uuid === id);
      if (found === undefined) throw notFound('Replica', id);
      return found;
    },
  },
  { method: 'DELETE', path: '/pools/{}/replicas/{}', handle: (context) => refuseOwned(context, param(context, 1)) },
  {
    method: 'DELETE',
    path: '/nodes/{}/pools/{}/replicas/{}',
    handle: (context) => refuseOwned(context, param(context, 2)),
  },
  { method: 'GET', path: '/nexuses', handle: ({ volumes }) => volumes.nexuses() },
  { method: 'GET', path: '/nexuses/{}', handle: (context) => context.volumes.nexus(nexusOf(context)) },
  {
    method: 'DELETE',
    path: '/nexuses/{}',
    handle(context) {
      const { target } = nexusOf(context);
      throw new MayastorError('InUse', `Nexus Resource id ${target?.nexusId ?? ''} still in use`);
    },
  },
  {
    method: 'GET',
    path: '/nexuses/{}/children',
    handle(context) {
      const volume = nexusOf(context);
      return children(volume).map((child) => context.volumes.child(volume, child));
    },
  },
  {
    method: 'GET',
    path: '/nexuses/{}/children/{}',
    handle(context) {
      const volume = nexusOf(context);
      return context.volumes.child(volume, childOf(context, volume));
    },
  },
  {
    method: 'DELETE',
    path: '/nexuses/{}/children/{}',
    handle(context) {
      const volume = nexusOf(context);
      context.cluster.volumes.removeChild(volume.uuid, childOf(context, volume));
    },
  },
  {
    method: 'GET',
    path: '/specs',
    handle: ({ volumes, infrastructure }) => ({ ...volumes.specs(), pools: infrastructure.poolSpecs() }),
  },
];

function refuseOwned({ volumes }: RouteContext, text: string): never {
  const id = uuidFrom(text);
  const isOwned = volumes.volumes().some(({ replicas }) => replicas.some(({ uuid }) => uuid === id));
  throw isOwned ? new MayastorError('InUse', `Replica Resource id ${id} still in use`) : notFound('Replica', id);
}

function nexusOf(context: RouteContext): VolumeRecord {
  const id = uuidFrom(param(context, 0));
  const volume = context.volumes.published().find(({ target }) => target?.nexusId === id);
  if (volume === undefined) throw notFound('Nexus', id);
  return volume;
}

function childOf(context: RouteContext, volume: VolumeRecord): ReplicaRecord {
  const uri = param(context, 1);
  const child = children(volume).find((replica) => replicaUri(replica, volume) === uri);
  if (child !== undefined) return child;
  throw new MayastorError('NotFound', `Child '${uri}' not found in Nexus '${volume.target?.nexusId ?? ''}'`);
}
