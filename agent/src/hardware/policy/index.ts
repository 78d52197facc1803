/** What an operator decides about disks. */
export type { HardwarePolicy } from './hardware-policy.ts';
export { parsePolicy } from './parse-policy.ts';
