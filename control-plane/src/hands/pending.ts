/** Before anything is done: approval, then policy, limits and decision as they are now, then the plan against the state of now. */
import { boundedMessage, removeCondition, setCondition, type Condition } from '@couchestor/common/api';
import { checkAdoption, checkMove, type MoveCheckResult } from '../brain/placement/index.ts';
import { ADMITTED } from '../model/admission.ts';
import { withoutCordons } from '../model/own-cordons.ts';
import { isPlaced } from '../model/placed-replica.ts';
import type { Instruction } from './instruction.ts';
import { replicaOf } from './replicas.ts';
import { LOOKS_ON } from './standing-still.ts';
import { enter, isCancelled, timeOf, wait, write, type MigrationView, type RecordView } from './view.ts';

/** What is decided without a look at the storage system. Undefined: it has to be looked at. */
export function beforeLooking(view: RecordView): Instruction | undefined {
  const { spec, status, record, settings, operator } = view;
  if (record.parsed.kind === 'ok' && record.parsed.value.status === undefined) {
    return write(view, { phaseStartTime: timeOf(view), message: 'Planned.' });
  }
  if (isCancelled(view)) return enter(view, 'Cancelled', { message: 'Cancelled before anything was done.' });
  if (operator.dryRun && !spec.dryRun) return wait(view, settings.extraCheckMs, { message: LOOKS_ON });
  const held = spec.dryRun ? undefined : heldBack(view);
  if (held !== undefined) return held;
  if (isApproved(view)) return undefined;
  const message = 'Waits for approval: set spec.approval.approved and spec.approval.approvedBy.';
  if (status.phase === 'Pending') return enter(view, 'AwaitingApproval', { message });
  return wait(view, settings.extraCheckMs, { message });
}

export function pending(view: MigrationView): Instruction {
  const { observation, spec } = view;
  const { volume, surroundings } = observation;
  const held = spec.dryRun ? undefined : heldBack(view);
  if (held !== undefined) return held;
  if (volume === undefined) return enter(view, 'Failed', { message: 'The volume is not there any more.' });
  // Another migration's cordon is gone by the time that this one may steer.
  const storage = { ...surroundings, ...withoutCordons(surroundings, observation.ownCordons) };
  const check =
    spec.adopts === undefined ? checkMove({ spec, volume, storage }) : checkAdoption({ spec, volume, storage });
  if (spec.dryRun) return rehearsed(view, check);
  if (check.kind === 'impossible') return enter(view, 'Failed', { message: check.reason });
  const { source } = check;
  return enter(view, 'Adding', {
    startTime: timeOf(view),
    oldReplica: isPlaced(source) ? replicaOf(source) : undefined,
    conditions: removeCondition(view.status.conditions ?? [], ADMITTED),
    message: `Moves a replica ${routeOf(view)}.`,
  });
}

/** What somebody approves may be asked for long after it was decided. Undefined: it may go on. */
function heldBack(view: RecordView): Instruction | undefined {
  const { admission, status, settings } = view;
  if (admission.kind === 'superseded') {
    const message = `Superseded, and cancelled before anything was done: ${admission.message}`;
    return enter(view, 'Cancelled', { message, conditions: notAdmitted(view, 'Superseded', message) });
  }
  if (admission.kind === 'admitted' || !isApproved(view)) return undefined;
  const { message } = admission;
  if (admission.kind === 'refused') return enter(view, 'Failed', { message });
  const conditions = notAdmitted(view, admission.reason, message);
  if (status.phase === 'AwaitingApproval') return enter(view, 'Pending', { message, conditions });
  return wait(view, settings.retryMs, { message, conditions });
}

function notAdmitted({ status, nowMs }: RecordView, reason: string, message: string): readonly Condition[] {
  const update = { type: ADMITTED, status: 'False', reason, message: boundedMessage(message) } as const;
  return setCondition(status.conditions ?? [], update, nowMs);
}

function isApproved({ spec: { approval } }: RecordView): boolean {
  return approval.mode === 'Automatic' || approval.approved;
}

function rehearsed(view: MigrationView, check: MoveCheckResult): Instruction {
  if (check.kind === 'impossible') return enter(view, 'Failed', { message: check.reason });
  const removes = {
    ByItself: 'and Mayastor would remove the old one by itself',
    ByCordon: `and the old one would be removed with node ${view.spec.source.node} cordoned`,
    Preserved: 'and the old one would stay',
  }[check.removal];
  const verb = view.spec.adopts === undefined ? 'added' : 'taken over';
  return enter(view, 'Completed', {
    message: `Dry run: a replica would be ${verb} to move it ${routeOf(view)}, ${removes}. Nothing was touched.`,
  });
}

function routeOf({ spec }: MigrationView): string {
  return `from pool ${spec.source.pool} to pool ${spec.target.pool}`;
}
