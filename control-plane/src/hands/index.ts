/** Carries migrations out: a pure machine decides each next thing, and a driver does it. */
export { MigrationReconciler } from './migration-reconciler.ts';
export type { MigrationReconcilerOptions } from './migration-reconciler.ts';
