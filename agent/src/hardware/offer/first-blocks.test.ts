import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';

import { HEAD_BYTES, signaturesIn, TAIL_BYTES } from './first-blocks.ts';

function ends(place: 'head' | 'tail', at: number, bytes: string): { head: Buffer; tail: Buffer } {
  const disk = { head: Buffer.alloc(HEAD_BYTES), tail: Buffer.alloc(TAIL_BYTES) };
  disk[place].write(bytes, at < 0 ? TAIL_BYTES + at : at, 'latin1');
  return disk;
}

describe('the ends of a disk', () => {
  test('that are all zeros carry nothing', () => {
    expect(signaturesIn(ends('head', 0, ''))).toEqual({ types: [], blank: true });
  });

  test('that hold anything are not blank, although it is of nobody known', () => {
    expect(signaturesIn(ends('head', 100_000, 'x'))).toEqual({ types: [], blank: false });
    expect(signaturesIn(ends('tail', -1, 'x'))).toEqual({ types: [], blank: false });
  });

  test.each<[string, 'head' | 'tail', number, string]>([
    ['LVM2_member', 'head', 512, 'LABELONE'],
    ['crypto_LUKS', 'head', 0, 'LUKS\xba\xbe'],
    ['xfs', 'head', 0, 'XFSB'],
    ['ext', 'head', 0x438, '\x53\xef'],
    ['btrfs', 'head', 0x10040, '_BHRfS_M'],
    ['swap', 'head', 4086, 'SWAPSPACE2'],
    ['linux_raid_member', 'head', 4096, '\xfc\x4e\x2b\xa9'],
    ['linux_raid_member', 'tail', -8192, '\xfc\x4e\x2b\xa9'],
    ['linux_raid_member', 'tail', -65_536, '\xfc\x4e\x2b\xa9'],
    ['linux_raid_member', 'tail', -131_072, '\xfc\x4e\x2b\xa9'],
    ['zfs_member', 'head', 128 * 1024, '\x0c\xb1\xba\x00\x00\x00\x00\x00'],
    ['ceph_bluestore', 'head', 0, 'bluestore block device\n'],
    ['spdk_blobstore', 'head', 0, 'SPDKBLOB'],
    ['gpt', 'head', 4096, 'EFI PART'],
    ['gpt', 'tail', -512, 'EFI PART'],
    ['dos', 'head', 510, '\x55\xaa'],
    ['vfat', 'head', 82, 'FAT32   '],
    ['isw_raid_member', 'tail', -1024, 'Intel Raid ISM Cfg Sig. 1.0.00'],
  ])('that carry %s at the %s, %i', (type, place, at, bytes) => {
    expect(signaturesIn(ends(place, at, bytes))).toEqual({ types: [type], blank: false });
  });

  test('may be shorter than any mark, and anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 9000 }), fc.uint8Array({ maxLength: 9000 }), (head, tail) => {
        const { types, blank } = signaturesIn({ head, tail });
        expect(new Set(types).size).toBe(types.length);
        expect(blank).toBe([...head, ...tail].every((byte) => byte === 0));
      }),
      { numRuns: 30 },
    );
  });
});
