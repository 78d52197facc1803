/**
 * The preconditions of a steered move that lie in the volume itself. What somebody has to change comes before what passes by
 * itself, so that a wait never hides an obstacle that stays.
 */
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { DecisionCode } from '../../model/decision.ts';
import { counted, volumeAilment } from './ailment.ts';
import type { MoveRequest } from './move-request.ts';
import type { Remedy } from './remedy.ts';

export interface Obstacle {
  readonly code: DecisionCode;
  readonly reason: string;
  readonly remedies: readonly Remedy[];
}

/** Undefined: the volume is fit to be moved. */
export function preflight(request: MoveRequest): Obstacle | undefined {
  return standingObstacle(request) ?? passingObstacle(request.volume);
}

/** Of the storage system and of the volume, whatever is to be moved. */
export function fixedObstacle({
  volume,
  storage,
}: Pick<MoveRequest, 'volume'> & { readonly storage: Pick<MoveRequest['storage'], 'capabilities'> }):
  Obstacle | undefined {
  return backendObstacle(storage) ?? volumeObstacle(volume);
}

function standingObstacle({ volume, storage, extraReplica, preservation }: MoveRequest): Obstacle | undefined {
  const obstacle = backendObstacle(storage);
  if (obstacle !== undefined) return obstacle;
  if (extraReplica) return extraReplicaFound('An earlier migration left both copies of a replica');
  return volumeObstacle(volume) ?? (preservation ? undefined : scaleDownRefused(volume, volume.replicaCount));
}

function backendObstacle({ capabilities }: Pick<MoveRequest['storage'], 'capabilities'>): Obstacle | undefined {
  if (capabilities.canMoveReplicas) return undefined;
  return {
    code: 'BackendCannotMove',
    reason: 'The storage system is driven by the MayastorVolume resource of before 1.0, which cannot move a replica.',
    remedies: [[{ kind: 'UseRestBackend' }]],
  };
}

function volumeObstacle(volume: VolumeFacts): Obstacle | undefined {
  if (volume.snapshotCount > 0) {
    return {
      code: 'HasSnapshots',
      reason: `The volume has ${counted(volume.snapshotCount, 'snapshot')}, which would stay on the old pool and keep its space taken.`,
      remedies: [[{ kind: 'DeleteSnapshots' }]],
    };
  }
  if (volume.target !== undefined) return undefined;
  return {
    code: 'Unpublished',
    reason: 'The volume is not published, and Mayastor does not rebuild a replica of such a volume.',
    remedies: [[{ kind: 'Publish' }]],
  };
}

/** Of a volume in an affinity group Mayastor removes no replica but down to two. */
export function scaleDownRefused(volume: VolumeFacts, countAfter: number): Obstacle | undefined {
  if (volume.affinityGroup === undefined || countAfter >= 2) return undefined;
  return {
    code: 'RemovalNotSteerable',
    reason: `Mayastor never scales a volume of an affinity group (${volume.affinityGroup}) down to one replica, so the old one would stay.`,
    remedies: [[{ kind: 'AskForReplicas', replicaCount: 2 }], [{ kind: 'Preserve' }]],
  };
}

function passingObstacle(volume: VolumeFacts): Obstacle | undefined {
  const busy = busyObstacle(volume);
  if (busy !== undefined) return busy;
  const { replicas, replicaCount } = volume;
  // With an extra replica the target has an extra child.
  const ailment = volumeAilment(volume, Math.max(replicaCount, replicas.length));
  if (ailment !== undefined) return notHealthy(ailment);
  if (replicas.length > replicaCount) {
    return extraReplicaFound(
      `The volume has ${counted(replicas.length, 'replica')} where ${replicaCount} were asked for`,
    );
  }
  return undefined;
}

export function busyObstacle(volume: VolumeFacts): Obstacle | undefined {
  if (volume.specStatus !== 'Created') {
    return waiting(
      'VolumeBusy',
      `The volume is in the state ${volume.specStatus}; only one that is Created can be moved.`,
    );
  }
  if (volume.busy) return waiting('VolumeBusy', 'The storage system is carrying out another operation on the volume.');
  return undefined;
}

export function notHealthy(ailment: string): Obstacle {
  return waiting('VolumeNotHealthy', `${ailment}; a replica is moved only while all of them are healthy.`);
}

export function extraReplicaFound(what: string, migration?: string): Obstacle {
  return {
    code: 'ExtraReplica',
    reason: `${what}, and nothing more is moved until one is gone.`,
    remedies: [[{ kind: 'RemoveExtraReplica', migration }]],
  };
}

function waiting(code: 'VolumeBusy' | 'VolumeNotHealthy', reason: string): Obstacle {
  return { code, reason, remedies: [] };
}
