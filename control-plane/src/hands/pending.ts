/** Before anything is done: approval, then the plan against the state of now. */
import { checkAdoption, checkMove, type MoveCheckResult } from '../brain/placement/index.ts';
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
  if (spec.approval.mode === 'Automatic' || spec.approval.approved) return undefined;
  const message = 'Waits for approval: set spec.approval.approved and spec.approval.approvedBy.';
  if (status.phase === 'Pending') return enter(view, 'AwaitingApproval', { message });
  return wait(view, settings.extraCheckMs, { message });
}

export function pending(view: MigrationView): Instruction {
  const { observation, spec } = view;
  const { volume, surroundings } = observation;
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
    message: `Moves a replica ${routeOf(view)}.`,
  });
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
