import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { assessDevices, devicesOf } from '../assess.ts';
import { Machine } from '../machine.fixture.ts';
import { HardwareScanner } from './hardware-scanner.ts';
import { treeAt } from './recorded-tree.ts';

let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'couchestor-hardware-'));
  mkdirSync(join(root, 'sys'));
  writeFileSync(join(root, 'sys/there'), 'x\n');
});
afterEach(() => rmSync(root, { recursive: true, force: true }));

const record = (errors: unknown): void => {
  writeFileSync(join(root, 'meta.json'), JSON.stringify({ sysfs_read_errors: errors }));
};

describe('the tree of a recorded machine', () => {
  test('refuses what its kernel refused, and nothing else', () => {
    record({
      '/sys/wwid': 'ENXIO',
      '/sys/there': 'EIO',
      '/sys/gone': 'ENOENT',
      '/sys/odd': 7,
      '/sys/word': 'no errno',
    });
    const tree = treeAt(root);
    for (const read of [tree.readText('/sys/wwid'), tree.readBytes('/sys/wwid'), tree.list('/sys/wwid')])
      expect(read).toEqual({ kind: 'unreadable', errno: 'ENXIO' });
    expect(tree.readText('/sys/there')).toEqual({ kind: 'value', value: 'x' });
    for (const path of ['/sys/gone', '/sys/odd', '/sys/word', '/sys/other'])
      expect(tree.readText(path)).toEqual({ kind: 'absent' });
  });

  test.each(['{', '7', 'null', '{"sysfs_read_errors":null}', ''])('is any tree where the record is %s', (text) => {
    writeFileSync(join(root, 'meta.json'), text);
    expect(treeAt(root).readText('/sys/wwid')).toEqual({ kind: 'absent' });
    expect(treeAt(root).readText('/sys/there')).toEqual({ kind: 'value', value: 'x' });
  });

  test('has disks whose attributes failed, told with the errno, and gaps where lists did', () => {
    const machine = new Machine();
    machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', { serial: 'A', rate: 7200 });
    machine.tree.dump(root);
    const wwid = '/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0/wwid';
    record({ [wwid]: 'ENXIO', '/sys/kernel/config/nvmet/subsystems': 'EACCES' });
    const snapshot = new HardwareScanner(treeAt(root)).scan();
    const [found] = assessDevices(snapshot, devicesOf(snapshot));
    expect(found!.device.unreadable).toEqual([{ path: wwid, value: null, note: 'ENXIO' }]);
    expect(found!.offer.refusals.map(({ kind }) => kind)).toEqual(['usesUnknown']);
  });
});
