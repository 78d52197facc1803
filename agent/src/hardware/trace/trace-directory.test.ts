import { describe, expect, test } from '@jest/globals';
import type { HealthReport, HealthState } from '../health/index.ts';
import { aDevice } from '../health/device.fixture.ts';
import type { Device, Partition } from '../model/device.ts';
import { devicesOf, HardwareScanner, mountLines } from '../index.ts';
import { Machine } from '../machine.fixture.ts';
import { parseMountinfo } from '../mountinfo.ts';
import type { FileSystemMembers } from '../snapshot/hardware-snapshot.ts';
import { mountOf, traceDirectory, type Trace } from './trace-directory.ts';

const partition = (kernelName: string, dev: string): Partition => ({
  kernelName,
  dev,
  number: 1,
  sizeBytes: 1,
  holders: [],
  mounts: [],
  swap: false,
});
const hdd = aDevice({ id: 'hdd', kernelName: 'sda', dev: '8:0', partitions: [partition('sda2', '8:2')] });
const ssd = aDevice({ id: 'ssd', kernelName: 'sdb', dev: '8:16', tier: 'warm' });
const nvme = aDevice({
  id: 'nvme',
  kernelName: 'nvme1n2',
  dev: '259:7',
  tier: 'hot',
  partitions: [partition('nvme1n2p1', '259:8')],
});
const virtual = (kernelName: string, driver: string, known: Partial<Device>): Device =>
  aDevice({ id: kernelName, kernelName, driver, virtual: true, tier: null, dev: null, ...known });

function trace(
  directory: string,
  given: {
    readonly mounts: readonly string[];
    readonly devices?: readonly Device[];
    readonly fileSystems?: readonly FileSystemMembers[];
    readonly health?: Readonly<Record<string, HealthState>>;
  },
): Trace {
  const reports = Object.entries(given.health ?? {}).map(
    ([id, state]) => [id, { state, reason: `it is ${state}`, evidence: [], counters: {} }] as [string, HealthReport],
  );
  return traceDirectory(directory, {
    mounts: parseMountinfo(given.mounts.map((line, id) => `${id} 0 ${line}`).join('\n')),
    devices: given.devices ?? [hdd, ssd, nvme],
    fileSystems: given.fileSystems ?? [],
    health: new Map(reports),
  });
}

const ROOT = '8:2 / / rw - ext4 /dev/root rw';

describe('the mount of a path', () => {
  test('is the deepest one, and of two on one place the later one', () => {
    const mounts = parseMountinfo(
      [
        '1 0 8:1 / / rw - a b',
        '2 1 8:2 / /data rw - a b',
        '3 1 8:3 / /data rw - a b',
        '4 1 8:4 / /database rw - a b',
      ].join('\n'),
    );
    const devOf = (path: string): string | undefined => mountOf(path, mounts)?.dev;
    expect(['/', '/data', '/data/x', '/database/x', '/dat'].map(devOf)).toEqual(['8:1', '8:3', '8:3', '8:4', '8:1']);
  });
});

describe('a directory is traced', () => {
  test('to the disk of the partition that is mounted, by number and not by the name in the mount', () => {
    expect(trace('/var/lib/pool', { mounts: [ROOT], health: { hdd: 'Healthy' } })).toMatchObject({
      devices: [hdd],
      tier: 'cold',
      health: 'Healthy',
      problem: null,
      steps: ['/var/lib/pool is on sda2, mounted on / (ext4)', 'sda2 is a partition of sda'],
    });
  });

  test('through LVM on LUKS on md to every disk, of which the slowest gives the tier and the worst the health', () => {
    const volume = virtual('dm-1', 'dm', { dev: '253:1', label: 'vg-pool', slaves: ['dm-0'] });
    const luks = virtual('dm-0', 'dm', { label: 'crypt', slaves: ['md127'] });
    const array = virtual('md127', 'md', { slaves: ['sdb', 'nvme1n2p1'] });
    const traced = trace('/pool', {
      mounts: [ROOT, '253:1 / /pool rw - xfs /dev/mapper/vg-pool rw'],
      devices: [hdd, ssd, nvme, volume, luks, array],
      health: { ssd: 'Degraded', nvme: 'Healthy' },
    });
    expect(traced).toMatchObject({
      devices: [ssd, nvme],
      tier: 'warm',
      health: 'Degraded',
      healthReason: 'sdb: it is Degraded',
    });
    expect(traced.steps).toEqual([
      '/pool is on dm-1, mounted on /pool (xfs)',
      'dm-1 (vg-pool) is built on dm-0',
      'dm-0 (crypt) is built on md127',
      'md127 is built on sdb',
      'md127 is built on nvme1n2p1',
      'nvme1n2p1 is a partition of nvme1n2',
    ]);
  });

  test('through multipath to one disk, however many paths there are', () => {
    const path = { controller: null, transport: 'sas', address: null, pciAddress: null } as const;
    const rest = { numaNode: null, state: 'running', anaState: null };
    const disk = aDevice({
      ...ssd,
      paths: [
        { ...path, ...rest, kernelName: 'sdb' },
        { ...path, ...rest, kernelName: 'sdc' },
      ],
    });
    const mpath = virtual('dm-0', 'dm', { dev: '253:0', label: 'mpatha', slaves: ['sdb', 'sdc'] });
    const traced = trace('/pool', { mounts: ['253:0 / /pool rw - xfs /dev/mapper/mpatha rw'], devices: [disk, mpath] });
    expect(traced).toMatchObject({ devices: [disk], tier: 'warm', problem: null });
  });

  test('through a loop file to the disk that the file is on', () => {
    const loop = virtual('loop0', 'loop', { dev: '7:0', label: '/srv/pool.img' });
    expect(
      trace('/mnt/loop', { mounts: [ROOT, '7:0 / /mnt/loop rw - ext4 /dev/loop0 rw'], devices: [hdd, loop] }),
    ).toMatchObject({ devices: [hdd], tier: 'cold', problem: null });
  });

  test('to all disks of btrfs, whose number is no disk', () => {
    const fileSystems = [{ kind: 'btrfs', id: 'u', path: '/sys/fs/btrfs/u', devices: ['sdb', 'nvme1n2p1'] }] as const;
    const mounts = ['0:42 /pool /pool rw - btrfs /dev/sdb rw,subvol=/pool'];
    expect(trace('/pool', { mounts, fileSystems })).toMatchObject({
      devices: [ssd, nvme],
      tier: 'warm',
      problem: null,
    });
    expect(trace('/pool', { mounts, fileSystems, devices: [ssd] })).toMatchObject({
      devices: [ssd],
      tier: null,
      health: 'Unknown',
      problem: 'nvme1n2p1, a member of btrfs u, was not found',
    });
  });

  test('to all disks of bcachefs, of which its mount names each, and of ZFS, which labels them', () => {
    const fileSystems = [
      { kind: 'bcachefs', id: 'u', path: '/sys/fs/bcachefs/u', devices: ['sdb', 'nvme1n2p1'] },
    ] as const;
    const mounts = ['0:42 / /pool rw - bcachefs /dev/sdb:/dev/nvme1n2p1 rw'];
    expect(trace('/pool', { mounts, fileSystems })).toMatchObject({ devices: [ssd, nvme], problem: null });
    const evidence = { path: '/run/udev/data/b8:16', value: 'ID_FS_LABEL=tank' };
    const member = { type: 'zfs_member', on: 'sdb', label: 'tank', uuid: null, evidence };
    const labelled = aDevice({ ...ssd, signatures: [member] });
    const zfs = trace('/pool', { mounts: ['0:43 / /pool rw - zfs tank/pool rw'], devices: [hdd, labelled] });
    expect(zfs).toMatchObject({ devices: [labelled], tier: 'warm', problem: null });
  });

  test('to the disk of an external log too, or of a realtime part', () => {
    const mounts = ['8:16 / /pool rw - xfs /dev/sdb rw,logdev=/dev/nvme1n2p1'];
    const realtime = ['8:16 / /pool rw - xfs /dev/sdb rw,rtdev=/dev/sda2'];
    expect(trace('/pool', { mounts: realtime })).toMatchObject({ devices: [hdd, ssd], tier: 'cold' });
    expect(trace('/pool', { mounts, health: { ssd: 'Healthy', nvme: 'Unhealthy' } })).toMatchObject({
      devices: [ssd, nvme],
      health: 'Unhealthy',
    });
  });

  test('through a name with a slash in it', () => {
    const array = aDevice({ id: 'array', kernelName: 'cciss!c0d0', dev: '104:0' });
    expect(trace('/p', { mounts: ['0:9 / /p rw - fuseblk /dev/cciss/c0d0 rw'], devices: [array] }).devices).toEqual([
      array,
    ]);
  });
});

describe('what cannot be traced has no tier', () => {
  test.each([
    ['memory', '0:27 / /pool rw - tmpfs tmpfs rw', /not on a disk of this node but on tmpfs/],
    ['another machine', '0:50 / /pool rw - nfs4 filer:/export rw', /filer:\/export/],
    ['a device that was not found', '9:9 / /pool rw - ext4 /dev/sdz1 rw', /no device that was found/],
  ])('%s', (_, mount, problem) => {
    const traced = trace('/pool', { mounts: [ROOT, mount] });
    expect(traced).toMatchObject({ devices: [], tier: null, health: 'Unknown' });
    expect(traced.problem).toMatch(problem);
  });

  test('a directory that no mount holds', () => {
    expect(trace('/pool', { mounts: [] })).toMatchObject({ mount: null, problem: 'no mount holds /pool' });
  });

  test('a disk that has none', () => {
    const unknown = aDevice({ ...ssd, tier: null });
    expect(trace('/pool', { mounts: ['8:16 / /pool rw - xfs x rw'], devices: [unknown] })).toMatchObject({
      devices: [unknown],
      tier: null,
      problem: 'a disk has no tier',
    });
  });

  test('memory that looks like a disk', () => {
    const zram = virtual('zram0', 'zram', { dev: '251:0' });
    expect(trace('/pool', { mounts: ['251:0 / /pool rw - ext4 /dev/zram0 rw'], devices: [zram] }).problem).toMatch(
      /what it is made of is not known/,
    );
  });

  test('a circle, and a tower that has no end', () => {
    const one = virtual('dm-0', 'dm', { dev: '253:0', slaves: ['dm-1'] });
    const other = virtual('dm-1', 'dm', { slaves: ['dm-0'] });
    const mounts = ['253:0 / /pool rw - ext4 x rw'];
    expect(trace('/pool', { mounts, devices: [one, other] })).toMatchObject({
      tier: null,
      problem: 'no disk was found',
    });
    const tower = Array.from({ length: 40 }, (_, floor) =>
      virtual(`dm-${floor}`, 'dm', { dev: `253:${floor}`, slaves: [`dm-${floor + 1}`] }),
    );
    expect(trace('/pool', { mounts, devices: tower }).problem).toMatch(/more than 16 layers/);
  });

  test('and a failing disk beside what was not found is still failing', () => {
    const array = virtual('md0', 'md', { dev: '9:0', slaves: ['sdb', 'sdz'] });
    const mounts = ['9:0 / /pool rw - ext4 x rw'];
    expect(trace('/pool', { mounts, devices: [ssd, array], health: { ssd: 'Unhealthy' } })).toMatchObject({
      tier: null,
      health: 'Unhealthy',
      problem: '/dev/sdz was not found',
    });
  });
});

describe('on a machine as Linux builds it', () => {
  const machine = new Machine();
  for (const [slot, letter] of ['a', 'b', 'c', 'd', 'e'].entries()) {
    const way = `0000:00:04.0/host0/port-0:${slot}/end_device-0:${slot}/target0:0:${slot}`;
    const known = { serial: `S${slot}`, wwid: `naa.5000c500a100000${slot}`, procName: 'mpt3sas', partitions: 1 };
    machine.scsi(`sd${letter}`, way, { ...known, rate: letter === 'b' ? 1 : 7200 });
  }
  machine.scsi('sdf', '0000:00:05.0/host1/port-1:0/end_device-1:0/target1:0:0', {
    serial: 'S4',
    wwid: 'naa.5000c500a1000004',
    procName: 'mpt3sas',
    rate: 7200,
  });
  const build = (name: string, attributes: Readonly<Record<string, string>>, ...parts: readonly string[]): string => {
    const dev = machine.virtual(name, { attributes });
    for (const part of parts) machine.hold(part, name);
    return dev;
  };
  build('md0', { 'md/level': 'raid1', 'md/array_state': 'clean' }, 'sda1', 'sdb1');
  const volume = build('dm-0', { 'dm/name': 'vg-pool', 'dm/uuid': 'LVM-1' }, 'md0');
  const cache = build('bcache0', {}, 'sdc', 'sdd');
  build('dm-1', { 'dm/name': 'mpatha', 'dm/uuid': 'mpath-35000c500a1000004' }, 'sde', 'sdf');
  const mapped = build('dm-2', { 'dm/name': 'on-multipath', 'dm/uuid': 'LVM-2' }, 'dm-1');
  machine.mount(`${volume} / /volume rw - ext4 /dev/mapper/vg-pool rw`);
  machine.mount(`${cache} / /cache rw - xfs /dev/bcache0 rw`);
  machine.mount(`${mapped} / /multipath rw - xfs /dev/mapper/on-multipath rw`);
  const snapshot = new HardwareScanner(machine.tree).scan();
  const inputs = {
    mounts: mountLines(snapshot),
    devices: devicesOf(snapshot),
    fileSystems: snapshot.fileSystems,
    health: new Map<string, HealthReport>(),
  };

  test.each([
    ['/volume/pool', ['sda', 'sdb'], 'cold'],
    ['/cache', ['sdc', 'sdd'], 'cold'],
    ['/multipath', ['dm-1'], 'cold'],
  ])('%s lies on %j', (directory, names, tier) => {
    const traced = traceDirectory(directory, inputs);
    expect([traced.devices.map(({ kernelName }) => kernelName), traced.tier, traced.problem]).toEqual([
      names,
      tier,
      null,
    ]);
  });
});
