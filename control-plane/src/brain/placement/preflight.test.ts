import { describe, expect, it } from '@jest/globals';
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';
import { DECISION_CODES } from '../../model/decision.ts';
import {
  capabilities,
  carriedOut,
  nodeName,
  replica,
  request,
  storage,
  target,
  twoTierCluster,
  volume,
} from './placement.fixture.ts';
import { planWithRemedies } from './plan-move.ts';
import { preflight } from './preflight.ts';

const POOLS = ['hot-n1', 'hot-n2'] as const;
const [FIRST, SECOND] = [replica('hot-n1'), replica('hot-n2')];

function codeOf(changed: Partial<VolumeFacts>, more: Parameters<typeof request>[1] = {}): string | undefined {
  return preflight(request(storage(twoTierCluster(3)), { volume: volume(POOLS, changed), ...more }))?.code;
}

describe('a volume is fit to be moved', () => {
  it('when it is published, healthy and idle', () => {
    expect(codeOf({})).toBeUndefined();
  });

  it.each<[string, string, Partial<VolumeFacts>]>([
    ['it is not published', 'Unpublished', { target: undefined }],
    ['it has snapshots', 'HasSnapshots', { snapshotCount: 1 }],
    ['it is being created', 'VolumeBusy', { specStatus: 'Creating' }],
    ['its state is one of a later release', 'VolumeBusy', { specStatus: 'Migrating' }],
    ['an operation is under way', 'VolumeBusy', { busy: true }],
    ['it is degraded', 'VolumeNotHealthy', { status: 'Degraded' }],
    ['its target is not online', 'VolumeNotHealthy', { target: { ...target('n1', 2), status: 'Unknown' } }],
    ['it rebuilds', 'VolumeNotHealthy', { target: { ...target('n1', 2), rebuildCount: 1 } }],
    ['a child is missing', 'VolumeNotHealthy', { target: target('n1', 1) }],
    ['a replica is missing', 'VolumeNotHealthy', { replicas: [FIRST], target: target('n1', 1) }],
    ['a replica is faulted', 'VolumeNotHealthy', { replicas: [FIRST, { ...SECOND, status: 'Faulted' }] }],
    ['a child is not online', 'VolumeNotHealthy', { replicas: [FIRST, { ...SECOND, childStatus: 'Degraded' }] }],
    ['a replica is no child', 'VolumeNotHealthy', { replicas: [FIRST, { ...SECOND, childStatus: undefined }] }],
    ['a replica has a rebuild', 'VolumeNotHealthy', { replicas: [FIRST, { ...SECOND, rebuildPercent: 99 }] }],
    ['a pool is not known', 'VolumeNotHealthy', { replicas: [FIRST, { ...SECOND, pool: undefined }] }],
    [
      'it has one more than was asked for',
      'ExtraReplica',
      { replicas: [FIRST, SECOND, replica('hot-n3')], target: target('n1', 3) },
    ],
  ])('but not when %s: %s', (_, code, changed) => {
    expect(codeOf({ replicaCount: 2, ...changed })).toBe(code);
  });

  it('but not while both copies of an earlier migration are there', () => {
    expect(codeOf({}, { extraReplica: true })).toBe('ExtraReplica');
  });

  it('but not by the resource of before 1.0', () => {
    const facts = { ...storage(twoTierCluster(3)), capabilities: { ...capabilities('2.0'), canMoveReplicas: false } };
    expect(codeOf({}, { storage: facts })).toBe('BackendCannotMove');
  });

  it('but not alone in an affinity group, which never goes down to one replica, unless both copies are kept', () => {
    const alone = volume(['hot-n1'], { affinityGroup: 'g' });
    expect(codeOf({}, { volume: alone })).toBe('RemovalNotSteerable');
    expect(codeOf({}, { volume: alone, preservation: true })).toBeUndefined();
    expect(codeOf({}, { volume: volume(POOLS, { affinityGroup: 'g' }) })).toBeUndefined();
  });

  it('and what somebody has to change is told before what passes', () => {
    expect(codeOf({ busy: true, snapshotCount: 2 })).toBe('HasSnapshots');
    expect(codeOf({ status: 'Degraded', target: undefined })).toBe('Unpublished');
  });

  it('and every obstacle is a Wait, or is Blocked with a remedy that works', () => {
    const facts = storage({ ...twoTierCluster(3), volumes: [volume(['hot-n1'])] });
    const blocked = [
      request(facts, { extraReplica: true }),
      request(facts, { volume: volume(['hot-n1'], { snapshotCount: 1 }) }),
      request(facts, { volume: volume(['hot-n1'], { target: undefined }) }),
      request({ ...facts, capabilities: { ...capabilities('2.0'), canMoveReplicas: false } }),
    ];
    for (const one of blocked) {
      const obstacle = preflight(one)!;
      expect(DECISION_CODES[obstacle.code]).toBe('Blocked');
      expect(obstacle.remedies).not.toHaveLength(0);
      for (const remedy of obstacle.remedies) {
        expect(planWithRemedies(remedy.reduce(carriedOut, one)).kind).toBe('possible');
      }
    }
    expect(DECISION_CODES[preflight(request(facts, { volume: volume(['hot-n1'], { busy: true }) }))!.code]).toBe(
      'Wait',
    );
  });

  it('and the reason names the replica, the pool or the node', () => {
    const ailing = volume(POOLS, { target: { ...target('n1', 2), node: nodeName('n7'), status: 'Faulted' } });
    expect(preflight(request(storage({}), { volume: ailing }))?.reason).toContain('n7');
  });
});
