/**
 * Steering placement, step by step: take the lock, set the cordons that the status names, and afterwards lift each and give
 * the lock back. The status forgets a cordon only when its lifting was confirmed, later than any call that
 * sets it can be under way, and whatever the lists of pools and nodes say:
 * they may be empty for a moment.
 */
import type { Cordon, MigrationIntent } from '@couchestor/common/api';
import { isSet, liftingCall, settingCall } from './cordons.ts';
import { sameCall, type Instruction } from './instruction.ts';
import { newIntent, restamped, wait, write, type MigrationView } from './view.ts';

/** Of the cordons that this migration sets on nodes. */
export function cordonLabel({ record }: MigrationView): string {
  return `couchestor-${record.uid}`.slice(0, 63);
}

/** Undefined: this migration may steer. */
export function holdLock(view: MigrationView): Instruction | undefined {
  const { lock } = view.observation;
  if (lock.kind === 'held') return undefined;
  if (lock.kind !== 'taken') return { kind: 'effect', calls: [{ kind: 'takeLock' }] };
  const { quickPollMs, retryMs, pollIntervalMs } = view.settings;
  if (lock.isNext) return wait(view, quickPollMs, { message: `Waits until ${lock.by} has placed its replica.` });
  // Woken before, as a rule; and the same words however long the queue is, since each change of them is a write.
  return wait(view, Math.min(retryMs, pollIntervalMs), { message: 'Waits until others have placed their replicas.' });
}

/** Nobody else is to steer among its cordons; but they are lifted whoever has the lock. Undefined: there is nothing to be asked. */
export function keepLock(view: MigrationView): Instruction | undefined {
  const { lock, watched } = view.observation;
  const isDue = lock.kind === 'unknown' && watched.lockMs >= view.settings.lockRenewMs;
  return isDue && cordonsOf(view).length > 0 ? { kind: 'effect', calls: [{ kind: 'takeLock' }] } : undefined;
}

/** Waits without keeping others from steering; only where no cordon is set. */
export function waitUnlocked(view: MigrationView, afterMs: number, message: string): Instruction {
  const { lock } = view.observation;
  if (lock.kind === 'held' || lock.kind === 'unknown') return { kind: 'effect', calls: [{ kind: 'releaseLock' }] };
  return wait(view, afterMs, { message });
}

/** Undefined: all that the status names are set. */
export function setCordons(view: MigrationView): Instruction | undefined {
  const { confirmed, surroundings } = view.observation;
  const missing = cordonsOf(view)
    .filter((cordon) => !isSet(cordon, surroundings))
    .map(settingCall)
    .filter((call) => !confirmed.some((done) => sameCall(call, done)));
  return missing.length === 0 ? undefined : { kind: 'effect', calls: missing };
}

/** The steering is over: from here on cordons are lifted. */
export function uncordonIntent(view: MigrationView): MigrationIntent {
  return newIntent(view, 'Uncordon');
}

/** Undefined: no cordon is left, and the lock is free for others. */
export function lift(view: MigrationView): Instruction | undefined {
  const { lock } = view.observation;
  const cordons = cordonsOf(view);
  if (cordons.length > 0) return liftCordons(view, cordons);
  if (lock.kind === 'released' || lock.kind === 'taken') return undefined;
  return { kind: 'effect', calls: [{ kind: 'releaseLock' }] };
}

function liftCordons(view: MigrationView, cordons: readonly Cordon[]): Instruction {
  const { confirmed, refusal, watched } = view.observation;
  // One that takes effect only after it was lifted would stand for ever.
  const doubtMs = view.settings.underWayMs - watched.cordonMs;
  if (doubtMs > 0) return wait(view, doubtMs);
  const standing = cordons.map(liftingCall).filter((call) => !confirmed.some((done) => sameCall(call, done)));
  if (standing.length === 0) return write(view, { cordons: undefined });
  const restMs = refusal === undefined ? 0 : view.settings.retryMs - refusal.ageMs;
  if (refusal === undefined || restMs <= 0) return { kind: 'effect', calls: standing };
  return wait(view, restMs, { message: `A cordon could not be lifted yet: ${refusal.message}` });
}

/** The call whose intent stands, once the intent says that it is tried now, and on the object as it is now. */
export function scale(view: MigrationView, intent: MigrationIntent, count: number): Instruction {
  const { intentIsFresh } = view.observation;
  if (!intentIsFresh || intent.expectedGeneration !== view.record.generation) {
    return write(view, { intent: restamped(view, intent) });
  }
  return { kind: 'effect', calls: [{ kind: 'setReplicaCount', count }] };
}

function cordonsOf({ status }: MigrationView): readonly Cordon[] {
  return status.cordons ?? [];
}
