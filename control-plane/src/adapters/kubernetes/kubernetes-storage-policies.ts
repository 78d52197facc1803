/** StoragePolicies on the Kubernetes API: an informer to read, a store to write. */
import type { ParseResult, StoragePolicy } from '@couchestor/common/api';
import type { StoragePolicyRecord } from '../../model/storage-policy-record.ts';
import type { StoragePolicies, StoragePoliciesSnapshot, StoragePolicyLookup } from '../../ports/storage-policies.ts';
import { isRecord } from './kube-object.ts';
import type { Entry } from './object-cache.ts';
import type { ResourceInformer } from './resource-informer.ts';
import type { ResourceStore } from './resource-store.ts';
import { storagePolicies, type TypedResourceOptions } from './typed-resource.ts';

type Parsed = ParseResult<StoragePolicy>;

export class KubernetesStoragePolicies implements StoragePolicies {
  /** To be run by whoever composes the process; its health is this adapter's. */
  readonly informer: ResourceInformer<Parsed>;
  readonly store: ResourceStore<Parsed>;

  constructor(options: TypedResourceOptions) {
    const { informer, store } = storagePolicies(options);
    this.informer = informer;
    this.store = store;
  }

  subscribe(changed: (name: string) => void | Promise<void>): () => void {
    return this.informer.subscribe(({ entry }) => changed(entry.key));
  }

  snapshot(): StoragePoliciesSnapshot {
    const snapshot = this.informer.snapshot();
    return snapshot.kind === 'ok' ? { kind: 'ok', policies: snapshot.entries.map(recordOf) } : snapshot;
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
