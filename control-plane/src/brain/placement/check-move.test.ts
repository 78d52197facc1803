import { describe, expect, it } from '@jest/globals';
import type { VolumeMigrationSpec } from '@couchestor/common/api';
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';
import { checkMove, removalOf, type MoveCheck } from './check-move.ts';
import { node, nodeName, pool, poolName, replica, storage, target, volume, type Release } from './placement.fixture.ts';

const NODES = ['n1', 'n2', 'n3', 'n4'].map((name) => node(name));
const POOLS = ['hot-n1', 'hot-n2', 'cold-n3', 'cold-n4'].map((name) => pool(name));
const cluster = (release: Release = '2.10') => storage({ release, nodes: NODES, pools: POOLS });
const planned = volume(['hot-n1', 'hot-n2'], { target: target('n9', 2) });

function spec(changed: Partial<VolumeMigrationSpec> = {}): MoveCheck['spec'] {
  return {
    source: { tier: 'Hot', pool: poolName('hot-n2'), node: nodeName('n2'), replicaId: 'r-hot-n2' },
    target: { tier: 'Cold', pool: poolName('cold-n4'), node: nodeName('n4') },
    plan: { steps: ['Add', 'Sync', 'Verify', 'Remove'], replicaCount: 2, timeoutMs: 1 },
    preservationMode: false,
    ...changed,
  };
}

const check = (changed: Partial<MoveCheck> = {}) =>
  checkMove({ spec: spec(), volume: planned, storage: cluster(), ...changed });

describe('a move that was planned', () => {
  it('is checked for exactly its replica and its pool, whatever else could move or take it', () => {
    expect(check()).toEqual({ kind: 'possible', source: planned.replicas[1], removal: 'ByCordon' });
    const local = { ...planned, target: target('n1', 2) };
    expect(check({ volume: { ...local, replicas: local.replicas } })).toMatchObject({ removal: 'ByCordon' });
    expect(check({ spec: spec({ preservationMode: true }) })).toMatchObject({ removal: 'Preserved' });
  });

  it('finds its replica by the pool where the plan gives no id', () => {
    const source = { tier: 'Hot', pool: poolName('hot-n1'), node: nodeName('n1') } as const;
    expect(check({ spec: spec({ source }) })).toMatchObject({ kind: 'possible', source: { replicaId: 'r-hot-n1' } });
  });

  it('is impossible with the reason that the pool has, and no other', () => {
    const pools = POOLS.map((one) => (one.pool === 'cold-n4' ? { ...one, status: 'Faulted' as const } : one));
    expect(check({ storage: { ...cluster(), pools } })).toEqual({
      kind: 'impossible',
      code: 'NoPool',
      reason: 'Pool cold-n4 cannot take the replica: The pool is Faulted.',
    });
  });

  it('is impossible without its pool, its replica, or the number of replicas it was planned for', () => {
    const pools = POOLS.filter((one) => one.pool !== 'cold-n4');
    expect(check({ storage: { ...cluster(), pools } })).toMatchObject({ code: 'NoPool' });
    const gone = { ...planned, replicas: [replica('hot-n1'), replica('hot-n3')] };
    expect(check({ volume: gone })).toMatchObject({ code: 'VolumeNotHealthy' });
    expect(check({ volume: { ...planned, replicaCount: 3 } })).toMatchObject({ code: 'VolumeBusy' });
  });

  it('is impossible while the volume is not fit, with the obstacle of the volume', () => {
    expect(check({ volume: { ...planned, status: 'Degraded' } })).toMatchObject({ code: 'VolumeNotHealthy' });
    expect(check({ storage: cluster('2.8') })).toMatchObject({ code: 'RemovalNotSteerable' });
  });
});

describe('the removal that a scale-down would bring', () => {
  const three = volume(['hot-n1', 'hot-n2', 'cold-n3'], { target: target('n9', 3) });
  const of = (changed: Partial<VolumeFacts>, release: Release = '2.10', nodes = NODES) =>
    removalOf({
      volume: { ...three, ...changed },
      storage: { ...cluster(release), nodes },
      replicaId: 'r-hot-n1',
    });

  it('is of a replica that a cordon of its node makes the first', () => {
    expect(of({})).toBe('ByCordon');
    expect(of({}, '2.8')).toBeUndefined();
    expect(of({}, '2.10', [node('n1', { cordoned: true }), ...NODES.slice(1)])).toBe('ByItself');
  });

  it('is not foretold where another node is cordoned as well, or another replica is worse', () => {
    expect(of({}, '2.10', [node('n1'), node('n2', { cordoned: true }), ...NODES.slice(2)])).toBeUndefined();
    const sick = three.replicas.map((one) => (one.pool === 'cold-n3' ? { ...one, rebuildPercent: 4 } : one));
    expect(of({ replicas: sick })).toBeUndefined();
  });

  it('is of an unhealthy replica by itself', () => {
    const sick = three.replicas.map((one) =>
      one.pool === 'hot-n1' ? { ...one, childStatus: 'Faulted' as const } : one,
    );
    expect(of({ replicas: sick }, '2.0')).toBe('ByItself');
  });

  it('never brings a volume of an affinity group down to one replica', () => {
    const two = volume(['hot-n1', 'cold-n3'], { target: target('n9', 2), affinityGroup: 'group' });
    expect(removalOf({ volume: two, storage: cluster(), replicaId: 'r-hot-n1' })).toBeUndefined();
  });
});
