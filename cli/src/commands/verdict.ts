/**
 * What a person's word means for a migration as it is now: a change of its spec, nothing, or a refusal. Pure, so that it is said
 * again on a fresh read when somebody else was faster.
 */
import { isFinal, type Replica, type VolumeMigration } from '@couchestor/common/api';
import type { StoredMigration } from '../stored-migration.ts';
import { phaseOf, standingExtra } from '../view/row.ts';

export type Verdict =
  | { readonly kind: 'change'; readonly spec: object; readonly done: string; readonly would: string }
  | { readonly kind: 'nothing'; readonly why: string }
  | { readonly kind: 'refused'; readonly why: string };

export function cancelVerdict(stored: StoredMigration, { cleanup }: { cleanup: boolean }): Verdict {
  const { migration, fault } = stored;
  if (migration === undefined) return unreadable(fault);
  const { spec } = migration;
  const phase = phaseOf(stored);
  if (isFinal(phase)) return cleanup ? cleanUpVerdict(stored, migration) : overVerdict(stored, phase);
  const asks = { cancel: !spec.cancel, cleanup: cleanup && !spec.cleanup };
  if (!asks.cancel && !asks.cleanup) {
    return { kind: 'nothing', why: `is being cancelled already${spec.cleanup ? ', cleanup included' : ''}` };
  }
  const what = outlook(migration, cleanup || spec.cleanup);
  return {
    kind: 'change',
    spec: { ...(asks.cancel ? { cancel: true } : {}), ...(asks.cleanup ? { cleanup: true } : {}) },
    done: `is asked to stop (${phase}); ${what}`,
    would: `would be asked to stop (${phase}); ${what}`,
  };
}

/** It has ended, and is not to be cleaned up. */
function overVerdict(stored: StoredMigration, phase: string): Verdict {
  const extra = standingExtra(stored);
  if (extra?.adoptedBy !== undefined) {
    return { kind: 'nothing', why: `has ended already (${phase}); ${lentTo(extra, extra.adoptedBy)}` };
  }
  const left =
    extra === undefined
      ? 'nothing is left to cancel'
      : `its extra replica stands on ${place(extra)}; add --cleanup to have it removed`;
  return { kind: 'nothing', why: `has ended already (${phase}); ${left}` };
}

function cleanUpVerdict(stored: StoredMigration, { spec, status }: VolumeMigration): Verdict {
  const extra = standingExtra(stored);
  const phase = phaseOf(stored);
  if (extra === undefined) {
    const { removedTime, adoptedBy } = status?.extraReplica ?? {};
    const why =
      removedTime === undefined
        ? 'left no extra replica'
        : adoptedBy === undefined
          ? `had its extra replica removed at ${removedTime}`
          : `its extra replica was taken over by ${adoptedBy}`;
    return { kind: 'nothing', why: `has ended (${phase}) and ${why}; there is nothing to clean up` };
  }
  if (extra.adoptedBy !== undefined) {
    const { adoptedBy } = extra;
    return {
      kind: 'refused',
      why: `cannot be cleaned up: it has ended (${phase}), and ${lentTo(extra, adoptedBy)}; cancel ${adoptedBy} first`,
    };
  }
  const goes = `replica ${extra.replicaId} on ${place(extra)}`;
  if (spec.cleanup) return { kind: 'nothing', why: `has ended (${phase}); ${goes} is being removed already` };
  const keeps = `as soon as the others are healthy; the volume keeps the ${count(spec.plan.replicaCount)} it asks for`;
  return {
    kind: 'change',
    spec: { cleanup: true },
    done: `has ended (${phase}); ${goes} goes ${keeps}`,
    would: `has ended (${phase}); ${goes} would go ${keeps}`,
  };
}

/** What becomes of the replicas when it stops now. */
function outlook({ spec, status }: VolumeMigration, cleanup: boolean): string {
  const asked = count(spec.plan.replicaCount);
  const phase = status?.phase ?? 'Pending';
  if (phase === 'Pending' || phase === 'AwaitingApproval')
    return `nothing has been done, and the volume keeps its ${asked}`;
  const late = phase === 'Removing' ? '; if the old replica has gone by then, the move is complete' : '';
  const added = status?.newReplica;
  const taken = spec.adopts === undefined ? 'a replica that it has added' : 'the replica that it takes over';
  const replica = added === undefined ? taken : `its new replica ${added.replicaId} on ${place(added)}`;
  return cleanup
    ? `${replica} goes as soon as the others are healthy, and the volume keeps the ${asked} it asks for${late}`
    : `${replica} stays beside the ${asked} the volume asks for, until --cleanup${late}`;
}

export function approvalVerdict(stored: StoredMigration, by: string): Verdict {
  const { migration, fault } = stored;
  if (migration === undefined) return unreadable(fault);
  const { approval, cancel } = migration.spec;
  const phase = phaseOf(stored);
  if (phase !== 'AwaitingApproval') {
    const why = {
      Automatic: 'its policy asks for no approval',
      Manual: isFinal(phase)
        ? 'it has ended'
        : phase === 'Pending'
          ? 'the operator has not looked at it yet'
          : 'it has begun',
    }[approval.mode];
    return { kind: 'refused', why: `does not await approval: it is ${phase}, and ${why}` };
  }
  if (cancel) return { kind: 'refused', why: `cannot be approved: it is ${phase}, but is being cancelled` };
  if (approval.approved)
    return { kind: 'nothing', why: `was approved by ${approval.approvedBy ?? 'somebody'} already` };
  const move = `${migration.spec.source.pool}→${migration.spec.target.pool}`;
  return {
    kind: 'change',
    spec: { approval: { approved: true, approvedBy: by } },
    done: `is approved by ${by} (${move})`,
    would: `would be approved by ${by} (${move})`,
  };
}

function unreadable(fault: string | undefined): Verdict {
  const first = fault?.split('\n')[0] ?? '';
  return { kind: 'refused', why: `is not understood by this release (${first}); use the release of the operator` };
}

function lentTo(extra: Replica, adoptedBy: string): string {
  return `its extra replica on ${place(extra)} is being taken over by ${adoptedBy}`;
}

const place = ({ pool, node }: Replica): string => `pool ${pool} (node ${node})`;

function count(replicas: number): string {
  return replicas === 1 ? '1 replica' : `${replicas} replicas`;
}
