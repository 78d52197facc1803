/** The Kubernetes API as the control plane uses it: informers, typed stores, leader election and Events. */
export type { ChangeHandler } from './change-dispatcher.ts';
export { DEFAULT_GUARD } from './emptied-api-guard.ts';
export type { GuardOptions, Suspicion, SuspectReason } from './emptied-api-guard.ts';
export { EventRecorder } from './event-recorder.ts';
export type { EventRecorderOptions } from './event-recorder.ts';
export type { Happening, ObjectReference } from './event-series.ts';
export { HttpTransport } from './http-transport.ts';
export type { HttpTransportOptions } from './http-transport.ts';
export { DEFAULT_TIMING } from './informer-timing.ts';
export type { InformerTiming } from './informer-timing.ts';
export { LossAcceptance } from './loss-acceptance.ts';
export type { LossAcceptanceOptions } from './loss-acceptance.ts';
export { KubeClient } from './kube-client.ts';
export type { CallOptions, KubeClientOptions, ListPage, WatchOptions } from './kube-client.ts';
export type { KubeObject, NewObject, ObjectMeta, ObjectRef, OwnerReference } from './kube-object.ts';
export { KubernetesClusterObjects } from './kubernetes-cluster-objects.ts';
export type { KubernetesClusterObjectsOptions } from './kubernetes-cluster-objects.ts';
export { KubernetesOpenEbsObjects } from './kubernetes-openebs-objects.ts';
export type { KubernetesOpenEbsObjectsOptions } from './kubernetes-openebs-objects.ts';
export { KubernetesStoragePolicies } from './kubernetes-storage-policies.ts';
export { KubernetesVolumeMigrations } from './kubernetes-volume-migrations.ts';
export { DEFAULT_LEASE_TIMING, LeaseElector } from './lease-elector.ts';
export type { ElectionEnd, ElectionHandlers, Leadership, LeaseElectorOptions, LeaseTiming } from './lease-elector.ts';
export { LeasePlacementLock } from './lease-placement-lock.ts';
export type { LeasePlacementLockOptions } from './lease-placement-lock.ts';
export { historyFacts, readMigration } from './migration-facts.ts';
export type { MigrationReading } from './migration-facts.ts';
export type { Change, Entry } from './object-cache.ts';
export { ResourceInformer } from './resource-informer.ts';
export type {
  InformerHealth,
  InformerOptions,
  InformerState,
  Lookup,
  Refusal,
  Refused,
  Snapshot,
} from './resource-informer.ts';
export { OPERATION_ANNOTATION, ResourceStore } from './resource-store.ts';
export type { Deleted, Fetched, Missing, StoreCall, StoreOptions, Updated } from './resource-store.ts';
export { EVENTS, LEASES, STORAGE_POLICIES } from './resources.ts';
export type { KubeResource } from './resources.ts';
export { volumeMigrations } from './typed-resource.ts';
export type { TypedResource, TypedResourceOptions } from './typed-resource.ts';
export { TransportError } from './transport.ts';
export type { KubeTransport, TransportRequest, TransportResponse, TransportStream } from './transport.ts';
