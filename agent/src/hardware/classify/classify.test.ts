import { describe, expect, test } from '@jest/globals';

import { Machine } from '../machine.fixture.ts';
import { classify, withTier, type TierRule } from './classify.ts';

const machine = new Machine();
machine.namespace(
  'nvme0n1',
  machine.controller('nvme0', '0000:3b:00.0/0000:3c:00.0', { model: 'Amazon Elastic Block Store' }),
  {
    wwid: 'nvme.1d0f-1',
    sizeBytes: 512_000_000_000,
    links: ['disk/by-path/pci-0000:3c:00.0-nvme-1'],
  },
);
const device = machine.device('nvme0n1');

const tierBy = (...rules: TierRule[]): string | null => classify(device, rules).tier;

describe('a rule', () => {
  test.each<[string, Omit<TierRule, 'tier'>, boolean]>([
    ['of the model', { model: 'Amazon Elastic Block Store' }, true],
    ['of a part of the model, whatever its case', { model: '*elastic?BLOCK*' }, true],
    ['of another model', { model: 'Elastic' }, false],
    ['of the place by a link', { path: 'disk/by-path/pci-0000:3c:*' }, true],
    ['of the place by a path below /dev', { path: '/dev/disk/by-path/*-nvme-1' }, true],
    ['of the PCI address', { path: '0000:3c:00.0' }, true],
    ['of another place', { path: 'disk/by-path/pci-0000:3d:*' }, false],
    ['of the id', { id: 'nvme.1d0f-*' }, true],
    ['of the name, which is none of the place', { path: 'nvme0n1' }, false],
    ['of sizes', { minSizeBytes: 512_000_000_000, maxSizeBytes: 512_000_000_000 }, true],
    ['of larger sizes', { minSizeBytes: 512_000_000_001 }, false],
    ['of smaller sizes', { maxSizeBytes: 1 }, false],
    ['of which one condition fails', { model: '*', id: 'other' }, false],
    ['without a condition', {}, false],
  ])('%s', (_, condition, matches) => {
    expect(tierBy({ ...condition, tier: 'cold' })).toBe(matches ? 'cold' : 'hot');
  });

  test('that comes first wins, and may say that a disk belongs to no tier', () => {
    expect(tierBy({ id: '*', tier: 'warm' }, { id: '*', tier: 'cold' })).toBe('warm');
    expect(tierBy({ id: 'no', tier: 'warm' }, { model: '*', tier: 'none' })).toBeNull();
  });

  test('of a size says nothing of a disk whose size is not known', () => {
    expect(classify({ ...device, sizeBytes: null }, [{ maxSizeBytes: 1e15, tier: 'cold' }]).tier).toBe('hot');
  });

  test('is named where the tier came from', () => {
    const rule: TierRule = { model: 'Amazon*', tier: 'cold' };
    expect(withTier(device, [rule]).origins.tier).toEqual([
      { path: 'configuration of tiers, rule 1', value: JSON.stringify(rule) },
    ]);
    expect(withTier(device).origins.tier?.map(({ path }) => path.split('/').at(-1))).toEqual([
      'transport',
      'zoned',
      'rotational',
    ]);
  });

  test('with many stars is not slow', () => {
    const long = { ...device, model: 'a'.repeat(5000) };
    expect(classify(long, [{ model: `${'*a'.repeat(200)}b`, tier: 'cold' }]).tier).toBe('hot');
  });
});
