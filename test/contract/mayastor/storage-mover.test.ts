/** What moves replicas, on every release of the stand-in: what it does, what it refuses, and what it reads before and after. */
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { parseNodeName, parsePoolName, parseVolumeId } from '@couchestor/common/base';
import { RELEASES } from '@couchestor/sandbox/mayastor';
import { MoverLaboratory, nodeOf, poolOf, REBUILD_MS } from './mover-laboratory.ts';
import { truthOf } from './truth.ts';

const LABEL = 'storage.billyronks.io/migration-1';
const NOBODY = parseVolumeId('9d1ee1a2-4f0c-4f2d-9a0e-6a1c2b3d4e5f');

const idsOf = (volume: { readonly replicas: readonly { readonly replicaId: string }[] } | undefined) =>
  (volume?.replicas ?? []).map(({ replicaId }) => replicaId);

describe.each(RELEASES)('moving replicas of Mayastor %s', (release) => {
  let lab: MoverLaboratory;

  beforeEach(async () => {
    lab = await MoverLaboratory.start(release);
  });

  afterEach(async () => {
    await lab.stop();
    expect(lab.cluster.violations).toEqual([]);
    expect(lab.clock.pendingTimerCount).toBe(0);
  });

  describe('a volume', () => {
    it('is read as it is', async () => {
      const volumeId = lab.addVolume();
      lab.addVolume({ letters: ['c'] });
      const volume = await lab.mover.volume(volumeId, lab.signal);
      expect(volume).toEqual(truthOf(lab.cluster).volumes.find((candidate) => candidate.volumeId === volumeId));
    });

    it('that is not there is not there', async () => {
      expect(await lab.mover.volume(NOBODY, lab.signal)).toBeUndefined();
    });

    it('has pools and nodes around it', async () => {
      const { capabilities, pools, nodes } = truthOf(lab.cluster);
      expect(await lab.mover.surroundings(lab.signal)).toEqual({ capabilities, pools, nodes });
    });
  });

  describe('one replica more', () => {
    it('is told from the others by its identifier, and is asked for twice without harm', async () => {
      const volumeId = lab.addVolume();
      const before = await lab.mover.volume(volumeId, lab.signal);
      await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      const after = await lab.mover.volume(volumeId, lab.signal);
      const added = after?.replicas.filter(({ replicaId }) => !idsOf(before).includes(replicaId)) ?? [];
      expect(added).toMatchObject([{ status: 'Online', childStatus: 'Degraded', rebuildPercent: 0 }]);
      expect(after).toMatchObject({ replicaCount: 3, target: { rebuildCount: 1, childCount: 3 } });
      expect(lab.truth(volumeId).pools).toHaveLength(3);
    });

    it('goes where the nodes are not cordoned', async () => {
      const volumeId = lab.addVolume();
      await lab.mover.cordonNode(nodeOf('c'), LABEL, lab.signal);
      await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      await lab.mover.uncordonNode(nodeOf('c'), LABEL, lab.signal);
      expect(lab.truth(volumeId)).toEqual({ count: 3, pools: [poolOf('a'), poolOf('b'), poolOf('d')] });
    });

    it('is refused where no node is left, and nothing has changed', async () => {
      const volumeId = lab.addVolume();
      for (const letter of ['c', 'd']) await lab.mover.cordonNode(nodeOf(letter), LABEL, lab.signal);
      const refused = lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      await expect(refused).rejects.toMatchObject({
        code: 'resourceExhausted',
        fields: { refused: true, reason: 'NotEnoughResources' },
      });
      expect(lab.truth(volumeId).count).toBe(2);
    });

    it('is refused to a volume that is not healthy', async () => {
      const volumeId = lab.addVolume();
      lab.cluster.setNodeStatus(nodeOf('b'), 'Offline');
      const refused = lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      await expect(refused).rejects.toMatchObject({ code: 'conflict', fields: { refused: true, status: 412 } });
    });

    it('is refused beyond one step, and to a volume that is not there', async () => {
      const volumeId = lab.addVolume();
      await expect(lab.mover.setReplicaCount(volumeId, 4, lab.signal)).rejects.toMatchObject({
        code: 'conflict',
        fields: { refused: true },
      });
      await expect(lab.mover.setReplicaCount(NOBODY, 2, lab.signal)).rejects.toMatchObject({
        code: 'notFound',
        fields: { refused: true },
      });
    });

    it('is not called refused by a volume that is busy: who knows with what', async () => {
      const volumeId = lab.addVolume();
      lab.cluster.setOperation(volumeId, 'SetReplica');
      const error = await lab.mover.setReplicaCount(volumeId, 3, lab.signal).catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'conflict', fields: { status: 409 } });
      expect(error).not.toHaveProperty('fields.refused');
    });
  });

  describe('one replica less', () => {
    it('leaves the others, and is asked for twice without harm', async () => {
      const volumeId = lab.addVolume();
      await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      await lab.clock.advance(REBUILD_MS);
      const before = idsOf(await lab.mover.volume(volumeId, lab.signal));
      // Where the release does not know of cordons, it takes what it would have taken anyway.
      await lab.mover.cordonNode(nodeOf('a'), LABEL, lab.signal);
      await lab.mover.setReplicaCount(volumeId, 2, lab.signal);
      await lab.mover.setReplicaCount(volumeId, 2, lab.signal);
      await lab.mover.uncordonNode(nodeOf('a'), LABEL, lab.signal);
      const after = idsOf(await lab.mover.volume(volumeId, lab.signal));
      expect([before.length, after.length]).toEqual([3, 2]);
      expect(before).toEqual(expect.arrayContaining(after));
      expect(lab.truth(volumeId).pools.includes(poolOf('a'))).toBe(!lab.cluster.features.removalKnowsCordons);
    });

    it('is refused to the last one, and to the last but one of a group', async () => {
      const alone = lab.addVolume({ letters: ['a'] });
      await expect(lab.mover.setReplicaCount(alone, 0, lab.signal)).rejects.toMatchObject({
        code: 'conflict',
        fields: { refused: true },
      });
      if (!lab.cluster.features.affinityGroups) return;
      const grouped = lab.addVolume({ affinityGroup: 'db' });
      await expect(lab.mover.setReplicaCount(grouped, 1, lab.signal)).rejects.toMatchObject({
        code: 'conflict',
        fields: { refused: true },
      });
      expect([lab.truth(alone).count, lab.truth(grouped).count]).toEqual([1, 2]);
    });
  });

  describe('a cordon of a node', () => {
    it('is set and lifted as often as one likes, and touches no other', async () => {
      await lab.mover.cordonNode(nodeOf('a'), 'maintenance', lab.signal);
      for (let time = 0; time < 2; time += 1) await lab.mover.cordonNode(nodeOf('a'), LABEL, lab.signal);
      expect(lab.cordonsOf('a')).toEqual(['maintenance', LABEL]);
      for (let time = 0; time < 2; time += 1) await lab.mover.uncordonNode(nodeOf('a'), LABEL, lab.signal);
      expect(lab.cordonsOf('a')).toEqual(['maintenance']);
    });

    it.each(['of two words', 'ä/ö', '100%', 'a?b#c&d=e', '%2F', 'a;b+c'])('may have the label "%s"', async (label) => {
      await lab.mover.cordonNode(nodeOf('b'), label, lab.signal);
      expect(lab.cordonsOf('b')).toEqual([label]);
      await lab.mover.uncordonNode(nodeOf('b'), label, lab.signal);
      expect(lab.cordonsOf('b')).toEqual([]);
    });

    it('is set on a node that is offline, and is not on one that is not there', async () => {
      lab.cluster.setNodeStatus(nodeOf('c'), 'Offline');
      await lab.mover.cordonNode(nodeOf('c'), LABEL, lab.signal);
      expect(lab.cordonsOf('c')).toEqual([LABEL]);
      const nowhere = parseNodeName('nowhere');
      await expect(lab.mover.cordonNode(nowhere, LABEL, lab.signal)).rejects.toMatchObject({
        code: 'notFound',
        fields: { refused: true },
      });
      await lab.mover.uncordonNode(nowhere, LABEL, lab.signal);
    });

    it('is not lifted from a node that drains for somebody else', async () => {
      lab.cluster.request('drain', () => lab.cluster.infrastructure.drainNode('node-d', 'upgrade'));
      await lab.mover.uncordonNode(nodeOf('d'), LABEL, lab.signal);
      const { nodes } = await lab.mover.surroundings(lab.signal);
      expect(nodes.filter(({ cordoned }) => cordoned).map(({ node }) => node)).toEqual([nodeOf('d')]);
    });
  });

  describe('the history of rebuilds', () => {
    it('has the rebuilds of a replica once they have ended', async () => {
      const volumeId = lab.addVolume();
      await lab.clock.advance(5_000);
      const before = idsOf(await lab.mover.volume(volumeId, lab.signal));
      const startedAtMs = lab.clock.now();
      await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      const added = idsOf(await lab.mover.volume(volumeId, lab.signal)).find((id) => !before.includes(id));
      await lab.clock.advance(REBUILD_MS);
      const history = await lab.mover.rebuildHistory(volumeId, lab.signal);
      if (!lab.cluster.features.rebuildHistory) {
        expect(history).toEqual({ kind: 'unavailable', reason: 'this release keeps no history of rebuilds' });
        return;
      }
      const totalBytes = lab.cluster.view().volumes[0]?.rebuilds[0]?.bytesTotal;
      const endedAtMs = startedAtMs + REBUILD_MS;
      const ended = { state: 'Completed', totalBytes, recoveredBytes: totalBytes, startedAtMs, endedAtMs };
      expect(history).toEqual({ kind: 'known', records: [{ replicaId: added, ...ended }] });
      // The record of a replica that is gone names none.
      const copy = await lab.mover.volume(volumeId, lab.signal);
      await lab.mover.setReplicaCount(volumeId, 2, lab.signal);
      const left = idsOf(await lab.mover.volume(volumeId, lab.signal));
      const gone = idsOf(copy).find((id) => !left.includes(id));
      const replicaId = gone === added ? undefined : added;
      expect(await lab.mover.rebuildHistory(volumeId, lab.signal)).toMatchObject({ records: [{ replicaId }] });
    });

    it('tells a rebuild that did not come to its end from one that did', async () => {
      const volumeId = lab.addVolume();
      await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
      const added = (await lab.mover.volume(volumeId, lab.signal))?.replicas.find(
        ({ childStatus }) => childStatus !== 'Online',
      );
      await lab.clock.advance(REBUILD_MS / 2);
      lab.cluster.setNodeStatus(added?.node ?? '', 'Offline');
      const history = await lab.mover.rebuildHistory(volumeId, lab.signal);
      if (!lab.cluster.features.rebuildHistory) return;
      expect(history).toMatchObject({ records: [{ replicaId: added?.replicaId, state: 'Failed' }] });
    });

    it('is unavailable of a volume that is not published, and of none', async () => {
      const volumeId = lab.addVolume({ published: false });
      for (const id of [volumeId, NOBODY]) {
        expect(await lab.mover.rebuildHistory(id, lab.signal)).toMatchObject({ kind: 'unavailable' });
      }
    });
  });
});

describe.each(RELEASES.filter((release) => release !== '2.10'))('pools of Mayastor %s', (release) => {
  it('cannot be cordoned, which is an error', async () => {
    const lab = await MoverLaboratory.start(release);
    expect((await lab.mover.surroundings(lab.signal)).capabilities.poolCordons).toBe(false);
    await expect(lab.mover.cordonPool(poolOf('a'), lab.signal)).rejects.toMatchObject({ code: 'notFound' });
    await lab.stop();
  });
});

describe('pools of Mayastor 2.10', () => {
  let lab: MoverLaboratory;

  beforeEach(async () => {
    lab = await MoverLaboratory.start('2.10');
  });

  afterEach(() => lab.stop());

  it('that are cordoned get no new replica', async () => {
    const volumeId = lab.addVolume();
    await lab.mover.cordonPool(poolOf('c'), lab.signal);
    await lab.mover.cordonPool(poolOf('c'), lab.signal);
    await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
    expect(lab.truth(volumeId).pools).toEqual([poolOf('a'), poolOf('b'), poolOf('d')]);
    await lab.mover.uncordonPool(poolOf('c'), lab.signal);
    await lab.mover.uncordonPool(poolOf('c'), lab.signal);
    expect(lab.poolCordonOf('c')).toBeUndefined();
  });

  it('keep the cordons that others set', async () => {
    const others = { replicas: false, snapshots: true, restores: false, import: true };
    lab.cluster.request('cordon', () => lab.cluster.infrastructure.cordonPool('pool-c', others));
    await lab.mover.cordonPool(poolOf('c'), lab.signal);
    expect(lab.poolCordonOf('c')).toEqual({ ...others, replicas: true });
    await lab.mover.uncordonPool(poolOf('c'), lab.signal);
    expect(lab.poolCordonOf('c')).toEqual(others);
  });

  it('that are not there are not cordoned', async () => {
    const nowhere = parsePoolName('nowhere');
    await expect(lab.mover.cordonPool(nowhere, lab.signal)).rejects.toMatchObject({
      code: 'notFound',
      fields: { refused: true },
    });
    await lab.mover.uncordonPool(nowhere, lab.signal);
  });
});

describe('when no further rebuild is allowed', () => {
  it('one replica more is refused with the reason', async () => {
    const lab = await MoverLaboratory.start('2.9', { maxRebuilds: 1 });
    const [first, second] = [lab.addVolume(), lab.addVolume()];
    await lab.mover.setReplicaCount(first, 3, lab.signal);
    await expect(lab.mover.setReplicaCount(second, 3, lab.signal)).rejects.toMatchObject({
      code: 'tooManyRequests',
      fields: { refused: true, reason: 'MaxRebuilds' },
    });
    expect(lab.truth(second).count).toBe(2);
    await lab.stop();
  });
});

describe('when the server is behind', () => {
  it('counts and cordons are current all the same, and what it watches is late', async () => {
    const lab = await MoverLaboratory.start('2.9', { stalenessMs: 30_000 });
    const volumeId = lab.addVolume();
    await lab.mover.cordonNode(nodeOf('c'), LABEL, lab.signal);
    await lab.mover.cordonNode(nodeOf('c'), LABEL, lab.signal);
    await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
    await lab.mover.setReplicaCount(volumeId, 3, lab.signal);
    expect(await lab.mover.volume(volumeId, lab.signal)).toMatchObject({
      replicaCount: 3,
      target: { rebuildCount: 1 },
    });
    // The rebuild has ended, and is shown to go on.
    await lab.clock.advance(REBUILD_MS + 1_000);
    expect(lab.cluster.view().volumes[0]?.replicas.every(({ synced }) => synced)).toBe(true);
    expect(await lab.mover.volume(volumeId, lab.signal)).toMatchObject({ target: { rebuildCount: 1 } });
    expect(await lab.mover.rebuildHistory(volumeId, lab.signal)).toEqual({ kind: 'known', records: [] });
    await lab.clock.advance(30_000);
    expect(await lab.mover.volume(volumeId, lab.signal)).toMatchObject({ target: { rebuildCount: 0 } });
    expect(await lab.mover.rebuildHistory(volumeId, lab.signal)).toMatchObject({ records: [{ state: 'Completed' }] });
    await lab.stop();
  });
});
