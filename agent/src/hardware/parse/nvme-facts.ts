/**
 * NVMe namespaces. One with several controllers has a head of its own that hangs on the subsystem, and a hidden block device for each way
 * to it; one with a single controller may hang on that directly. Model, serial and state are the controllers', and so is the
 * transport: a namespace on a fabric looks local until it is read.
 */
import { posix } from 'node:path';

import { textOf, type BlockEntry, type Folder, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { valueOf } from '../snapshot/attribute.ts';
import type { DevicePath, Media, Transport } from '../model/device.ts';
import type { CommonFacts } from './common-facts.ts';
import { unreadableIn } from './common-facts.ts';
import { fact, firstKnown, seen, type Fact } from './facts.ts';
import type { HardwareFacts, KindFacts } from './kind-facts.ts';
import { nvmeHeadOf } from './kernel-names.ts';
import { decimal, numaNode } from './numbers.ts';
import { folderAbove, PCI_ADDRESS, pciPlace } from './place.ts';
import { trimmed } from './texts.ts';

const FABRICS: Readonly<Record<string, Transport>> = {
  pcie: 'nvme',
  'apple-nvme': 'nvme',
  tcp: 'nvme-tcp',
  rdma: 'nvme-rdma',
  fc: 'nvme-fc',
  loop: 'nvme-loop',
};

/** Asymmetric access states through which nothing is read or written. */
const CLOSED_STATES = new Set(['inaccessible', 'persistent-loss']);

interface Way {
  readonly kernelName: string;
  readonly block: Folder;
  readonly controller: Folder;
}

export function nvmeFacts(snapshot: HardwareSnapshot, block: BlockEntry, common: CommonFacts): KindFacts {
  const ways = waysTo(snapshot, block);
  const parent = snapshot.folders.get(valueOf(block.folder.links.get('device')) ?? '');
  // Any of its controllers may be mute; and a namespace outlives them, when the subsystem still knows what it was.
  const owners = new Set([...ways.map(({ controller }) => controller), ...(parent === undefined ? [] : [parent])]);
  const paths = ways.map((way) => pathOf(snapshot, way));
  const said = (name: string): Fact<string | null> =>
    firstKnown(Array.from(owners, (owner) => fact(trimmed(textOf(owner, name)), seen(owner, name))));
  const usable = paths.filter(({ state, anaState }) => isLive(state) && !CLOSED_STATES.has(anaState ?? ''));
  const states = ways.map(({ controller }) => seen(controller, 'state'));
  const first = ways[0] === undefined ? block.folder.path : ways[0].controller.path;
  const place = pciPlace(snapshot, first);
  const transports = ways.map(({ controller }) => seen(controller, 'transport'));
  const transport = paths.find(({ transport: kind }) => kind !== 'nvme')?.transport ?? paths[0]?.transport ?? 'unknown';
  const hardware: HardwareFacts = {
    transport: fact(transport, ...transports),
    remote: fact(isRemote(transport) || block.folder.path.includes('/nvme-fabrics/'), ...transports),
    media: mediaOf(block, common),
    rotational: fact(rotates(block), seen(block.folder, 'queue/rotational')),
    rotationRpm: fact(null),
    model: said('model'),
    vendor: fact(null),
    firmware: said('firmware_rev'),
    serial: said('serial'),
    wwid: fact(trimmed(textOf(block.folder, 'wwid')), seen(block.folder, 'wwid')),
    wwn: fact(trimmed(textOf(block.folder, 'wwid')), seen(block.folder, 'wwid')),
    namespaceId: fact(decimal(textOf(block.folder, 'nsid')), seen(block.folder, 'nsid')),
    pciAddress: place.pciAddress,
    numaNode: ways[0] === undefined ? place.numaNode : numaOf(ways[0].controller, place.numaNode),
    state: fact(ways.length === 0 ? 'no path' : ((usable[0] ?? paths[0])?.state ?? null), ...states),
    online: fact(usable.length > 0, ...states),
    paths: fact(paths, ...ways.map(({ block: way }) => ({ path: way.path, value: posix.basename(way.path) }))),
    commands: fact(null),
  };
  const folders = ways.flatMap(({ block: way, controller }) => [way, controller]);
  return {
    hardware,
    common: { ...common, removable: removableOf(snapshot, first, common) },
    virtual: false,
    label: fact(null),
    unreadable: unreadableIn(block.folder, ...folders),
    hwmonOf: ways.map(({ controller }) => controller.path),
  };
}

/** A disk behind a port that people plug things into, such as Thunderbolt, says so on its function of PCI. */
function removableOf(snapshot: HardwareSnapshot, path: string, { removable }: CommonFacts): Fact<boolean> {
  const pci = folderAbove(snapshot, path, PCI_ADDRESS);
  if (pci === null || textOf(pci, 'removable') !== 'removable') return removable;
  return fact(true, ...removable.from, seen(pci, 'removable'));
}

function waysTo(snapshot: HardwareSnapshot, block: BlockEntry): readonly Way[] {
  const direct = controllerOf(snapshot, block.folder);
  if (direct !== null) return [{ kernelName: block.kernelName, block: block.folder, controller: direct }];
  return snapshot.blocks.flatMap(({ kernelName, folder }) => {
    if (nvmeHeadOf(kernelName)?.head !== block.kernelName) return [];
    const controller = controllerOf(snapshot, folder);
    return controller === null ? [] : [{ kernelName, block: folder, controller }];
  });
}

function controllerOf(snapshot: HardwareSnapshot, folder: Folder): Folder | null {
  const path = valueOf(folder.links.get('device')) ?? posix.dirname(folder.path);
  return /^nvme\d+$/.test(posix.basename(path)) ? (snapshot.folders.get(path) ?? null) : null;
}

function pathOf(snapshot: HardwareSnapshot, { kernelName, block, controller }: Way): DevicePath {
  const place = pciPlace(snapshot, controller.path);
  return {
    kernelName,
    controller: posix.basename(controller.path),
    transport: transportOf(controller),
    address: textOf(controller, 'address'),
    pciAddress: place.pciAddress.value,
    numaNode: numaNode(textOf(controller, 'numa_node')) ?? place.numaNode.value,
    state: textOf(controller, 'state'),
    anaState: textOf(block, 'ana_state'),
  };
}

/** Before controllers named it, a controller on PCI was the only kind. */
function transportOf(controller: Folder): Transport {
  const said = textOf(controller, 'transport');
  if (said !== null) return FABRICS[said] ?? 'unknown';
  return controller.path.includes('/pci') ? 'nvme' : 'unknown';
}

function isRemote(transport: Transport): boolean {
  return transport.startsWith('nvme-');
}

/** A state that cannot be read does not make a disk that answers an offline one. */
function isLive(state: string | null): boolean {
  return state === null || state === 'live';
}

/** NVMe disks that rotate exist, and say so; every other namespace is flash. */
function rotates(block: BlockEntry): boolean {
  return textOf(block.folder, 'queue/rotational') === '1';
}

function mediaOf(block: BlockEntry, common: CommonFacts): Fact<Media> {
  const from = [...common.zoned.from.slice(0, 1), seen(block.folder, 'queue/rotational')];
  if (rotates(block)) return fact(common.zoned.value === null ? 'hdd' : 'smr', ...from);
  return fact(common.zoned.value === null ? 'ssd' : 'zns', ...from);
}

function numaOf(controller: Folder, fallback: Fact<number | null>): Fact<number | null> {
  const said = numaNode(textOf(controller, 'numa_node'));
  return said === null
    ? fact(fallback.value, seen(controller, 'numa_node'), ...fallback.from)
    : fact(said, seen(controller, 'numa_node'));
}
