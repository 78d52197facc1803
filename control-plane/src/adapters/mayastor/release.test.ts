import { describe, expect, it } from '@jest/globals';
import { oldestVersion, parseRelease, restCapabilities } from './release.ts';

describe('a release', () => {
  it.each([
    ['2.7.1', [2, 7]],
    ['v2.10.0', [2, 10]],
    ['2.9.0-rc.1', [2, 9]],
    ['2.9', [2, 9]],
    ['develop', undefined],
    ['', undefined],
    ['2', undefined],
    ['2.x', undefined],
  ])('%s is read as %j', (version, expected) => {
    const release = parseRelease(version);
    expect(release && [release.major, release.minor]).toEqual(expected);
  });

  it.each([
    ['2.7.1', false, false, false],
    ['2.8.0', true, false, false],
    ['2.9.3', true, true, false],
    ['2.10.0', true, true, true],
    ['3.0.0', true, true, true],
    ['0.0.0', false, false, false],
    [undefined, false, false, false],
  ])('%s has what its time had', (version, removalKnowsTopology, removalKnowsCordons, poolCordons) => {
    expect(restCapabilities(version)).toEqual({
      kind: 'MayastorRest',
      version,
      canMoveReplicas: true,
      removalKnowsTopology,
      removalKnowsCordons,
      poolCordons,
    });
  });

  it('of a cluster that is upgraded is the older one, and unknown when one part does not say', () => {
    expect(oldestVersion(['2.10.0', '2.9.1'])).toBe('2.9.1');
    expect(oldestVersion(['2.9.1'])).toBe('2.9.1');
    expect(oldestVersion(['2.9.1', 'develop'])).toBeUndefined();
    expect(oldestVersion([])).toBeUndefined();
  });
});
