import { VirtualClock } from '@couchestor/common/base';
import { describe, expect, test } from '@jest/globals';
import { HardwareObserver, type HardwareLook, type ObserverOptions } from './hardware-observer.ts';
import { parseSmartReport } from './health/smart-report.ts';
import { Machine } from './machine.fixture.ts';
import { recordedTree } from './recorded-nodes.fixture.ts';

const STATE = '/sys/devices/pci0000:00/0000:00:1f.2/ata2/host1/target1:0:0/1:0:0:0/state';

function observer(options: Partial<ObserverOptions> = {}): {
  readonly clock: VirtualClock;
  readonly tree: ReturnType<typeof recordedTree>;
  readonly observer: HardwareObserver;
} {
  const clock = new VirtualClock();
  const tree = recordedTree('storage-node-a');
  return { clock, tree, observer: new HardwareObserver({ clock, tree, root: '/', probe: false, ...options }) };
}

const diskOf = (look: HardwareLook, name: string): HardwareLook['devices'][number] | undefined =>
  look.devices.find(({ device }) => device.kernelName === name);

/** A file that cannot be opened, as where nobody may. */
const denied = (): Promise<never> => Promise.reject(Object.assign(new Error('denied'), { code: 'EACCES' }));

describe('HardwareObserver', () => {
  test('gives the same look as long as all is as it was, and another one when it is not', async () => {
    const { tree, observer: hardware } = observer();
    const first = await hardware.look();
    for (let pass = 0; pass < 3; pass += 1) expect(await hardware.look()).toBe(first);
    tree.file(STATE, 'offline\n');
    const second = await hardware.look();
    expect(diskOf(second, 'sdb')).toMatchObject({
      health: { state: 'Unhealthy' },
      offer: { offerable: false },
    });
    expect(second.devices).toHaveLength(first.devices.length);
    expect(await hardware.look()).toBe(second);
  });

  test('looks anew when sensors have been read again', async () => {
    const { clock, tree, observer: hardware } = observer();
    const first = await hardware.look();
    const path = '/sys/devices/pci0000:00/0000:00:03.0/0000:01:00.0/nvme/nvme0/hwmon4/temp1_input';
    tree.file(path, '75850\n');
    expect(await hardware.look()).toBe(first);
    await clock.advance(60_000);
    expect(diskOf(await hardware.look(), 'nvme0n1')).toMatchObject({
      health: { state: 'Degraded' },
      offer: { offerable: true },
    });
  });

  test('does not offer what smartctl says is failing, with the evidence', async () => {
    const report = parseSmartReport('{"device": {"protocol": "ATA"}, "smart_status": {"passed": false}}', 8);
    const { observer: hardware } = observer({ smart: { read: () => Promise.resolve(report) } });
    expect(diskOf(await hardware.look(), 'sdb')?.offer.refusals).toEqual([
      {
        kind: 'failingHealth',
        reason: 'it is unhealthy: the disk says that it is failing',
        liftedBy: null,
        evidence: [{ path: 'smartctl: smart_status.passed', value: 'false', note: 'the disk says that it is failing' }],
      },
    ]);
  });

  test('probes each disk that may be offered once, and again after a while', async () => {
    const opened: string[] = [];
    const { clock, observer: hardware } = observer({
      probe: true,
      probeIntervalMs: 60_000,
      openDevice: (path) => {
        opened.push(path);
        return denied();
      },
    });
    const first = await hardware.look();
    const offered = first.devices.filter(({ offer }) => offer.offerable).map(({ device }) => device.kernelName);
    expect(offered).toContain('sdb');
    for (const name of offered) expect(opened).toContain(`/dev/${name}`);
    expect(opened).not.toContain('/dev/sda');
    const count = opened.length;
    expect(await hardware.look()).toBe(first);
    expect(opened).toHaveLength(count);
    await clock.advance(60_000);
    await hardware.look();
    expect(opened).toHaveLength(2 * count);
  });

  test('believes a probe that finds a disk in use', async () => {
    const busy = (): Promise<never> => Promise.reject(Object.assign(new Error('busy'), { code: 'EBUSY' }));
    const { observer: hardware } = observer({ probe: true, openDevice: busy });
    expect(diskOf(await hardware.look(), 'sdb')?.offer).toMatchObject({
      offerable: false,
      verification: 'probed',
      refusals: [{ kind: 'inUse', reason: 'somebody has it open for exclusive use' }],
    });
  });

  /** A machine with one free disk, whose node answers as a test says. */
  function oneDisk(options: Partial<ObserverOptions> = {}) {
    const clock = new VirtualClock();
    const machine = new Machine();
    machine.scsi('sda', '0000:00:17.0/ata1/host0/target0:0:0', { serial: 'A', wwid: 'naa.5a', rate: 7200 });
    const dev = machine.device('sda').dev ?? '';
    const [major = 0, minor = 0] = dev.split(':').map(Number);
    const node = { errno: null as string | null, opened: 0 };
    const openDevice: NonNullable<ObserverOptions['openDevice']> = () => {
      node.opened += 1;
      if (node.errno !== null) return Promise.reject(Object.assign(new Error('no'), { code: node.errno }));
      return Promise.resolve({
        stat: () => Promise.resolve({ isBlockDevice: () => true, rdev: (major << 8) | minor }),
        read: (buffer: Uint8Array, offset: number, length: number) => {
          buffer.fill(0, offset, offset + length);
          return Promise.resolve({ bytesRead: length });
        },
        close: () => Promise.resolve(),
      } as unknown as Awaited<ReturnType<typeof openDevice>>);
    };
    const hardware = new HardwareObserver({
      clock,
      root: '/',
      tree: machine.tree,
      probe: true,
      openDevice,
      ...options,
    });
    const look = async () => {
      const { devices } = await hardware.look();
      const { uses, offer } = devices[0]!;
      return [offer.offerable, uses.length > 0 || offer.refusals.some(({ kind }) => kind === 'inUse')];
    };
    const label = (type: string): void => {
      machine.udev(dev, { udev: { ID_FS_TYPE: type } });
      machine.tree.renew(`/run/udev/data/b${dev}`);
    };
    return { clock, node, look, label };
  }

  test.each(['EBUSY', 'EIO'])(
    'opens a disk that said %s again after a while, though all is as it was',
    async (errno) => {
      const { clock, node, look } = oneDisk({ probeIntervalMs: 60_000 });
      node.errno = errno;
      expect((await look())[0]).toBe(false);
      node.errno = null;
      await clock.advance(59_999);
      expect([(await look())[0], node.opened]).toEqual([false, 1]);
      await clock.advance(1);
      expect([(await look())[0], node.opened]).toEqual([true, 2]);
    },
  );

  test('opens a disk again at once when it has changed, and forgets what it found of one that it does not open', async () => {
    const { node, look, label } = oneDisk();
    expect(await look()).toEqual([true, false]);
    expect(await look()).toEqual([true, false]);
    expect(node.opened).toBe(1);
    node.errno = 'EBUSY';
    label('ceph_bluestore');
    expect(await look()).toEqual([false, true]);
  });

  test('believes that a forced disk is free in the look in which it was opened, and no longer', async () => {
    const { node, look, label } = oneDisk({ policy: { force: new Set(['naa.5a']) } });
    label('ceph_bluestore');
    expect(await look()).toEqual([true, false]);
    node.errno = 'EBUSY';
    expect(await look()).toEqual([false, true]);
    expect(await look()).toEqual([false, true]);
    expect(node.opened).toBe(2);
  });
});
