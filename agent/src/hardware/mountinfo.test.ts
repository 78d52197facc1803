import { describe, expect, test } from '@jest/globals';
import fc from 'fast-check';
import { parseMountinfo, unescapeOctal } from './mountinfo.ts';

describe('parseMountinfo', () => {
  test('reads a line with tags, and options of the file system', () => {
    const line =
      '36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 propagate_from:2 - xfs /dev/sda2 rw,logdev=/dev/sdb1,noquota';
    expect(parseMountinfo(line)).toEqual([
      {
        id: 36,
        parent: 35,
        dev: '98:0',
        root: '/mnt1',
        mountPoint: '/mnt2',
        fileSystem: 'xfs',
        source: '/dev/sda2',
        options: ['rw', 'logdev=/dev/sdb1', 'noquota'],
      },
    ]);
  });

  test('reads a line without tags or options, and a mount point that is a hyphen', () => {
    expect(parseMountinfo('1 0 8:1 / /- rw - ext4 /dev/root')).toMatchObject([{ mountPoint: '/-', options: [] }]);
  });

  test('reads names with blanks, newlines, backslashes and characters of several bytes', () => {
    expect(parseMountinfo('1 0 8:1 / /a\\040b\\012c\\134d rw - fuse.x some\\040thing rw')).toMatchObject([
      { mountPoint: '/a b\nc\\d', source: 'some thing' },
    ]);
    expect(unescapeOctal('\\303\\244\\040ö')).toBe('ä ö');
  });

  test('leaves out what is no line, and never throws', () => {
    expect(parseMountinfo('\n1 2 8:1 / /x rw\n1 2 no / /x rw - ext4 a b\n')).toEqual([]);
    fc.assert(
      fc.property(fc.string(), (text) => {
        expect(Array.isArray(parseMountinfo(text))).toBe(true);
      }),
    );
  });

  test('keeps the order, in which a later mount hides an earlier one', () => {
    const text = '1 0 8:1 / /data rw - ext4 /dev/sda1 rw\n2 1 8:2 / /data rw - ext4 /dev/sda2 rw\n';
    expect(parseMountinfo(text).map(({ dev }) => dev)).toEqual(['8:1', '8:2']);
  });
});
