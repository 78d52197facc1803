/**
 * What is left of an instruction while the operator only looks on (`--dry-run`): nothing new is begun, but what stands is undone.
 * A call that may be under way is waited for among the cordons that steer it; then they are lifted and the lock is given back.
 */
import type { Call, Instruction } from './instruction.ts';
import { lift } from './steering.ts';
import { hasSettled, wait, type MigrationView } from './view.ts';

export const LOOKS_ON = 'Waits: the operator runs with --dry-run, and nothing new is begun.';

/** Statuses are written as ever: a migration may end, and be cancelled. */
export function withoutEffects(view: MigrationView, instruction: Instruction): Instruction {
  const isNew =
    instruction.kind === 'claim' || (instruction.kind === 'effect' && !instruction.calls.every((call) => undoes(call)));
  return isNew ? standStill(view) : instruction;
}

function standStill(view: MigrationView): Instruction {
  const { intent } = view.status;
  const { quickPollMs, extraCheckMs } = view.settings;
  const scales = intent !== undefined && intent.step !== 'Cordon' && intent.step !== 'Uncordon';
  if (scales && !hasSettled(view)) return wait(view, quickPollMs, { message: LOOKS_ON });
  return lift(view) ?? wait(view, extraCheckMs, { message: LOOKS_ON });
}

function undoes({ kind }: Call): boolean {
  return kind === 'uncordonNode' || kind === 'uncordonPool' || kind === 'releaseLock';
}
