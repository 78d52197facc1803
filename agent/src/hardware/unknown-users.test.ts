import { describe, expect, test } from '@jest/globals';

import { Machine } from './machine.fixture.ts';
import type { ProbeResult } from './offer/probe.ts';

const TARGET = '/sys/kernel/config/nvmet/subsystems/nqn.2026-11.example:a/namespaces/1';
const STORE = '/sys/kernel/config/target/core/iblock_0/disk1';

function machineWithDisk(udev: Record<string, string> = {}): Machine {
  const machine = new Machine();
  const wwid = 'naa.5000c5000000000a';
  machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', { serial: 'A', wwid, rate: 7200, udev });
  return machine;
}

const FREE: ProbeResult = { kind: 'free', signatures: [], blank: true };
const probed = { probes: new Map([['naa.5000c5000000000a', FREE]]) };
const refusals = (machine: Machine): unknown => [machine.refusals('sda'), machine.refusals('sda', probed)];
const UNKNOWN = ['usesUnknown'];

describe('a path to a disk', () => {
  test.each(['/dev//sda', '/dev/disk/../sda', '/dev/block/8:1'])('is understood as %s', (path) => {
    const machine = machineWithDisk();
    machine.attributes(TARGET, { device_path: path, enable: 1 });
    expect(machine.reasons('sda')).toEqual(['it is exported by the NVMe target as nqn.2026-11.example:a']);
  });

  test('of an export that nobody knows may be any disk, and to open that tells nothing', () => {
    const machine = machineWithDisk();
    machine.attributes(TARGET, { device_path: '/dev/disk/by-partuuid/unknown', enable: 1 });
    expect(refusals(machine)).toEqual([UNKNOWN, UNKNOWN]);
    const [refusal] = machine.assess().get('sda')!.offer.refusals;
    expect(refusal!.reason).toBe(
      `whether it is in use cannot be said without ${TARGET}/device_path (/dev/disk/by-partuuid/unknown is not known here)`,
    );
    machine.tree.set(`${TARGET}/device_path`, { kind: 'unreadable', errno: 'EACCES' });
    expect(refusals(machine)).toEqual([UNKNOWN, UNKNOWN]);
    machine.tree.file(`${TARGET}/enable`, '0\n');
    expect(refusals(machine)).toEqual([[], []]);
  });

  test('is not needed of what is no disk, or of a controller without a namespace', () => {
    const machine = machineWithDisk();
    machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0');
    machine.attributes(TARGET, { device_path: '/srv/file.img', enable: 1 });
    machine.attributes('/sys/kernel/config/nvmet/subsystems/b/passthru', { device_path: '/dev/nvme0', enable: 1 });
    machine.attributes(STORE.replace('iblock', 'rd_mcp'), { udev_path: '', enable: 1 });
    machine.virtual('loop0', { attributes: { 'loop/backing_file': '/dev/shm/x.img' } });
    expect(refusals(machine)).toEqual([[], []]);
    machine.attributes(STORE, { udev_path: '', enable: 1 });
    expect(refusals(machine)).toEqual([UNKNOWN, UNKNOWN]);
  });

  test.each<[string, (machine: Machine) => void, boolean]>([
    ['swap', (machine) => machine.swap('/dev/disk/by-uuid/unknown'), true],
    ['a log', (machine) => machine.mount('8:77 / /data rw - xfs /dev/x rw,logdev=/dev/disk/by-id/unknown'), true],
    ['zram', (machine) => machine.virtual('zram0', { attributes: { backing_dev: '/dev/unknown' } }), true],
    ['loop', (machine) => machine.virtual('loop0', { attributes: { 'loop/backing_file': '/dev/unknown' } }), false],
  ])(
    'that %s was given and nobody knows may be any disk; opening it tells where it is held alone',
    (_, use, lifted) => {
      const machine = machineWithDisk();
      use(machine);
      expect(refusals(machine)).toEqual([UNKNOWN, lifted ? [] : UNKNOWN]);
    },
  );
});

describe('the targets of the kernel', () => {
  test('may export any disk where they are used and configfs is not there', () => {
    const machine = machineWithDisk();
    machine.attributes('/sys/module/nvmet', { refcnt: 2 });
    expect(refusals(machine)).toEqual([UNKNOWN, UNKNOWN]);
    machine.tree.file('/sys/module/nvmet/refcnt', '0\n');
    expect(refusals(machine)).toEqual([[], []]);
    machine.tree.file('/sys/module/nvmet/refcnt', '2\n');
    machine.tree.set('/sys/kernel/config/nvmet/subsystems', { kind: 'folder' });
    expect(refusals(machine)).toEqual([[], []]);
  });
});

test('a disk that carries something may be mounted in a namespace that is closed; one that carries nothing is not', () => {
  for (const [udev, expected] of [
    [{}, []],
    [{ ID_FS_TYPE: 'vfat' }, UNKNOWN],
  ] as const) {
    const machine = machineWithDisk(udev);
    machine.tree.set('/proc/77/mountinfo', { kind: 'unreadable', errno: 'EACCES' });
    const force = new Set(['sda']);
    expect(machine.refusals('sda', { force })).toEqual(expected);
    expect(machine.refusals('sda', { force, ...probed })).toEqual([]);
  }
});
