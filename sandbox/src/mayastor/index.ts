/**
 * The Mayastor stand-in: a simulated cluster, the REST API of its control plane, the exporters of its engines, what it looks
 * like in Kubernetes, and the faults of it all.
 */
export { MayastorCluster } from './cluster.ts';
export { ControlServer } from './control-server.ts';
export { MayastorError } from './errors.ts';
export type { ErrorKind } from './errors.ts';
export type { FaultEffect, FaultHandle, FaultInjector, FaultMatch, FaultRule } from './faults.ts';
export { IoEngineExporters } from './exporters/index.ts';
export type { TargetGroup } from './exporters/index.ts';
export type { Features } from './features.ts';
export * from './objects/index.ts';
export { MayastorRest } from './rest.ts';
export type { MayastorRestOptions } from './rest.ts';
export * from './types.ts';
