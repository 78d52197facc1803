/** The brain: pure decisions over snapshots of the cluster, and what they say to people and programs. */
export { decide } from './decide.ts';
export type { DecideInput } from './decide.ts';
export { decisionRecord, explain } from './explain/index.ts';
export type { DecisionRecord } from './explain/index.ts';
export { windowStateAt } from './maintenance-window.ts';
export type { WindowState } from './maintenance-window.ts';
