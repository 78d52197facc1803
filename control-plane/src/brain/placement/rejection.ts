/** What is told of a pool that cannot take a replica: why, and what would change that. */
import { MAX_CORDONS } from '@couchestor/common/api';
import { formatBytes } from '@couchestor/common/base';
import type { CandidatePool } from '../../model/decision.ts';
import { roomAfterMove } from './capacity.ts';
import { rivalOf, sourcesFor } from './filters.ts';
import type { MoveContext } from './move-request.ts';
import type { RejectionCode } from './rejection-codes.ts';
import { labelTexts, type Remedy } from './remedy.ts';
import { removalRemedies } from './removal.ts';
import type { SteeringTarget } from './rival-pools.ts';
import type { PoolSite } from './storage-index.ts';

export function rejectedCandidate(code: RejectionCode, site: PoolSite, context: MoveContext): CandidatePool {
  return site.candidates.rejected(reasonKey(code, site, context), code, () => rejectionReason(code, site, context));
}

/**
 * What code and reason depend on, for one pool in one round. Most reasons are the same for every volume, and sizes are rounded
 * in the others, so that volumes of about one size share theirs. No pool has a name like a code, and none has a blank in it.
 */
function reasonKey(code: RejectionCode, site: PoolSite, context: MoveContext): string {
  const { pool } = site;
  const { volume, ledger, domains } = context;
  switch (code) {
    case 'TopologyExcludesPool':
    case 'TopologyExcludesNode': {
      const unknown = unknownText(code, site, context);
      return unknown === '' ? code : `${code} ${unknown}`;
    }
    case 'NotEnoughSpace': {
      const { spaceShortBytes, bookedBytes } = roomAfterMove(pool, volume, ledger);
      return `${formatBytes(spaceShortBytes)} ${context.dataText} ${bookedBytes}`;
    }
    case 'CommitmentTooHigh':
      return formatBytes(roomAfterMove(pool, volume, ledger).commitmentShortBytes);
    case 'PlacementNotSteerable':
      return rivalOf(pool, context)?.pool ?? '';
    case 'TooManyCordons':
      return `${context.rivals.excess(pool)} cordons`;
    case 'WorseFailureDomains':
      return `${domains.size} domains`;
    default:
      return code;
  }
}

/** `code`: what was found about this pool. */
export function rejectionReason(code: RejectionCode, site: PoolSite, context: MoveContext): string {
  const { pool, node, failureDomain } = site;
  switch (code) {
    case 'TopologyExcludesPool': {
      const unknown = unknownText(code, site, context);
      return unknown === ''
        ? 'The topology of the volume, fixed when it was made, excludes the pool.'
        : `The topology of the volume, fixed when it was made, asks for ${unknown}, which only the DiskPool object says: Mayastor itself has no such label of the pool.`;
    }
    case 'TopologyExcludesNode': {
      const unknown = unknownText(code, site, context);
      return unknown === ''
        ? `The topology of the volume, fixed when it was made, excludes node ${pool.node}.`
        : `The topology of the volume, fixed when it was made, asks for ${unknown}, which only the Kubernetes node says: Mayastor itself has no such label of node ${pool.node}.`;
    }
    case 'NodeHoldsReplica':
      return `Node ${pool.node} holds a replica of the volume, and a node holds at most one.`;
    case 'NodeHoldsSibling':
      return `Node ${pool.node} holds a replica of another volume of the affinity group.`;
    case 'NodeUnknown':
      return `Nothing is known of node ${pool.node}.`;
    case 'NodeNotOnline':
      return `Node ${pool.node} is ${node?.status ?? 'Unknown'}.`;
    case 'NodeCordoned':
      return `Node ${pool.node} is cordoned.`;
    case 'PoolNotOnline':
      return `The pool is ${pool.status}.`;
    case 'PoolCordoned':
      return 'The pool is cordoned.';
    case 'PoolTooSmall':
      return `The pool of ${formatBytes(pool.capacityBytes)} is too small for the volume, however empty it is.`;
    case 'NotEnoughSpace':
      return spaceReason(site, context);
    case 'CommitmentTooHigh': {
      const { commitmentShortBytes } = roomAfterMove(pool, context.volume, context.ledger);
      return `It would promise ${formatBytes(commitmentShortBytes)} more to thin volumes than Mayastor allows.`;
    }
    case 'PlacementNotSteerable':
      return `This release cannot cordon single pools, and might put the replica on pool ${rivalOf(pool, context)?.pool ?? ''} of the same node.`;
    case 'TooManyCordons': {
      const count = MAX_CORDONS + context.rivals.excess(pool);
      return `To keep the new replica from going elsewhere would take ${count} cordons, and a migration holds at most ${MAX_CORDONS}.`;
    }
    case 'NotEncrypted':
      return 'The replica is on an encrypted pool, and this one is not encrypted.';
    case 'WorseFailureDomains':
      return `The volume would be in fewer than its ${context.domains.size} failure domains (${failureDomain} has a replica).`;
    case 'RemovalNotSteerable': {
      const version = context.storage.capabilities.version ?? 'of unknown version';
      return `With the new replica there, it cannot be made sure that Mayastor ${version} removes the old one and not another.`;
    }
  }
}

/** Labels that would let the pool take the replica if Mayastor knew them, for people; empty: there are none. */
function unknownText(
  code: 'TopologyExcludesPool' | 'TopologyExcludesNode',
  { pool, node }: PoolSite,
  { topology }: MoveContext,
): string {
  const ofNode = code === 'TopologyExcludesNode' && node !== undefined ? topology?.unknownOfNode(node) : undefined;
  const unknown = code === 'TopologyExcludesPool' ? topology?.unknownOfPool(pool) : ofNode;
  return unknown === undefined ? '' : labelTexts(unknown);
}

function spaceReason({ pool }: PoolSite, { volume, ledger, dataText }: MoveContext): string {
  const { spaceShortBytes, bookedBytes } = roomAfterMove(pool, volume, ledger);
  const free = formatBytes(pool.capacityBytes - pool.usedBytes);
  const promised = bookedBytes === 0 ? '' : `, of which ${formatBytes(bookedBytes)} are promised to other migrations`;
  return `It has ${free} free${promised}: ${formatBytes(spaceShortBytes)} short of ${dataText} with the reserve.`;
}

/** What has to be cordoned beforehand, and to stay so, for a migration to do the rest; empty: nothing. */
export function cordonsBefore(
  target: SteeringTarget,
  { rivals, storage }: MoveContext,
  poolCordons = storage.capabilities.poolCordons,
): Remedy {
  const count = rivals.excess(target, poolCordons);
  return count === 0 ? [] : [{ kind: 'CordonNodes', count, besides: target }];
}

/** Each by itself makes this one rejection go away; empty: nothing does, as long as pool and volume are what they are. */
export function rejectionRemedies(code: RejectionCode, site: PoolSite, context: MoveContext): readonly Remedy[] {
  const { pool } = site;
  switch (code) {
    case 'TopologyExcludesPool': {
      const labels = context.topology?.unknownOfPool(pool);
      return labels === undefined ? [] : [[{ kind: 'LabelPoolInMayastor', pool: pool.pool, labels }]];
    }
    case 'TopologyExcludesNode': {
      const labels = site.node === undefined ? undefined : context.topology?.unknownOfNode(site.node);
      return labels === undefined ? [] : [[{ kind: 'LabelNodeInMayastor', node: pool.node, labels }]];
    }
    case 'NodeNotOnline':
      return [[{ kind: 'BringNodeOnline', node: pool.node }]];
    case 'NodeCordoned':
      return [[{ kind: 'UncordonNode', node: pool.node }]];
    case 'PoolNotOnline':
      return [[{ kind: 'BringPoolOnline', pool: pool.pool }]];
    case 'PoolCordoned':
      return [[{ kind: 'UncordonPool', pool: pool.pool }]];
    case 'NotEnoughSpace': {
      const { spaceShortBytes: bytes } = roomAfterMove(pool, context.volume, context.ledger);
      // What is promised to others cannot be freed.
      return bytes > pool.usedBytes ? [] : [[{ kind: 'FreeSpace', pool: pool.pool, bytes }]];
    }
    case 'CommitmentTooHigh': {
      const { commitmentShortBytes: bytes } = roomAfterMove(pool, context.volume, context.ledger);
      const reducible = pool.committedBytes !== undefined && pool.committedBytes >= bytes;
      return reducible ? [[{ kind: 'ReduceCommitment', pool: pool.pool, bytes }]] : [];
    }
    case 'PlacementNotSteerable':
      return [[{ kind: 'Upgrade', version: '2.10' }, ...cordonsBefore(pool, context, true)]];
    case 'TooManyCordons':
      return [cordonsBefore(pool, context)];
    case 'RemovalNotSteerable':
      return sourcesFor(site, context).apart.flatMap((source) => removalRemedies(context, source, pool.node));
    default:
      return [];
  }
}
