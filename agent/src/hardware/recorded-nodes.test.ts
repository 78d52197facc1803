import { describe, expect, test } from '@jest/globals';

import { join } from 'node:path';

import { VirtualClock } from '@couchestor/common/base';
import { HardwareObserver, SmartReportFolder } from './index.ts';
import type { DeviceAssessment } from './index.ts';
import { RECORDED_NODES, recordedTree, truthOf, unpackNode, type TrueDevice } from './recorded-nodes.fixture.ts';

/** What a disk that is no hardware is made of, the truth names in its own way. */
const NO_MEDIA = new Set(['zoned-null']);

/** With what smartctl said of the disks when the machine was recorded. */
async function lookAt(node: (typeof RECORDED_NODES)[number], tree = recordedTree(node)) {
  const { root, remove } = unpackNode(node);
  try {
    const smart = await SmartReportFolder.open(join(root, 'cmd'));
    return {
      tree,
      ...(await new HardwareObserver({ clock: new VirtualClock(), root, tree, smart, probe: false }).look()),
    };
  } finally {
    remove();
  }
}

const looks = new Map(await Promise.all(RECORDED_NODES.map(async (node) => [node, await lookAt(node)] as const)));

describe.each(RECORDED_NODES)('%s', (node) => {
  const truth = truthOf(node);
  const { tree, devices: found } = looks.get(node)!;
  const devices = found.map(({ device }) => device);

  /** By serial or name for the world, as kernel names change between boots; what has neither has nothing but its name. */
  const matching = (wanted: TrueDevice): DeviceAssessment[] =>
    found.filter(({ device }) => {
      const { serial, nsid, observed_sysfs: shown } = wanted;
      if (wanted.key.startsWith('name:')) return device.kernelName === wanted.kernel_name;
      if (shown.wwid !== null) return device.wwid === shown.wwid;
      return device.serial === serial && (nsid === undefined || device.namespaceId === nsid);
    });

  test('shows each device once, and nothing else', () => {
    for (const wanted of truth.devices) {
      expect([wanted.key, matching(wanted).length]).toEqual([wanted.key, wanted.absent === true ? 0 : 1]);
    }
    expect(found).toHaveLength(truth.devices.filter(({ absent }) => absent !== true).length);
    const names = devices.map(({ kernelName }) => kernelName);
    expect(names.filter((name) => [...truth.hidden_path_devices, ...truth.must_ignore].includes(name))).toEqual([]);
    expect(new Set(devices.map(({ id }) => id)).size).toBe(devices.length);
  });

  test.each(truth.devices.map((wanted) => [wanted.key, wanted] as const))(
    '%s is what it was declared to be',
    (_, wanted) => {
      const { device, uses, offer } = matching(wanted)[0]!;
      const shown = wanted.observed_sysfs;
      expect(device).toMatchObject({
        kernelName: wanted.kernel_name,
        transport: wanted.transport,
        media: NO_MEDIA.has(wanted.media) ? 'unknown' : wanted.media,
        tier: wanted.expected_tier,
        logicalBlockBytes: wanted.logical_block_size ?? shown.logical_block_size,
        physicalBlockBytes: wanted.physical_block_size ?? shown.physical_block_size,
        wwid: shown.wwid,
        readOnly: shown.ro === 1,
        removable: shown.removable === 1,
        holders: shown.holders,
        sysfsPath: shown.syspath,
      });
      if (wanted.size_bytes !== null) expect(device.sizeBytes).toBe(wanted.size_bytes);
      if (typeof wanted.model === 'string') expect(device.model).toBe(wanted.model);
      if (typeof wanted.vendor === 'string') expect(device.vendor).toBe(wanted.vendor);
      if (typeof wanted.serial === 'string') expect(device.serial).toBe(wanted.serial);
      if (typeof wanted.wwn === 'string') expect(device.wwn).toBe(wanted.wwn);
      if (wanted.nsid !== undefined) expect(device.namespaceId).toBe(wanted.nsid);
      if (wanted.rotational !== undefined) expect(device.rotational).toBe(wanted.rotational);
      if (wanted.rpm !== undefined) expect(device.rotationRpm).toBe(wanted.rpm);
      // The head of several paths has no state of its own.
      if (shown.state !== null) expect(device.state).toBe(shown.state);
      expect(uses.length > 0).toBe(wanted.in_use);
      expect([wanted.key, offer.offerable]).toEqual([wanted.key, wanted.offerable]);
      expect(offer.refusals.length === 0).toBe(offer.offerable);
    },
  );

  test('shows zones in bytes, and a limit of zero as none', () => {
    for (const wanted of truth.devices) {
      const zoned = matching(wanted)[0]?.device.zoned;
      if (wanted.zoned === undefined || wanted.zoned === null) {
        expect(zoned).toBeNull();
        continue;
      }
      expect(zoned).toEqual({
        model: wanted.zoned.model,
        zoneSizeBytes: wanted.zoned.zone_size_bytes,
        zones: wanted.zoned.nr_zones,
        maxOpenZones: wanted.zoned.max_open_zones ?? null,
        maxActiveZones: wanted.zoned.max_active_zones ?? null,
      });
    }
  });

  test('leads to each device by every path that it has', () => {
    for (const wanted of truth.devices.filter(({ nvme_paths: paths }) => paths !== undefined)) {
      const paths = matching(wanted)[0]!.device.paths;
      expect(paths.map(({ kernelName }) => kernelName)).toEqual(wanted.nvme_paths);
      expect(new Set(paths.map(({ pciAddress }) => pciAddress)).size).toBe(paths.length);
    }
  });

  test('comes from attributes that are named, and from no others than those of the list', () => {
    for (const { device } of found) {
      expect(Object.keys(device.origins)).toEqual(
        expect.arrayContaining(['id', 'transport', 'media', 'tier', 'sizeBytes']),
      );
      for (const evidence of Object.values(device.origins).flat()) expect(evidence.path).toMatch(/^\/(sys|proc|run)\//);
    }
    expect(tree.read.filter((path) => /hot_add|rescan|reset|delete|em_message/.test(path))).toEqual([]);
  });

  test('names why a device that is in use is not to be had', () => {
    const reasons = Object.fromEntries(
      found
        .filter(({ uses }) => uses.length > 0)
        .map(({ device, uses }) => [device.serial ?? device.kernelName, uses.map(({ reason }) => reason)]),
    );
    expect(reasons).toEqual(
      node === 'storage-node-b'
        ? { Y5TAS0BOOT: ['partition sda2 is mounted on / (ext4)'] }
        : {
            'VROOT-A-01': ['partition vda2 is mounted on / (ext4)'],
            PHLJ9220002P4P0D: ['partition nvme1n2p1 is mounted on /data/db (xfs)'],
            S45NNA0M500001: ['partition sda1 is swap', 'partition sda2 is mounted on /var/lib/data (ext4)'],
            loop0: ['it is mounted on /mnt/loop (ext4)'],
          },
    );
  });
});
