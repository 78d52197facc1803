/**
 * The state machine of a migration. The same table stands as a transition rule in `crds/volumemigrations.yaml`, where it binds
 * every writer; a contract test compares the two for every pair of phases.
 */
import type { MigrationOutcome } from './storage-policy-status.ts';

export type MigrationPhase =
  'Pending' | 'AwaitingApproval' | 'Adding' | 'Syncing' | 'Verifying' | 'Removing' | MigrationOutcome;

/** To which phases each may change. Failed: nothing was gained; Aborted: stopped half-way, both copies stay. */
export const PHASE_TRANSITIONS: Readonly<Record<MigrationPhase, readonly MigrationPhase[]>> = {
  Pending: ['AwaitingApproval', 'Adding', 'Completed', 'Failed', 'Cancelled'],
  AwaitingApproval: ['Pending', 'Adding', 'Completed', 'Failed', 'Cancelled'],
  Adding: ['Syncing', 'Aborted', 'Failed', 'Cancelled'],
  Syncing: ['Verifying', 'Aborted', 'Failed', 'Cancelled'],
  Verifying: ['Syncing', 'Removing', 'Completed', 'Aborted', 'Failed', 'Cancelled'],
  Removing: ['Completed', 'Aborted', 'Failed', 'Cancelled'],
  Completed: [],
  Aborted: [],
  Failed: [],
  Cancelled: [],
};

export const MIGRATION_PHASES = Object.keys(PHASE_TRANSITIONS) as readonly MigrationPhase[];

/** Whether a migration in this phase has ended, for ever. */
export function isFinal(phase: MigrationPhase): phase is MigrationOutcome {
  return PHASE_TRANSITIONS[phase].length === 0;
}

/** Staying in a phase is always allowed. */
export function canChangePhase(from: MigrationPhase, to: MigrationPhase): boolean {
  return from === to || PHASE_TRANSITIONS[from].includes(to);
}
