/** All that a decision of the machine rests on, and what its phases ask of it. */
import {
  boundedMessage,
  formatTimestamp,
  isFinal,
  removeCondition,
  type MigrationIntent,
  type MigrationPhase,
  type VolumeMigrationSpec,
  type VolumeMigrationStatus,
} from '@couchestor/common/api';
import type { Admission } from '../model/admission.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { Instruction } from './instruction.ts';
import type { Observation } from './observation.ts';
import type { HandsSettings } from './settings.ts';

/** The operator's own flags, which hold whatever policies and plans say. */
export interface OperatorModes {
  /** Nothing new is begun; what stands is undone. */
  readonly dryRun: boolean;
  /** No old replica is removed. */
  readonly preservation: boolean;
}

export interface RecordView {
  readonly record: VolumeMigrationRecord;
  readonly spec: VolumeMigrationSpec;
  readonly status: VolumeMigrationStatus;
  /** Wall time. */
  readonly nowMs: number;
  readonly settings: HandsSettings;
  /** Nobody is left to count how it ends. */
  readonly isPolicyGone: boolean;
  readonly operator: OperatorModes;
  readonly admission: Admission;
}

export interface MigrationView extends RecordView {
  readonly observation: Observation;
}

/** Fields to set; undefined takes one away. */
export type StatusChanges = { readonly [Key in keyof VolumeMigrationStatus]?: VolumeMigrationStatus[Key] | undefined };

/** What the times of a status are whole multiples of. */
const SECOND_MS = 1_000;

/** The condition that says, while it is False, that calls of the migration fail again and again. */
export const OBSERVED = 'Observed';

/** The condition that says that no repetition mends a failure; whatever goes on takes it away. */
export const STALLED = 'Stalled';

export function changedStatus({ record, status }: RecordView, changes: StatusChanges): VolumeMigrationStatus {
  const message = changes.message ?? status.message;
  const conditions = ('conditions' in changes ? changes.conditions : status.conditions) ?? [];
  const standing = removeCondition(conditions, STALLED);
  const fields: StatusChanges = {
    ...status,
    ...changes,
    observedGeneration: record.generation,
    message: message === undefined ? undefined : boundedMessage(message),
    conditions: standing.length === 0 ? undefined : standing,
  };
  const present = Object.entries(fields).filter(([, value]) => value !== undefined);
  return { ...Object.fromEntries(present), phase: changes.phase ?? status.phase };
}

export function write(view: RecordView, changes: StatusChanges): Instruction {
  return { kind: 'write', status: changedStatus(view, changes) };
}

export function enter(view: RecordView, phase: MigrationPhase, changes: StatusChanges): Instruction {
  const time = timeOf(view);
  return write(view, {
    phase,
    phaseStartTime: time,
    ...(isFinal(phase) ? { completionTime: time, intent: undefined } : {}),
    ...changes,
  });
}

/** Writes only what is new. */
export function wait(view: RecordView, afterMs: number, changes: StatusChanges = {}): Instruction {
  const status = changedStatus(view, changes);
  return { kind: 'wait', afterMs, status: isSame(status, view.status) ? undefined : status };
}

function isSame(a: VolumeMigrationStatus, b: VolumeMigrationStatus): boolean {
  const fields = [...new Set([...Object.keys(a), ...Object.keys(b)])] as (keyof VolumeMigrationStatus)[];
  return fields.every((field) => JSON.stringify(a[field]) === JSON.stringify(b[field]));
}

export function timeOf({ nowMs }: RecordView): string {
  return formatTimestamp(nowMs);
}

/** As much as has passed for sure since a time that was cut off to its second. Undefined where the status has no such time. */
export function msSince({ nowMs }: RecordView, time: string | undefined): number | undefined {
  return time === undefined ? undefined : Math.max(nowMs - Date.parse(time) - SECOND_MS, 0);
}

/** How many replicas the volume asks for apart from this migration. */
export function askedCount({ spec }: RecordView): number {
  return spec.plan.replicaCount;
}

/** Somebody wants it to stop: deleting the object asks for the same as cancelling it. */
export function isCancelled({ spec, record }: RecordView): boolean {
  return spec.cancel || record.deleting;
}

export function isOverdue({ observation, spec }: MigrationView): boolean {
  return observation.watched.runningMs >= spec.plan.timeoutMs;
}

export function newIntent(
  view: RecordView,
  step: MigrationIntent['step'],
  rest: Pick<MigrationIntent, 'replicaIdsBefore' | 'replicaCountAfter'> = knownBefore(view),
): MigrationIntent {
  return {
    operationId: `${step.toLowerCase()}-${view.record.generation}-${Math.floor(view.nowMs).toString(36)}`,
    step,
    expectedGeneration: view.record.generation,
    recordedTime: timeOf(view),
    ...rest,
  };
}

/** What was there before the replica came stays known, so that one that comes later is told from those. */
function knownBefore({ status }: RecordView): Pick<MigrationIntent, 'replicaIdsBefore'> {
  const { replicaIdsBefore } = status.intent ?? {};
  return replicaIdsBefore === undefined ? {} : { replicaIdsBefore };
}

/** The same operation, about to be tried (again) now and on the object as it is now. */
export function restamped(view: RecordView, intent: MigrationIntent): MigrationIntent {
  return { ...intent, expectedGeneration: view.record.generation, recordedTime: timeOf(view) };
}

/** No call of the intent can be under way any more, and what it did would be seen by now. */
export function hasSettled({ observation, settings }: MigrationView): boolean {
  return observation.watched.callMs >= settings.underWayMs;
}
