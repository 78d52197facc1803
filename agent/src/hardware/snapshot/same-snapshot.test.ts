import { describe, expect, test } from '@jest/globals';

import { assessDevices, devicesOf } from '../assess.ts';
import { recordedTree } from '../recorded-nodes.fixture.ts';
import { HardwareScanner } from './hardware-scanner.ts';
import type { HardwareSnapshot } from './hardware-snapshot.ts';
import { isSameSnapshot } from './same-snapshot.ts';

const SDB = '/sys/devices/pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0/1:0:0:0';

function passes(): { readonly tree: ReturnType<typeof recordedTree>; readonly again: () => boolean } {
  const tree = recordedTree('storage-node-a');
  const scanner = new HardwareScanner(tree);
  let last: HardwareSnapshot = scanner.scan();
  const again = (): boolean => {
    const now = scanner.scan();
    const same = isSameSnapshot(last, now);
    last = now;
    return same;
  };
  return { tree, again };
}

describe('two passes over one machine', () => {
  test('are the same as long as nothing changes, though folders are read anew now and then', () => {
    const { again } = passes();
    expect(Array.from({ length: 35 }, again).every(Boolean)).toBe(true);
  });

  test.each([
    ['the state of a disk', `${SDB}/state`, 'offline\n'],
    ['the size of a disk', `${SDB}/block/sdb/size`, '8\n'],
    ['swap', '/proc/swaps', 'Filename Type Size Used Priority\n/dev/sdb partition 8 0 -2\n'],
    ['mounts', '/proc/self/mountinfo', '1 0 8:16 / / rw - ext4 /dev/sdb rw\n'],
    ['an export', '/sys/kernel/config/nvmet/subsystems/s/namespaces/1/device_path', '/dev/sdb\n'],
  ])('are not when %s has changed, and then are again', (_, path, content) => {
    const { tree, again } = passes();
    tree.file(path, content);
    expect([again(), again()]).toEqual([false, true]);
  });

  test('are not when udev has found something, a disk has gone, or what a list holds cannot be seen any more', () => {
    const { tree, again } = passes();
    tree.file('/run/udev/data/b8:16', 'E:ID_FS_TYPE=xfs\n');
    tree.renew('/run/udev/data/b8:16');
    expect(again()).toBe(false);
    tree.remove('/sys/block/sdb');
    expect(again()).toBe(false);
    tree.set('/sys/fs/btrfs', { kind: 'unreadable', errno: 'EACCES' });
    expect(again()).toBe(false);
  });

  test('are not when a disk has another folder, such as that of bcache, which is all that says so', () => {
    const { tree, again } = passes();
    tree.set(`${SDB}/block/sdb/bcache`, { kind: 'folder' });
    expect([again(), again()]).toEqual([false, true]);
  });

  test('are not when anything changed from which something is concluded', () => {
    const tree = recordedTree('storage-node-a');
    const scanner = new HardwareScanner(tree);
    const said = (snapshot: HardwareSnapshot): string =>
      JSON.stringify(assessDevices(snapshot, devicesOf(snapshot)).map(({ device, offer }) => [device, offer]));
    const files = [...tree.nodes].filter(([path, { kind }]) => kind === 'file' && path.startsWith(`${SDB}/`));
    for (const [path, node] of files) {
      const before = scanner.scan();
      tree.file(path, '7\n');
      const now = scanner.scan();
      expect([path, isSameSnapshot(before, now) && said(before) !== said(now)]).toEqual([path, false]);
      tree.set(path, node);
    }
    expect(files.length).toBeGreaterThan(20);
  });
});
