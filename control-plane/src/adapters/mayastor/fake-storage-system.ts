/** A storage system in memory, for tests: it answers with the facts it was given, and fails in the way and order it is told to. */
import { CoucheStorError, type NodeName, type PoolName, type VolumeId } from '@couchestor/common/base';
import type { NodeFacts, PoolFacts, StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { StorageSystem } from '../../ports/storage-system.ts';
import { restCapabilities } from './release.ts';

export type StorageFault =
  | { readonly kind: 'error'; readonly error: CoucheStorError }
  /** Answers only to the signal. */
  | { readonly kind: 'hang' };

export class FakeStorageSystem implements StorageSystem {
  readonly #volumes = new Map<VolumeId, VolumeFacts>();
  readonly #pools = new Map<PoolName, PoolFacts>();
  readonly #nodes = new Map<NodeName, NodeFacts>();
  readonly #faults: StorageFault[] = [];
  capabilities = restCapabilities('2.10.0');
  observationCount = 0;

  constructor(facts?: Partial<StorageFacts>) {
    if (facts !== undefined) this.set(facts);
  }

  /** Replaces the parts that are given. */
  set({ capabilities, volumes, pools, nodes }: Partial<StorageFacts>): void {
    if (capabilities !== undefined) this.capabilities = capabilities;
    if (volumes !== undefined) refill(this.#volumes, volumes, ({ volumeId }) => volumeId);
    if (pools !== undefined) refill(this.#pools, pools, ({ pool }) => pool);
    if (nodes !== undefined) refill(this.#nodes, nodes, ({ node }) => node);
  }

  /** Adds it, or replaces the one of its name. */
  put(part: { readonly volume: VolumeFacts } | { readonly pool: PoolFacts } | { readonly node: NodeFacts }): void {
    if ('volume' in part) this.#volumes.set(part.volume.volumeId, part.volume);
    else if ('pool' in part) this.#pools.set(part.pool.pool, part.pool);
    else this.#nodes.set(part.node.node, part.node);
  }

  /** Strikes the next observation that no earlier fault strikes. */
  fault(fault: StorageFault): void {
    this.#faults.push(fault);
  }

  async observe(signal: AbortSignal): Promise<StorageFacts> {
    this.observationCount += 1;
    const fault = this.#faults.shift();
    await Promise.resolve();
    if (fault?.kind === 'error') throw fault.error;
    if (fault?.kind === 'hang') await aborted(signal);
    if (signal.aborted) throw new CoucheStorError('cancelled', 'The observation was cancelled.');
    return {
      capabilities: this.capabilities,
      volumes: [...this.#volumes.values()],
      pools: [...this.#pools.values()],
      nodes: [...this.#nodes.values()],
    };
  }
}

function refill<Key, Value>(map: Map<Key, Value>, values: readonly Value[], keyOf: (value: Value) => Key): void {
  map.clear();
  for (const value of values) map.set(keyOf(value), value);
}

function aborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener('abort', () => resolve(), { once: true });
  });
}
