/** What is neither NVMe nor SCSI: virtio disks, MMC and SD cards, and what the kernel makes of files, memory and other devices. */
import { posix } from 'node:path';

import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type BlockEntry, type Folder, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import type { Transport } from '../model/device.ts';
import { udevEvidence, udevProperty, unreadableIn, type CommonFacts } from './common-facts.ts';
import { fact, seen, type Fact } from './facts.ts';
import type { HardwareFacts, KindFacts } from './kind-facts.ts';
import { driverOf } from './kernel-names.ts';
import { pciPlace } from './place.ts';
import { trimmed } from './texts.ts';

/** Made of a network, although they look local. */
const REMOTE_DRIVERS = new Set(['nbd', 'rbd', 'drbd']);
/** Array states of md in which nothing can be read. */
const STOPPED = new Set(['clear', 'inactive']);

export function otherFacts(snapshot: HardwareSnapshot, block: BlockEntry, common: CommonFacts): KindFacts {
  const device = deviceFolder(snapshot, block);
  const driver = driverOf(block.kernelName);
  const kind = isVirtual(block) ? virtualFacts(block, driver) : hardwareFacts(block, { device, driver });
  const place = pciPlace(snapshot, block.folder.path);
  const state = kind.state ?? fact(null);
  const paths =
    isVirtual(block) || kind.transport.value === 'unknown'
      ? fact([])
      : fact([pathOf(block, { transport: kind.transport.value, device, ...values(place) })], ...kind.transport.from);
  const hardware: HardwareFacts = {
    remote: fact(REMOTE_DRIVERS.has(driver), { path: block.folder.path, value: driver }),
    media: fact('unknown', seen(block.folder, 'queue/rotational', 'says nothing of a device of this kind')),
    rotational: fact(null),
    rotationRpm: fact(null),
    model: fact(null),
    vendor: fact(null),
    firmware: fact(null),
    serial: fact(null),
    wwid: fact(null),
    wwn: fact(null),
    namespaceId: fact(null),
    ...place,
    state,
    online: fact(!STOPPED.has(state.value ?? ''), ...state.from),
    paths,
    commands: fact(null),
    ...kind,
  };
  return {
    hardware,
    common,
    virtual: isVirtual(block),
    label: labelOf(block),
    unreadable: unreadableIn(block.folder, device),
    hwmonOf: device === undefined ? [] : [device.path],
  };
}

export function isVirtual(block: BlockEntry): boolean {
  return block.folder.path.startsWith('/sys/devices/virtual/block/');
}

function deviceFolder(snapshot: HardwareSnapshot, block: BlockEntry): Folder | undefined {
  return snapshot.folders.get(valueOf(block.folder.links.get('device')) ?? '');
}

type Told = Partial<HardwareFacts> & { readonly transport: Fact<Transport> };

function virtualFacts(block: BlockEntry, driver: string): Told {
  const transport = fact<Transport>(driver === 'loop' ? 'loop' : 'virtual', { path: block.folder.path, value: driver });
  if (driver !== 'md') return { transport };
  return { transport, state: fact(textOf(block.folder, 'md/array_state'), seen(block.folder, 'md/array_state')) };
}

function hardwareFacts(block: BlockEntry, of: { device: Folder | undefined; driver: string }): Told {
  const { device, driver } = of;
  if (driver === 'vd') {
    const name = textOf(block.folder, 'serial');
    const from = [seen(block.folder, 'serial'), udevEvidence(block.udev, 'ID_SERIAL')];
    return {
      transport: fact('virtio', { path: block.folder.path, value: driver }),
      serial: fact(trimmed(name) ?? trimmed(udevProperty(block.udev, 'ID_SERIAL')), ...from),
    };
  }
  if (driver === 'mmcblk' && device !== undefined) {
    const said = (name: string): Fact<string | null> => fact(trimmed(textOf(device, name)), seen(device, name));
    // The identification register names a card for ever; its boot areas are devices of their own.
    const cid = trimmed(textOf(device, 'cid'));
    return {
      transport: fact('mmc', { path: device.path, value: posix.basename(device.path) }),
      media: fact('ssd', seen(device, 'type')),
      rotational: fact(false, seen(device, 'type')),
      model: said('name'),
      firmware: said('fwrev'),
      serial: said('serial'),
      wwid: fact(
        cid === null ? null : `mmc.${cid}${/boot\d+$|rpmb$/.exec(block.kernelName)?.[0] ?? ''}`,
        seen(device, 'cid'),
      ),
    };
  }
  return { transport: fact('unknown', { path: block.folder.path, value: driver }) };
}

function pathOf(
  block: BlockEntry,
  of: { transport: Transport; device: Folder | undefined; pciAddress: string | null; numaNode: number | null },
): HardwareFacts['paths']['value'][number] {
  return {
    kernelName: block.kernelName,
    controller: of.device === undefined ? null : posix.basename(of.device.path),
    transport: of.transport,
    address: null,
    pciAddress: of.pciAddress,
    numaNode: of.numaNode,
    state: null,
    anaState: null,
  };
}

function values(place: ReturnType<typeof pciPlace>): { pciAddress: string | null; numaNode: number | null } {
  return { pciAddress: place.pciAddress.value, numaNode: place.numaNode.value };
}

function labelOf({ folder }: BlockEntry): Fact<string | null> {
  for (const name of ['dm/name', 'loop/backing_file', 'backing_dev', 'backend']) {
    const text = trimmed(textOf(folder, name));
    if (text !== null && text !== 'none') return fact(text, seen(folder, name));
  }
  return fact(null);
}
