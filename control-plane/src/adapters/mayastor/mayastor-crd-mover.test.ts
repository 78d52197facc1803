import { describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import { FakeStorageSystem } from './fake-storage-system.ts';
import { MayastorCrdMover } from './mayastor-crd-mover.ts';
import { VOLUME_ID } from './mayastor.fixture.ts';
import { VOLUME_CRD_CAPABILITIES } from './release.ts';
import type { StorageMover } from '../../ports/storage-mover.ts';

const { signal } = new AbortController();
const [volume, node, pool] = [parseVolumeId(VOLUME_ID), parseNodeName('node-a'), parsePoolName('pool-a')];
const mover: StorageMover = new MayastorCrdMover({
  system: new FakeStorageSystem({ capabilities: VOLUME_CRD_CAPABILITIES }),
});

describe('the Mayastor before 1.0', () => {
  it('says that it can move nothing', async () => {
    expect((await mover.surroundings(signal)).capabilities.canMoveReplicas).toBe(false);
    expect(await mover.volume(volume, signal)).toBeUndefined();
    expect(await mover.rebuildHistory(volume, signal)).toMatchObject({ kind: 'unavailable' });
  });

  it.each([
    ['a number of replicas', () => mover.setReplicaCount(volume, 3, signal)],
    ['a cordon of a node', () => mover.cordonNode(node, 'label', signal)],
    ['a cordon of a pool', () => mover.cordonPool(pool, signal)],
  ])('refuses %s, and says what to do', async (_, call) => {
    const fields = { refused: true, remedy: expect.stringContaining('2.x') };
    await expect(call()).rejects.toMatchObject({ code: 'unsupported', retryable: false, fields });
  });

  it('has no cordons, so that none has to be lifted', async () => {
    await mover.uncordonNode(node, 'label', signal);
    await mover.uncordonPool(pool, signal);
  });
});
