/**
 * What the exporter beside one io-engine says of it. Releases up to 2.5 know the pools only; from 2.6 on there are counters
 * of pools, replicas, and of the volumes whose target is on this very node. No series means nothing is known: an
 * unpublished volume has none.
 */
import type { ClusterView, IoCounters, PoolStatus, PoolView, Release } from '../types.ts';
import { exposition } from './exposition.ts';
import type { Family, Sample } from './exposition.ts';

/** As the engine numbers them; what it does not know it calls unknown. */
const poolStatusNumber: Readonly<Record<PoolStatus, number>> = {
  Unknown: 0,
  Offline: 0,
  Online: 1,
  Degraded: 2,
  Faulted: 3,
  Suspected: 4,
};

const counterFamilies = [
  ['num_read_ops', 'Number of read operations on the', 'readOps'],
  ['num_write_ops', 'Number of write operations on the', 'writeOps'],
  ['bytes_read', 'Total bytes read on the', 'readBytes'],
  ['bytes_written', 'Total bytes written on the', 'writeBytes'],
  ['read_latency_us', 'Total read latency in usec on the', 'readLatencyUs'],
  ['write_latency_us', 'Total write latency in usec on the', 'writeLatencyUs'],
] as const satisfies readonly (readonly [name: string, help: string, counter: keyof IoCounters])[];

interface Counted {
  readonly labels: Sample['labels'];
  readonly counters: Readonly<IoCounters>;
}

/** The body of an answer to `GET /metrics`. */
export function metricsOf(view: ClusterView, node: string): string {
  const pools = view.pools.filter((pool) => pool.node === node);
  if (knowsPoolsOnly(view.release)) return exposition(poolFamilies('disk_pool', 'disk pool', pools).slice(0, 3));
  const ofPools = pools.map(({ name, counters }) => ({ labels: { node, name }, counters }));
  const ofVolumes = view.volumes.flatMap(({ pvName, target }): Counted[] =>
    target?.node === node ? [{ labels: { node, pv_name: pvName }, counters: target.counters }] : [],
  );
  const ofReplicas = view.volumes.flatMap(({ pvName, replicas }) =>
    replicas
      .filter((replica) => replica.node === node && replica.status !== 'Unknown')
      .map(({ replicaId, counters }) => ({ labels: { node, name: replicaId, pv_name: pvName }, counters })),
  );
  return exposition([
    ...poolFamilies('diskpool', 'pool', pools),
    ...countersOf('diskpool', 'pool', ofPools),
    ...countersOf('volume', 'volume', ofVolumes),
    ...countersOf('replica', 'replica', ofReplicas),
  ]);
}

const knowsPoolsOnly = (release: Release): boolean => Number(release.split('.')[1]) < 6;

function poolFamilies(prefix: string, what: string, pools: readonly PoolView[]): Family[] {
  const family = (name: string, help: string, valueOf: (pool: PoolView) => number): Family => ({
    name: `${prefix}_${name}`,
    help: `${help} of the ${what}`,
    samples: pools.map((pool) => ({ labels: { node: pool.node, name: pool.name }, value: valueOf(pool) })),
  });
  return [
    family('total_size_bytes', 'Total size', (pool) => pool.capacityBytes),
    family('used_size_bytes', 'Used size', (pool) => pool.usedBytes),
    family('status', 'Status', (pool) => poolStatusNumber[pool.status]),
    family('committed_size_bytes', 'Committed size', (pool) => pool.committedBytes),
  ];
}

/** An engine counts whole operations. */
function countersOf(prefix: string, what: string, counted: readonly Counted[]): Family[] {
  return counterFamilies.map(([name, help, counter]) => ({
    name: `${prefix}_${name}`,
    help: `${help} ${what}`,
    samples: counted.map(({ labels, counters }) => ({ labels, value: Math.floor(counters[counter]) })),
  }));
}
