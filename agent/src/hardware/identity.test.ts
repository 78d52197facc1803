import { describe, expect, test } from '@jest/globals';

import { Machine, page } from './machine.fixture.ts';

const SATA = '0000:00:17.0/ata1/host0/target0:0:0';
const SATA_TWO = '0000:00:17.0/ata2/host1/target1:0:0';

describe('identity', () => {
  const identify = (model: string, serial: string, firmware: string): Uint8Array => {
    const data = Buffer.alloc(568);
    const put = (word: number, text: string, length: number): void => {
      const swapped = Buffer.from(text.padEnd(length)).swap16();
      swapped.copy(data, 56 + 2 * word);
    };
    put(10, serial, 20);
    put(23, firmware, 8);
    put(27, model, 40);
    return page(0x89, data);
  };

  test('5: texts of NVMe are without their padding; an ATA model is whole, from the page of the disk or from its designator', () => {
    const machine = new Machine();
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0'));
    expect(machine.device('nvme0n1')).toMatchObject({ model: 'ACME NVMe', serial: 'NVME0SERIAL', firmware: '1.0' });
    const device = { vendor: 'ATA     ', model: 'SAMSUNG MZ7LH960', rev: '904Q' };
    machine.scsi('sda', SATA, { device });
    machine.tree.file(
      `/sys/devices/pci0000:00/${SATA}/0:0:0:0/vpd_pg89`,
      identify('SAMSUNG MZ7LH960HAJR-00005', 'S45NNA0M500001', 'HXT7904Q'),
    );
    machine.scsi('sdb', SATA_TWO, { device });
    const text = `ATA     ${'SAMSUNG MZ7LH960HAJR-00005'.padEnd(40)}${'S45NNA0M500002'.padEnd(20)}`;
    const designator = Buffer.concat([Buffer.from([2, 1, 0, text.length]), Buffer.from(text)]);
    machine.tree.file(`/sys/devices/pci0000:00/${SATA_TWO}/1:0:0:0/vpd_pg83`, page(0x83, designator));
    expect(machine.device('sda')).toMatchObject({
      model: 'SAMSUNG MZ7LH960HAJR-00005',
      vendor: null,
      firmware: 'HXT7904Q',
      serial: 'S45NNA0M500001',
    });
    expect(machine.device('sdb')).toMatchObject({ model: 'SAMSUNG MZ7LH960HAJR-00005', firmware: '904Q' });
  });

  test('5: the serial is in the binary page, or in what udev kept, whose short serial of a SAS disk is its name for the world', () => {
    const machine = new Machine();
    machine.scsi('sda', SATA, { serial: 'ZC10A001            ' });
    machine.scsi('sdb', SATA_TWO, { udev: { ID_BUS: 'ata', ID_SERIAL_SHORT: 'VAGB0001' } });
    machine.scsi('sdc', '0000:00:04.0/host6/port-6:0/end_device-6:0/target6:0:0', {
      procName: 'mpt3sas',
      udev: {
        ID_BUS: 'scsi',
        ID_SERIAL_SHORT: '5000cca04e000001',
        SCSI_IDENT_SERIAL: '0QV1SAS01A',
        ID_WWN: '0x5000cca04e000001',
      },
    });
    expect(machine.devices().map(({ serial, wwn }) => [serial, wwn])).toEqual([
      ['ZC10A001', null],
      ['VAGB0001', null],
      ['0QV1SAS01A', '0x5000cca04e000001'],
    ]);
  });

  test('6: two disks that share a serial and have no name for the world are two', () => {
    const machine = new Machine();
    for (const [name, port] of [
      ['sda', '2-1'],
      ['sdb', '2-2'],
    ] as const) {
      const host = name === 'sda' ? 7 : 8;
      machine.attributes(`/sys/devices/pci0000:00/0000:00:14.0/usb2/${port}`, { serial: '0123456789AB' });
      machine.scsi(name, `0000:00:14.0/usb2/${port}/${port}:1.0/host${host}/target${host}:0:0`, {
        procName: 'usb-storage',
      });
    }
    const [one, two] = machine.devices();
    expect([one!.serial, two!.serial]).toEqual(['0123456789AB', '0123456789AB']);
    expect(one!.id).not.toBe(two!.id);
    expect([one!.idStable, two!.idStable]).toEqual([false, false]);
  });

  test('6: two paths that share a name for the world are one disk, used as soon as one of them is', () => {
    const machine = new Machine();
    const same = { procName: 'mpt3sas', serial: 'DUAL01', wwid: 'naa.5000c500a1000004', rate: 10_000 };
    machine.scsi('sda', '0000:00:04.0/host0/port-0:0/end_device-0:0/target0:0:0', same);
    machine.scsi('sdb', '0000:00:05.0/host1/port-1:0/end_device-1:0/target1:0:0', { ...same, partitions: 1 });
    const [disk, ...others] = machine.devices();
    expect(others).toEqual([]);
    expect(disk).toMatchObject({ kernelName: 'sda', id: 'naa.5000c500a1000004', transport: 'sas', tier: 'cold' });
    expect(disk!.paths.map(({ kernelName, pciAddress }) => [kernelName, pciAddress])).toEqual([
      ['sda', '0000:00:04.0'],
      ['sdb', '0000:00:05.0'],
    ]);
    machine.mount(`${disk!.partitions[0]!.dev} / /data rw - xfs /dev/sdb1 rw`);
    expect(machine.reasons('sda')).toEqual(['partition sdb1 is mounted on /data (xfs)']);
  });

  test('6: a shared namespace is one, also where the kernel shows it on each of its controllers', () => {
    const machine = new Machine();
    for (const [at, name] of ['nvme0', 'nvme1', 'nvme2'].entries()) {
      const controller = machine.controller(name, `0000:00:1d.${at}/0000:0${at + 1}:00.0`, {
        serial: 'DUAL',
        subsysnqn: name === 'nvme2' ? 'nqn.other' : 'nqn.one',
      });
      machine.namespace(`${name}n1`, controller, { wwid: 'eui.0025385a91b00001' });
    }
    const devices = machine.devices();
    expect(devices.map(({ kernelName, paths }) => [kernelName, paths.map((path) => path.kernelName)])).toEqual([
      ['nvme0n1', ['nvme0n1', 'nvme1n1']],
      ['nvme2n1', ['nvme2n1']],
    ]);
    machine.swap('/dev/nvme1n1');
    expect(machine.reasons('nvme0n1')).toEqual(['path nvme1n1 is swap']);
  });

  test('6: a disk under multipath is its map, with the serial, the tier and the paths of the disk', () => {
    const machine = new Machine();
    const same = {
      procName: 'mpt3sas',
      serial: 'DUAL01',
      wwid: 'naa.5000c500a1000004',
      rate: 10_000,
      udev: { ID_FS_TYPE: 'mpath_member' },
    };
    machine.scsi('sda', '0000:00:04.0/host0/port-0:0/end_device-0:0/target0:0:0', {
      ...same,
      device: { state: 'offline' },
    });
    machine.scsi('sdb', '0000:00:05.0/host1/port-1:0/end_device-1:0/target1:0:0', same);
    machine.virtual('dm-0', {
      attributes: { 'dm/name': 'mpatha', 'dm/uuid': 'mpath-35000c500a1000004', 'queue/rotational': 1 },
    });
    machine.hold('sda', 'dm-0');
    machine.hold('sdb', 'dm-0');
    const [disk, ...others] = machine.devices();
    expect(others).toEqual([]);
    expect(disk).toMatchObject({
      kernelName: 'dm-0',
      id: 'naa.5000c500a1000004',
      serial: 'DUAL01',
      transport: 'sas',
      media: 'hdd',
      tier: 'cold',
      virtual: false,
      online: true,
      state: 'running',
      label: 'mpatha',
      signatures: [],
      holders: [],
    });
    expect(disk!.paths.map(({ kernelName, state }) => [kernelName, state])).toEqual([
      ['sda', 'offline'],
      ['sdb', 'running'],
    ]);
    expect(machine.assess().get('dm-0')!.offer.offerable).toBe(true);
    machine.virtual('dm-1', { attributes: { 'dm/name': 'mpatha-part1', 'dm/uuid': 'part1-mpath-35000c500a1000004' } });
    machine.hold('dm-0', 'dm-1');
    machine.mount(`${machine.device('dm-0').partitions[0]!.dev} / /data rw - ext4 /dev/mapper/mpatha-part1 rw`);
    expect(
      machine.devices().map(({ kernelName, partitions }) => [kernelName, partitions.map((one) => one.kernelName)]),
    ).toEqual([['dm-0', ['dm-1']]]);
    expect(machine.reasons('dm-0')).toEqual(['partition dm-1 is mounted on /data (ext4)']);
  });

  test('6: paths whose map is not there yet are not offered', () => {
    const machine = new Machine();
    machine.scsi('sda', SATA, { wwid: 'naa.5000c500a1000004', rate: 1, udev: { ID_FS_TYPE: 'mpath_member' } });
    const early = { DM_MULTIPATH_DEVICE_PATH: 1 };
    machine.scsi('sdb', SATA_TWO, { wwid: 'naa.5000c500a1000005', rate: 1, udev: early });
    expect(machine.refusals('sda')).toEqual(['hiddenPath']);
    expect(machine.refusals('sdb')).toEqual(['hiddenPath']);
  });

  test('7: the address of a port is no name of the disk behind it', () => {
    const machine = new Machine();
    machine.scsi('sda', '0000:00:04.0/host6/port-6:0/end_device-6:0/target6:0:0', {
      procName: 'mpt3sas',
      serial: 'A1',
    });
    expect(machine.device('sda')).toMatchObject({ wwn: null, wwid: null, id: 'serial.sas_Disk_A1' });
  });

  test.each([
    ['eui.0025385a91b00001', 'eui.0025385a91b00001'],
    ['uuid.5f1a2c3d-0001-4a4a-9b9b-000000000101', 'uuid.5f1a2c3d-0001-4a4a-9b9b-000000000101'],
    ['nvme.1b36-53-51-00000001', 'nvme.1b36-53-51-00000001'],
  ])('7: the kernel names a namespace %s', (wwid, id) => {
    const machine = new Machine();
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0'), { wwid });
    expect(machine.device('nvme0n1')).toMatchObject({ id, idStable: true, wwid, wwn: wwid });
  });

  test('7: names that a vendor pads, and names of nothing but zeros', () => {
    const machine = new Machine();
    machine.scsi('sda', SATA, {
      wwid: 't10.ATA     QEMU HARDDISK                           QM00001 ',
      serial: 'QM00001',
    });
    machine.scsi('sdb', SATA_TWO, { wwid: 'naa.0000000000000000', serial: 'B' });
    expect(machine.devices().map(({ id, wwn }) => [id, wwn])).toEqual([
      ['t10.ATA_QEMU_HARDDISK_QM00001', null],
      ['serial.sata_Disk_B', null],
    ]);
  });

  test('namespaces of a controller that names none of them are told apart by their numbers', () => {
    const machine = new Machine();
    const controller = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0');
    machine.namespace('nvme0n1', controller, { nsid: 1 });
    machine.namespace('nvme0n2', controller, { nsid: 2 });
    expect(machine.devices().map(({ id, idStable }) => [id, idStable])).toEqual([
      ['serial.nvme_ACME_NVMe_NVME0SERIAL_1', true],
      ['serial.nvme_ACME_NVMe_NVME0SERIAL_2', true],
    ]);
  });

  test('a disk without any name is known by its place, and says that this is all', () => {
    const machine = new Machine();
    machine.scsi('sda', SATA, { udev: { ID_PATH: 'pci-0000:00:17.0-ata-1' } });
    machine.scsi('sdb', SATA_TWO, { udev: null });
    expect(machine.devices().map(({ id, idStable }) => [id, idStable])).toEqual([
      ['path.pci-0000:00:17.0-ata-1', false],
      ['path.0000:00:17.0-ata2-scsi:0:0:0', false],
    ]);
  });
});
