import { describe, expect, it } from '@jest/globals';
import { GIB, refusal, TestCluster } from './cluster.fixture.ts';

describe('a label', () => {
  it('is not overwritten unless that is asked for', () => {
    const { infrastructure } = TestCluster.withNodes(['a']).cluster;
    infrastructure.labelPool('pool-a', { key: 'tier', value: 'hot', overwrite: false });
    const cold = { key: 'tier', value: 'cold' };
    expect(refusal(() => infrastructure.labelPool('pool-a', { ...cold, overwrite: false }))).toMatchObject({
      status: 412,
    });
    expect(infrastructure.labelPool('pool-a', { ...cold, overwrite: true }).labels).toEqual({ tier: 'cold' });
    expect(refusal(() => infrastructure.labelPool('pool-a', { ...cold, overwrite: true }))).toMatchObject({
      status: 422,
    });
  });

  it('is removed once', () => {
    const { infrastructure } = TestCluster.withNodes(['a']).cluster;
    infrastructure.labelNode('a', { key: 'zone', value: 'west', overwrite: false });
    expect(infrastructure.unlabelNode('a', 'zone').labels).toEqual({});
    expect(refusal(() => infrastructure.unlabelNode('a', 'zone'))).toMatchObject({ status: 412 });
    expect(refusal(() => infrastructure.unlabelPool('pool-a', 'zone'))).toMatchObject({ status: 412 });
    expect(refusal(() => infrastructure.unlabelNode('b', 'zone'))).toMatchObject({ status: 404 });
  });

  it('may have any key', () => {
    const { infrastructure } = TestCluster.withNodes(['a']).cluster;
    infrastructure.labelNode('a', { key: '__proto__', value: 'x', overwrite: false });
    expect(Object.keys(infrastructure.node('a').labels)).toEqual(['__proto__']);
    expect(infrastructure.unlabelNode('a', '__proto__').labels).toEqual({});
  });
});

describe('a cordon of a node', () => {
  it('is known by its label, and there until the last one is gone', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const { infrastructure } = test.cluster;
    infrastructure.cordonNode('b', 'mine');
    infrastructure.cordonNode('b', 'theirs');
    expect(refusal(() => infrastructure.cordonNode('b', 'mine'))).toMatchObject({ status: 412 });
    infrastructure.uncordonNode('b', 'mine');
    const volumeId = test.volume(['a']);
    expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
    infrastructure.uncordonNode('b', 'theirs');
    expect(refusal(() => infrastructure.uncordonNode('b', 'theirs'))).toMatchObject({ status: 412 });
    test.scale(volumeId, 2);
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
  });

  it('stops provisioning as well', () => {
    const test = TestCluster.withNodes(['a']);
    test.cluster.infrastructure.cordonNode('a', 'mine');
    const create = (): unknown => test.cluster.createVolume({ sizeBytes: GIB, replicaCount: 1 });
    expect(refusal(create).status).toBe(507);
  });
});

describe('a drain', () => {
  it('moves targets and leaves replicas', () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.infrastructure.drainNode('a', 'service');
    expect(test.view(volumeId).target?.node).toBe('b');
    expect(test.nodesOf(volumeId)).toEqual(['a', 'b']);
  });

  it('keeps the target where no other node can take it, and ends like a cordon', () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a']);
    test.cluster.infrastructure.drainNode('a', 'service');
    expect(test.view(volumeId).target?.node).toBe('a');
    expect(refusal(() => test.cluster.infrastructure.drainNode('a', 'service')).status).toBe(412);
    test.cluster.infrastructure.uncordonNode('a', 'service');
    expect(test.cluster.view().nodes[0]).toMatchObject({ cordons: [], drains: [] });
  });
});

describe('a cordon of a pool', () => {
  it('adds up, and is gone when nothing is left of it', () => {
    const { infrastructure } = TestCluster.withNodes(['a'], { release: '2.10' }).cluster;
    infrastructure.cordonPool('pool-a', { replicas: true, snapshots: false });
    expect(infrastructure.cordonPool('pool-a', { snapshots: true }).cordon).toEqual({
      replicas: true,
      snapshots: true,
      restores: false,
      import: false,
    });
    expect(infrastructure.uncordonPool('pool-a', { replicas: true }).cordon).toMatchObject({ snapshots: true });
    expect(infrastructure.uncordonPool('pool-a', { snapshots: true }).cordon).toBeUndefined();
  });
});
