/**
 * Names that stay with a disk. A name that the disk itself holds for ever comes first; a serial is the maker's word, and some makers give
 * one to many; a place stays only as long as nobody moves a cable; the kernel's name lasts until the next boot.
 */
import { posix } from 'node:path';

import { textOf, type BlockEntry } from '../snapshot/hardware-snapshot.ts';
import { udevEvidence, udevProperty } from './common-facts.ts';
import { fact, seen, type Fact } from './facts.ts';
import type { HardwareFacts } from './kind-facts.ts';
import { driverOf } from './kernel-names.ts';

export interface Identity {
  readonly id: Fact<string>;
  readonly stable: boolean;
}

export function identify(block: BlockEntry, hardware: HardwareFacts, virtual: boolean): Identity {
  const { wwid, wwn, serial, model, namespaceId } = hardware;
  if (wwid.value !== null) return named(wwid.value, wwid);
  if (wwn.value !== null) return named(`wwn.${wwn.value.replace(/^0x/, '')}`, wwn);
  if (serial.value !== null) {
    const parts = [hardware.transport.value, model.value, serial.value, namespaceId.value];
    const text = parts.filter((part) => part !== null).join('_');
    return { id: fact(plain(`serial.${text}`), ...serial.from, ...model.from), stable: true };
  }
  return virtual ? virtualIdentity(block) : placeIdentity(block);
}

function named(text: string, { from }: Fact<unknown>): Identity {
  return { id: fact(plain(text), ...from), stable: true };
}

function virtualIdentity(block: BlockEntry): Identity {
  const uuid = textOf(block.folder, 'dm/uuid');
  if (uuid !== null && uuid !== '')
    return { id: fact(plain(`dm.${uuid}`), seen(block.folder, 'dm/uuid')), stable: true };
  const array = udevProperty(block.udev, 'MD_UUID');
  if (array !== null) return { id: fact(plain(`md.${array}`), udevEvidence(block.udev, 'MD_UUID')), stable: true };
  return byName(block);
}

function placeIdentity(block: BlockEntry): Identity {
  const place = placeOf(block);
  return place === null ? byName(block) : { id: fact(plain(`path.${place.value}`), ...place.from), stable: false };
}

function byName(block: BlockEntry): Identity {
  const id = `name.${driverOf(block.kernelName)}.${block.kernelName}`;
  return { id: fact(plain(id), { path: block.folder.path, value: block.kernelName }), stable: false };
}

/** Where a disk is plugged in; null for what has no place. */
export function placeOf(block: BlockEntry): Fact<string> | null {
  const path = udevProperty(block.udev, 'ID_PATH');
  if (path !== null) return fact(path, udevEvidence(block.udev, 'ID_PATH'));
  const { folder } = block;
  if (folder.path.startsWith('/sys/devices/virtual/') || !folder.path.startsWith('/sys/devices/')) return null;
  // Without the names that the kernel hands out in the order of discovery.
  const names = posix.dirname(folder.path).slice('/sys/devices/'.length).split('/');
  const fixed = names.filter((name) => /^[0-9a-f]{4}:|^\d+-[\d.]+$|^ata\d+$|^\d+:\d+:\d+:\d+$/.test(name));
  const bare = fixed.map((name) => name.replace(/^\d+(?=:\d+:\d+:\d+$)/, 'scsi'));
  return bare.length === 0 ? null : fact(bare.join('-'), { path: folder.path, value: bare.join('-') });
}

function plain(text: string): string {
  return text.trim().replace(/[^A-Za-z0-9.:-]+/g, '_');
}
