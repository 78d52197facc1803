/** The Mayastor stand-in: a simulated cluster, the REST API of its control plane, and the faults of both. */
export { MayastorCluster } from './cluster.ts';
export { MayastorError } from './errors.ts';
export type { ErrorKind } from './errors.ts';
export type { FaultEffect, FaultHandle, FaultInjector, FaultMatch, FaultRule } from './faults.ts';
export type { Features } from './features.ts';
export { MayastorRest } from './rest.ts';
export type { MayastorRestOptions } from './rest.ts';
export * from './types.ts';
