import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { VirtualClock } from '@couchestor/common/base';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { scratchFolder } from '../devices/scratch-folder.fixture.ts';
import type { DeviceView } from '../hardware/index.ts';
import { unpackNode, type RecordedNode } from '../hardware/recorded-nodes.fixture.ts';
import { command, RememberingConsole, rowsOf } from './commands.fixture.ts';

const nodes = new Map<RecordedNode, ReturnType<typeof unpackNode>>();
const scratch = scratchFolder();

beforeAll(() => {
  for (const name of ['storage-node-a', 'storage-node-b'] as const) nodes.set(name, unpackNode(name));
});
afterAll(() => {
  for (const { remove } of nodes.values()) remove();
});

const rootOf = (name: RecordedNode): string => nodes.get(name)?.root ?? '';

function discover(name: RecordedNode, ...argv: readonly string[]): ReturnType<typeof command> {
  return command(['discover', '--root', rootOf(name), ...argv]);
}

async function disksOf(name: RecordedNode, ...argv: readonly string[]): Promise<readonly DeviceView[]> {
  const { said } = await discover(name, '-o', 'json', ...argv);
  return (JSON.parse(said) as { devices: readonly DeviceView[] }).devices;
}

const CONTRACT = [
  ...['kernelName', 'id', 'serial', 'wwn', 'transport', 'media', 'tier', 'model', 'sizeBytes', 'logicalBlockBytes'],
  ...['rotational', 'zoned', 'inUse', 'inUseReason', 'offerable', 'notOfferableReason', 'health', 'paths', 'details'],
];

describe('discover -o json', () => {
  it('has the node and its disks, each with every key', async () => {
    const { code, said, told } = await discover('storage-node-a', '-o', 'json');
    expect([code, told]).toEqual([0, '']);
    const { node, devices, ...rest } = JSON.parse(said) as { node: string; devices: readonly DeviceView[] };
    expect([node, rest]).toEqual(['vm', {}]);
    for (const device of devices) expect(Object.keys(device)).toEqual(CONTRACT);
    const zoned = devices.find(({ kernelName }) => kernelName === 'nvme2n2');
    expect(zoned).toMatchObject({
      zoned: { model: 'host-managed', zoneSizeBytes: 268_435_456, zones: 128 },
      details: { maxOpenZones: 14, verification: 'unverified' },
    });
    expect(devices.find(({ kernelName }) => kernelName === 'nvme3n1')?.paths).toEqual(['nvme3c3n1', 'nvme3c4n1']);
  });

  it('has the node that is given', async () => {
    expect((await discover('storage-node-a', '-o', 'json', '--node', 'node-7')).said).toMatch(/"node": "node-7"/);
  });
});

describe('discover as a table', () => {
  it('has a row for each disk, and the weightiest reason against it', async () => {
    const rows = rowsOf((await discover('storage-node-a')).said);
    expect(rows).toContainEqual([
      ...['nvme1n2', 'hot', 'ssd', 'nvme', '745.2GiB', 'QEMU_NVMe_Ctrl', 'PHLJ9220002P4P0D', 'Healthy', 'no'],
      'partition nvme1n2p1 is mounted on /data/db (xfs)',
    ]);
    expect(rows.find(([name]) => name === 'nvme2n2')).toMatchObject({ 2: 'zns,zoned', 8: 'unverified', 9: '-' });
  });

  it('is wide with everything, and narrow where the terminal is', async () => {
    const wide = await discover('storage-node-a', '-o', 'wide');
    expect(wide.said.split('\n')[0]).toMatch(/ID +FIRMWARE +BLOCKS +PCI +NUMA +STATE +PATHS +ZONES +WHY-NOT$/);
    expect(rowsOf(wide.said).find(([name]) => name === 'nvme3n1')).toContain('nvme3c3n1,nvme3c4n1');
    const narrow = new RememberingConsole({ columns: 60 });
    await command(['discover', '--root', rootOf('storage-node-a')], narrow);
    expect(narrow.said.split('\n').every((line) => line.length <= 60)).toBe(true);
  });

  it('says so when a machine has no disks', async () => {
    mkdirSync(scratch.path('empty/sys/block'), { recursive: true });
    const { code, said, told } = await command(['discover', '--root', scratch.path('empty')]);
    expect([code, said, told]).toEqual([0, '', 'No disks found.\n']);
  });

  it('refuses a folder that is no machine', async () => {
    const { code, told } = await command(['discover', '--root', scratch.path('nowhere')]);
    expect([code, told]).toEqual([1, expect.stringMatching(/has no sys\/block; give the folder/)]);
  });
});

describe('what an operator decides', () => {
  it('forces a disk with old content, and no other', async () => {
    const offered = async (...argv: string[]): Promise<readonly string[]> =>
      (await disksOf('storage-node-a', ...argv))
        .filter(({ offerable }) => offerable)
        .map(({ kernelName }) => kernelName);
    const before = await offered();
    expect(await offered('--force', 'sdd,sda,vda')).toEqual([...before, 'sdd'].sort());
  });

  it('rules tiers by a file, which is read strictly', async () => {
    const file = scratch.path('disks.json');
    writeFileSync(file, JSON.stringify({ tiers: [{ tier: 'cold', model: 'SAMSUNG*' }], force: ['sdd'] }));
    const disks = await disksOf('storage-node-a', '--policy', file);
    expect(disks.find(({ kernelName }) => kernelName === 'sda')?.tier).toBe('cold');
    expect(disks.find(({ kernelName }) => kernelName === 'sdd')?.offerable).toBe(true);
    writeFileSync(file, JSON.stringify({ tiers: [{ tier: 'warm', path: 'disk/by-path/virtio-pci-*' }] }));
    const [virtio] = (await disksOf('storage-node-a', '--policy', file)).filter(
      ({ kernelName }) => kernelName === 'vda',
    );
    expect([virtio?.tier, virtio?.details.refusals.includes('unclassified')]).toEqual(['warm', false]);
    writeFileSync(file, '{"tires": []}');
    const refused = await discover('storage-node-a', '--policy', file);
    expect([refused.code, refused.told]).toEqual([1, expect.stringMatching(/"tires" is not known/)]);
    expect((await discover('storage-node-a', '--policy', scratch.path('none.json'))).code).toBe(1);
    expect((await discover('storage-node-a', '--smart-reports', scratch.path('none'))).code).toBe(1);
  });

  it('asks no disk of a recorded machine for its health', async () => {
    const disks = await disksOf('storage-node-a', '--smartctl');
    expect(disks.find(({ kernelName }) => kernelName === 'sdb')).toMatchObject({
      health: 'Unknown',
      details: { healthReason: expect.stringMatching(/dev\/sdb cannot be asked \(ENOENT\)/) as unknown },
    });
  });

  it('opens no disk', async () => {
    const [disk] = await disksOf('storage-node-b', '--no-probe');
    expect(disk?.details.unverifiedBecause).toBe('it was not opened');
  });
});

describe('discover --explain', () => {
  it('says from which attributes each answer came', async () => {
    const { code, said } = await discover('storage-node-a', '--explain', 'sda');
    expect(code).toBe(0);
    expect(said).toMatch(/^sda {2}naa\.5002538e40000001\n/);
    expect(said).toMatch(/^tier: warm\n {4}\/sys\/.*= ".*"/m);
    expect(said).toMatch(/^in use: yes\n {2}partition sda1 is swap\n {4}\/proc\/swaps = "/m);
    expect(said).toMatch(/^offerable: no, unverified: it was not opened$/m);
    expect(said).toMatch(/^health: Healthy: .*\n {4}Healthy: .*: smart_status.passed = true \(smartctl\)$/m);
  });

  it.each([
    ['its id', 'naa.5000c500b2000001'],
    ['its serial number', 'ZC10A001'],
    ['its WWN', '0x5000c500b2000001'],
    ['its node', '/dev/sdb'],
  ])('finds a disk by %s', async (_, name) => {
    expect((await discover('storage-node-a', '--explain', name)).said).toMatch(/^sdb /);
  });

  it('refuses a name that no disk has, and one that several have', async () => {
    const missing = await discover('storage-node-a', '--explain', 'nvme0n2');
    expect([missing.code, missing.told]).toEqual([1, expect.stringMatching(/"nvme0n2"; did you mean nvme0n1\?/)]);
    const several = await discover('storage-node-a', '--explain', 'A05E8D1ZN540');
    expect([several.code, several.told]).toEqual([
      1,
      expect.stringMatching(/Several disks answer.*00000001, .*00000002/),
    ]);
  });

  it('tells a program the same, with what foretells a failure', async () => {
    const argv = ['--explain', 'nvme0n1', '-o', 'json'];
    const explanation = JSON.parse((await discover('storage-node-b', ...argv)).said) as Record<string, unknown>;
    expect(explanation).toMatchObject({
      device: { kernelName: 'nvme0n1' },
      origins: { serial: [{ value: 'BTLJ0123456789AB' }] },
      refusals: [{ kind: 'failingHealth' }],
      health: { state: 'Unhealthy' },
      predictions: [
        { attribute: 'smart_status.passed' },
        { value: 5, threshold: 1, sinceMs: expect.any(Number) as unknown },
      ],
    });
    const { said } = await discover('storage-node-b', ...argv.slice(0, 2));
    expect(said).toMatch(
      /^foretells failure:\n {4}Unhealthy since 2025-01-01T00:00:00.000Z: smart_status.passed = false$/m,
    );
  });
});

describe('discover --trace', () => {
  it('says on which disks a directory lies, with their tier and health', async () => {
    const { code, said } = await discover('storage-node-a', '--trace', '/data/db/pool');
    expect(code).toBe(0);
    expect(said.split('\n')).toEqual([
      '/data/db/pool',
      '  /data/db/pool is on nvme1n2p1, mounted on /data/db (xfs)',
      '  nvme1n2p1 is a partition of nvme1n2',
      'disks: nvme1n2 (nvme.8086-50484c4a393232303030325034503044-51454d55204e564d65204374726c-00000002)',
      'tier: hot',
      expect.stringMatching(/^health: Healthy: nvme1n2: /),
      '',
    ]);
    const { said: json } = await discover('storage-node-a', '--trace', '/mnt/loop', '-o', 'json');
    expect(JSON.parse(json)).toMatchObject({ node: 'vm', devices: [{ kernelName: 'vda' }], tier: null });
  });

  it('takes the name of the directory from the first process of a machine that is not its own root', async () => {
    const { root, remove } = unpackNode('storage-node-b');
    mkdirSync(join(root, 'proc/1'));
    writeFileSync(join(root, 'proc/1/mountinfo'), '1 0 8:16 / /pool rw - xfs /dev/sdb rw\n');
    const { said } = await command(['discover', '--root', root, '--trace', '/pool/a']);
    remove();
    expect(said).toMatch(/^ {2}\/pool\/a is on sdb, mounted on \/pool \(xfs\)$/m);
  });

  it('fails where there is no disk to be found', async () => {
    const { code, said } = await discover('storage-node-a', '--trace', '/tmp/pool');
    expect([code, said]).toEqual([1, expect.stringMatching(/problem: .*not on a disk of this node but on tmpfs/)]);
  });

  it('follows symbolic links on the machine itself', async () => {
    const { code, told } = await command(['discover', '--no-probe', '--trace', scratch.path('nowhere')]);
    expect([code, told]).toEqual([1, expect.stringMatching(/nowhere/)]);
  });
});

describe('discover --facts', () => {
  it('tells of the node, whatever its disks are', async () => {
    const { code, said } = await command(['discover', '--no-probe', '--facts', '--node', 'node-7']);
    expect([code, said]).toEqual([0, expect.stringMatching(/^node: node-7\nprocessor: .*\nmemory: /)]);
    const json = await command(['discover', '--no-probe', '--facts', '-o', 'json']);
    expect(JSON.parse(json.said)).toMatchObject({ facts: { memory: { kind: 'known' } } });
  });
});

describe('discover --watch', () => {
  async function watch(change: () => void, ...argv: readonly string[]): Promise<readonly string[]> {
    const { root, remove } = unpackNode('storage-node-b');
    const clock = new VirtualClock();
    const console = new RememberingConsole({ clock });
    try {
      const watching = command(['discover', '--root', root, '--watch', '--no-probe', ...argv], console);
      const nextLook = async (): Promise<void> => {
        while (clock.pendingTimerCount === 0) await clock.advance(0);
        await clock.advance(2000);
        while (clock.pendingTimerCount === 0) await clock.advance(0);
      };
      await nextLook();
      const before = console.said;
      rmSync(join(root, 'sys/block/sdb'));
      change();
      await nextLook();
      await nextLook();
      console.interrupt();
      expect((await watching).code).toBe(130);
      return [before, console.said.slice(before.length)].map((text) => text.trimEnd());
    } finally {
      remove();
    }
  }

  it('prints what there is, then what has changed, and nothing else', async () => {
    const [before = '', after = ''] = await watch(() => undefined);
    expect(before.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '2025-01-01T00:00:00.000Z added nvme0n1',
      '2025-01-01T00:00:00.000Z added sda',
      '2025-01-01T00:00:00.000Z added sdb',
      '2025-01-01T00:00:00.000Z added sdc',
    ]);
    expect(after.split('\n').map((line) => line.split(' ').slice(0, 3).join(' '))).toEqual([
      '2025-01-01T00:00:04.000Z removed sdb',
    ]);
  });

  it('prints a line of JSON for each change', async () => {
    const [before = ''] = await watch(() => undefined, '-o', 'json');
    const [first] = before.split('\n');
    expect(JSON.parse(first ?? '')).toMatchObject({ kind: 'added', device: { kernelName: 'nvme0n1' } });
  });
});
