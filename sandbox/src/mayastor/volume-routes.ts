/** Volumes over REST. */
import { undecodable } from './errors.ts';
import { byteFrom, uuidFrom } from './input.ts';
import type { Fields } from './input.ts';
import { notPublished } from './volume-operations.ts';
import { param } from './router.ts';
import type { Route, RouteContext } from './router.ts';
import type { VolumeRecord } from './world.ts';
import type { LabelledTopology, Topology, VolumeOptions } from './types.ts';

const MAX_BYTE = 255;
const MAX_UNSIGNED_32 = 2 ** 32 - 1;

const volumeId = (context: RouteContext): string => uuidFrom(param(context, 0));
const answer = (context: RouteContext, volume: VolumeRecord): unknown => context.volumes.volume(volume);

export const volumeRoutes: readonly Route[] = [
  { method: 'GET', path: '/volumes', handle: listVolumes },
  {
    method: 'GET',
    path: '/volumes/{}',
    handle: (context) => answer(context, context.cluster.volumes.find(volumeId(context))),
  },
  {
    method: 'PUT',
    path: '/volumes/{}',
    handle(context) {
      const id = volumeId(context);
      return answer(context, context.cluster.volumes.create({ ...creationFrom(context.body()), volumeId: id }));
    },
  },
  {
    method: 'DELETE',
    path: '/volumes/{}',
    handle: (context) => context.cluster.volumes.destroy(volumeId(context)),
  },
  {
    method: 'PUT',
    path: '/volumes/{}/replica_count/{}',
    handle(context) {
      const [id, count] = [volumeId(context), byteFrom(param(context, 1))];
      return answer(context, context.cluster.volumes.setReplicaCount(id, count));
    },
  },
  { method: 'PUT', path: '/volumes/{}/property', feature: 'volumeProperty', handle: setProperty },
  { method: 'PUT', path: '/volumes/{}/target', handle: publish },
  {
    method: 'DELETE',
    path: '/volumes/{}/target',
    handle(context) {
      const [id, force] = [volumeId(context), context.query.flag('force')];
      return answer(context, context.cluster.volumes.unpublish(id, force));
    },
  },
  {
    method: 'PUT',
    path: '/volumes/{}/size',
    feature: 'resize',
    handle(context) {
      const [id, sizeBytes] = [volumeId(context), context.body().count('size', Number.MAX_SAFE_INTEGER)];
      return answer(context, context.cluster.volumes.resize(id, sizeBytes));
    },
  },
  {
    method: 'GET',
    path: '/volumes/{}/rebuild-history',
    feature: 'rebuildHistory',
    handle(context) {
      const volume = context.cluster.volumes.find(volumeId(context));
      if (volume.target === undefined) throw notPublished(volume.uuid);
      return context.volumes.rebuildHistory(volume, (monotonicMs) => context.cluster.wallMs(monotonicMs));
    },
  },
];

/** A token is how many volumes came before. Asking for one volume that is not there is no error here. */
function listVolumes({ cluster, volumes, query }: RouteContext): unknown {
  const maxEntries = query.requiredCount('max_entries');
  const start = query.count('starting_token') ?? 0;
  const only = query.text('volume_id');
  const known = cluster.volumes.list();
  const all = only === undefined ? known : known.filter(({ uuid }) => uuid === uuidFrom(only));
  const end = maxEntries === 0 ? all.length : start + maxEntries;
  const page = maxEntries === 0 ? all : all.slice(start, end);
  return {
    entries: page.map((volume) => volumes.volume(volume)),
    next_token: end < all.length ? end : undefined,
  };
}

/** One property, and only what has a setter: topology never changes. */
function setProperty(context: RouteContext): unknown {
  const maxSnapshots = context.body().optionalCount('max_snapshots', MAX_UNSIGNED_32);
  if (maxSnapshots === undefined)
    throw undecodable('Json deserialize error: unknown variant, expected `max_snapshots`');
  return answer(context, context.cluster.volumes.setMaxSnapshots(volumeId(context), maxSnapshots));
}

function publish(context: RouteContext): unknown {
  const id = volumeId(context);
  const body = context.body();
  body.labels('publish_context');
  const protocol = body.text('protocol');
  if (protocol !== 'nvmf')
    throw undecodable(`Json deserialize error: unknown variant \`${protocol}\`, expected \`nvmf\``);
  const [node, frontendNode] = [body.optionalText('node'), body.optionalText('frontend_node')];
  const volume = context.cluster.volumes.publish(id, {
    republish: body.optionalFlag('republish') ?? false,
    ...(node === undefined ? {} : { node }),
    ...(frontendNode === undefined ? {} : { frontendNode }),
  });
  return answer(context, volume);
}

function creationFrom(body: Fields): VolumeOptions {
  const topology = topologyFrom(body.optionalObject('topology'));
  const affinityGroup = body.optionalObject('affinity_group')?.text('id');
  const maxSnapshots = body.optionalCount('max_snapshots', MAX_UNSIGNED_32);
  const labels = body.optionalLabels('labels');
  return {
    sizeBytes: body.count('size', Number.MAX_SAFE_INTEGER),
    replicaCount: body.count('replicas', MAX_BYTE),
    thin: body.flag('thin'),
    selfHeal: body.object('policy').flag('self_heal'),
    ...(topology === undefined ? {} : { topology }),
    ...(affinityGroup === undefined ? {} : { affinityGroup }),
    ...(maxSnapshots === undefined ? {} : { maxSnapshots }),
    ...(labels === undefined ? {} : { labels }),
  };
}

function topologyFrom(body: Fields | undefined): Topology | undefined {
  const node = body?.optionalObject('node_topology');
  const pool = body?.optionalObject('pool_topology');
  if (node === undefined && pool === undefined) return undefined;
  const explicit = node?.optionalObject('explicit');
  const nodeLabels = labelledFrom(node?.optionalObject('labelled'));
  const poolLabels = labelledFrom(pool?.optionalObject('labelled'));
  return {
    ...(node && {
      node_topology: {
        ...(nodeLabels && { labelled: nodeLabels }),
        ...(explicit && {
          explicit: {
            allowed_nodes: explicit.optionalTexts('allowed_nodes') ?? [],
            preferred_nodes: explicit.optionalTexts('preferred_nodes') ?? [],
          },
        }),
      },
    }),
    ...(pool && { pool_topology: poolLabels ? { labelled: poolLabels } : {} }),
  };
}

function labelledFrom(body: Fields | undefined): LabelledTopology | undefined {
  if (body === undefined) return undefined;
  const keys = body.optionalTexts('affinity_key');
  const labels = { inclusion: body.labels('inclusion'), exclusion: body.labels('exclusion') };
  return keys === undefined ? labels : { ...labels, affinity_key: keys };
}
