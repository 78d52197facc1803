/** StoragePolicies on the Kubernetes API: an informer to read, a store to write. */
import { parseStoragePolicy, type ParseResult, type StoragePolicy } from '@couchestor/common/api';
import type { StoragePolicyRecord } from '../../model/storage-policy-record.ts';
import type { StoragePolicies, StoragePolicyLookup } from '../../ports/storage-policies.ts';
import { isRecord } from './kube-object.ts';
import type { Entry } from './object-cache.ts';
import { ResourceInformer, type InformerOptions } from './resource-informer.ts';
import { ResourceStore, type StoreOptions } from './resource-store.ts';
import { STORAGE_POLICIES } from './resources.ts';

type Parsed = ParseResult<StoragePolicy>;
type Options = Omit<InformerOptions<Parsed>, 'resource' | 'namespace' | 'decode'> &
  Pick<StoreOptions<Parsed>, 'attempts' | 'backoffBaseMs' | 'backoffMaxMs'>;

export class KubernetesStoragePolicies implements StoragePolicies {
  /** To be run by whoever composes the process; its health is this adapter's. */
  readonly informer: ResourceInformer<Parsed>;
  readonly store: ResourceStore<Parsed>;

  constructor(options: Options) {
    const resource = { ...options, resource: STORAGE_POLICIES, decode: parseStoragePolicy };
    this.informer = new ResourceInformer(resource);
    this.store = new ResourceStore({ ...resource, informer: this.informer });
  }

  subscribe(changed: (name: string) => void): () => void {
    return this.informer.subscribe(({ entry }) => changed(entry.key));
  }

  lookup(name: string): StoragePolicyLookup {
    const found = this.informer.lookup(name);
    return found.kind === 'found' ? { kind: 'found', policy: recordOf(found.entry) } : found;
  }

  async updateStatus(
    { name, uid }: Pick<StoragePolicyRecord, 'name' | 'uid'>,
    change: (current: StoragePolicyRecord) => Readonly<Record<string, unknown>> | undefined,
    signal: AbortSignal,
  ): Promise<'written' | 'unchanged' | 'gone'> {
    const updated = await this.store.updateStatus({ name, uid }, (entry) => change(recordOf(entry)), { signal });
    return updated.kind === 'written' || updated.kind === 'unchanged' ? updated.kind : 'gone';
  }
}

function recordOf({ raw, value }: Entry<Parsed>): StoragePolicyRecord {
  const { name, uid, generation = 0 } = raw.metadata;
  return { name, uid, generation, parsed: value, status: isRecord(raw.status) ? raw.status : {} };
}
