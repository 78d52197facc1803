import { mkdirSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from '@jest/globals';
import type { DeviceView } from '../hardware/index.ts';
import { RECORDED_NODES, truthOf, unpackNode, type TrueDevice } from '../hardware/recorded-nodes.fixture.ts';
import { command } from './commands.fixture.ts';

async function disksBelow(root: string, ...argv: readonly string[]): Promise<readonly DeviceView[]> {
  const { code, said, told } = await command(['discover', '--root', root, '-o', 'json', ...argv]);
  expect([code, told]).toEqual([0, '']);
  return (JSON.parse(said) as { devices: readonly DeviceView[] }).devices;
}

/** What the truth says in other words: the kernel has no name for the medium of a disk that it makes up. */
const MEDIA: Readonly<Record<string, string>> = { 'zoned-null': 'unknown' };

function zonesOf(zoned: TrueDevice['zoned']): DeviceView['zoned'] {
  if (zoned === undefined || zoned === null) return null;
  const { model, zone_size_bytes: zoneSizeBytes, nr_zones: zones } = zoned;
  return { model: model === 'host-aware' ? 'host-aware' : 'host-managed', zoneSizeBytes, zones };
}

describe.each(RECORDED_NODES)('discover --root %s -o json', (node) => {
  const { root, remove } = unpackNode(node);
  afterAll(remove);
  const truth = truthOf(node).devices.filter(({ absent }) => absent !== true);
  const disks = disksBelow(root);
  const find = async ({ serial, nsid, kernel_name: name }: TrueDevice): Promise<DeviceView | undefined> => {
    const known = (await disks).filter((one) =>
      typeof serial === 'string' ? one.serial === serial : one.kernelName === name,
    );
    return known.find(({ details }) => nsid === undefined || details.namespaceId === nsid);
  };

  it('has each device once, and nothing else', async () => {
    const found = await Promise.all(truth.map(find));
    expect(new Set(found.map((disk) => disk?.id)).size).toBe(truth.length);
    expect(await disks).toHaveLength(truth.length);
  });

  it.each(truth.map((wanted) => [wanted.key, wanted] as const))('says of %s what was declared', async (_, wanted) => {
    const { zoned, observed_sysfs: shown } = wanted;
    const disk = await find(wanted);
    expect(disk).toMatchObject({
      transport: wanted.transport,
      media: MEDIA[wanted.media] ?? wanted.media,
      tier: wanted.expected_tier,
      logicalBlockBytes: wanted.logical_block_size ?? shown.logical_block_size,
      ...(typeof wanted.model === 'string' && { model: wanted.model }),
      ...(typeof wanted.wwn === 'string' && { wwn: wanted.wwn }),
      ...(wanted.size_bytes !== null && { sizeBytes: wanted.size_bytes }),
      ...(wanted.rotational !== undefined && { rotational: wanted.rotational }),
      ...(wanted.nvme_paths !== undefined && { paths: wanted.nvme_paths }),
      zoned: zonesOf(zoned),
      inUse: wanted.in_use,
      offerable: wanted.offerable,
    });
    expect(disk?.inUseReason === null).toBe(!wanted.in_use);
    expect(disk?.notOfferableReason === null).toBe(wanted.offerable);
    expect(disk?.health === 'Unhealthy').toBe(wanted.health === 'failing');
  });
});

describe('reports of smartctl that were recorded with a machine', () => {
  const { root, remove } = unpackNode('storage-node-b');
  afterAll(remove);
  const failingDisk = async (...argv: readonly string[]): Promise<DeviceView | undefined> =>
    (await disksBelow(root, ...argv)).find(({ serial }) => serial === 'BTLJ0123456789AB');

  it('are taken by themselves, and keep a failing disk from being offered', async () => {
    const disk = await failingDisk();
    expect(disk).toMatchObject({ health: 'Unhealthy', offerable: false, details: { refusals: ['failingHealth'] } });
    expect(disk?.notOfferableReason).toMatch(/critical warning 0x05: spare blocks are below the threshold/);
  });

  it('give way to others that are named, and to smartctl', async () => {
    const others = join(root, 'others');
    mkdirSync(others);
    expect((await failingDisk('--smart-reports', others))?.details.healthReason).toMatch(
      /no report in .*others is of the disk BTLJ/,
    );
    expect((await failingDisk('--smartctl'))?.details.healthReason).toMatch(/dev\/nvme0n1 cannot be asked \(ENOENT\)/);
  });

  it('are those of a recorded machine only; without them nobody knows how well a disk is', async () => {
    renameSync(join(root, 'cmd/index.json'), join(root, 'cmd/list.json'));
    expect(await failingDisk()).toMatchObject({
      health: 'Unknown',
      details: { healthReason: 'smartctl is not permitted; state and temperature are as they should be' },
    });
    writeFileSync(join(root, 'cmd/index.json'), '[]');
    expect((await failingDisk())?.health).toBe('Unhealthy');
  });
});
