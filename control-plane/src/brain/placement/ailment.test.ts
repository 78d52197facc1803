import { describe, expect, it } from '@jest/globals';
import type { ReplicaFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import { isHealthy, replicaAilment, volumeAilment } from './ailment.ts';
import { replica, target, volume } from './placement.fixture.ts';

const [FIRST, SECOND] = [replica('cold-n1'), replica('cold-n2')];
const published = (fields: Partial<NonNullable<VolumeFacts['target']>> = {}) => ({ ...target('n1', 2), ...fields });

describe('a volume', () => {
  it('is healthy with all its replicas in sync', () => {
    expect(volumeAilment(volume(['cold-n1', 'cold-n2']), 2)).toBeUndefined();
  });

  it.each<[string, Partial<VolumeFacts>, RegExp]>([
    ['no target', { target: undefined }, /not published/],
    ['a target that is not online', { target: published({ status: 'Unknown' }) }, /target on node n1 is Unknown/],
    ['a rebuild', { target: published({ rebuildCount: 1 }) }, /1 rebuild under way/],
    ['a child too few', { target: published({ childCount: 1 }) }, /1 children for 2 replicas/],
    ['a child too many', { target: published({ childCount: 3 }) }, /3 children for 2 replicas/],
    ['a state that is not online', { status: 'Degraded' }, /volume is Degraded/],
    ['a replica too few', { replicas: [FIRST] }, /1 replica instead of 2/],
    ['a replica too many', { replicas: [FIRST, SECOND, replica('cold-n3')] }, /3 replicas instead of 2/],
    ['an ailing replica', { replicas: [FIRST, { ...SECOND, status: 'Faulted' }] }, /on pool cold-n2 is Faulted/],
  ])('ails with %s, and with nothing else', (_, fields, expected) => {
    expect(volumeAilment({ ...volume(['cold-n1', 'cold-n2']), ...fields }, 2)).toMatch(expected);
  });
});

describe('a replica', () => {
  it.each<[string, Partial<ReplicaFacts>, RegExp]>([
    ['it is not online', { status: 'Unknown' }, /is Unknown/],
    ['its child is not online', { childStatus: 'Degraded' }, /is Degraded/],
    ['it is no child', { childStatus: undefined }, /not part of the target/],
    ['it is being filled', { rebuildPercent: 100 }, /rebuilding \(100 %\)/],
    ['nobody knows where it is', { node: undefined }, /not known where/],
  ])('ails when %s', (_, fields, expected) => {
    expect(replicaAilment({ ...FIRST, ...fields })).toMatch(expected);
    expect(isHealthy({ ...FIRST, ...fields })).toBe(false);
    expect(isHealthy(FIRST)).toBe(true);
  });
});
