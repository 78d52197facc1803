import { describe, expect, test } from '@jest/globals';

import { probeCandidates } from './index.ts';
import { Machine } from './machine.fixture.ts';

/** Three disks of SATA, the first in two partitions. */
function machineWithDisks(): Machine {
  const machine = new Machine();
  machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', { serial: 'A', rate: 7200, partitions: 2 });
  machine.scsi('sdb', '0000:00:17.0/ata2/host1/target1:0:0', { serial: 'B', rate: 7200 });
  machine.scsi('sdc', '0000:00:17.0/ata3/host2/target2:0:0', { serial: 'C', rate: 1 });
  return machine;
}

const devOf = (machine: Machine, name: string): string =>
  machine
    .devices()
    .flatMap((device) => [device, ...device.partitions])
    .find(({ kernelName }) => kernelName === name)!.dev!;

describe('a disk that nobody uses', () => {
  test('has no use, and is offered', () => {
    const machine = machineWithDisks();
    expect(machine.reasons('sdb')).toEqual([]);
    expect(machine.assess().get('sdb')!.offer).toEqual({
      offerable: true,
      refusals: [],
      verification: 'unverified',
      unverifiedBecause: 'it was not opened',
    });
  });
});

describe('a disk is used', () => {
  test('by LVM on LUKS on a partition, named down to the mount', () => {
    const machine = machineWithDisks();
    machine.virtual('dm-0', { attributes: { 'dm/name': 'luks', 'dm/uuid': 'CRYPT-LUKS2-1' } });
    const volume = machine.virtual('dm-1', { attributes: { 'dm/name': 'vg0-data', 'dm/uuid': 'LVM-1' } });
    machine.hold('sda2', 'dm-0');
    machine.hold('dm-0', 'dm-1');
    machine.mount(`${volume} / /data rw - xfs /dev/mapper/vg0-data rw`);
    expect(machine.reasons('sda')).toEqual([
      'partition sda2 is held by dm-0 (luks), held by dm-1 (vg0-data), mounted on /data (xfs)',
    ]);
    expect(machine.reasons('dm-1')).toEqual(['it is mounted on /data (xfs)']);
    expect(machine.refusals('sda')).toEqual(['inUse', 'signature']);
  });

  test('by an array, although only the array says so', () => {
    const machine = machineWithDisks();
    machine.virtual('md127', { attributes: { 'md/level': 'raid1', 'md/array_state': 'active' } });
    machine.hold('sdb', 'md127');
    machine.tree.remove(`${machine.pathOf('sdb')}/holders/md127`);
    machine.swap('/dev/md127');
    expect(machine.reasons('sdb')).toEqual(['it is held by md127 (raid1), swap']);
    expect(machine.reasons('md127')).toEqual(['it is swap']);
    machine.virtual('md126', { attributes: { 'md/level': '', 'md/array_state': 'inactive' } });
    machine.hold('sdc', 'md126');
    expect(machine.reasons('sdc')).toEqual(['it is held by md126']);
  });

  test('by bcache, with and without a device above it', () => {
    const machine = machineWithDisks();
    machine.virtual('bcache0');
    machine.hold('sdb', 'bcache0');
    for (const disk of ['sdb', 'sdc']) machine.tree.set(`${machine.pathOf(disk)}/bcache`, { kind: 'folder' });
    expect(machine.reasons('sdb')).toEqual(['it is held by bcache0']);
    expect(machine.reasons('sdc')).toEqual(['it is registered with bcache']);
  });

  test('13: as the external log or the realtime part of XFS, which only options of a mount name', () => {
    const machine = machineWithDisks();
    machine.mount(`${devOf(machine, 'sda1')} / /data rw - xfs /dev/sda1 rw,logdev=/dev/sdb,rtdev=/dev/sdc,noquota`);
    expect(machine.reasons('sdb')).toEqual(['it is the log of the xfs on /data']);
    expect(machine.reasons('sdc')).toEqual(['it is the realtime part of the xfs on /data']);
    expect(machine.refusals('sdb')).toEqual(['inUse']);
  });

  test('13: as the journal of ext4, by its number or in the list of journals', () => {
    const machine = machineWithDisks();
    const [major, minor] = devOf(machine, 'sdb').split(':').map(Number);
    machine.mount(`8:77 / /data rw - ext4 /dev/elsewhere rw,journal_dev=0x${((major! << 8) | minor!).toString(16)}`);
    machine.tree.set('/proc/fs/jbd2/sdc', { kind: 'folder' });
    machine.tree.set('/proc/fs/jbd2/sda1-8', { kind: 'folder' });
    expect(machine.reasons('sdb')).toEqual(['it is the log of the ext4 on /data']);
    expect(machine.reasons('sdc')).toEqual(['it is the journal of a mounted file system']);
    expect(machine.reasons('sda')).toEqual([
      'partition sda1 is mounted (ext4) in a mount namespace that cannot be seen',
    ]);
  });

  test('13: as swap, of which a name may hold blanks', () => {
    const machine = machineWithDisks();
    machine.swap('/dev/sda2');
    machine.virtual('dm-0', { attributes: { 'dm/name': 'my swap', 'dm/uuid': 'LVM-1' } });
    machine.swap('/dev/mapper/my\\040swap');
    expect(machine.reasons('sda')).toEqual(['partition sda2 is swap']);
    expect(machine.reasons('dm-0')).toEqual(['it is swap']);
  });

  test('13: as an export of the NVMe target, by a link of udev or a whole controller', () => {
    const machine = machineWithDisks();
    machine.udev(devOf(machine, 'sdb'), { links: ['disk/by-id/wwn-0x5000c5000000000b'] });
    const target = '/sys/kernel/config/nvmet/subsystems/nqn.2026-11.example:a';
    machine.attributes(`${target}/namespaces/1`, { device_path: '/dev/disk/by-id/wwn-0x5000c5000000000b', enable: 1 });
    machine.attributes(`${target}/namespaces/2`, { device_path: '/srv/file.img', enable: 1 });
    machine.attributes(`${target}/passthru`, { device_path: '/dev/nvme0', enable: 0 });
    machine.namespace('nvme0n1', machine.controller('nvme0', '0000:00:1d.0/0000:01:00.0'));
    expect(machine.reasons('sdb')).toEqual(['it is exported by the NVMe target as nqn.2026-11.example:a']);
    expect(machine.reasons('nvme0n1')).toEqual([
      'it is exported by the NVMe target as nqn.2026-11.example:a (not enabled)',
    ]);
  });

  test('13: as an export of the SCSI target, also of a store that else has files', () => {
    const machine = machineWithDisks();
    machine.attributes('/sys/kernel/config/target/core/iblock_0/disk1', { udev_path: '/dev/sdb', enable: 1 });
    machine.attributes('/sys/kernel/config/target/core/fileio_0/file1', { udev_path: '/dev/sdc', enable: 1 });
    machine.attributes('/sys/kernel/config/target/core/fileio_1/file2', { udev_path: '/srv/file.img', enable: 1 });
    machine.attributes('/sys/kernel/config/target/core/user_0/disk2', { udev_path: '/dev/sda1', enable: 1 });
    expect(machine.reasons('sdb')).toEqual(['it is exported by the SCSI target as disk1']);
    expect(machine.reasons('sdc')).toEqual(['it is exported by the SCSI target as file1']);
    expect(machine.reasons('sda')).toEqual(['partition sda1 is exported by the SCSI target as disk2']);
  });

  test('13: as mass storage of USB, which this machine is for another one', () => {
    const machine = machineWithDisks();
    const functions = '/sys/kernel/config/usb_gadget/g1/functions';
    machine.attributes(`${functions}/mass_storage.0/lun.0`, { file: '/dev/sdb', ro: 0 });
    machine.attributes(`${functions}/mass_storage.0/lun.1`, { file: '', ro: 0 });
    machine.attributes(`${functions}/ecm.usb0`, { ifname: 'usb0' });
    expect(machine.reasons('sdb')).toEqual(['it is exported by the USB mass storage as g1']);
    expect(machine.refusals('sdc')).toEqual([]);
  });

  test('13: as the second disk of btrfs, which no mount names, by the list of the kernel', () => {
    const machine = machineWithDisks();
    machine.mount('0:45 /root /data rw - btrfs /dev/sda1 rw,subvol=/root');
    const members = '/sys/fs/btrfs/9b615d64/devices';
    for (const name of ['sda1', 'sdb']) machine.tree.link(`${members}/${name}`, machine.pathOf(name));
    expect(machine.reasons('sdb')).toEqual(['it belongs to the mounted btrfs 9b615d64']);
    expect(machine.reasons('sda')).toEqual([
      'partition sda1 is mounted on /data (btrfs)',
      'partition sda1 belongs to the mounted btrfs 9b615d64',
    ]);
  });

  test('13: as the second disk of btrfs or of ZFS, by the signature that it shares with the first', () => {
    const machine = machineWithDisks();
    for (const name of ['sda1', 'sdb'])
      machine.udev(devOf(machine, name), { udev: { ID_FS_TYPE: 'btrfs', ID_FS_UUID: '9b615d64' } });
    machine.udev(devOf(machine, 'sdc'), { udev: { ID_FS_TYPE: 'zfs_member', ID_FS_LABEL: 'tank' } });
    machine.mount('0:45 / /data rw - btrfs /dev/sda1 rw');
    machine.mount('0:46 / /tank rw - zfs tank/home rw');
    expect(machine.reasons('sdb')).toEqual(['it belongs to the btrfs on /data']);
    expect(machine.reasons('sdc')).toEqual(['it belongs to the zfs on /tank']);
  });

  test('13: by ZFS, whose pool is imported and mounted nowhere', () => {
    const machine = machineWithDisks();
    machine.udev(devOf(machine, 'sdb'), { udev: { ID_FS_TYPE: 'zfs_member', ID_FS_LABEL: 'tank' } });
    machine.udev(devOf(machine, 'sdc'), { udev: { ID_FS_TYPE: 'zfs_member', ID_FS_LABEL: 'arcstats' } });
    machine.attributes('/proc/spl/kstat/zfs/tank', { state: 'ONLINE' });
    machine.attributes('/proc/spl/kstat/zfs', { arcstats: 0 });
    expect([machine.reasons('sdb'), machine.reasons('sdc')]).toEqual([
      ['it belongs to the imported pool tank of ZFS'],
      [],
    ]);
  });

  test('13: by who holds it open and leaves no trace but a label, unless a probe finds that nobody does', () => {
    const machine = machineWithDisks();
    machine.udev(devOf(machine, 'sdb'), { udev: { ID_FS_TYPE: 'ceph_bluestore' } });
    expect(machine.reasons('sdb')).toEqual(['it carries ceph_bluestore, which an OSD of Ceph holds open']);
    expect(machine.refusals('sdb', { force: new Set(['sdb']) })).toEqual(['inUse']);
    const { id } = machine.device('sdb');
    const probes = new Map([[id, { kind: 'free', signatures: ['ceph_bluestore'], blank: false } as const]]);
    expect(machine.refusals('sdb', { probes })).toEqual(['signature']);
    expect(machine.refusals('sdb', { probes, force: new Set([id]) })).toEqual([]);
    expect(machine.assess({ probes }).get('sdb')!.uses).toEqual([]);
    const candidates = probeCandidates([...machine.assess({ force: new Set([id]) }).values()]);
    expect(candidates.map(({ kernelName }) => kernelName)).toContain('sdb');
  });

  test('13: in another mount namespace, of which each is read once', () => {
    const machine = machineWithDisks();
    const inNamespace = (process: number, namespace: string, lines: string): void => {
      machine.tree.set(`/proc/${process}/ns/mnt`, { kind: 'link', target: `mnt:[${namespace}]` });
      machine.tree.file(`/proc/${process}/mountinfo`, lines);
    };
    machine.tree.set('/proc/self/ns/mnt', { kind: 'link', target: 'mnt:[1]' });
    inNamespace(1, '1', '');
    inNamespace(77, '2', `40 1 ${devOf(machine, 'sdb')} / /var/lib/kubelet/x rw shared:1 - ext4 /dev/sdb rw\n`);
    inNamespace(78, '2', `40 1 ${devOf(machine, 'sdc')} / /never rw - ext4 /dev/sdc rw\n`);
    expect(machine.reasons('sdb')).toEqual(['it is mounted on /var/lib/kubelet/x (ext4) in another mount namespace']);
    expect(machine.reasons('sdc')).toEqual([]);
    expect(machine.tree.read).not.toContain('/proc/78/mountinfo');
  });

  test('13: in a mount namespace that cannot be seen, by the folder that the file system has for it', () => {
    const machine = machineWithDisks();
    for (const path of ['ext4/features', 'ext4/sda2', 'xfs/stats', 'xfs/sdb', 'xfs/sdc']) {
      machine.tree.set(`/sys/fs/${path}`, { kind: 'folder' });
    }
    machine.mount(`${devOf(machine, 'sdc')} / /seen rw - xfs /dev/sdc rw`);
    expect(['sda', 'sdb', 'sdc'].map((name) => machine.reasons(name))).toEqual([
      ['partition sda2 is mounted (ext4) in a mount namespace that cannot be seen'],
      ['it is mounted (xfs) in a mount namespace that cannot be seen'],
      ['it is mounted on /seen (xfs)'],
    ]);
  });

  test('13: in a mount namespace whose name is hidden', () => {
    const machine = machineWithDisks();
    machine.tree.set('/proc/90/ns/mnt', { kind: 'unreadable', errno: 'EACCES' });
    machine.tree.file('/proc/90/mountinfo', `40 1 ${devOf(machine, 'sdb')} / /x rw - ext4 /dev/sdb rw\n`);
    expect(machine.reasons('sdb')).toEqual(['it is mounted on /x (ext4) in another mount namespace']);
  });

  test('by a mount whose device has another name by now than was written', () => {
    const machine = machineWithDisks();
    machine.mount(`${devOf(machine, 'sdb')} / /data rw - ext4 /dev/sdc rw`);
    expect([machine.reasons('sdb'), machine.reasons('sdc')]).toEqual([['it is mounted on /data (ext4)'], []]);
  });

  test('as what a loop device or a compressed memory disk is made of', () => {
    const machine = machineWithDisks();
    machine.virtual('loop0', { attributes: { 'loop/backing_file': '/dev/sdb' } });
    machine.virtual('zram0', { attributes: { backing_dev: '/dev/sdc' } });
    expect([machine.reasons('sdb'), machine.reasons('sdc')]).toEqual([
      ['it is what loop0 is made of'],
      ['it is what zram0 is made of'],
    ]);
  });
});

describe('a disk that nobody uses may still hold something', () => {
  test.each([['LVM2_member'], ['crypto_LUKS'], ['linux_raid_member'], ['zfs_member'], ['ext4']])(
    '14: the signature of %s keeps it from being offered but for force, which lifts nothing else',
    (type) => {
      const machine = machineWithDisks();
      machine.udev(devOf(machine, 'sdb'), { udev: { ID_FS_TYPE: type } });
      expect(machine.reasons('sdb')).toEqual([]);
      expect(machine.refusals('sdb')).toEqual(['signature']);
      expect(machine.refusals('sdb', { force: new Set(['serial.sata_Disk_B']) })).toEqual([]);
      machine.swap('/dev/sdb');
      expect(machine.refusals('sdb', { force: new Set(['sdb']) })).toEqual(['inUse']);
    },
  );

  test('14: a table of partitions, or partitions that carry nothing', () => {
    const machine = machineWithDisks();
    machine.udev(devOf(machine, 'sdb'), { udev: { ID_PART_TABLE_TYPE: 'gpt' } });
    expect([machine.refusals('sda'), machine.refusals('sdb')]).toEqual([['signature'], ['signature']]);
  });

  test('14: where udev says nothing nobody knows', () => {
    const machine = machineWithDisks();
    machine.tree.remove(`/run/udev/data/b${devOf(machine, 'sdb')}`);
    expect(machine.refusals('sdb')).toEqual(['signaturesUnknown']);
  });
});

describe('a disk that is not well or not there', () => {
  test('15: is offline at its full size', () => {
    const machine = machineWithDisks();
    machine.tree.file('/sys/devices/pci0000:00/0000:00:17.0/ata2/host1/target1:0:0/1:0:0:0/state', 'offline\n');
    expect(machine.device('sdb')).toMatchObject({ sizeBytes: 1_000_204_886_016, state: 'offline', online: false });
    expect(machine.refusals('sdb')).toEqual(['offline']);
  });

  test('15: is read-only', () => {
    const machine = machineWithDisks();
    machine.tree.file(`${machine.pathOf('sdb')}/ro`, '1\n');
    expect(machine.refusals('sdb')).toEqual(['readOnly']);
  });

  test('15: leaves a gap in the names when it goes', () => {
    const machine = machineWithDisks();
    machine.tree.remove('/sys/block/sdb');
    expect(machine.devices().map(({ kernelName }) => kernelName)).toEqual(['sda', 'sdc']);
  });

  test('15: errs, and then is no empty disk', () => {
    const machine = new Machine();
    machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', {
      rate: 7200,
      device: { iodone_cnt: '0x21b', ioerr_cnt: '0x1c', iotmo_cnt: '0x5c' },
    });
    machine.scsi('sdb', '0000:00:17.0/ata2/host1/target1:0:0', {
      rate: 7200,
      device: { iodone_cnt: '0x67', ioerr_cnt: '0x4' },
    });
    const { id } = machine.device('sda');
    expect(machine.refusals('sda')).toEqual(['errorHistory']);
    expect(machine.refusals('sdb')).toEqual([]);
    expect(machine.refusals('sda', { force: new Set([id]) })).toEqual(['errorHistory']);
    expect(machine.refusals('sda', { probes: new Map([[id, { kind: 'free', signatures: [], blank: true }]]) })).toEqual(
      [],
    );
    expect(machine.refusals('sda', { probes: new Map([[id, { kind: 'unreadable', errno: 'EIO' }]]) })).toEqual([
      'unreadable',
      'errorHistory',
    ]);
    expect(machine.refusals('sda', { failing: new Map([[id, { reason: 'it fails', evidence: [] }]]) })).toEqual([
      'failingHealth',
      'errorHistory',
    ]);
  });
});
