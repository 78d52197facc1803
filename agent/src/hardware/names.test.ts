import { describe, expect, test } from '@jest/globals';

import { Machine } from './machine.fixture.ts';

const SATA = '0000:00:17.0/ata1/host0/target0:0:0';

describe('names', () => {
  test('1: a disk is the same after a boot that gave it another name, and NVMe numbers need not follow PCI', () => {
    const idsBySerial = (first: string, second: string): Record<string, string> => {
      const machine = new Machine();
      machine.namespace(`${first}n1`, machine.controller(first, '0000:00:1d.0/0000:01:00.0', { serial: 'ONE' }), {
        wwid: 'eui.0025385a91b00001',
      });
      machine.namespace(`${second}n1`, machine.controller(second, '0000:00:1d.1/0000:02:00.0', { serial: 'TWO' }), {
        wwid: 'eui.0025385a91b00002',
      });
      machine.scsi(first === 'nvme0' ? 'sda' : 'sdb', SATA, { serial: 'THREE', wwid: 'naa.5000c50000000003' });
      return Object.fromEntries(machine.devices().map(({ serial, id }): [string, string] => [serial ?? '', id]));
    };
    expect(idsBySerial('nvme1', 'nvme0')).toEqual(idsBySerial('nvme0', 'nvme1'));
    expect(Object.keys(idsBySerial('nvme0', 'nvme1'))).toHaveLength(3);
  });

  test('1: devices come in the order that people expect, whatever order they are found in', () => {
    const machine = new Machine();
    for (const name of ['sdaa', 'sdb', 'sdz', 'sda', 'sdab'])
      machine.scsi(name, `0000:00:17.0/ata1/host0/target0:0:${name.length}${name.charCodeAt(2)}`);
    for (const name of ['nvme10', 'nvme2'])
      machine.namespace(`${name}n1`, machine.controller(name, `0000:00:1d.0/0000:01:0${name.length}.0`));
    expect(machine.devices().map(({ kernelName }) => kernelName)).toEqual([
      'nvme2n1',
      'nvme10n1',
      'sda',
      'sdb',
      'sdz',
      'sdaa',
      'sdab',
    ]);
  });

  test('2: a shared namespace is numbered by its subsystem and lives on when a controller goes', () => {
    const machine = new Machine();
    const one = machine.controller('nvme4', '0000:00:1d.0/0000:01:00.0', { serial: 'DUAL' });
    const two = machine.controller('nvme5', '0000:00:1d.1/0000:02:00.0', { serial: 'DUAL' });
    machine.sharedNamespace('nvme3n1', [one, two], { wwid: 'uuid.5f1a2c3d-0003-4a4a-9b9b-000000000301' });
    const before = machine.device('nvme3n1');
    expect(before).toMatchObject({ serial: 'DUAL', state: 'live', online: true, pciAddress: '0000:01:00.0' });
    expect(before.paths.map(({ kernelName, controller }) => [kernelName, controller])).toEqual([
      ['nvme3c4n1', 'nvme4'],
      ['nvme3c5n1', 'nvme5'],
    ]);
    for (const gone of ['/sys/class/nvme/nvme4', '/sys/block/nvme3c4n1', one]) machine.tree.remove(gone);
    expect(machine.device('nvme3n1')).toMatchObject({ id: before.id, online: true, paths: [{ controller: 'nvme5' }] });
    for (const gone of ['/sys/class/nvme/nvme5', '/sys/block/nvme3c5n1', two]) machine.tree.remove(gone);
    expect(machine.device('nvme3n1')).toMatchObject({
      id: before.id,
      serial: 'SHARED',
      online: false,
      state: 'no path',
      paths: [],
    });
    expect(machine.refusals('nvme3n1')).toContain('offline');
  });

  test('2: it can be used as long as one path is live and open', () => {
    const machine = new Machine();
    const one = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0', { state: 'connecting' });
    const two = machine.controller('nvme1', '0000:00:1d.1/0000:02:00.0');
    machine.sharedNamespace('nvme0n1', [one, two]);
    expect(machine.device('nvme0n1')).toMatchObject({ online: true, state: 'live' });
    machine.tree.file(`${two}/nvme0c1n1/ana_state`, 'inaccessible\n');
    expect(machine.device('nvme0n1')).toMatchObject({ online: false });
  });

  test('3: a hidden path is no device, neither by its mark nor, without one, by its name', () => {
    const machine = new Machine();
    const controller = machine.controller('nvme3', '0000:00:1d.0/0000:01:00.0');
    machine.sharedNamespace('nvme3n1', [controller]);
    expect(machine.devices().map(({ kernelName }) => kernelName)).toEqual(['nvme3n1']);
    machine.tree.set(`${controller}/nvme3c3n1/hidden`, { kind: 'unreadable', errno: 'EIO' });
    expect(machine.devices().map(({ kernelName }) => kernelName)).toEqual(['nvme3n1']);
    machine.tree.remove('/sys/block/nvme3n1');
    expect(machine.devices()).toEqual([]);
  });

  test('4: a controller can have a conventional and a zoned namespace, or none, or none that the kernel knows', () => {
    const machine = new Machine();
    const both = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0');
    machine.controller('nvme1', '0000:00:1d.1/0000:02:00.0');
    machine.attributes('/sys/devices/pci0000:00/0000:00:1d.2/0000:03:00.0', { class: '0x010802' });
    machine.namespace('nvme0n1', both, { nsid: 1 });
    machine.namespace('nvme0n2', both, {
      nsid: 2,
      attributes: { 'queue/zoned': 'host-managed', 'queue/chunk_sectors': 524_288, 'queue/nr_zones': 128 },
    });
    const [plain, zoned, ...others] = machine.devices();
    expect(plain).toMatchObject({ namespaceId: 1, media: 'ssd', zoned: null, tier: 'hot' });
    expect(zoned).toMatchObject({
      namespaceId: 2,
      media: 'zns',
      zoned: { model: 'host-managed', zones: 128 },
      tier: 'hot',
    });
    expect(plain!.id).not.toBe(zoned!.id);
    expect(others).toEqual([]);
  });
});
