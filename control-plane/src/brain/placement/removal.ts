/**
 * How the scale-down at the end of a move is made to take the old replica: by itself, by a cordon of the old replica's node, or
 * not at all. The state simulated is the one after the sync: all replicas healthy, the new one among them.
 */
import type { NodeName } from '@couchestor/common/base';
import type { StorageCapabilities } from '../../model/cluster-snapshot.ts';
import type { PlannedMove } from '../../model/decision.ts';
import type { PlacedReplica } from '../../model/placed-replica.ts';
import type { MoveContext, RemovalChanges, Source } from './move-request.ts';
import { steeredTo, type RemovalCandidate } from './removal-order.ts';
import type { Remedy, RemedyStep } from './remedy.ts';
import { nodeFitsTopology, poolFitsTopology, spreadClashCount } from './topology.ts';

/** No replica has the empty name. */
const NEW_REPLICA = '';

/** Where a new replica is as seen from the target. */
const LOCAL = 'local';
const REMOTE = 'remote';

export const AS_OF_2_9: Pick<StorageCapabilities, 'version' | 'removalKnowsTopology' | 'removalKnowsCordons'> = {
  version: '2.9.0',
  removalKnowsTopology: true,
  removalKnowsCordons: true,
};

/** Undefined: it cannot be made sure that the source is the one that goes. */
export function removalOf(
  context: MoveContext,
  source: Source,
  targetNode: NodeName,
): PlannedMove['removal'] | undefined {
  if (context.preservation) return 'Preserved';
  const place = placeOf(context, targetNode);
  if (!source.removals.has(place)) {
    const candidates = afterSync(context, targetNode);
    source.removals.set(place, steeredTo(source.replicaId, candidates, context.storage.capabilities));
  }
  return source.removals.get(place);
}

/** What would make the removal of this source sure, each by itself. */
export function removalRemedies(context: MoveContext, source: Source, targetNode: NodeName): readonly Remedy[] {
  const place = placeOf(context, targetNode);
  const changes = source.removalChanges.get(place) ?? changesFor(context, source, targetNode);
  source.removalChanges.set(place, changes);
  const { upgrade, publishThere, uncordon } = changes;
  return [
    ...(upgrade ? [[{ kind: 'Upgrade', version: '2.9' } as const]] : []),
    ...(publishThere ? [[{ kind: 'PublishOnNode', node: targetNode } as const]] : []),
    ...(uncordon === undefined ? [] : [uncordon.map((node): RemedyStep => ({ kind: 'UncordonNode', node }))]),
  ];
}

/** The new replica counts by its place alone, so the pools of a tier share a few answers. */
function placeOf({ hasSpread, volume }: MoveContext, targetNode: NodeName): string {
  if (hasSpread) return targetNode;
  return volume.target?.node === targetNode ? LOCAL : REMOTE;
}

function changesFor(context: MoveContext, source: Source, targetNode: NodeName): RemovalChanges {
  const { capabilities } = context.storage;
  const candidates = afterSync(context, targetNode);
  const works = (changed: Partial<StorageCapabilities>, change: (candidate: RemovalCandidate) => RemovalCandidate) =>
    steeredTo(source.replicaId, candidates.map(change), { ...capabilities, ...changed }) !== undefined;
  const cordoned = otherCordonedNodes(context, source);
  const uncordons = cordoned.length > 0 && works({}, (candidate) => ({ ...candidate, onCordonedNode: false }));
  return {
    upgrade: works(AS_OF_2_9, (candidate) => candidate),
    publishThere: works({}, (candidate) => ({ ...candidate, localToTarget: candidate.replicaId === NEW_REPLICA })),
    uncordon: uncordons ? cordoned : undefined,
  };
}

function afterSync(context: MoveContext, targetNode: NodeName): readonly RemovalCandidate[] {
  const labelsOf = (node: NodeName): Readonly<Record<string, string>> =>
    context.index.nodes.get(node)?.topologyLabels ?? {};
  const nodes = [...context.replicas.map((replica) => replica.node), targetNode];
  const healthy = { status: 'Online', childStatus: 'Online', rebuildPercent: undefined } as const;
  const placed = (replicaId: string, node: NodeName): Omit<RemovalCandidate, 'misplaced' | 'onCordonedNode'> => ({
    replicaId,
    ...healthy,
    localToTarget: context.volume.target?.node === node,
  });
  const clashes = (node: NodeName): number =>
    spreadClashCount(context.volume.topology, labelsOf(node), nodes.filter((other) => other !== node).map(labelsOf));
  return [
    ...context.replicas.map((replica) => ({
      ...placed(replica.replicaId, replica.node),
      onCordonedNode: context.index.nodes.get(replica.node)?.cordoned ?? false,
      misplaced: { ...misfit(context, replica), spreadClashCount: clashes(replica.node) },
    })),
    {
      ...placed(NEW_REPLICA, targetNode),
      // No replica is put on a node while it is cordoned.
      onCordonedNode: false,
      misplaced: { node: false, pool: false, spreadClashCount: clashes(targetNode) },
    },
  ];
}

/** Of a pool or a node that is not known nothing is said: it is taken to fit. */
function misfit({ index, volume }: MoveContext, replica: PlacedReplica): { node: boolean; pool: boolean } {
  const node = index.nodes.get(replica.node);
  const pool = index.pools.get(replica.pool);
  return {
    // Explicit lists of nodes play no part when a replica is removed.
    node: node !== undefined && !nodeFitsTopology({ ...volume.topology, allowedNodes: undefined }, node),
    pool: pool !== undefined && !poolFitsTopology(volume.topology, pool),
  };
}

function otherCordonedNodes(context: MoveContext, source: Source): readonly NodeName[] {
  return context.replicas
    .filter(({ replicaId, node }) => replicaId !== source.replicaId && context.index.nodes.get(node)?.cordoned === true)
    .map(({ node }) => node);
}
