import { describe, expect, test } from '@jest/globals';

import { Machine, type ScsiOptions } from './machine.fixture.ts';

const NAME = 'naa.600140500000000a';
const WAYS = {
  sda: '0000:00:04.0/host6/port-6:0/end_device-6:0/target6:0:0',
  sdb: '0000:00:05.0/host7/port-7:0/end_device-7:0/target7:0:0',
} as const;

function twoPaths(first: ScsiOptions, second: ScsiOptions): Machine {
  const machine = new Machine();
  const same = { serial: 'S1', wwid: NAME, rate: 7200, procName: 'mpt3sas' };
  machine.scsi('sda', WAYS.sda, { ...same, ...first });
  machine.scsi('sdb', WAYS.sdb, { ...same, ...second });
  return machine;
}

const offered = (machine: Machine): readonly string[] =>
  [...machine.assess()].filter(([, { offer }]) => offer.offerable).map(([name]) => name);
const paths = (machine: Machine): unknown =>
  machine.devices().map((device) => device.paths.map(({ kernelName }) => kernelName));

describe('a second path to a disk in use', () => {
  const T10 = 't10.ATA     DISK     S1';
  test.each<[string, ScsiOptions, ScsiOptions]>([
    ['whose size was not read since the disk grew', {}, { sizeBytes: 2_000_000_000_000 - (2_000_000_000_000 % 512) }],
    ['whose serial cannot be read', {}, { serial: undefined! }],
    ['that is named by a text', { wwid: T10 }, { wwid: T10 }],
  ])('%s is a path of it', (_, first, second) => {
    const machine = twoPaths(first, second);
    expect(paths(machine)).toEqual([['sda', 'sdb']]);
    machine.mount('8:1 / /data rw - ext4 /dev/sda rw');
    expect(offered(machine)).toEqual([]);
  });

  test.each<[string, ScsiOptions, ScsiOptions, string]>([
    ['names itself by its serial alone', {}, { wwid: undefined! }, 'the serial S1'],
    ['has another serial under the same name', {}, { serial: 'S2' }, `the name ${NAME}`],
    [
      'has no serial beside a name of text',
      { wwid: T10 },
      { wwid: T10, serial: undefined! },
      'the name t10.ATA DISK S1',
    ],
  ])('is not offered, and neither is the first, if it %s', (_, first, second, shared) => {
    const machine = twoPaths(first, second);
    const reasons = [...machine.assess().values()].map(({ offer }) => offer.refusals.map(({ reason }) => reason));
    expect(reasons).toEqual([
      [`it may be the same disk as sdb: both have ${shared}`],
      [`it may be the same disk as sda: both have ${shared}`],
    ]);
    for (const { offer } of machine.assess().values()) expect(offer.refusals[0]!.evidence.length).toBeGreaterThan(0);
  });

  test.each([
    ['its members show', NAME],
    ['its own name shows', undefined],
  ])('that the map does not have is a path of the map, as %s', (_, wwid) => {
    const machine = twoPaths({ wwid: wwid! }, {});
    machine.virtual('dm-0', { attributes: { 'dm/name': 'mpatha', 'dm/uuid': 'mpath-3600140500000000a' } });
    machine.hold('sda', 'dm-0');
    machine.mount(`${machine.device('dm-0').dev!} / /data rw - ext4 /dev/mapper/mpatha rw`);
    expect(machine.devices().map(({ kernelName }) => kernelName)).toEqual(['dm-0']);
    expect(paths(machine)).toEqual([['sda', 'sdb']]);
    expect(machine.reasons('dm-0')).toEqual(['it is mounted on /data (ext4)']);
  });
});

test('disks are paths of a map by its name, although what it is made of cannot be listed', () => {
  const udev = { ID_FS_TYPE: 'mpath_member' };
  const machine = twoPaths({ udev }, { udev });
  const said = { attributes: { 'dm/name': 'mpatha', 'dm/uuid': 'mpath-3600140500000000a' } };
  machine.virtual('dm-0', { ...said, udev: { ID_FS_TYPE: 'LVM2_member' } });
  machine.tree.set(`${machine.pathOf('dm-0')}/slaves`, { kind: 'unreadable', errno: 'EACCES' });
  expect(paths(machine)).toEqual([['sda', 'sdb']]);
  expect(machine.device('dm-0')).toMatchObject({ transport: 'sas', tier: 'cold', wwid: NAME });
  expect(machine.refusals('dm-0')).toEqual(['signature']);
});

describe('a disk whose first path is mute', () => {
  const MUTE: ScsiOptions = {
    serial: undefined!,
    wwid: undefined!,
    rate: undefined!,
    attributes: { 'queue/rotational': 1 },
    device: { state: 'transport-offline' },
  };
  const withMap = (machine: Machine, udev = {}): Machine => {
    machine.virtual('dm-0', { attributes: { 'dm/name': 'mpatha', 'dm/uuid': 'mpath-3600140500000000a' }, udev });
    for (const path of ['sda', 'sdb']) machine.hold(path, 'dm-0');
    return machine;
  };

  test('is what the other one says', () => {
    expect(withMap(twoPaths(MUTE, { rate: 1 })).device('dm-0')).toMatchObject({
      id: NAME,
      serial: 'S1',
      wwid: NAME,
      wwn: '0x600140500000000a',
      media: 'ssd',
      rotational: false,
      tier: 'warm',
      state: 'running',
    });
    expect(withMap(twoPaths(MUTE, { rate: 10_000 })).device('dm-0')).toMatchObject({
      rotationRpm: 10_000,
      media: 'hdd',
    });
  });

  test('and the second as well, has the name by which multipath knows it', () => {
    expect(withMap(twoPaths(MUTE, MUTE), { DM_SERIAL: 'S1' }).device('dm-0')).toMatchObject({
      id: NAME,
      idStable: true,
      wwid: NAME,
      wwn: '0x600140500000000a',
      serial: 'S1',
    });
  });

  test('is what another controller says, or the subsystem', () => {
    const machine = new Machine();
    const first = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0');
    const second = machine.controller('nvme1', '0000:00:1d.1/0000:02:00.0');
    machine.sharedNamespace('nvme0n1', [first, second]);
    for (const name of ['serial', 'model']) machine.tree.remove(`${first}/${name}`);
    expect(machine.device('nvme0n1')).toMatchObject({ serial: 'NVME1SERIAL', model: 'ACME NVMe', firmware: '1.0' });
    machine.tree.remove(`${second}/serial`);
    expect(machine.device('nvme0n1')).toMatchObject({ serial: 'SHARED' });
  });
});

describe('a namespace on two controllers without multipath of the kernel', () => {
  function twoControllers(first: object, second: object, sizeBytes = 512_000_000_000): Machine {
    const machine = new Machine();
    const one = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0', { serial: 'N', ...first });
    const two = machine.controller('nvme1', '0000:00:1d.1/0000:02:00.0', { serial: 'N', ...second });
    machine.namespace('nvme0n1', one, { wwid: 'eui.0025385a91b00001', sizeBytes: 512_000_000_000 });
    machine.namespace('nvme1n1', two, { wwid: 'eui.0025385a91b00001', sizeBytes });
    machine.mount('8:1 / /data rw - xfs /dev/nvme0n1 rw');
    return machine;
  }

  test('is one, whatever size the second shows, and also where a subsystem is not named', () => {
    const said = { subsysnqn: 'nqn.one' };
    for (const machine of [
      twoControllers(said, said, 256_000_000_000),
      twoControllers({}, {}),
      twoControllers(said, {}),
    ]) {
      expect(paths(machine)).toEqual([['nvme0n1', 'nvme1n1']]);
      expect(offered(machine)).toEqual([]);
    }
  });

  test('is not offered where the subsystems have different names', () => {
    const machine = twoControllers({ subsysnqn: 'nqn.one' }, { subsysnqn: 'nqn.two' });
    expect(machine.devices()).toHaveLength(2);
    expect(machine.refusals('nvme1n1')).toEqual(['hiddenPath']);
  });
});

test('disks that share a serial and have no name for the world, and namespaces of one controller, are offered each', () => {
  const machine = twoPaths({ wwid: undefined! }, { wwid: undefined! });
  const controller = machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0');
  machine.namespace('nvme0n1', controller, { nsid: 1, wwid: 'eui.0025385a91b00001' });
  machine.namespace('nvme0n2', controller, { nsid: 2 });
  expect(offered(machine)).toEqual(['nvme0n1', 'nvme0n2', 'sda', 'sdb']);
});
