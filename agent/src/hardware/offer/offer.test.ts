import { describe, expect, test } from '@jest/globals';

import { probeCandidates } from '../assess.ts';
import { Machine } from '../machine.fixture.ts';
import type { ProbeResult } from './probe.ts';

function machineWithDisk(udev: Record<string, string> | null = {}): Machine {
  const machine = new Machine();
  machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', {
    serial: 'A',
    wwid: 'naa.5000c5000000000a',
    rate: 7200,
    udev,
  });
  return machine;
}

const probed = (result: ProbeResult): { probes: ReadonlyMap<string, ProbeResult> } => ({
  probes: new Map([['naa.5000c5000000000a', result]]),
});

describe('an offer', () => {
  test('is verified by a probe, and else says why it is not', () => {
    const offerWith = (policy: object): unknown => {
      const { offerable, verification, unverifiedBecause } = machineWithDisk().assess(policy).get('sda')!.offer;
      return [offerable, verification, unverifiedBecause];
    };
    expect(offerWith({})).toEqual([true, 'unverified', 'it was not opened']);
    expect(offerWith(probed({ kind: 'denied', reason: 'EACCES' }))).toEqual([
      true,
      'unverified',
      'it could not be opened: EACCES',
    ]);
    expect(offerWith(probed({ kind: 'free', signatures: [], blank: true }))).toEqual([true, 'probed', null]);
    expect(offerWith(probed({ kind: 'busy' }))).toEqual([false, 'probed', null]);
  });

  test.each<[string, ProbeResult, readonly string[]]>([
    ['somebody holds it open', { kind: 'busy' }, ['inUse']],
    ['its blocks cannot be read', { kind: 'unreadable', errno: 'EIO' }, ['unreadable']],
    [
      'its blocks carry a signature that udev did not see',
      { kind: 'free', signatures: ['ceph_bluestore'], blank: false },
      ['signature'],
    ],
    ['its blocks hold what nobody knows', { kind: 'free', signatures: [], blank: false }, ['signature']],
  ])('is refused when %s', (_, result, kinds) => {
    expect(machineWithDisk().refusals('sda', probed(result))).toEqual(kinds);
  });

  test('names a signature once, although udev and the blocks both show it', () => {
    const result: ProbeResult = { kind: 'free', signatures: ['LVM2_member'], blank: false };
    expect(machineWithDisk({ ID_FS_TYPE: 'LVM2_member' }).refusals('sda', probed(result))).toEqual(['signature']);
  });

  test('is made by the blocks where udev knows nothing', () => {
    expect(machineWithDisk(null).refusals('sda')).toEqual(['signaturesUnknown']);
    expect(machineWithDisk(null).refusals('sda', probed({ kind: 'free', signatures: [], blank: true }))).toEqual([]);
  });

  test('has all the reasons against it, the weightiest first, each with what it rests on', () => {
    const machine = new Machine();
    machine.scsi('sda', '0000:00:14.0/usb2/2-1/2-1:1.0/host7/target7:0:0', {
      procName: 'usb-storage',
      sizeBytes: 0,
      device: { state: 'offline' },
      attributes: { ro: 1, removable: 1 },
      udev: { ID_FS_TYPE: 'vfat', ID_FS_LABEL: 'BACKUP' },
    });
    machine.swap('/dev/sda');
    const { refusals } = machine.assess().get('sda')!.offer;
    expect(refusals.map(({ kind }) => kind)).toEqual([
      'inUse',
      'removable',
      'usb',
      'noSize',
      'readOnly',
      'offline',
      'signature',
      'unclassified',
    ]);
    expect(refusals.find(({ kind }) => kind === 'signature')?.reason).toBe('it carries vfat (BACKUP)');
    for (const { evidence } of refusals) expect(evidence.length).toBeGreaterThan(0);
  });

  test('is lifted by force or configuration only where a reason says so', () => {
    const machine = machineWithDisk({ ID_FS_TYPE: 'ext4' });
    machine.block('/sys/devices/pci0000:00/0000:00:05.0/virtio1/block/vda', { attributes: { serial: 'V1' } });
    expect(machine.refusals('vda')).toEqual(['unclassified']);
    expect(machine.refusals('vda', { tiers: [{ id: 'serial.virtio_V1', tier: 'warm' }] })).toEqual([]);
    expect(machine.refusals('sda', { force: new Set(['naa.5000c5000000000a']) })).toEqual([]);
    const failing = new Map([['naa.5000c5000000000a', { reason: 'it fails', evidence: [] }]]);
    expect(machine.refusals('sda', { force: new Set(['sda']), failing })).toEqual(['failingHealth']);
  });
});

describe('a probe', () => {
  test('is asked for what it could settle, and leaves alone what is in use', () => {
    const machine = machineWithDisk();
    machine.scsi('sdb', '0000:00:17.0/ata2/host1/target1:0:0', {
      serial: 'B',
      rate: 7200,
      udev: { ID_FS_TYPE: 'ext4' },
    });
    machine.scsi('sdc', '0000:00:17.0/ata3/host2/target2:0:0', { serial: 'C', rate: 7200, udev: null });
    machine.scsi('sdd', '0000:00:17.0/ata4/host3/target3:0:0', { serial: 'D', rate: 7200 });
    machine.swap('/dev/sdd');
    expect(probeCandidates([...machine.assess().values()]).map(({ kernelName }) => kernelName)).toEqual(['sda', 'sdc']);
  });
});
