import { describe, expect, test } from '@jest/globals';

import { Machine } from '../machine.fixture.ts';
import { devicesOf } from '../assess.ts';
import { HardwareScanner } from './hardware-scanner.ts';

const DISK = '/sys/devices/pci0000:00/0000:00:17.0/ata1/host0/target0:0:0/0:0:0:0';

function machineWithDisk(partitions = 0): Machine {
  const machine = new Machine();
  machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', {
    serial: 'A',
    wwid: 'naa.500000000000000a',
    rate: 7200,
    partitions,
  });
  return machine;
}

describe('reading', () => {
  test.each(['EINVAL', 'ENXIO', 'ENOTSUP', 'EIO', 'EACCES'])(
    '16: an attribute that answers %s costs nothing but itself',
    (errno) => {
      const machine = machineWithDisk();
      machine.tree.set(`${DISK}/wwid`, { kind: 'unreadable', errno });
      machine.tree.set(`${DISK}/vpd_pg80`, { kind: 'unreadable', errno });
      const device = machine.device('sda');
      expect(device).toMatchObject({
        wwid: null,
        serial: null,
        sizeBytes: 1_000_204_886_016,
        media: 'hdd',
        tier: 'cold',
      });
      expect(device.unreadable).toEqual(
        expect.arrayContaining([
          { path: `${DISK}/wwid`, value: null, note: errno },
          { path: `${DISK}/vpd_pg80`, value: null, note: errno },
        ]),
      );
      expect(device.origins.wwid).toEqual([{ path: `${DISK}/wwid`, value: null, note: errno }]);
      expect(machine.assess().get('sda')!.offer.offerable).toBe(true);
    },
  );

  test('16: attributes without which a disk cannot be offered keep it from being offered', () => {
    for (const [name, kind] of [
      ['size', 'noSize'],
      ['ro', 'unreadable'],
      ['removable', 'unreadable'],
      ['holders', 'usesUnknown'],
    ] as const) {
      const machine = machineWithDisk();
      machine.tree.set(`${DISK}/block/sda/${name}`, { kind: 'unreadable', errno: 'EIO' });
      expect([name, machine.refusals('sda')]).toEqual([name, [kind]]);
    }
  });

  test('16: nothing is offered where mounts cannot be seen, until a probe says who uses what', () => {
    for (const [path, liftedByProbe] of [
      ['/proc/self/mountinfo', true],
      ['/proc/swaps', true],
      ['/sys/fs/btrfs', true],
      // Targets open a disk beside others.
      ['/sys/kernel/config/nvmet/subsystems', false],
      ['/sys/kernel/config/target/core', false],
    ] as const) {
      const machine = machineWithDisk();
      machine.tree.set(path, { kind: 'unreadable', errno: 'EACCES' });
      expect([path, machine.refusals('sda')]).toEqual([path, ['usesUnknown']]);
      const probes = new Map([[machine.device('sda').id, { kind: 'free', signatures: [], blank: true } as const]]);
      expect([path, machine.refusals('sda', { probes })]).toEqual([path, liftedByProbe ? [] : ['usesUnknown']]);
    }
  });

  test('17: only known attributes are read, and none that has an effect', () => {
    const machine = machineWithDisk();
    machine.tree.file('/sys/class/zram-control/hot_add', '0\n');
    for (const name of ['rescan', 'delete', 'unknown_attribute']) machine.tree.file(`${DISK}/${name}`, '1\n');
    machine.virtual('zram0', { attributes: { reset: 1, mem_limit: 0, initstate: 1 } });
    new HardwareScanner(machine.tree).scan();
    const names = new Set(machine.tree.read.map((path) => path.split('/').at(-1)));
    for (const name of ['hot_add', 'rescan', 'delete', 'unknown_attribute', 'reset', 'mem_limit'])
      expect(names).not.toContain(name);
    expect(names).toContain('initstate');
  });

  test('18: a sensor belongs to what its device leads to, not to what has its number', () => {
    const machine = machineWithDisk();
    const first = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0');
    const second = machine.controller('nvme1', '0000:00:1d.1/0000:02:00.0');
    machine.namespace('nvme0n1', first);
    machine.namespace('nvme1n1', second);
    for (const [hwmon, device] of [
      ['hwmon0', second],
      ['hwmon1', DISK],
      ['hwmon3', first],
    ] as const) {
      machine.attributes(`${device}/hwmon/${hwmon}`, { name: 'nvme' });
      machine.tree.link(`${device}/hwmon/${hwmon}/device`, device);
      machine.tree.link(`/sys/class/hwmon/${hwmon}`, `${device}/hwmon/${hwmon}`);
    }
    expect(Object.fromEntries(machine.devices().map(({ kernelName, hwmonPaths }) => [kernelName, hwmonPaths]))).toEqual(
      {
        nvme0n1: [`${first}/hwmon/hwmon3`],
        nvme1n1: [`${second}/hwmon/hwmon0`],
        sda: [`${DISK}/hwmon/hwmon1`],
      },
    );
  });
});

describe('passes one after the other', () => {
  test('read again what can change, and not what stays', () => {
    const machine = machineWithDisk(1);
    const scanner = new HardwareScanner(machine.tree);
    const first = devicesOf(scanner.scan());
    const before = machine.tree.read.length;
    machine.tree.file(`${DISK}/state`, 'offline\n');
    machine.tree.file(`${DISK}/block/sda/size`, '4096\n');
    machine.tree.remove(`${DISK}/block/sda/sda1`);
    const second = devicesOf(scanner.scan());
    expect(machine.tree.read.length - before).toBeLessThan(before * 0.6);
    expect(machine.tree.read.slice(before)).not.toContain(`${DISK}/vpd_pg80`);
    expect(second[0]).toMatchObject({
      id: first[0]!.id,
      serial: 'A',
      state: 'offline',
      sizeBytes: 2_097_152,
      partitions: [],
    });
  });

  test('read a disk anew that came in place of another one', () => {
    const machine = machineWithDisk();
    const scanner = new HardwareScanner(machine.tree);
    scanner.scan();
    machine.tree.file(`${DISK}/wwid`, 'naa.500000000000000b\n');
    expect(devicesOf(scanner.scan())[0]!.wwid).toBe('naa.500000000000000a');
    machine.tree.renew(DISK);
    expect(devicesOf(scanner.scan())[0]!.wwid).toBe('naa.500000000000000b');
  });

  test('read everything anew now and then, such as the firmware of a disk that got another one', () => {
    const machine = machineWithDisk();
    const scanner = new HardwareScanner(machine.tree);
    scanner.scan();
    machine.tree.file(`${DISK}/rev`, '0002\n');
    const firmwares = Array.from({ length: 40 }, () => devicesOf(scanner.scan())[0]!.firmware);
    expect(firmwares[0]).toBe('0001');
    expect(firmwares.at(-1)).toBe('0002');
  });

  test('see what a disk gets while they go on', () => {
    const machine = machineWithDisk();
    machine.virtual('loop0', { sizeBytes: 0 });
    const scanner = new HardwareScanner(machine.tree);
    expect(devicesOf(scanner.scan())).toHaveLength(1);
    const loop = machine.pathOf('loop0');
    machine.tree.file(`${loop}/size`, '2048\n');
    machine.tree.file(`${loop}/loop/backing_file`, '/srv/x.img\n');
    expect(devicesOf(scanner.scan()).map(({ kernelName, label }) => [kernelName, label])).toEqual([
      ['loop0', '/srv/x.img'],
      ['sda', null],
    ]);
  });

  test('see one partition come in the place of another', () => {
    const machine = machineWithDisk(1);
    const scanner = new HardwareScanner(machine.tree);
    scanner.scan();
    machine.tree.remove(`${DISK}/block/sda/sda1`);
    machine.attributes(`${DISK}/block/sda/sda2`, { dev: '8:2', partition: 2, size: 8, ro: 0 });
    expect(devicesOf(scanner.scan())[0]!.partitions.map(({ kernelName }) => kernelName)).toEqual(['sda2']);
  });

  test('see a holder come and go', () => {
    const machine = machineWithDisk(1);
    const scanner = new HardwareScanner(machine.tree);
    const held = (): unknown => {
      const [disk] = devicesOf(scanner.scan()).filter(({ kernelName }) => kernelName === 'sda');
      return disk!.partitions[0]!.holders;
    };
    expect(held()).toEqual([]);
    machine.virtual('dm-0', { attributes: { 'dm/name': 'luks', 'dm/uuid': 'CRYPT-LUKS2-1' } });
    machine.hold('sda1', 'dm-0');
    expect(held()).toEqual(['dm-0']);
    machine.tree.remove(`${DISK}/block/sda/sda1/holders/dm-0`);
    machine.tree.remove('/sys/devices/virtual/block/dm-0/slaves/sda1');
    expect(held()).toEqual([]);
  });

  test('give what has not changed as the same object', () => {
    const machine = machineWithDisk();
    const scanner = new HardwareScanner(machine.tree);
    const [first, second] = [scanner.scan(), scanner.scan()];
    expect(second.blocks[0]!.folder).toBe(first.blocks[0]!.folder);
    machine.tree.file(`${DISK}/block/sda/ro`, '1\n');
    expect(scanner.scan().blocks[0]!.folder).not.toBe(first.blocks[0]!.folder);
  });

  test('forget what is gone', () => {
    const machine = machineWithDisk();
    const scanner = new HardwareScanner(machine.tree);
    scanner.scan();
    machine.tree.remove('/sys/block/sda');
    expect(devicesOf(scanner.scan())).toEqual([]);
    expect(scanner.scan().folders.size).toBe(0);
  });

  test('of nothing give nothing', () => {
    const machine = new Machine();
    machine.tree.remove('/sys');
    machine.tree.remove('/proc');
    expect(machine.devices()).toEqual([]);
  });
});
