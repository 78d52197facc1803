/** Nodes, pools and disks over REST. */
import { param } from './router.ts';
import type { Handler, Route, RouteContext } from './router.ts';
import type { LabelChange } from './infrastructure-operations.ts';
import type { NodeRecord, PoolRecord } from './world.ts';
import type { PoolCordon } from './types.ts';

const onNode =
  (change: (context: RouteContext, name: string) => NodeRecord): Handler =>
  (context) =>
    context.infrastructure.node(change(context, param(context, 0)));

const onPool =
  (change: (context: RouteContext, name: string) => PoolRecord): Handler =>
  (context) =>
    context.infrastructure.pool(change(context, param(context, 0)));

/** The second and third parameter, and whether to overwrite. */
const labelFrom = (context: RouteContext): LabelChange => ({
  key: param(context, 1),
  value: param(context, 2),
  overwrite: context.query.flag('overwrite'),
});

function cordonFrom(context: RouteContext): PoolCordon {
  const body = context.body();
  return {
    replicas: body.flag('replicas'),
    snapshots: body.flag('snapshots'),
    restores: body.flag('restores'),
    import: body.flag('import'),
  };
}

export const infrastructureRoutes: readonly Route[] = [
  { method: 'GET', path: '/nodes', handle: ({ infrastructure }) => infrastructure.nodes() },
  { method: 'GET', path: '/nodes/{}', handle: onNode(({ cluster }, name) => cluster.infrastructure.node(name)) },
  {
    method: 'PUT',
    path: '/nodes/{}/cordon/{}',
    handle: onNode((context, name) => context.cluster.infrastructure.cordonNode(name, param(context, 1))),
  },
  {
    method: 'DELETE',
    path: '/nodes/{}/cordon/{}',
    handle: onNode((context, name) => context.cluster.infrastructure.uncordonNode(name, param(context, 1))),
  },
  {
    method: 'PUT',
    path: '/nodes/{}/drain/{}',
    handle: onNode((context, name) => context.cluster.infrastructure.drainNode(name, param(context, 1))),
  },
  {
    method: 'PUT',
    path: '/nodes/{}/label/{}={}',
    feature: 'nodeLabels',
    handle: onNode((context, name) => context.cluster.infrastructure.labelNode(name, labelFrom(context))),
  },
  {
    method: 'DELETE',
    path: '/nodes/{}/label/{}',
    feature: 'nodeLabels',
    handle: onNode((context, name) => context.cluster.infrastructure.unlabelNode(name, param(context, 1))),
  },
  {
    method: 'GET',
    path: '/nodes/{}/block_devices',
    handle(context) {
      const node = context.cluster.infrastructure.node(param(context, 0));
      return context.infrastructure.blockDevices(node, context.query.flag('all'));
    },
  },
  { method: 'GET', path: '/pools', handle: ({ infrastructure }) => infrastructure.pools() },
  { method: 'GET', path: '/pools/{}', handle: onPool(({ cluster }, name) => cluster.infrastructure.pool(name)) },
  {
    method: 'PUT',
    path: '/pools/{}/label/{}={}',
    feature: 'poolLabels',
    handle: onPool((context, name) => context.cluster.infrastructure.labelPool(name, labelFrom(context))),
  },
  {
    method: 'DELETE',
    path: '/pools/{}/label/{}',
    feature: 'poolLabels',
    handle: onPool((context, name) => context.cluster.infrastructure.unlabelPool(name, param(context, 1))),
  },
  {
    method: 'PUT',
    path: '/pools/{}/cordon',
    feature: 'poolCordons',
    handle: onPool((context, name) => context.cluster.infrastructure.cordonPool(name, cordonFrom(context))),
  },
  {
    method: 'DELETE',
    path: '/pools/{}/cordon',
    feature: 'poolCordons',
    handle: onPool((context, name) => context.cluster.infrastructure.uncordonPool(name, cordonFrom(context))),
  },
];
