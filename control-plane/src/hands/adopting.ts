/**
 * An extra replica passes from the migration that left it to the one that takes it over. The lender's status is written first, under
 * the version that was read, so that it never removes what it has lent; then the adopter's, with which the replica is the
 * adopter's to remember. A loan of which nothing came ends with the adopter, and the lender has its replica back.
 */
import { isFinal, type ExtraReplica } from '@couchestor/common/api';
import { checkAdoption } from '../brain/placement/index.ts';
import { isPlaced } from '../model/placed-replica.ts';
import { end } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { idsOf, replicaOf } from './replicas.ts';
import {
  enter,
  isCancelled,
  isOverdue,
  newIntent,
  timeOf,
  wait,
  write,
  type MigrationView,
  type RecordView,
} from './view.ts';

/** What this one has to know of another migration. Undefined: nothing. */
export function otherOf({ spec, status }: RecordView): string | undefined {
  const { phase, extraReplica } = status;
  if (phase === 'Adding') return spec.adopts?.migration;
  return isFinal(phase) && extraReplica?.removedTime === undefined ? extraReplica?.adoptedBy : undefined;
}

/** In place of adding a replica. */
export function adopting(view: MigrationView): Instruction {
  const { spec, observation } = view;
  const { volume, surroundings } = observation;
  if (volume === undefined) return end(view, { outcome: 'Failed', message: 'The volume is not there any more.' });
  if (isCancelled(view)) {
    return end(view, { outcome: 'Cancelled', message: 'Cancelled before a replica was taken over.' });
  }
  if (isOverdue(view)) return failed(view, 'The extra replica could not be taken over in time.');
  const check = checkAdoption({ spec, volume, storage: surroundings });
  if (check.kind === 'impossible') return failed(view, check.reason);
  const loan = loanOf(view);
  if (loan.kind === 'refused') return failed(view, loan.reason);
  if (loan.kind === 'claim') return loan;
  const { extra, source } = check;
  if (extra === undefined) return failed(view, 'The extra replica is not there any more.');
  return enter(view, 'Syncing', {
    newReplica: replicaOf(extra),
    oldReplica: isPlaced(source) ? replicaOf(source) : view.status.oldReplica,
    // As after an Add: what comes later in its place is told from those.
    intent: newIntent(view, 'Uncordon', { replicaIdsBefore: idsOf(volume).filter((id) => id !== extra.replicaId) }),
    message: `The extra replica on pool ${extra.pool} is taken over from migration ${spec.adopts?.migration ?? ''}.`,
  });
}

type Loan =
  | Extract<Instruction, { kind: 'claim' }>
  | { readonly kind: 'lent' }
  | { readonly kind: 'refused'; readonly reason: string };

function loanOf({ record: { name }, spec, observation: { other } }: MigrationView): Loan {
  // Whoever made it go, against its finalizer, wants the copy to stay.
  if (other === undefined)
    return refused(`Migration ${spec.adopts?.migration ?? ''}, which left the replica, is gone.`);
  if (other.parsed.kind === 'invalid') return refused(`Migration ${other.name} cannot be understood.`);
  const { status, spec: plan } = other.parsed.value;
  const extra = status?.extraReplica;
  if (status === undefined || extra?.pool !== spec.target.pool) {
    return refused(`Migration ${other.name} has left no extra replica on pool ${spec.target.pool}.`);
  }
  if (extra.removedTime !== undefined)
    return refused(`The extra replica of migration ${other.name} is not extra any more.`);
  if (extra.adoptedBy === name) return { kind: 'lent' };
  if (extra.adoptedBy !== undefined) return refused(`Migration ${extra.adoptedBy} takes the extra replica over.`);
  const isBusy = status.intent !== undefined || status.cordons !== undefined;
  if (plan.cleanup || other.deleting || isBusy)
    return refused(`Migration ${other.name} is to remove its extra replica.`);
  return { kind: 'claim', record: other, status: { ...status, extraReplica: { ...extra, adoptedBy: name } } };
}

/** On the side of the lender, once it is claimed: nothing is removed, whoever asks for it. */
export function lent(view: MigrationView, extra: ExtraReplica, adoptedBy: string): Instruction {
  const { observation, settings, spec, record } = view;
  const { other } = observation;
  if (other?.parsed.kind === 'invalid') return wait(view, settings.extraCheckMs);
  const found = other?.parsed.value;
  const adopter = found?.spec.adopts?.migration === record.name ? found : undefined;
  if (adopter?.status?.newReplica !== undefined) {
    const message = `Migration ${adoptedBy} has taken the extra replica on pool ${extra.pool} over.`;
    return write(view, { extraReplica: { ...extra, removedTime: timeOf(view) }, message });
  }
  if (adopter === undefined || isFinal(adopter.status?.phase ?? 'Pending')) {
    const { replicaId, pool, node, recordedTime } = extra;
    const message = `Migration ${adoptedBy} did not take the extra replica on pool ${pool} over; it stands.`;
    return write(view, { extraReplica: { replicaId, pool, node, recordedTime }, message });
  }
  const message = `The extra replica on pool ${extra.pool} is not removed: migration ${adoptedBy} takes it over. Cancel that one first.`;
  return wait(view, settings.retryMs, spec.cleanup ? { message } : {});
}

function refused(reason: string): Loan {
  return { kind: 'refused', reason };
}

function failed(view: MigrationView, message: string): Instruction {
  return end(view, { outcome: 'Failed', message });
}
