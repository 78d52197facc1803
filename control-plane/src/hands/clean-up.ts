/**
 * After the end: the extra replica is removed where somebody asks for it, as carefully as the old one would have been, and noticed
 * where it has gone otherwise. A deleted object goes once nothing is left that it alone remembers, its end included: the back-off of
 * a volume rests on what its policy has counted.
 */
import { findCondition, formatTimestamp, setCondition, type ExtraReplica } from '@couchestor/common/api';
import { isHealthy } from '../brain/placement/index.ts';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import { isPlaced } from '../model/placed-replica.ts';
import { isRecorded } from '../model/recorded-end.ts';
import { lent } from './adopting.ts';
import type { Instruction } from './instruction.ts';
import { find, replicaOf } from './replicas.ts';
import { backOff, removeSteered } from './steered-removal.ts';
import { lift, uncordonIntent, waitUnlocked } from './steering.ts';
import { askedCount, hasSettled, msSince, timeOf, wait, write, type MigrationView, type RecordView } from './view.ts';

/** On a deleted object: what it waits for, and for how long. */
const RELEASED = 'Released';

/** What is decided without a look at the storage system. Undefined: it has to be looked at. */
export function atRest(view: RecordView): Instruction | undefined {
  const { extraReplica, intent, cordons } = view.status;
  if (intent !== undefined || cordons !== undefined) return undefined;
  if (extraReplica !== undefined && extraReplica.removedTime === undefined) return undefined;
  return view.record.deleting ? (uncounted(view) ?? { kind: 'release' }) : { kind: 'done' };
}

/** Its message stays that of the end, which the history of the policy is to tell. Undefined: nothing is to be waited for any more. */
function uncounted(view: RecordView): Instruction | undefined {
  const { status, spec, settings, nowMs, isPolicyGone } = view;
  if (spec.dryRun || isPolicyGone || isRecorded(status)) return undefined;
  const { conditions = [] } = status;
  const since = findCondition(conditions, RELEASED)?.lastTransitionTime;
  const restMs = settings.countWaitMs - (msSince(view, since) ?? 0);
  if (restMs <= 0) return undefined;
  const afterMs = Math.min(restMs, settings.retryMs);
  if (since !== undefined) return wait(view, afterMs);
  const message = `Stays until policy ${spec.policyRef.name} has counted its end, ${formatTimestamp(nowMs + restMs)} at the latest.`;
  const update = { type: RELEASED, status: 'False', reason: 'NotRecorded', message } as const;
  return wait(view, afterMs, { conditions: setCondition(conditions, update, nowMs) });
}

/** Of one that has ended: it steers, or may want to. Otherwise nothing but the volume is asked for. */
export function mayRemove({ spec, status }: RecordView): boolean {
  return spec.cleanup || status.intent !== undefined || status.cordons !== undefined;
}

export function cleanUp(view: MigrationView): Instruction {
  const { status, spec, observation, settings } = view;
  const { extraReplica, intent } = status;
  const { volume } = observation;
  if (extraReplica?.adoptedBy !== undefined && extraReplica.removedTime === undefined) {
    return lent(view, extraReplica, extraReplica.adoptedBy);
  }
  const standing = extraReplica?.removedTime === undefined ? extraReplica : undefined;
  const isLost = volume === undefined && observation.watched.missingMs < settings.longestRetryMs;
  if (standing !== undefined && isLost) return wait(view, settings.extraCheckMs);
  const gone = standing && whyGone(view, standing);
  if (standing !== undefined && gone !== undefined) return recordGone(view, standing, gone);
  if (standing === undefined || volume === undefined) return tidy(view);
  const lifting = intent?.step === 'Uncordon' && status.cordons !== undefined ? lift(view) : undefined;
  if (lifting !== undefined) return lifting;
  if (!spec.cleanup) {
    if (mayRemove(view)) return withdrawn(view);
    return wait(view, settings.restingCheckMs, view.record.deleting ? { message: remedy(standing) } : {});
  }
  const replaced = remade(view, standing, volume);
  if (replaced !== undefined) return replaced;
  if (intent?.step === 'CleanUp' && volume.replicaCount === intent.replicaCountAfter) return pendingDeparture(view);
  return removeSteered(view, {
    step: 'CleanUp',
    volume,
    replica: standing,
    countAfter: askedCount(view),
    obstacle: obstacleOf(view, standing, volume),
    unsteerable: (reason) => later(view, reason),
  });
}

/** Undefined: it is there, or may be again. */
function whyGone(view: MigrationView, extra: ExtraReplica): string | undefined {
  const { volume } = view.observation;
  if (volume === undefined) return 'The extra replica went with its volume.';
  if (Math.max(volume.replicaCount, volume.replicas.length) > askedCount(view)) return undefined;
  if (find(volume, extra.replicaId) === undefined) return `The extra replica on pool ${extra.pool} is gone.`;
  return `Another replica went; the one on pool ${extra.pool} is not extra any more.`;
}

function recordGone(view: MigrationView, extra: ExtraReplica, message: string): Instruction {
  const { intent, cordons } = view.status;
  const steered = intent !== undefined || cordons !== undefined;
  return write(view, {
    extraReplica: { ...extra, removedTime: timeOf(view) },
    intent: steered ? uncordonIntent(view) : undefined,
    message,
  });
}

/** Nothing is extra any more; what steered its removal goes too. */
function tidy(view: MigrationView): Instruction {
  return lift(view) ?? write(view, { intent: undefined });
}

/** A call may be under way still, as after any doubt. */
function withdrawn(view: MigrationView): Instruction {
  const { intent } = view.status;
  if (intent?.step === 'CleanUp' && !hasSettled(view)) return wait(view, view.settings.quickPollMs);
  if (intent?.step === 'Uncordon') return tidy(view);
  return backOff(view, 'The cleanup is not asked for any more.');
}

/** A failed rebuild may have made it anew, in the same pool under another id. */
function remade(view: MigrationView, extra: ExtraReplica, volume: VolumeFacts): Instruction | undefined {
  if (view.status.intent?.step === 'CleanUp' || find(volume, extra.replicaId) !== undefined) return undefined;
  const heir = volume.replicas.filter(isPlaced).find(({ pool }) => pool === extra.pool);
  if (heir !== undefined) return write(view, { extraReplica: { ...extra, ...replicaOf(heir) } });
  const message = `The extra replica on pool ${extra.pool} cannot be found; set the number of replicas by hand.`;
  return later(view, message);
}

function later(view: MigrationView, message: string): Instruction {
  return view.status.cordons === undefined
    ? waitUnlocked(view, view.settings.extraCheckMs, message)
    : backOff(view, message);
}

/** The count has followed; which replica went shows in the next answer about replicas, or none did. */
function pendingDeparture(view: MigrationView): Instruction {
  const { intent } = view.status;
  if (intent !== undefined && !hasSettled(view)) return wait(view, view.settings.quickPollMs);
  return backOff(view, 'Mayastor asks for one replica less and has removed none.');
}

/** The others have to be as many, and as healthy, as the volume asks for. */
function obstacleOf(view: MigrationView, extra: ExtraReplica, volume: VolumeFacts): string | undefined {
  const others = volume.replicas.filter(({ replicaId }) => replicaId !== extra.replicaId);
  const healthyCount = others.filter(isHealthy).length;
  const wanted = askedCount(view);
  if (volume.replicaCount !== wanted + 1) {
    return `The volume asks for ${volume.replicaCount} replicas now; set the number it should have.`;
  }
  if (volume.busy || volume.specStatus !== 'Created') return 'The extra replica stays while the volume is busy.';
  if (volume.target?.status !== 'Online') return 'The extra replica stays until the volume has a healthy target.';
  if (healthyCount >= wanted && healthyCount === others.length) return undefined;
  return `The extra replica stays: ${healthyCount} of the others are healthy, and the volume asks for ${wanted}.`;
}

function remedy({ pool }: ExtraReplica): string {
  return `The extra replica on pool ${pool} stands: set spec.cleanup to have it removed, or take the finalizer away to keep it.`;
}
