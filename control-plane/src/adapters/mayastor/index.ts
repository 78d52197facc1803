/** Mayastor as a storage system that is observed and whose replicas move: behind its REST API, as custom resources, and a fake. */
export type { StorageFacts } from '../../model/cluster-snapshot.ts';
export { chooseStorageSystem } from './choose-storage-system.ts';
export type { StorageSystemChoice } from './choose-storage-system.ts';
export { FakeStorageSystem } from './fake-storage-system.ts';
export type { StorageFault } from './fake-storage-system.ts';
export { MayastorCrdMover } from './mayastor-crd-mover.ts';
export { MayastorCrdSystem } from './mayastor-crd-system.ts';
export { MayastorRestMover } from './mayastor-rest-mover.ts';
export type { MayastorRestMoverOptions } from './mayastor-rest-mover.ts';
export { MayastorRestSystem } from './mayastor-rest-system.ts';
export type { MayastorRestSystemOptions } from './mayastor-rest-system.ts';
export { parseRelease, restCapabilities } from './release.ts';
export type { RestClientOptions } from './rest-client.ts';
export type { PageLimits } from './volume-pages.ts';
export { RememberedObjects } from './remembered-objects.ts';
