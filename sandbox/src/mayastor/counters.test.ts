import { describe, expect, it } from '@jest/globals';
import { GIB, TestCluster } from './cluster.fixture.ts';

const none = { readOps: 0, writeOps: 0, readBytes: 0, writeBytes: 0, readLatencyUs: 0, writeLatencyUs: 0 };

describe('counters', () => {
  it('advance with the workload: writes reach every replica, reads one of them', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setWorkload(volumeId, { readOps: 100, writeOps: 10, writeBytes: 1_000_000 });
    await test.clock.advance(10_000);
    const { target, replicas } = test.view(volumeId);
    expect(target?.counters).toMatchObject({
      readOps: 1000,
      writeOps: 100,
      readBytes: 1000 * 4096,
      writeBytes: 10_000_000,
    });
    for (const { counters } of replicas) expect(counters).toMatchObject({ readOps: 500, writeOps: 100 });
    expect(test.cluster.view().pools[0]?.counters).toEqual(replicas[0]?.counters);
  });

  it('stand still while the volume is not published', async () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a'], { unpublished: true });
    test.cluster.setWorkload(volumeId, { readOps: 100, writeOps: 100 });
    await test.clock.advance(10_000);
    expect(test.view(volumeId).replicas[0]?.counters).toEqual(none);
    test.cluster.publish(volumeId, 'a');
    await test.clock.advance(1000);
    expect(test.view(volumeId).target?.counters.readOps).toBe(100);
  });

  it('start anew with the engine of the node, and only there', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setWorkload(volumeId, { readOps: 100, writeOps: 10 });
    await test.clock.advance(10_000);
    test.cluster.restartEngine('a');
    const { target, replicas } = test.view(volumeId);
    expect([target?.counters, replicas[0]?.counters, test.cluster.view().pools[0]?.counters]).toEqual([
      none,
      none,
      none,
    ]);
    expect(replicas[1]?.counters.writeOps).toBe(100);
    expect(test.cluster.view().nodes[0]?.engineStartedAtMs).toBe(test.clock.now());
    await test.clock.advance(1000);
    expect(test.view(volumeId).target?.counters).toMatchObject({ readOps: 100, writeOps: 10 });
  });

  it('of a target are gone when it is created anew', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a', 'b']);
    test.cluster.setWorkload(volumeId, { readOps: 100, writeOps: 10 });
    await test.clock.advance(10_000);
    test.cluster.volumes.publish(volumeId, { node: 'b', republish: true });
    expect(test.view(volumeId).target?.counters).toEqual(none);
    expect(test.view(volumeId).replicas[0]?.counters.readOps).toBe(500);
  });

  it('of replicas hold the traffic of rebuilds as well, those of the target do not', async () => {
    const test = TestCluster.withNodes(['a', 'b']);
    const volumeId = test.volume(['a']);
    test.scale(volumeId, 2);
    await test.clock.advance(200_000);
    const { target, replicas } = test.view(volumeId);
    expect(target?.counters).toEqual(none);
    expect(replicas[0]?.counters).toMatchObject({ readBytes: 10 * GIB, writeBytes: 0 });
    expect(replicas[1]?.counters).toMatchObject({ readBytes: 0, writeBytes: 10 * GIB });
  });

  it('say that writes are as slow as the slowest replica', async () => {
    const test = TestCluster.withNodes(['a']);
    test.node('b', { rotational: true });
    const [fast, mixed] = [test.volume(['a']), test.volume(['a', 'b'])];
    for (const id of [fast, mixed]) test.cluster.setWorkload(id, { readOps: 0, writeOps: 10 });
    await test.clock.advance(1000);
    const latencyUs = (id: string): number => test.view(id).target?.counters.writeLatencyUs ?? 0;
    expect(latencyUs(mixed)).toBeGreaterThan(latencyUs(fast) * 10);
  });

  it('shown once do not change afterwards', async () => {
    const test = TestCluster.withNodes(['a']);
    const volumeId = test.volume(['a']);
    test.cluster.setWorkload(volumeId, { readOps: 1, writeOps: 0 });
    const before = test.view(volumeId);
    const copy = structuredClone(before);
    await test.clock.advance(5000);
    expect(test.view(volumeId)).not.toEqual(copy);
    expect(before).toEqual(copy);
  });
});
