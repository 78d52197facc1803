/**
 * A snapshot as devices: one for each disk or namespace and for each virtual device that holds something, in canonical order. Pure; for
 * the same snapshot always the same, whatever is missing in it.
 */
import { posix } from 'node:path';

import { assertInvariant } from '@couchestor/common/base';

import { valueOf } from '../snapshot/attribute.ts';
import { attributeOf, textOf, type BlockEntry, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import type { Device, Partition } from '../model/device.ts';
import { commonFacts, udevEvidence, udevProperty, unreadableIn, type CommonFacts } from './common-facts.ts';
import { diskUnits, type DiskUnit } from './disk-units.ts';
import { fact, firstKnown, seen, toDevice, type Fact, type Facts } from './facts.ts';
import { identify, placeOf } from './identity.ts';
import type { HardwareFacts, KindFacts } from './kind-facts.ts';
import { driverOf } from './kernel-names.ts';
import { NodeIndex } from './node-index.ts';
import { decimal, sectorsToBytes } from './numbers.ts';
import { nvmeFacts } from './nvme-facts.ts';
import { isVirtual, otherFacts } from './other-facts.ts';
import { namesOfMap } from './same-disk.ts';
import { scsiFacts } from './scsi-facts.ts';

export function parseDevices(snapshot: HardwareSnapshot, nodes = new NodeIndex(snapshot)): readonly Device[] {
  const devices: { device: Device; unit: DiskUnit }[] = [];
  for (const unit of diskUnits(snapshot)) {
    const device = deviceOf(snapshot, unit, nodes);
    if (!isPlaceholder(device)) devices.push({ device, unit });
  }
  return withUniqueIds(devices);
}

/** What drivers keep ready for being filled: unattached loop devices, nbd without a server, zram without memory. */
function isPlaceholder(device: Device): boolean {
  return device.virtual && device.sizeBytes === 0 && device.slaves.length === 0 && device.label === null;
}

function deviceOf(snapshot: HardwareSnapshot, unit: DiskUnit, nodes: NodeIndex): Device {
  const { main, members } = unit;
  const kinds = members.map((member) => kindOf(snapshot, member, nodes));
  const merged = mergePaths(kinds);
  const mapped = !members.includes(main);
  const hardware = mapped ? namedByMap(main, merged.hardware) : merged.hardware;
  const common = mergeCommon(unit, nodes, kinds);
  const identity = identify(members[0] ?? main, hardware, merged.virtual);
  const driver = driverOf(main.kernelName);
  const hwmon = snapshot.hwmon.filter(({ device }) => merged.hwmonOf.includes(valueOf(device) ?? ''));
  const facts: Facts = {
    ...common,
    ...hardware,
    id: identity.id,
    idStable: fact(identity.stable),
    driver: fact(driver, { path: main.folder.path, value: main.kernelName }),
    tier: fact(null),
    virtual: fact(merged.virtual, { path: main.folder.path, value: null, note: 'where its folder is' }),
    label: mapped ? fact(textOf(main.folder, 'dm/name'), seen(main.folder, 'dm/name')) : merged.label,
    hwmonPaths: fact(
      hwmon.map(({ path }) => path),
      ...hwmon.map(({ path, device }) => ({ path: `${path}/device`, value: valueOf(device) })),
    ),
  };
  const folders = [main, ...unit.mapped].flatMap(({ folder, partitions }) => [
    folder,
    ...partitions.map((one) => one.folder),
  ]);
  const unreadable = [...merged.unreadable, ...unreadableIn(...(mapped ? folders : folders.slice(1)))];
  return toDevice(facts, { kernelName: main.kernelName, sysfsPath: main.folder.path, unreadable });
}

/** Where none of the paths says its name: multipath took it from them when it made the map. */
function namedByMap({ folder, udev }: BlockEntry, hardware: HardwareFacts): HardwareFacts {
  const name = namesOfMap(textOf(folder, 'dm/uuid') ?? '').find((one) => /^(naa|eui|uuid|nvme)\./.test(one)) ?? null;
  const wwid = firstKnown([hardware.wwid, fact(name, seen(folder, 'dm/uuid'))]);
  const wwn = /^(?:naa|eui)\.([0-9a-f]+)$/i.exec(name ?? '')?.[1];
  const named = fact(wwn === undefined ? null : `0x${wwn.toLowerCase()}`, seen(folder, 'dm/uuid'));
  const serial = fact(udevProperty(udev, 'DM_SERIAL'), udevEvidence(udev, 'DM_SERIAL'));
  return {
    ...hardware,
    wwid,
    wwn: firstKnown([hardware.wwn, named]),
    serial: firstKnown([hardware.serial, serial]),
  };
}

function kindOf(snapshot: HardwareSnapshot, block: BlockEntry, nodes: NodeIndex): KindFacts {
  const common = commonFacts(block, nodes);
  if (/^nvme\d+n\d+$/.test(block.kernelName)) return nvmeFacts(snapshot, block, common);
  const device = snapshot.folders.get(valueOf(block.folder.links.get('device')) ?? '');
  if (device !== undefined && /^\d+:\d+:\d+:\d+$/.test(posix.basename(device.path)) && !isVirtual(block)) {
    return scsiFacts(snapshot, { block, device }, common);
  }
  return otherFacts(snapshot, block, common);
}

/** A path that is dead may be mute, or show what the kernel takes for granted. */
function knowledgeOf({ hardware: { model, serial, wwid, rotationRpm } }: KindFacts): number {
  return [model, serial, wwid, rotationRpm].filter(({ value }) => value !== null).length;
}

/** What the first path says that knows it, with the ways of all of them; it can be used as long as one of them can. */
function mergePaths(kinds: readonly KindFacts[]): KindFacts {
  const [first, ...others] = kinds;
  assertInvariant(first !== undefined, 'a disk has at least one path');
  if (others.length === 0) return first;
  const usable = kinds.find(({ hardware }) => hardware.online.value) ?? first;
  const most = Math.max(...kinds.map(knowledgeOf));
  const best = kinds.find((kind) => knowledgeOf(kind) === most) ?? first;
  const known = <T>(pick: (hardware: HardwareFacts) => Fact<T | null>): Fact<T | null> =>
    firstKnown(kinds.map(({ hardware }) => pick(hardware)));
  return {
    ...first,
    hardware: {
      ...best.hardware,
      model: known(({ model }) => model),
      vendor: known(({ vendor }) => vendor),
      firmware: known(({ firmware }) => firmware),
      serial: known(({ serial }) => serial),
      wwid: known(({ wwid }) => wwid),
      wwn: known(({ wwn }) => wwn),
      rotationRpm: known(({ rotationRpm }) => rotationRpm),
      namespaceId: known(({ namespaceId }) => namespaceId),
      pciAddress: known(({ pciAddress }) => pciAddress),
      numaNode: known(({ numaNode }) => numaNode),
      remote: joined(
        kinds.map(({ hardware }) => hardware.remote),
        (all) => all.some(Boolean),
      ),
      state: usable.hardware.state,
      online: joined(
        kinds.map(({ hardware }) => hardware.online),
        (all) => all.some(Boolean),
      ),
      paths: joined(
        kinds.map(({ hardware }) => hardware.paths),
        (all) => all.flat(),
      ),
    },
    unreadable: kinds.flatMap(({ unreadable }) => unreadable),
    hwmonOf: kinds.flatMap(({ hwmonOf }) => hwmonOf),
  };
}

/** Use of any path is use of the disk; what a multipath map or kpartx adds to it is no use by itself. */
function mergeCommon(unit: DiskUnit, nodes: NodeIndex, kinds: readonly KindFacts[]): CommonFacts {
  const { main, members, mapped } = unit;
  const own = members.includes(main) ? kinds[0]?.common : undefined;
  const base = own ?? commonFacts(main, nodes);
  const all = own === undefined ? [base, ...kinds.map(({ common }) => common)] : kinds.map(({ common }) => common);
  const transparent = new Set([main.kernelName, ...mapped.map(({ kernelName }) => kernelName)]);
  const flag = (pick: (one: CommonFacts) => Fact<boolean>): Fact<boolean> =>
    joined(all.map(pick), (some) => some.some(Boolean));
  const lists = <T>(pick: (one: CommonFacts) => Fact<readonly T[]>): Fact<readonly T[]> =>
    all.length === 1 ? pick(base) : joined(all.map(pick), (some) => some.flat());
  const holders = lists(({ holders: names }) => names);
  const partitions = lists(({ partitions: some }) => some);
  const mappedPartitions = mapped.map((block) => mappedPartition(block, nodes));
  return {
    ...base,
    zoned: [base, ...kinds.map(({ common }) => common)].find(({ zoned }) => zoned.value !== null)?.zoned ?? base.zoned,
    removable: flag(({ removable }) => removable),
    readOnly: flag(({ readOnly }) => readOnly),
    holders: fact(
      [...new Set(holders.value)].filter((name) => !transparent.has(name)),
      ...holders.from,
    ),
    slaves: fact(
      base.slaves.value.filter((name) => !members.some(({ kernelName }) => kernelName === name)),
      ...base.slaves.from,
    ),
    partitions: fact(
      [...mappedPartitions, ...partitions.value],
      ...partitions.from,
      ...mapped.map(({ folder }) => seen(folder, 'dm/uuid')),
    ),
    mounts: lists(({ mounts }) => mounts),
    swap: flag(({ swap }) => swap),
    // Paths carry the mark of multipath, which is that of the map and no signature of the disk.
    signatures: joined(
      [...all.map(({ signatures }) => signatures), ...mapped.map((block) => commonFacts(block, nodes).signatures)],
      (some) => some.flat().filter(({ type }) => type !== 'mpath_member' || own !== undefined),
    ),
  };
}

function mappedPartition({ kernelName, folder }: BlockEntry, nodes: NodeIndex): Partition {
  return {
    kernelName,
    dev: textOf(folder, 'dev'),
    number: decimal(/^part(\d+)-/.exec(valueOf(attributeOf(folder, 'dm/uuid')) ?? '')?.[1] ?? null),
    sizeBytes: sectorsToBytes(textOf(folder, 'size')),
    holders: valueOf(folder.lists.get('holders')) ?? [],
    mounts: nodes.mountsOf(kernelName).mounts,
    swap: nodes.swapOf(kernelName) !== null,
  };
}

function joined<T, R>(facts: readonly Fact<T>[], join: (values: readonly T[]) => R): Fact<R> {
  return fact(join(facts.map(({ value }) => value)), ...facts.flatMap(({ from }) => from));
}

/** Disks that share their name are told apart by where they are: they are two, whatever the maker wrote into them. */
function withUniqueIds(devices: readonly { device: Device; unit: DiskUnit }[]): readonly Device[] {
  const count = new Map<string, number>();
  for (const { device } of devices) count.set(device.id, (count.get(device.id) ?? 0) + 1);
  const given = new Set<string>();
  return devices.map(({ device, unit }) => {
    if (count.get(device.id) === 1 && !given.has(device.id)) {
      given.add(device.id);
      return device;
    }
    const place = placeOf(unit.members[0] ?? unit.main);
    let id = `${device.id}@${(place?.value ?? device.kernelName).replace(/[^A-Za-z0-9.:-]+/g, '_')}`;
    if (given.has(id) || count.has(id)) id = `${id}@${device.kernelName}`;
    given.add(id);
    const origins = { ...device.origins, id: [...(device.origins.id ?? []), ...(place?.from ?? [])] };
    return { ...device, id, idStable: false, origins };
  });
}
