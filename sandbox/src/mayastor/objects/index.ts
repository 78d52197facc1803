/** What a Mayastor looks like in Kubernetes, and clusters made up from a seed. */
export type { ClaimFields, StorageClassFields } from './cluster-objects.ts';
export { CSI_DRIVER, volumeNameOf } from './cluster-objects.ts';
export { DISK_POOL_VERSIONS } from './disk-pool-definition.ts';
export type { DiskPoolVersion } from './disk-pool-definition.ts';
export { diskPoolVersionOf, MayastorObjects } from './mayastor-objects.ts';
export type { MayastorObjectsOptions } from './mayastor-objects.ts';
export { MayastorStandIn } from './mayastor-stand-in.ts';
export type { MayastorStandInOptions } from './mayastor-stand-in.ts';
export { RandomDraws } from './random-draws.ts';
export { demoCluster, seedCluster, TIERS, VOLUME_KINDS } from './scenario.ts';
export type {
  DemoClusterOptions,
  Scenario,
  ScenarioOptions,
  ScenarioVolume,
  TierLabel,
  VolumeKind,
} from './scenario.ts';
