/** Mayastor as a storage system that is observed: behind its REST API, as pre-1.0 custom resources, and a fake of either. */
export type { StorageFacts } from '../../model/cluster-snapshot.ts';
export { chooseStorageSystem } from './choose-storage-system.ts';
export type { StorageSystemChoice } from './choose-storage-system.ts';
export { FakeStorageSystem } from './fake-storage-system.ts';
export type { StorageFault } from './fake-storage-system.ts';
export { MayastorCrdSystem } from './mayastor-crd-system.ts';
export { MayastorRestSystem } from './mayastor-rest-system.ts';
export type { MayastorRestSystemOptions } from './mayastor-rest-system.ts';
export { restCapabilities } from './release.ts';
export type { RestClientOptions } from './rest-client.ts';
export type { PageLimits } from './volume-pages.ts';
