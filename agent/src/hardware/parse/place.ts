/** Where a device sits, read off its path below /sys/devices: every bus on the way has a folder whose name says which. */
import { posix } from 'node:path';

import { textOf, type Folder, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { fact, seen, type Fact } from './facts.ts';
import { numaNode } from './numbers.ts';

export const PCI_ADDRESS = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;

/** The nearest folder above, or at, `path` whose name matches. */
export function above(path: string, name: RegExp): string | null {
  for (let at = path; at.length > 1; at = posix.dirname(at)) if (name.test(posix.basename(at))) return at;
  return null;
}

export function folderAbove(snapshot: HardwareSnapshot, path: string, name: RegExp): Folder | null {
  const at = above(path, name);
  return at === null ? null : (snapshot.folders.get(at) ?? null);
}

export interface PciPlace {
  readonly pciAddress: Fact<string | null>;
  readonly numaNode: Fact<number | null>;
}

/** The function that the device hangs on: the last one on the way, behind all bridges. */
export function pciPlace(snapshot: HardwareSnapshot, path: string): PciPlace {
  const at = above(path, PCI_ADDRESS);
  if (at === null) return { pciAddress: fact(null), numaNode: fact(null) };
  const folder = snapshot.folders.get(at);
  const address = posix.basename(at);
  return {
    pciAddress: fact(address, { path: at, value: address }),
    numaNode:
      folder === undefined ? fact(null) : fact(numaNode(textOf(folder, 'numa_node')), seen(folder, 'numa_node')),
  };
}
