/**
 * One replica less, and it is the one that is meant: foretold by the rules of the release on a fresh view, steered by a cordon of
 * its node where that takes one, and seen afterwards by the difference. While anything is in doubt nothing is called.
 */
import type { MigrationIntent } from '@couchestor/common/api';
import { parseNodeName } from '@couchestor/common/base';
import { removalOf } from '../brain/placement/index.ts';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import { idsBefore } from './ending.ts';
import type { Instruction } from './instruction.ts';
import { cordonLabel, holdLock, lift, scale, setCordons, uncordonIntent, waitUnlocked } from './steering.ts';
import { hasSettled, newIntent, timeOf, wait, write, type MigrationView } from './view.ts';

export interface SteeredRemoval {
  readonly step: 'Remove' | 'CleanUp';
  readonly volume: VolumeFacts;
  readonly replica: { readonly replicaId: string; readonly node: string };
  readonly countAfter: number;
  /** Why it must not happen now. Undefined: it may. */
  readonly obstacle: string | undefined;
  /** It cannot be made sure that this replica goes. */
  readonly unsteerable: (reason: string) => Instruction;
}

/** Everything up to the call; whether the call has taken effect is for the caller, who knows what that means. */
export function removeSteered(view: MigrationView, removal: SteeredRemoval): Instruction {
  const { intent, cordons } = view.status;
  if (intent?.step === 'Uncordon') {
    const restMs = restAfterSetbacks(view);
    // Whatever else happens to the volume is noticed meanwhile.
    if (cordons !== undefined || restMs > 0)
      return lift(view) ?? wait(view, Math.min(restMs, view.settings.extraCheckMs));
  }
  return intent?.step === removal.step ? call(view, removal, intent) : prepare(view, removal);
}

/** Zero after what an earlier phase has lifted; each setback of this one is a reason to rest for longer. */
function restAfterSetbacks({ observation, settings }: MigrationView): number {
  const { setbacks, callMs } = observation.watched;
  if (setbacks === 0) return 0;
  return Math.min(settings.retryMs * 2 ** (setbacks - 1), settings.longestRetryMs) - callMs;
}

function prepare(view: MigrationView, removal: SteeredRemoval): Instruction {
  const { refusal } = view.observation;
  const { step, volume, replica, countAfter, obstacle } = removal;
  const steers = view.status.cordons !== undefined;
  if (refusal !== undefined) return backOff(view, `A cordon was refused: ${refusal.message}`);
  if (obstacle !== undefined) {
    return steers ? backOff(view, obstacle) : waitUnlocked(view, view.settings.pollIntervalMs, obstacle);
  }
  const how = removalOf({ volume, storage: view.observation.surroundings, replicaId: replica.replicaId });
  // The same was found under the lock a moment ago; without it, another's cordon may be the reason.
  const isKnown = how === undefined && view.observation.lock.kind === 'released';
  const waiting = isKnown ? undefined : (holdLock(view) ?? setCordons(view));
  if (waiting !== undefined) return waiting;
  if (how === undefined) return removal.unsteerable(unsteerable(replica.node));
  if (how === 'ByItself') {
    const facts = { replicaIdsBefore: idsBefore(view), replicaCountAfter: countAfter };
    return write(view, { intent: newIntent(view, step, facts) });
  }
  // Set, and not seen yet.
  if (steers) return wait(view, view.settings.quickPollMs);
  const cordon = { kind: 'Node', name: replica.node, label: cordonLabel(view), setTime: timeOf(view) } as const;
  return write(view, { cordons: [cordon], intent: newIntent(view, 'Cordon') });
}

function call(view: MigrationView, removal: SteeredRemoval, intent: MigrationIntent): Instruction {
  const { refusal, surroundings } = view.observation;
  const { volume, replica, countAfter, obstacle } = removal;
  if (refusal !== undefined) {
    const why = `Mayastor refused to remove a replica: ${refusal.message}`;
    return refusal.certain ? backOff(view, why) : doubtful(view, why);
  }
  if (obstacle !== undefined) return doubtful(view, obstacle);
  const waiting = holdLock(view) ?? setCordons(view);
  if (waiting !== undefined) return waiting;
  if (removalOf({ volume, storage: surroundings, replicaId: replica.replicaId }) !== 'ByItself') {
    return doubtful(view, unsteerable(replica.node));
  }
  return scale(view, intent, countAfter);
}

/** A call may be under way still: the cordon that steers it stays until it cannot be any more. */
function doubtful(view: MigrationView, why: string): Instruction {
  return hasSettled(view) ? backOff(view, why) : wait(view, view.settings.quickPollMs, { message: why });
}

/** Lifts the cordon and gives the lock back; begins again after a while, which is longer each time. */
export function backOff(view: MigrationView, message: string): Instruction {
  return write(view, { intent: uncordonIntent(view), message });
}

function unsteerable(node: string): string {
  return `It is not sure that Mayastor would remove the replica on node ${parseNodeName(node)}.`;
}
