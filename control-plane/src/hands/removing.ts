/** The old replica goes, while all replicas, one more than the volume asks for, are healthy. */
import { end, extraOf, interruption, preserved, removalOutcome } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { ailmentOf } from './replicas.ts';
import { removeSteered } from './steered-removal.ts';
import { askedCount, hasSettled, isCancelled, isOverdue, wait, type MigrationView } from './view.ts';

export function removing(view: MigrationView): Instruction {
  const { observation, status } = view;
  const { volume } = observation;
  const { intent, oldReplica } = status;
  if (intent?.step === 'Remove' && volume?.replicaCount === askedCount(view)) return removed(view);
  const stop = interruption(view);
  if (stop !== undefined) return stop;
  if (view.spec.preservationMode) return preserved(view, intent?.step === 'Remove');
  if (isCancelled(view) || isOverdue(view) || volume === undefined || oldReplica === undefined) return ended(view);
  const ailment = ailmentOf(volume, askedCount(view) + 1);
  return removeSteered(view, {
    step: 'Remove',
    volume,
    replica: oldReplica,
    countAfter: askedCount(view),
    obstacle: ailment === undefined ? undefined : `The old replica stays until all are healthy: ${ailment}.`,
    unsteerable: (reason) =>
      end(view, { outcome: 'Aborted', message: `${reason} Both copies stay.`, extra: extraOf(view) }),
  });
}

/** The count has followed; which replica went shows in the next answer about replicas, or none did. */
function removed(view: MigrationView): Instruction {
  const { intent } = view.status;
  const outcome = intent && removalOutcome(view, intent);
  if (outcome !== undefined) return end(view, outcome);
  if (intent !== undefined && !hasSettled(view)) return wait(view, view.settings.quickPollMs);
  const message = 'Mayastor asks for one replica less and has removed none. Both copies stay.';
  return end(view, { outcome: 'Aborted', message, extra: extraOf(view) });
}

function ended(view: MigrationView): Instruction {
  const unresolved = view.status.intent?.step === 'Remove';
  const extra = extraOf(view);
  if (isCancelled(view)) {
    return end(view, { outcome: 'Cancelled', message: 'Cancelled; both copies stay.', extra, unresolved });
  }
  const message = 'The old replica could not be removed in time, and both copies stay.';
  return end(view, { outcome: 'Aborted', message, extra, unresolved });
}
