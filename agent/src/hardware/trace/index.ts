/** Which disks hold a directory. */
export { mountOf, traceDirectory } from './trace-directory.ts';
export type { Trace, TraceInputs } from './trace-directory.ts';
