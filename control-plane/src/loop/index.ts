/** Control loops: the work queue, what runs it, and the reconcilers. */
export { runController } from './controller.ts';
export type { ControllerOptions, Reconciler, ReconcileResult } from './controller.ts';
export { StoragePolicyReconciler } from './storage-policy-reconciler.ts';
export type { StoragePolicyReconcilerOptions } from './storage-policy-reconciler.ts';
export { WorkQueue } from './work-queue.ts';
export type { WorkQueueOptions } from './work-queue.ts';
