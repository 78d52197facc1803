/**
 * How a migration ends. Where placement may be steered, the end is decided first (condition `Ending`), then every cordon is
 * lifted and the lock given back, and only then the phase becomes final: a final migration leaves nothing behind but, at most,
 * an extra replica, which it names. A call whose outcome is not known is waited for before the end is told.
 */
import {
  findCondition,
  removeCondition,
  setCondition,
  type MigrationIntent,
  type MigrationOutcome,
  type Replica,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import type { Instruction } from './instruction.ts';
import { fromNothing } from './progress.ts';
import { arrivals, departures, find, idsOf, replicaOf } from './replicas.ts';
import { lift, uncordonIntent } from './steering.ts';
import {
  askedCount,
  enter,
  hasSettled,
  isOverdue,
  timeOf,
  wait,
  write,
  type MigrationView,
  type StatusChanges,
} from './view.ts';

const ENDING = 'Ending';

export interface Ending {
  readonly outcome: MigrationOutcome;
  readonly message: string;
  /** Left beside those that the volume asks for. */
  readonly extra?: Replica | undefined;
  /** Whether a call of the intent that stands may still take effect, or has unseen. */
  readonly unresolved?: boolean;
}

/** `also`: what is to be recorded besides. */
export function end(view: MigrationView, ending: Ending, also: StatusChanges = {}): Instruction {
  const { outcome, message, extra } = ending;
  const extraReplica = extra && { ...extra, recordedTime: timeOf(view) };
  const changes: StatusChanges = {
    ...also,
    message,
    extraReplica,
    estimatedCompletionTime: undefined,
    rebuildStart: undefined,
  };
  const { phase, cordons } = view.status;
  const steers = phase === 'Adding' || phase === 'Removing' || cordons !== undefined;
  if (!steers) return enter(view, outcome, changes);
  const update = { type: ENDING, status: 'True', reason: outcome, message } as const;
  return write(view, {
    ...changes,
    ...(ending.unresolved === true ? {} : { intent: uncordonIntent(view) }),
    conditions: setCondition(view.status.conditions ?? [], update, view.nowMs),
  });
}

/** Both copies are wanted. `unresolved`: the removal of the old one may have been called before. */
export function preserved(view: MigrationView, unresolved = false): Instruction {
  const message = `The replica is on pool ${view.spec.target.pool} as well; the old one stays, as it was asked for.`;
  return end(view, { outcome: 'Completed', message, extra: view.status.oldReplica, unresolved });
}

/** Undefined: this migration is not about to end. */
export function windDown(view: MigrationView): Instruction | undefined {
  const { status } = view;
  const ending = endingOf(status);
  if (ending === undefined) return undefined;
  const { intent } = status;
  if (intent?.step === 'Add') return resolveAdd(view, ending, intent);
  if (intent?.step === 'Remove') return resolveRemove(view, ending, intent);
  return lift(view) ?? enter(view, ending.outcome, { message: ending.message, conditions: withoutEnding(status) });
}

function endingOf(status: VolumeMigrationStatus): Pick<Ending, 'outcome' | 'message'> | undefined {
  const condition = findCondition(status.conditions ?? [], ENDING);
  if (condition?.status !== 'True') return undefined;
  const { reason, message } = condition;
  const outcomes: readonly MigrationOutcome[] = ['Completed', 'Aborted', 'Failed', 'Cancelled'];
  return { outcome: outcomes.find((outcome) => outcome === reason) ?? 'Aborted', message };
}

function withoutEnding({ conditions = [] }: VolumeMigrationStatus): VolumeMigrationStatus['conditions'] {
  const rest = removeCondition(conditions, ENDING);
  return rest.length === 0 ? undefined : rest;
}

/** Nothing is called any more; either the replica shows up, or the call has done nothing. */
function resolveAdd(
  view: MigrationView,
  { outcome, message }: Pick<Ending, 'outcome' | 'message'>,
  intent: MigrationIntent,
): Instruction {
  const { volume, refusal } = view.observation;
  const { pool } = view.spec.target;
  const [arrived] = volume === undefined ? [] : arrivals(volume, intent.replicaIdsBefore, pool);
  const grew = volume !== undefined && volume.replicaCount > askedCount(view);
  if (arrived !== undefined && grew) {
    const extra = replicaOf(arrived);
    const kept = outcome === 'Failed' ? 'Aborted' : outcome;
    return end(view, { outcome: kept, message: `${message} Both copies stay.`, extra }, { newReplica: extra });
  }
  const isOver = volume === undefined || refusal?.certain === true || hasSettled(view);
  if (!isOver) return wait(view, view.settings.quickPollMs);
  // It may be this very operation; the cordons do not wait for it.
  if (volume?.busy === true && refusal?.certain !== true && !isOverdue(view)) {
    return lift(view) ?? wait(view, view.settings.pollIntervalMs);
  }
  return end(view, {
    outcome,
    message: grew ? `${message} ${askedForMore(volume.replicaCount)}` : message,
  });
}

/** The same for a replica that was to go. */
function resolveRemove(
  view: MigrationView,
  { outcome, message }: Pick<Ending, 'outcome' | 'message'>,
  intent: MigrationIntent,
): Instruction {
  const { volume, refusal } = view.observation;
  const removed = removalOutcome(view, intent);
  if (removed !== undefined) return end(view, removed);
  const isOver = volume === undefined || refusal?.certain === true || hasSettled(view);
  const extra = outcome === 'Completed' ? view.status.oldReplica : extraOf(view);
  return isOver ? end(view, { outcome, message, extra }) : wait(view, view.settings.quickPollMs);
}

/** What the scale-down of the intent has taken, seen by the difference. Undefined: nothing that is visible. */
export function removalOutcome(
  { observation, status, spec }: MigrationView,
  intent: MigrationIntent,
): Ending | undefined {
  const { volume } = observation;
  if (volume === undefined || volume.replicaCount !== intent.replicaCountAfter) return undefined;
  const gone = departures(volume, intent.replicaIdsBefore);
  const isMoved = gone.includes(status.oldReplica?.replicaId ?? '') && find(volume, status.newReplica?.replicaId);
  if (isMoved) {
    const message = `The replica moved from pool ${spec.source.pool} to pool ${spec.target.pool}.`;
    return { outcome: 'Completed', message };
  }
  if (gone.length === 0) return undefined;
  return {
    outcome: 'Failed',
    message: `Mayastor removed replica ${gone.join(', ')} instead of the one on pool ${spec.source.pool}; the volume has all the replicas it asks for.`,
  };
}

/** Whether the volume has, may have or is about to have again more replicas than it asks for apart from this migration. */
export function extraOf(view: MigrationView): Replica | undefined {
  const { volume } = view.observation;
  const { newReplica } = view.status;
  // It may come back, and then with all that it had.
  if (volume === undefined) return newReplica;
  const count = askedCount(view);
  if (volume.replicas.length <= count && volume.replicaCount <= count) return undefined;
  return newReplica;
}

export function askedForMore(replicaCount: number): string {
  return `The volume asks for ${replicaCount} replicas now; set the number it should have.`;
}

/** What stops a migration whose new replica has been added, whatever it is doing. Undefined: nothing. */
export function interruption(view: MigrationView): Instruction | undefined {
  const { volume } = view.observation;
  const { newReplica } = view.status;
  if (volume === undefined) {
    return end(view, { outcome: 'Aborted', message: 'The volume is not there any more.', extra: newReplica });
  }
  const expected = askedCount(view) + 1;
  if (volume.replicaCount !== expected) {
    const extra = extraOf(view);
    const message = `Somebody changed the number of replicas from ${expected} to ${volume.replicaCount}.`;
    return end(view, { outcome: extra === undefined ? 'Failed' : 'Aborted', message, extra });
  }
  return find(volume, newReplica?.replicaId) === undefined ? replacement(view) : undefined;
}

/** After a failed rebuild Mayastor may make the replica anew, under another id and wherever placement puts it. */
function replacement(view: MigrationView): Instruction | undefined {
  const { volume } = view.observation;
  const { intent, newReplica } = view.status;
  if (volume === undefined || volume.replicas.length <= askedCount(view)) return undefined;
  const [arrived] = arrivals(volume, intent?.replicaIdsBefore, view.spec.target.pool);
  if (arrived === undefined || newReplica === undefined) return undefined;
  if (arrived.pool === view.spec.target.pool) {
    const message = `The new replica failed, and Mayastor made it anew on pool ${arrived.pool}.`;
    return write(view, { ...fromNothing(view), newReplica: replicaOf(arrived), message });
  }
  const message = `The new replica failed, and Mayastor made another one on pool ${arrived.pool}. Both copies stay.`;
  return end(view, { outcome: 'Aborted', message, extra: replicaOf(arrived) }, { newReplica: replicaOf(arrived) });
}

export function idsBefore({ observation }: MigrationView): readonly string[] {
  return observation.volume === undefined ? [] : idsOf(observation.volume);
}
