/** Carries migrations out: a pure machine decides each next thing, and a driver does it. */
export type { Call, Instruction, StorageCall } from './instruction.ts';
export { atFirstSight, nextInstruction } from './machine.ts';
export type { FirstSight, Moment } from './machine.ts';
export type { LockFact, Observation, Refusal } from './observation.ts';
export { HANDS_DEFAULTS } from './settings.ts';
export type { HandsSettings } from './settings.ts';
export { MigrationReconciler } from './migration-reconciler.ts';
export type { MigrationReconcilerOptions } from './migration-reconciler.ts';
