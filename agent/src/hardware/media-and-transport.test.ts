import { describe, expect, test } from '@jest/globals';

import { Machine } from './machine.fixture.ts';

const SAS = '0000:00:04.0/host6/port-6:0/end_device-6:0/target6:0:0';
const EXPANDER = '0000:00:04.0/host6/port-6:0/expander-6:0/port-6:0:3/end_device-6:0:3/target6:0:3';
const ROTATES = { 'queue/rotational': 1 };
const STILL = { 'queue/rotational': 0 };

describe('media', () => {
  test('8: the flag of rotation says nothing of virtio, USB and loop devices', () => {
    const machine = new Machine();
    machine.block('/sys/devices/pci0000:00/0000:00:05.0/virtio1/block/vda', {
      attributes: { ...ROTATES, serial: 'VROOT' },
    });
    machine.scsi('sda', '0000:00:14.0/usb2/2-1/2-1:1.0/host7/target7:0:0', {
      procName: 'usb-storage',
      attributes: ROTATES,
    });
    machine.virtual('loop0', { attributes: { ...ROTATES, 'loop/backing_file': '/srv/loop0.img' } });
    expect(
      machine
        .devices()
        .map(({ kernelName, transport, media, rotational, tier }) => [kernelName, transport, media, rotational, tier]),
    ).toEqual([
      ['loop0', 'loop', 'unknown', null, null],
      ['sda', 'usb', 'unknown', null, null],
      ['vda', 'virtio', 'unknown', null, null],
    ]);
    expect(machine.device('vda').serial).toBe('VROOT');
  });

  test('8: it is 0 on devices above a disk that rotates, which have no tier of their own, and on shingled disks, which are cold', () => {
    const machine = new Machine();
    machine.virtual('bcache0', { attributes: STILL });
    machine.virtual('dm-0', { attributes: { ...STILL, 'dm/name': 'luks', 'dm/uuid': 'CRYPT-LUKS2-1' } });
    machine.scsi('sda', SAS, {
      procName: 'mpt3sas',
      device: { type: 20 },
      rate: 1,
      attributes: { ...STILL, 'queue/zoned': 'host-managed', 'queue/chunk_sectors': 524_288, 'queue/nr_zones': 55_880 },
    });
    expect(machine.devices().map(({ kernelName, media, tier }) => [kernelName, media, tier])).toEqual([
      ['bcache0', 'unknown', null],
      ['dm-0', 'unknown', null],
      ['sda', 'smr', 'cold'],
    ]);
    expect(machine.device('sda')).toMatchObject({
      rotational: true,
      zoned: { model: 'host-managed', zoneSizeBytes: 268_435_456, zones: 55_880 },
    });
  });

  test('8: a kernel without support of zones still tells a shingled disk by its type', () => {
    const machine = new Machine();
    machine.scsi('sda', SAS, { device: { type: 20 }, attributes: STILL });
    expect(machine.device('sda')).toMatchObject({
      media: 'smr',
      tier: 'cold',
      zoned: { model: 'host-managed', zoneSizeBytes: null, zones: null },
    });
  });

  test('a disk says itself how fast it rotates; only where it does not, the flag does', () => {
    const mediaOf = (options: { rate?: number; attributes: Record<string, number> }): unknown => {
      const machine = new Machine();
      machine.scsi('sda', SAS, { procName: 'mpt3sas', ...options });
      const { media, rotationRpm, tier } = machine.device('sda');
      return [media, rotationRpm, tier];
    };
    expect(mediaOf({ rate: 1, attributes: ROTATES })).toEqual(['ssd', null, 'warm']);
    expect(mediaOf({ rate: 7200, attributes: STILL })).toEqual(['hdd', 7200, 'cold']);
    expect(mediaOf({ rate: 0, attributes: ROTATES })).toEqual(['hdd', null, 'cold']);
    expect(mediaOf({ attributes: STILL })).toEqual(['ssd', null, 'warm']);
  });

  test('a disk of a virtual machine has a tier if it says what it is made of', () => {
    const machine = new Machine();
    machine.scsi('sda', '0000:00:05.0/virtio1/host0/target0:0:0', { procName: 'virtio_scsi', rate: 1 });
    machine.scsi('sdb', '0000:00:05.0/virtio1/host0/target0:0:1', { procName: 'virtio_scsi', attributes: ROTATES });
    expect(machine.devices().map(({ transport, media, tier }) => [transport, media, tier])).toEqual([
      ['virtio', 'ssd', 'warm'],
      ['virtio', 'unknown', null],
    ]);
  });

  test('a disk of NVMe that rotates is cold', () => {
    const machine = new Machine();
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0'), { attributes: ROTATES });
    expect(machine.device('nvme0n1')).toMatchObject({ media: 'hdd', tier: 'cold', rotational: true });
  });
});

describe('transport', () => {
  test('SAS end devices are SAS or SATA, behind expanders too', () => {
    const machine = new Machine();
    machine.scsi('sda', SAS, { procName: 'mpt3sas' });
    machine.scsi('sdb', EXPANDER, { procName: 'mpt3sas', protocols: 'stp' });
    machine.scsi('sdc', '0000:00:04.0/host6/port-6:1/end_device-6:1/target6:0:1', {
      procName: 'mpt3sas',
      device: { vendor: 'ATA     ' },
    });
    expect(machine.devices().map(({ transport }) => transport)).toEqual(['sas', 'sata', 'sata']);
  });

  test('9: where nothing on the way tells, the driver of the host does', () => {
    const transportOf = (procName: string, options: { way?: string; device?: Record<string, string> } = {}): string => {
      const machine = new Machine();
      machine.scsi('sda', options.way ?? '0000:00:04.0/host0/target0:2:0', {
        procName,
        ...(options.device && { device: options.device }),
      });
      return machine.device('sda').transport;
    };
    expect(transportOf('megaraid_sas')).toBe('raid');
    expect(transportOf('megaraid_sas', { way: '0000:00:04.0/host0/target0:0:5' })).toBe('sas');
    expect(transportOf('megaraid_sas', { way: '0000:00:04.0/host0/target0:0:5', device: { vendor: 'ATA' } })).toBe(
      'sata',
    );
    expect(transportOf('smartpqi', { device: { raid_level: 'RAID-5' } })).toBe('raid');
    expect(transportOf('hpsa', { device: { raid_level: 'N/A' } })).toBe('sas');
    expect(transportOf('mpt3sas')).toBe('raid');
    expect(transportOf('virtio_scsi')).toBe('virtio');
    expect(transportOf('ahci')).toBe('sata');
    expect(transportOf('uas')).toBe('usb');
    expect(transportOf('lpfc')).toBe('fc');
    expect(transportOf('x', { way: '0000:00:04.0/host3/rport-3:0-1/target3:0:1' })).toBe('fc');
    expect(transportOf('iscsi_tcp', { way: '/sys/devices/platform/host4/session1/target4:0:0' })).toBe('iscsi');
    expect(transportOf('scsi_debug', { way: '/sys/devices/pseudo_0/adapter0/host5/target5:0:0' })).toBe('virtual');
    expect(transportOf('tcm_loopback', { way: '/sys/devices/tcm_loop_0/tcm_loop_adapter_0/host6/target6:0:1' })).toBe(
      'virtual',
    );
    expect(transportOf('somebody_else')).toBe('scsi');
  });

  test('9: a USB disk that is fixed says that it is not removable, and is not offered all the same', () => {
    const machine = new Machine();
    machine.scsi('sda', '0000:00:14.0/usb2/2-1/2-1.4/2-1.4:1.0/host7/target7:0:0', { procName: 'uas', rate: 1 });
    expect(machine.device('sda')).toMatchObject({ transport: 'usb', removable: false, media: 'ssd' });
    expect(machine.refusals('sda')).toEqual(['usb', 'unclassified']);
  });

  test('9: a test device of the kernel is not offered, although it looks like a disk of SCSI', () => {
    const machine = new Machine();
    machine.scsi('sda', '/sys/devices/pseudo_0/adapter0/host5/target5:0:0', { procName: 'scsi_debug', rate: 1 });
    expect(machine.refusals('sda')).toEqual(['virtual']);
  });

  test('10: a namespace on a fabric looks local until its transport is read, and is offered by configuration only', () => {
    const machine = new Machine();
    const controller = machine.controller('nvme7', '/sys/devices/virtual/nvme-fabrics/ctl', {
      transport: 'tcp',
      address: 'traddr=10.0.0.7,trsvcid=4420',
    });
    machine.sharedNamespace('nvme7n1', [controller], { wwid: 'uuid.5f1a2c3d-0001-4a4a-9b9b-000000000777' });
    expect(machine.device('nvme7n1')).toMatchObject({
      transport: 'nvme-tcp',
      remote: true,
      virtual: false,
      tier: 'hot',
      pciAddress: null,
      paths: [{ transport: 'nvme-tcp', address: 'traddr=10.0.0.7,trsvcid=4420' }],
    });
    expect(machine.refusals('nvme7n1')).toEqual(['remote']);
    expect(machine.refusals('nvme7n1', { remote: true })).toEqual([]);
  });

  test.each([
    ['pcie', 'nvme', false],
    ['rdma', 'nvme-rdma', true],
    ['fc', 'nvme-fc', true],
    ['loop', 'nvme-loop', true],
  ] as const)('10: a namespace through %s', (said, transport, remote) => {
    const machine = new Machine();
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0', { transport: said }));
    expect(machine.device('nvme0n1')).toMatchObject({ transport, remote, media: 'ssd', tier: 'hot' });
  });

  test('9: a disk behind a port for plugging is removable, although its block device says that it is fixed', () => {
    const machine = new Machine();
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:07.0/0000:2b:00.0'));
    machine.attributes('/sys/devices/pci0000:00/0000:00:07.0/0000:2b:00.0', { removable: 'removable' });
    expect(machine.refusals('nvme0n1')).toEqual(['removable']);
    machine.attributes('/sys/devices/pci0000:00/0000:00:07.0/0000:2b:00.0', { removable: 'fixed' });
    expect(machine.refusals('nvme0n1')).toEqual([]);
  });

  test('virtual devices have the transport of none, and their driver', () => {
    const machine = new Machine();
    machine.virtual('md127', { attributes: { 'md/array_state': 'clean', 'md/level': 'raid1' } });
    machine.virtual('zram0', { attributes: { initstate: 1, backing_dev: 'none' } });
    machine.virtual('nbd0', { attributes: { pid: 77 } });
    machine.virtual('nullb0');
    expect(
      machine
        .devices()
        .map(({ driver, transport, virtual, remote, state }) => [driver, transport, virtual, remote, state]),
    ).toEqual([
      ['md', 'virtual', true, false, 'clean'],
      ['nbd', 'virtual', true, true, null],
      ['nullb', 'virtual', true, false, null],
      ['zram', 'virtual', true, false, null],
    ]);
  });

  test('a card of MMC is known by its identification register, its boot areas are none of its partitions', () => {
    const machine = new Machine();
    const card = '/sys/devices/platform/soc/mmc_host/mmc0/mmc0:0001';
    machine.attributes(card, {
      type: 'MMC',
      name: 'DG4016',
      cid: '4501004447343031360108d8b4c36a00',
      serial: '0xd8b4c36a',
      fwrev: '0x1',
    });
    machine.block(`${card}/block/mmcblk0`, { partitions: 1 });
    machine.tree.link(`${card}/block/mmcblk0/device`, card);
    machine.tree.set(`${card}/block/mmcblk0/mmcblk0boot0`, { kind: 'folder' });
    expect(machine.device('mmcblk0')).toMatchObject({
      id: 'mmc.4501004447343031360108d8b4c36a00',
      transport: 'mmc',
      model: 'DG4016',
      tier: null,
      partitions: [{ kernelName: 'mmcblk0p1', number: 1 }],
    });
  });
});

describe('zones', () => {
  test('11: sizes are in units of 512 bytes whatever the block is, and a limit of 0 is none', () => {
    const machine = new Machine();
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0'), {
      sizeBytes: 34_359_738_368,
      attributes: {
        'queue/logical_block_size': 4096,
        'queue/zoned': 'host-managed',
        'queue/chunk_sectors': 524_288,
        'queue/nr_zones': 128,
        'queue/max_open_zones': 0,
        'queue/max_active_zones': 14,
      },
    });
    expect(machine.device('nvme0n1')).toMatchObject({
      sizeBytes: 34_359_738_368,
      logicalBlockBytes: 4096,
      zoned: { model: 'host-managed', zoneSizeBytes: 268_435_456, zones: 128, maxOpenZones: null, maxActiveZones: 14 },
    });
  });
});

describe('size', () => {
  test('12: an empty drive shows the size of a medium that is not there', () => {
    const machine = new Machine();
    const drive = { sizeBytes: 1_073_741_312, device: { type: 5 }, attributes: { removable: 1, ro: 1, ...ROTATES } };
    machine.scsi('sr0', '0000:00:17.0/ata3/host2/target2:0:0', drive);
    machine.scsi('sr1', '0000:00:17.0/ata4/host3/target3:0:0', { ...drive, udev: { ID_CDROM_MEDIA: 1 } });
    expect(machine.devices().map(({ media, sizeBytes, tier }) => [media, sizeBytes, tier])).toEqual([
      ['optical', 0, null],
      ['optical', 1_073_741_312, null],
    ]);
    expect(machine.refusals('sr0')).toEqual(['removable', 'optical', 'noSize', 'readOnly', 'unclassified']);
  });

  test('12: what drivers keep ready for being filled is no device; what was filled, or has lost its size, is', () => {
    const machine = new Machine();
    for (const name of ['loop1', 'nbd1', 'zram1', 'md0']) machine.virtual(name, { sizeBytes: 0 });
    machine.virtual('md127', { sizeBytes: 0, attributes: { 'md/array_state': 'inactive' } });
    machine.scsi('sda', SAS);
    machine.hold('sda', 'md127');
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0'), { sizeBytes: 0 });
    expect(machine.devices().map(({ kernelName }) => kernelName)).toEqual(['md127', 'nvme0n1', 'sda']);
    expect(machine.refusals('nvme0n1')).toEqual(['noSize']);
    expect(machine.refusals('md127')).toEqual(['virtual', 'noSize', 'offline', 'unclassified']);
  });

  test('12: a size that is no number, or too large to be one, is not known', () => {
    for (const size of ['', 'x', '-1', '99999999999999999999']) {
      const machine = new Machine();
      machine.scsi('sda', SAS, { attributes: { size } });
      expect(machine.device('sda').sizeBytes).toBeNull();
      expect(machine.refusals('sda')).toEqual(['noSize']);
    }
  });
});
