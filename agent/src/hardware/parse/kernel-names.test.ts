import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { driverOf, inOrderOfNames, nodePath, nvmeHeadOf } from './kernel-names.ts';

const order = (names: readonly string[]): readonly string[] => inOrderOfNames(names, (name) => name);

describe('names of block devices', () => {
  test('are ordered as people count', () => {
    const names = [
      'dm-2',
      'dm-10',
      'md127',
      'nvme2n1',
      'nvme2n10',
      'nvme10n1',
      'sda',
      'sdb',
      'sdz',
      'sdaa',
      'sdba',
      'vda',
      'vdaa',
      'xvda',
    ];
    expect(order([...names].reverse())).toEqual(names);
  });

  test('have one order, whatever they are and come in', () => {
    const name = fc.oneof(fc.string(), fc.stringMatching(/^(sd[a-z]{1,3}|nvme\d{1,2}(c\d)?n\d|dm-\d{1,3})\d?$/));
    fc.assert(
      fc.property(fc.array(name), fc.infiniteStream(fc.nat()), (names, numbers) => {
        const shuffled = names
          .map((text) => ({ text, at: numbers.next().value as number }))
          .sort((one, other) => one.at - other.at);
        expect(order(shuffled.map(({ text }) => text))).toEqual(order(names));
      }),
    );
  });

  test.each([
    ['sdaa', 'sd'],
    ['nvme0n1', 'nvme'],
    ['dm-12', 'dm'],
    ['md127', 'md'],
    ['nullb0', 'nullb'],
    ['mmcblk0', 'mmcblk'],
    ['xvda', 'xvd'],
    ['cciss!c0d0', 'cciss'],
    ['0', '0'],
  ])('tell the driver: %s is one of %s', (kernelName, driver) => {
    expect(driverOf(kernelName)).toBe(driver);
  });

  test('tell the namespace and the controller of a path', () => {
    expect(nvmeHeadOf('nvme3c14n2')).toEqual({ head: 'nvme3n2', controller: 'nvme14' });
    for (const other of ['nvme3n2', 'nvme3c1n2p1', 'sda']) expect(nvmeHeadOf(other)).toBeNull();
  });

  test('are paths below /dev, with slashes for what sysfs writes in their place', () => {
    expect([nodePath('sda'), nodePath('cciss!c0d0')]).toEqual(['/dev/sda', '/dev/cciss/c0d0']);
  });
});
