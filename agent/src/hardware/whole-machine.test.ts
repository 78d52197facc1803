import { describe, expect, test } from '@jest/globals';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { assessDevices, devicesOf, HardwareScanner, RootedTree } from './index.ts';
import { Machine } from './machine.fixture.ts';

const LETTERS = Array.from({ length: 26 }, (_, at) => String.fromCharCode(97 + at));

/** A storage node with most of what Linux can do to disks, thirty of them on two ports each of two adapters. */
function machineWithEverything(): Machine {
  const machine = new Machine();
  const names = [...LETTERS, 'aa', 'ab', 'ac', 'ad'].map((letters) => `sd${letters}`);
  names.forEach((name, slot) => {
    machine.scsi(
      name,
      `0000:00:04.0/host0/port-0:0/expander-0:0/port-0:0:${slot}/end_device-0:0:${slot}/target0:0:${slot}`,
      {
        procName: 'mpt3sas',
        serial: `SER${slot}`,
        wwid: `naa.5000c500a10000${String(slot).padStart(2, '0')}`,
        rate: slot % 3 === 0 ? 1 : 7200,
        partitions: slot < 2 ? 2 : 0,
        ...(name === 'sdab' && {
          device: { type: 20 },
          attributes: { 'queue/zoned': 'host-managed', 'queue/chunk_sectors': 524_288, 'queue/nr_zones': 100 },
        }),
        ...(name === 'sdac' && { udev: { ID_FS_TYPE: 'mpath_member' } }),
      },
    );
  });
  // The second port of sdac.
  machine.scsi('sdae', '0000:00:05.0/host1/port-1:0/end_device-1:0/target1:0:0', {
    procName: 'mpt3sas',
    serial: 'SER28',
    wwid: 'naa.5000c500a1000028',
    rate: 7200,
    udev: { ID_FS_TYPE: 'mpath_member' },
  });
  machine.virtual('dm-0', { attributes: { 'dm/name': 'mpatha', 'dm/uuid': 'mpath-35000c500a1000028' } });
  for (const path of ['sdac', 'sdae']) machine.hold(path, 'dm-0');
  const build = (name: string, attributes: Record<string, string>, ...parts: string[]): string => {
    const dev = machine.virtual(name, { attributes });
    for (const part of parts) machine.hold(part, name);
    return dev;
  };
  // The system: md over two partitions, LUKS, LVM.
  build('md0', { 'md/level': 'raid1', 'md/array_state': 'clean' }, 'sda2', 'sdb2');
  build('dm-1', { 'dm/name': 'luks', 'dm/uuid': 'CRYPT-LUKS2-1' }, 'md0');
  const rootVolume = build('dm-2', { 'dm/name': 'vg0-root', 'dm/uuid': 'LVM-1' }, 'dm-1');
  machine.mount(`${rootVolume} / / rw - ext4 /dev/mapper/vg0-root rw`);
  // A cache of flash in front of a disk.
  const cached = build('bcache0', {}, 'sdc', 'sdd');
  machine.mount(`${cached} / /cached rw - xfs /dev/bcache0 rw,logdev=/dev/sde`);
  machine.mount('0:50 / /btrfs rw - btrfs /dev/sdf rw');
  for (const name of ['sdf', 'sdg']) machine.tree.link(`/sys/fs/btrfs/1234/devices/${name}`, machine.pathOf(name));
  machine.attributes('/sys/kernel/config/nvmet/subsystems/nqn.a/namespaces/1', {
    device_path: '/dev/nvme0n1',
    enable: 1,
  });
  machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:81:00.0'), {
    wwid: 'eui.0025385a91b00001',
  });
  // Its own export, reached through the network.
  const fabric = machine.controller('nvme1', '/sys/devices/virtual/nvme-fabrics/ctl', {
    transport: 'tcp',
    address: 'traddr=127.0.0.1',
  });
  machine.sharedNamespace('nvme1n1', [fabric], { wwid: 'uuid.7a1d7e5c-0000-4000-8000-00000000a001' });
  for (let number = 0; number < 8; number += 1) machine.virtual(`loop${number}`, { sizeBytes: 0 });
  return machine;
}

describe('a machine with everything', () => {
  const machine = machineWithEverything();
  const assessed = [...machine.assess().values()];

  test('has each disk once, in the order of people', () => {
    const names = assessed.map(({ device }) => device.kernelName);
    expect(names.filter((name) => name.startsWith('sd'))).toEqual(
      [...LETTERS, 'aa', 'ab', 'ad'].map((letters) => `sd${letters}`),
    );
    expect(names.filter((name) => !name.startsWith('sd'))).toEqual([
      'bcache0',
      'dm-0',
      'dm-1',
      'dm-2',
      'md0',
      'nvme0n1',
      'nvme1n1',
    ]);
  });

  test('names the use of each disk that has one', () => {
    const root = 'is held by md0 (raid1), held by dm-1 (luks), held by dm-2 (vg0-root), mounted on / (ext4)';
    const used = assessed.filter(({ device, uses }) => uses.length > 0 && !device.virtual);
    expect(
      Object.fromEntries(used.map(({ device, uses }) => [device.kernelName, uses.map(({ reason }) => reason)])),
    ).toEqual({
      nvme0n1: ['it is exported by the NVMe target as nqn.a'],
      sda: [`partition sda2 ${root}`],
      sdb: [`partition sdb2 ${root}`],
      sdc: ['it is held by bcache0, mounted on /cached (xfs)'],
      sdd: ['it is held by bcache0, mounted on /cached (xfs)'],
      sde: ['it is the log of the xfs on /cached'],
      sdf: ['it is mounted on /btrfs (btrfs)', 'it belongs to the mounted btrfs 1234'],
      sdg: ['it belongs to the mounted btrfs 1234'],
    });
  });

  test('offers the others, the map for its paths, and what is on the network by configuration only', () => {
    const offered = (policy: object): readonly string[] =>
      [...machine.assess(policy).values()]
        .filter(({ offer }) => offer.offerable)
        .map(({ device }) => device.kernelName);
    const disks = [...LETTERS.slice(7), 'aa', 'ab', 'ad'].map((letters) => `sd${letters}`);
    expect(offered({})).toEqual(['dm-0', ...disks]);
    expect(offered({ remote: true })).toEqual(['dm-0', 'nvme1n1', ...disks]);
  });

  test('gives each disk the tier of what it is made of', () => {
    const tierOf = (name: string): unknown => {
      const { media, tier, zoned } = machine.device(name);
      return [media, tier, zoned?.model ?? null];
    };
    expect(tierOf('sdd')).toEqual(['ssd', 'warm', null]);
    expect(tierOf('sdc')).toEqual(['hdd', 'cold', null]);
    expect(tierOf('sdab')).toEqual(['smr', 'cold', 'host-managed']);
    expect(tierOf('dm-0')).toEqual(['hdd', 'cold', null]);
    expect(tierOf('nvme0n1')).toEqual(['ssd', 'hot', null]);
    expect(tierOf('md0')).toEqual(['unknown', null, null]);
  });

  test('is the same when it is read from files, in the first pass and in later ones', () => {
    const root = mkdtempSync(join(tmpdir(), 'couchestor-hardware-'));
    try {
      machine.tree.dump(root);
      const scanner = new HardwareScanner(new RootedTree(root));
      for (let pass = 0; pass < 3; pass += 1) {
        const snapshot = scanner.scan();
        expect(assessDevices(snapshot, devicesOf(snapshot))).toEqual(assessed);
      }
    } finally {
      rmSync(root, { recursive: true, force: true });
    }
  });
});
