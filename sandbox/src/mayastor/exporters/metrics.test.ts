import { describe, expect, it } from '@jest/globals';
import { RELEASES } from '../types.ts';
import type { ClusterView, IoCounters, PoolView, Release, ReplicaView, VolumeView } from '../types.ts';
import { parseExposition } from './exposition.fixture.ts';
import { metricsOf } from './metrics.ts';

/** Every counter has a value of its own, so that none can be taken for another. */
const counters = (base: number): IoCounters => ({
  readOps: base + 1,
  writeOps: base + 2,
  readBytes: base + 3,
  writeBytes: base + 4,
  readLatencyUs: base + 5,
  writeLatencyUs: base + 6.75,
});

const pool = (node: string, fields: Partial<PoolView> = {}): PoolView => ({
  name: `pool-of-${node}`,
  uuid: 'any',
  node,
  disks: [],
  capacityBytes: 1000,
  usedBytes: 200,
  committedBytes: 300,
  labels: {},
  rotational: false,
  encrypted: false,
  status: 'Online',
  cordon: undefined,
  counters: counters(100),
  ...fields,
});

const replica = (node: string, fields: Partial<ReplicaView> = {}): ReplicaView => ({
  replicaId: `replica-on-${node}`,
  pool: `pool-of-${node}`,
  node,
  status: 'Online',
  childStatus: 'Online',
  synced: true,
  rebuildPercent: undefined,
  allocatedBytes: 100,
  counters: counters(200),
  ...fields,
});

const volume = (targetNode: string | undefined): VolumeView => ({
  volumeId: 'v',
  pvName: 'pvc-v',
  sizeBytes: 100,
  replicaCount: 2,
  askedReplicaCount: 2,
  thin: false,
  topology: undefined,
  affinityGroup: undefined,
  maxSnapshots: undefined,
  snapshotCount: 0,
  specStatus: 'Created',
  status: 'Online',
  target: targetNode === undefined ? undefined : { nexusId: 'n', node: targetNode, counters: counters(300) },
  replicas: [replica('a'), replica('b')],
  rebuilds: [],
});

const view = (release: Release, fields: Partial<ClusterView> = {}): ClusterView => ({
  release,
  atMs: 0,
  nodes: [],
  pools: [pool('a'), pool('b')],
  volumes: [volume('a')],
  ...fields,
});

/** Series and their values, `name{labels}` as they stand in the text. */
function series(text: string): Record<string, number> {
  const rows = [...parseExposition(text)].flatMap(([name, { type, samples }]) => {
    expect(type).toBe('gauge');
    return [...samples].map(([labels, value]) => [`${name}{${labels}}`, value] as const);
  });
  return Object.fromEntries(rows);
}

const newReleases = RELEASES.filter((release) => release !== '2.0' && release !== '2.5');

describe('the metrics of an io-engine', () => {
  it.each(newReleases)('count pools, replicas and volumes in %s, each in whole operations', (release) => {
    const found = series(metricsOf(view(release), 'a'));
    expect(found).toMatchObject({
      'diskpool_num_read_ops{name="pool-of-a",node="a"}': 101,
      'diskpool_num_write_ops{name="pool-of-a",node="a"}': 102,
      'diskpool_bytes_read{name="pool-of-a",node="a"}': 103,
      'diskpool_bytes_written{name="pool-of-a",node="a"}': 104,
      'diskpool_read_latency_us{name="pool-of-a",node="a"}': 105,
      'diskpool_write_latency_us{name="pool-of-a",node="a"}': 106,
      'diskpool_total_size_bytes{name="pool-of-a",node="a"}': 1000,
      'diskpool_used_size_bytes{name="pool-of-a",node="a"}': 200,
      'diskpool_committed_size_bytes{name="pool-of-a",node="a"}': 300,
      'diskpool_status{name="pool-of-a",node="a"}': 1,
      'replica_num_read_ops{name="replica-on-a",node="a",pv_name="pvc-v"}': 201,
      'replica_num_write_ops{name="replica-on-a",node="a",pv_name="pvc-v"}': 202,
      'volume_num_read_ops{node="a",pv_name="pvc-v"}': 301,
      'volume_num_write_ops{node="a",pv_name="pvc-v"}': 302,
      'volume_write_latency_us{node="a",pv_name="pvc-v"}': 306,
    });
    expect(Object.keys(found)).toHaveLength(6 * 3 + 4);
  });

  it.each(['2.0', '2.5'] as const)('know nothing but the sizes and states of pools in %s', (release) => {
    expect(series(metricsOf(view(release), 'a'))).toEqual({
      'disk_pool_total_size_bytes{name="pool-of-a",node="a"}': 1000,
      'disk_pool_used_size_bytes{name="pool-of-a",node="a"}': 200,
      'disk_pool_status{name="pool-of-a",node="a"}': 1,
    });
  });

  it('tell of a volume where its target is, and of its replicas where they are', () => {
    const text = metricsOf(view('2.7'), 'b');
    expect(text).not.toContain('volume_');
    expect(text).toContain('replica_num_read_ops{name="replica-on-b",node="b",pv_name="pvc-v"} 201\n');
    expect(text).not.toContain('replica-on-a');
  });

  it('have no series of an unpublished volume', () => {
    const volumes = [volume(undefined)];
    for (const node of ['a', 'b']) expect(metricsOf(view('2.10', { volumes }), node)).not.toContain('volume_');
  });

  it('have no series of a replica that the engine does not see', () => {
    const volumes = [{ ...volume('a'), replicas: [replica('a', { status: 'Unknown' })] }];
    expect(metricsOf(view('2.10', { volumes }), 'a')).not.toContain('replica_');
  });

  it.each([
    ['Unknown', 0],
    ['Degraded', 2],
    ['Faulted', 3],
    ['Suspected', 4],
  ] as const)('give a pool that is %s the number %i', (status, value) => {
    const pools = [pool('a', { status })];
    expect(metricsOf(view('2.10', { pools, volumes: [] }), 'a')).toContain(
      `diskpool_status{name="pool-of-a",node="a"} ${value}\n`,
    );
  });
});
