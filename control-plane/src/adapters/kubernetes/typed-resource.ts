/** The custom resources of CoucheStor, typed: for each an informer to be run by whoever composes the process, and a store. */
import {
  parseStoragePolicy,
  parseVolumeMigration,
  type ParseResult,
  type StoragePolicy,
  type VolumeMigration,
} from '@couchestor/common/api';
import type { KubeObject } from './kube-object.ts';
import { ResourceInformer, type InformerOptions } from './resource-informer.ts';
import { ResourceStore, type StoreOptions } from './resource-store.ts';
import { STORAGE_POLICIES, VOLUME_MIGRATIONS, type KubeResource } from './resources.ts';

export type TypedResourceOptions = Omit<InformerOptions<unknown>, 'resource' | 'namespace' | 'decode' | 'keep'> &
  Pick<StoreOptions<unknown>, 'attempts' | 'backoffBaseMs' | 'backoffMaxMs'>;

export interface TypedResource<T> {
  readonly informer: ResourceInformer<ParseResult<T>>;
  readonly store: ResourceStore<ParseResult<T>>;
}

export function storagePolicies(options: TypedResourceOptions): TypedResource<StoragePolicy> {
  return typedResource(STORAGE_POLICIES, parseStoragePolicy, options);
}

export function volumeMigrations(options: TypedResourceOptions): TypedResource<VolumeMigration> {
  return typedResource(VOLUME_MIGRATIONS, parseVolumeMigration, options);
}

function typedResource<T>(
  resource: KubeResource,
  parse: (document: unknown) => ParseResult<T>,
  options: TypedResourceOptions,
): TypedResource<T> {
  const decode = (raw: KubeObject): ParseResult<T> => parse(raw);
  const all = { ...options, resource, decode };
  return { informer: new ResourceInformer(all), store: new ResourceStore(all) };
}
