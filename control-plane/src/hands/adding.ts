/**
 * One more replica, on the target and nowhere else: everything that a scale-up could choose instead is cordoned for as long as
 * it takes. The replica is found by the difference, whether this process saw the scale-up return or not.
 */
import { MAX_CORDONS, type MigrationIntent } from '@couchestor/common/api';
import { checkMove, type MoveCheckResult } from '../brain/placement/index.ts';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import { adopting } from './adopting.ts';
import { cordonsFor } from './cordons.ts';
import { end, idsBefore } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { fromNothing } from './progress.ts';
import { arrivals, replicaOf } from './replicas.ts';
import { cordonLabel, holdLock, lift, scale, setCordons, uncordonIntent } from './steering.ts';
import {
  askedCount,
  enter,
  hasSettled,
  isCancelled,
  isOverdue,
  newIntent,
  timeOf,
  wait,
  write,
  type MigrationView,
} from './view.ts';

export function adding(view: MigrationView): Instruction {
  if (view.spec.adopts !== undefined) return adopting(view);
  const { intent } = view.status;
  const { volume } = view.observation;
  if (intent?.step === 'Uncordon') {
    return lift(view) ?? enter(view, 'Syncing', { ...fromNothing(view), message: 'The new replica is being filled.' });
  }
  if (volume === undefined) return end(view, { outcome: 'Failed', message: 'The volume is not there any more.' });
  return intent?.step === 'Add' ? add(view, volume, intent) : prepare(view, volume);
}

/** Up to the scale-up, which has not been called. */
function prepare(view: MigrationView, volume: VolumeFacts): Instruction {
  const { refusal } = view.observation;
  if (refusal !== undefined) return failed(view, `A cordon was refused: ${refusal.message}`);
  // Without the lock, another's cordon may be all that is in the way.
  const waiting = stopped(view) ?? holdLock(view) ?? impossible(view, volume);
  if (waiting !== undefined) return waiting;
  const cordon = newIntent(view, 'Cordon');
  return furtherCordons(view, volume, cordon) ?? setCordons(view) ?? write(view, { intent: addIntent(view) });
}

/** Also of pools that came, or were opened, after the first ones were named. Undefined: the status names all that it takes. */
function furtherCordons(view: MigrationView, volume: VolumeFacts, intent: MigrationIntent): Instruction | undefined {
  const standing = view.status.cordons ?? [];
  const named = new Set(standing.map(({ kind, name }) => `${kind} ${name}`));
  const further = rivals(view, volume).filter(({ kind, name }) => !named.has(`${kind} ${name}`));
  if (further.length === 0) return undefined;
  const count = standing.length + further.length;
  if (count > MAX_CORDONS) return tooMany(view, count, intent.step === 'Add');
  const message = `Keeps new replicas away from everything but pool ${view.spec.target.pool} for a moment.`;
  return write(view, { cordons: [...standing, ...further], intent, message });
}

function add(view: MigrationView, volume: VolumeFacts, intent: MigrationIntent): Instruction {
  const { refusal, isUncalled } = view.observation;
  const asked = askedCount(view);
  if (volume.replicaCount === asked + 1 && !isUncalled) return added(view, volume, intent);
  if (volume.replicaCount !== asked) return scaledByOthers(view, volume, intent);
  if (refusal !== undefined) {
    const message = `Mayastor refused to add a replica: ${refusal.message}`;
    return end(view, { outcome: 'Failed', message, unresolved: !refusal.certain });
  }
  const obstacle = stopped(view, true);
  if (obstacle !== undefined) return obstacle;
  // It may be this very operation.
  if (volume.busy) return waitAmongCordons(view, 'The volume was busy with another operation for too long.');
  const waiting = holdLock(view) ?? impossible(view, volume, true) ?? furtherCordons(view, volume, intent);
  return waiting ?? setCordons(view) ?? scale(view, intent, asked + 1);
}

/** The count says that there is one more; the answer about replicas may be older. */
function added(view: MigrationView, volume: VolumeFacts, intent: MigrationIntent): Instruction {
  const { pool } = view.spec.target;
  const [arrived] = arrivals(volume, intent.replicaIdsBefore, pool);
  if (arrived === undefined) {
    return stopped(view, true) ?? waitAmongCordons(view, 'Mayastor asks for one replica more, and none was seen.');
  }
  const newReplica = replicaOf(arrived);
  if (arrived.pool === pool) {
    const message = `The new replica is on pool ${pool}.`;
    return write(view, { newReplica, intent: uncordonIntent(view), message });
  }
  const message = `Mayastor put the new replica on pool ${arrived.pool} instead of ${pool}. Both copies stay.`;
  return end(view, { outcome: 'Aborted', message, extra: newReplica }, { newReplica });
}

/** They keep others' replicas away too: it is given up long before the time of the migration is. */
function waitAmongCordons(view: MigrationView, why: string): Instruction {
  const { settings, observation } = view;
  const isLong = observation.watched.callMs >= 2 * settings.underWayMs;
  return isLong ? failed(view, why, !observation.isUncalled) : wait(view, settings.quickPollMs);
}

/** Whoever asked for a replica more: nobody but a person may say whether it is to stay. */
function scaledByOthers(view: MigrationView, volume: VolumeFacts, intent: MigrationIntent): Instruction {
  const message = `Somebody changed the number of replicas to ${volume.replicaCount}.`;
  if (volume.replicaCount < askedCount(view)) return failed(view, message);
  const [arrived] = arrivals(volume, intent.replicaIdsBefore, view.spec.target.pool);
  if (arrived === undefined) {
    return hasSettled(view) ? failed(view, message) : wait(view, view.settings.quickPollMs);
  }
  const extra = replicaOf(arrived);
  return end(view, { outcome: 'Aborted', message: `${message} All copies stay.`, extra }, { newReplica: extra });
}

/** `unresolved`: the scale-up may have been called. */
function stopped(view: MigrationView, unresolved = false): Instruction | undefined {
  if (isCancelled(view)) {
    return end(view, { outcome: 'Cancelled', message: 'Cancelled while a replica was to be added.', unresolved });
  }
  return isOverdue(view) ? failed(view, 'No replica could be added in time.', unresolved) : undefined;
}

function impossible(view: MigrationView, volume: VolumeFacts, unresolved = false): Instruction | undefined {
  const check = checked(view, volume);
  return check.kind === 'impossible' ? failed(view, check.reason, unresolved) : undefined;
}

function checked({ spec, observation }: MigrationView, volume: VolumeFacts): MoveCheckResult {
  return checkMove({ spec, volume, storage: observation.surroundings });
}

function rivals(view: MigrationView, volume: VolumeFacts): ReturnType<typeof cordonsFor> {
  return cordonsFor({
    volume,
    target: view.spec.target,
    storage: view.observation.surroundings,
    label: cordonLabel(view),
    setTime: timeOf(view),
  });
}

function tooMany(view: MigrationView, count: number, unresolved: boolean): Instruction {
  const remedy = 'leave fewer pools open to it by the topology of its StorageClass, or move it by hand';
  return failed(
    view,
    `Steering the new replica would take ${count} cordons, and ${MAX_CORDONS} is the limit; ${remedy}.`,
    unresolved,
  );
}

function failed(view: MigrationView, message: string, unresolved = false): Instruction {
  return end(view, { outcome: 'Failed', message, unresolved });
}

function addIntent(view: MigrationView): MigrationIntent {
  return newIntent(view, 'Add', { replicaIdsBefore: idsBefore(view), replicaCountAfter: askedCount(view) + 1 });
}
