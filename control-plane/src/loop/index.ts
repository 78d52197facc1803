/** Control loops: the work queue, what runs it, the rounds of planning, and the reconcilers. */
export { Announcer } from './announcer.ts';
export type { AnnouncerOptions } from './announcer.ts';
export { runController } from './controller.ts';
export type { ControllerOptions, Reconciler, ReconcileResult } from './controller.ts';
export { ObservedReconciler } from './observed-reconciler.ts';
export type { ObservedReconcilerOptions } from './observed-reconciler.ts';
export type { Decide, PlanningParts } from './plan-once.ts';
export { PlanningRound } from './planning-round.ts';
export type { PlanningRoundOptions } from './planning-round.ts';
export { StoragePolicyReconciler } from './storage-policy-reconciler.ts';
export type { StoragePolicyReconcilerOptions } from './storage-policy-reconciler.ts';
export { Vitals } from './vitals.ts';
export { WorkQueue } from './work-queue.ts';
export type { WorkQueueOptions } from './work-queue.ts';
