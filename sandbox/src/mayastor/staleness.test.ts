/** What the control plane answers may be as old as its last poll; what it did itself it knows. */
import { describe, expect, it } from '@jest/globals';
import { GIB, refusal, TestCluster } from './cluster.fixture.ts';
import { VolumeDocuments } from './volume-documents.ts';
import { InfrastructureDocuments } from './infrastructure-documents.ts';

const stalenessMs = 30_000;

/** The state that REST shows. */
function shown(test: TestCluster, volumeId: string): Record<string, unknown> {
  return test.cluster.request('GET', (worlds) => {
    const document = new VolumeDocuments(worlds, test.cluster.features).volume(test.cluster.volumes.find(volumeId));
    return document.state as Record<string, unknown>;
  });
}

describe('answers of a control plane that polls every 30 s', () => {
  it('say that a replica is in sync only at the next poll', async () => {
    const test = TestCluster.withNodes(['a', 'b'], { stalenessMs });
    const volumeId = test.volume(['a']);
    await test.clock.advance(1000);
    test.scale(volumeId, 2);
    await test.clock.advance(100_000);
    expect(test.view(volumeId).status).toBe('Online');
    expect(shown(test, volumeId)).toMatchObject({ status: 'Degraded' });
    await test.clock.advance(19_000);
    expect(shown(test, volumeId)).toMatchObject({ status: 'Online' });
  });

  it('still say Online of a replica whose node is gone', async () => {
    const test = TestCluster.withNodes(['a', 'b'], { stalenessMs });
    const volumeId = test.volume(['a', 'b']);
    await test.clock.advance(40_000);
    test.cluster.setNodeStatus('b', 'Offline');
    expect(test.view(volumeId).status).toBe('Degraded');
    expect(shown(test, volumeId)).toMatchObject({ status: 'Online' });
    await test.clock.advance(20_000);
    expect(shown(test, volumeId)).toMatchObject({ status: 'Degraded' });
  });

  it('show at once what was asked for: the replica, its rebuild and the count', async () => {
    const test = TestCluster.withNodes(['a', 'b'], { stalenessMs });
    const volumeId = test.volume(['a']);
    await test.clock.advance(1000);
    test.scale(volumeId, 2);
    const { replicaId } = test.replicaOn(volumeId, 'b');
    expect(shown(test, volumeId)).toMatchObject({
      status: 'Degraded',
      replica_topology: { [replicaId]: { state: 'Online', 'child-status': 'Degraded', 'rebuild-progress': 0 } },
    });
  });

  it('keep new replicas off what was cordoned a moment ago, and let them where the cordon was lifted', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd'], { stalenessMs });
    const { infrastructure } = test.cluster;
    const [first, second] = [test.volume(['a']), test.volume(['a'])];
    await test.clock.advance(31_000);
    infrastructure.cordonNode('b', 'mine');
    infrastructure.cordonPool('pool-c', { replicas: true });
    test.scale(first, 2);
    expect(test.nodesOf(first)).toEqual(['a', 'd']);
    infrastructure.uncordonNode('b', 'mine');
    infrastructure.cordonNode('d', 'mine');
    test.scale(second, 2);
    expect(test.nodesOf(second)).toEqual(['a', 'b']);
  });

  it('decide on what they know: a volume that is healthy by now is refused, one that no longer is, is not', async () => {
    const test = TestCluster.withNodes(['a', 'b', 'c', 'd'], { stalenessMs });
    const [first, second] = [test.volume(['a', 'b']), test.volume(['a', 'b'])];
    await test.clock.advance(31_000);
    test.scale(first, 3);
    test.cluster.setNodeStatus('b', 'Offline');
    test.scale(second, 3);
    expect(test.nodesOf(second)).toHaveLength(3);
    expect(refusal(() => test.scale(first, 4)).message).toMatch(/Degraded/);
  });

  it('place on a pool that was free at the last poll; its engine refuses when it is full by now', async () => {
    const test = TestCluster.withNodes(['a'], { stalenessMs });
    test.node('b', { capacityBytes: 15 * GIB });
    const volumeId = test.volume(['a']);
    await test.clock.advance(31_000);
    test.volume(['b'], { sizeBytes: 10 * GIB, unpublished: true });
    // The control plane has created this one itself, so it knows.
    expect(refusal(() => test.scale(volumeId, 2)).status).toBe(507);
  });

  it('show pools as they were', async () => {
    const test = TestCluster.withNodes(['a', 'b'], { stalenessMs });
    const state = (): unknown =>
      test.cluster.request('GET', (worlds) => {
        const documents = new InfrastructureDocuments(worlds, test.cluster.features, test.cluster.release);
        return documents.pool(test.cluster.infrastructure.pool('pool-b')).state;
      });
    await test.clock.advance(1000);
    test.cluster.setPoolStatus('pool-b', 'Faulted');
    expect(state()).toMatchObject({ status: 'Online' });
    await test.clock.advance(30_000);
    expect(state()).toMatchObject({ status: 'Faulted' });
  });
});
