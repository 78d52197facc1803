/** The sandbox Kubernetes API server, for tests, benches and the demo. */
export { ApiError } from './api-error.ts';
export type { FaultEffect, FaultHandle, FaultInjector, FaultMatch, FaultRule } from './faults.ts';
export { KubeApiServer } from './kube-api-server.ts';
export type { KubeApiServerOptions } from './assembly.ts';
export type { Store, StoreEvent } from './store/store.ts';
export type { GroupResource, JsonObject, KubeObject, ObjectMeta, UserInfo } from './types.ts';
