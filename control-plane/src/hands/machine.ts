/**
 * The state machine of a migration: from the object and a fresh look at the storage system to the one thing to do next. Pure,
 * and with no memory of its own, so that whoever takes over after a crash decides the same. No two instructions rest on one look.
 */
import { isFinal, MIGRATION_FINALIZER, type VolumeMigrationStatus } from '@couchestor/common/api';
import type { Admission } from '../model/admission.ts';
import { isWaiting } from '../model/cluster-snapshot.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import { adding } from './adding.ts';
import { otherOf } from './adopting.ts';
import { atRest, cleanUp, mayRemove } from './clean-up.ts';
import { windDown } from './ending.ts';
import type { Instruction } from './instruction.ts';
import type { Observation } from './observation.ts';
import { beforeLooking, pending } from './pending.ts';
import { removing } from './removing.ts';
import type { HandsSettings } from './settings.ts';
import { keepLock } from './steering.ts';
import { withoutEffects } from './standing-still.ts';
import { syncing } from './syncing.ts';
import { verifying } from './verifying.ts';
import { wait, type MigrationView, type OperatorModes, type RecordView } from './view.ts';

export interface Moment {
  /** Wall time. */
  readonly nowMs: number;
  readonly settings: HandsSettings;
  /** The policy of the migration does not exist any more. */
  readonly isPolicyGone: boolean;
  readonly operator: OperatorModes;
  /** Of a migration that waits. */
  readonly admission: Admission;
}

export type FirstSight =
  | { readonly kind: 'decided'; readonly instruction: Instruction }
  /** The storage system has to be looked at, with the history of rebuilds and the cordons of all migrations where they count. */
  | {
      readonly kind: 'look';
      readonly rebuilds: boolean;
      /** Also at everything but the volume. */
      readonly surroundings: boolean;
      readonly cordons: boolean;
      /** Another migration that has to be read. */
      readonly other: string | undefined;
    };

/** What the object says by itself. */
export function atFirstSight(record: VolumeMigrationRecord, moment: Moment): FirstSight {
  const view = viewOf(record, moment);
  if (view === undefined) return { kind: 'decided', instruction: { kind: 'done' } };
  if (needsHold(view)) return { kind: 'decided', instruction: { kind: 'hold' } };
  const { phase } = view.status;
  const instruction = isFinal(phase) ? atRest(view) : isWaiting(view.status) ? beforeLooking(view) : undefined;
  if (instruction !== undefined) return { kind: 'decided', instruction };
  return {
    kind: 'look',
    rebuilds: phase === 'Syncing' || phase === 'Verifying',
    surroundings: !isFinal(phase) || mayRemove(view),
    cordons: isWaiting(view.status),
    other: otherOf(view),
  };
}

/** What it alone remembers would go with it. To one that was deleted no finalizer can come, and to a rehearsal none need to. */
function needsHold({ record, spec, status, operator }: RecordView): boolean {
  if (record.finalizers.includes(MIGRATION_FINALIZER)) return false;
  if (record.deleting || spec.dryRun || operator.dryRun) return false;
  const { phase, intent, cordons, extraReplica } = status;
  const stands = extraReplica !== undefined && extraReplica.removedTime === undefined;
  return !isFinal(phase) || intent !== undefined || cordons !== undefined || stands;
}

/** What to do after that look. */
export function nextInstruction(record: VolumeMigrationRecord, observation: Observation, moment: Moment): Instruction {
  const seen = viewOf(record, moment);
  if (seen === undefined) return { kind: 'done' };
  const view: MigrationView = { ...seen, observation };
  // What is lifted needs no volume.
  const lifting = view.status.intent?.step === 'Uncordon' ? windDown(view) : undefined;
  const instruction = lifting ?? missing(view) ?? windDown(view) ?? inPhase(view);
  if (moment.operator.dryRun) return withoutEffects(view, instruction);
  return instruction.kind === 'write' ? instruction : (keepLock(view) ?? instruction);
}

/** One answer is no proof that a volume is gone, and an emptied storage system ends nothing. Undefined: it is there, or gone. */
function missing(view: MigrationView): Instruction | undefined {
  const { observation, settings } = view;
  const restMs = observation.volume === undefined ? settings.settleMs - observation.watched.missingMs : 0;
  if (restMs <= 0) return undefined;
  const afterMs = Math.min(restMs, settings.pollIntervalMs);
  return isFinal(view.status.phase)
    ? wait(view, afterMs)
    : wait(view, afterMs, { message: 'The volume cannot be found; it is looked for again.' });
}

function inPhase(view: MigrationView): Instruction {
  switch (view.status.phase) {
    case 'Pending':
    case 'AwaitingApproval':
      return pending(view);
    case 'Adding':
      return adding(view);
    case 'Syncing':
      return syncing(view);
    case 'Verifying':
      return verifying(view);
    case 'Removing':
      return removing(view);
    case 'Completed':
    case 'Aborted':
    case 'Failed':
    case 'Cancelled':
      return cleanUp(view);
  }
}

const PLANNED: VolumeMigrationStatus = { phase: 'Pending' };

/** Undefined: the object cannot be understood, so nothing may be done for it. */
function viewOf(record: VolumeMigrationRecord, moment: Moment): RecordView | undefined {
  if (record.parsed.kind === 'invalid') return undefined;
  const { spec: planned, status = PLANNED } = record.parsed.value;
  const spec = { ...planned, preservationMode: planned.preservationMode || moment.operator.preservation };
  return { record, spec, status, ...moment };
}
