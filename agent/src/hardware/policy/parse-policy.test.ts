import { isError } from '@couchestor/common/base';
import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { DEFAULT_THRESHOLDS } from '../health/index.ts';
import { parsePolicy } from './parse-policy.ts';

const problemsOf = (value: unknown): readonly string[] => {
  try {
    parsePolicy(typeof value === 'string' ? value : JSON.stringify(value), 'disks.json');
    return [];
  } catch (thrown) {
    return isError(thrown) ? thrown.message.split('\n') : [];
  }
};

describe('the file of a hardware policy', () => {
  test('has rules for tiers, what is forced, what is remote, and thresholds', () => {
    const policy = parsePolicy(
      JSON.stringify({
        tiers: [
          { tier: 'warm', model: 'VENDOR QLC*', minSize: '15Ti' },
          { tier: 'none', path: 'disk/by-path/pci-0000:3b:*', maxSize: 1000 },
          { tier: 'cold', id: 'naa.5000*' },
        ],
        remote: true,
        force: ['naa.5000c500a1000004'],
        thresholds: { percentageUsed: { degraded: 80 }, spareMarginPercent: 10 },
      }),
      'disks.json',
    );
    expect(policy).toEqual({
      tiers: [
        { tier: 'warm', model: 'VENDOR QLC*', minSizeBytes: 15 * 2 ** 40 },
        { tier: 'none', path: 'disk/by-path/pci-0000:3b:*', maxSizeBytes: 1000 },
        { tier: 'cold', id: 'naa.5000*' },
      ],
      remote: true,
      force: new Set(['naa.5000c500a1000004']),
      thresholds: { ...DEFAULT_THRESHOLDS, percentageUsed: { degraded: 80, unhealthy: 100 }, spareMarginPercent: 10 },
    });
  });

  test('may be empty', () => {
    expect(parsePolicy('{}', 'disks.json')).toEqual({ tiers: [], remote: false, force: new Set() });
  });

  test('tells all its problems at once, each with its place', () => {
    expect(
      problemsOf({
        tires: [],
        tiers: [{ tier: 'lukewarm', model: 7, minSize: 'big' }, { tier: 'hot' }, 'hot'],
        remote: 'yes',
        force: ['a', ''],
        thresholds: { mediaErrors: { degraded: 9, unhealthy: 2 }, pendingSectors: { degraded: -1 } },
      }),
    ).toEqual([
      'disks.json: tiers[2]: is not an object.',
      'disks.json: tiers[0]: tier: is not one of hot, warm, cold, none.',
      'disks.json: tiers[0]: model: is not a text.',
      expect.stringMatching(/^disks.json: tiers\[0\]: minSize: "big" /),
      'disks.json: tiers[0]: has no condition; give model, path, id, minSize or maxSize.',
      'disks.json: tiers[1]: has no condition; give model, path, id, minSize or maxSize.',
      'disks.json: tiers[2]: tier: is not one of hot, warm, cold, none.',
      'disks.json: tiers[2]: has no condition; give model, path, id, minSize or maxSize.',
      'disks.json: remote: is neither true nor false.',
      'disks.json: force: item 1 is not a text.',
      'disks.json: thresholds: mediaErrors: has degraded 9 above unhealthy 2; swap them.',
      'disks.json: thresholds: pendingSectors: degraded: is not a number from 0 on.',
      expect.stringMatching(/^disks.json: "tires" is not known; known are thresholds, tiers, remote, force\.$/),
    ]);
    expect(problemsOf('{')).toEqual([expect.stringMatching(/^disks.json: is no JSON: /)]);
    expect(problemsOf({ tiers: {} })).toEqual(['disks.json: tiers: is not a list.']);
  });

  test('of any JSON is a policy or problems', () => {
    fc.assert(
      fc.property(fc.jsonValue(), (value) => {
        expect(Array.isArray(problemsOf(value))).toBe(true);
      }),
    );
  });
});
