/** The brain: pure decisions over snapshots of the cluster. */
export { decide } from './decide.ts';
export type { DecideInput } from './decide.ts';
export { windowStateAt } from './maintenance-window.ts';
export type { WindowState } from './maintenance-window.ts';
