/**
 * Who uses a disk that cannot be told: a path below /dev was given to somebody, and which disk it is nothing here says. It may be any of them.
 */
import { posix } from 'node:path';

import { swapLines } from '../parse/mount-table.ts';
import type { NodeIndex } from '../parse/node-index.ts';
import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type ExportEntry, type Gap, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { exportedNodes, LOG_OPTION } from './external-uses.ts';

/** Folders below /dev whose files are no disks. */
const NO_DISKS = /^\/dev\/(shm|mqueue|hugepages|pts)\//;
/** Stores of LIO that always stand for a device; whoever set them up need not have told its path. */
const DEVICE_STORE = /\/(iblock|pscsi)_\d+\//;

export function unknownUsers(snapshot: HardwareSnapshot, nodes: NodeIndex): readonly Gap[] {
  const isUnknown = (path: string): boolean => {
    const plain = posix.normalize(path);
    return plain.startsWith('/dev/') && !NO_DISKS.test(plain) && nodes.nodeAt(plain) === null;
  };
  const gaps: Gap[] = [];
  const add = (path: string, errno: string, of: Gap['of']): void => {
    gaps.push({ path, errno, of });
  };
  for (const entry of snapshot.exports) {
    // What is switched off has nothing open.
    if (valueOf(entry.enabled) === '0') continue;
    const errno = unknownExport(snapshot, entry, { nodes, isUnknown });
    if (errno !== null) add(entry.path, errno, 'exports');
  }
  for (const { folder } of snapshot.blocks) {
    const file = textOf(folder, 'loop/backing_file');
    if (file !== null && isUnknown(file)) add(`${folder.path}/loop/backing_file`, unknownPath(file), 'exports');
    const behind = textOf(folder, 'backing_dev');
    if (behind !== null && isUnknown(behind)) add(`${folder.path}/backing_dev`, unknownPath(behind), 'holders');
  }
  for (const { path } of swapLines(snapshot)) if (isUnknown(path)) add('/proc/swaps', unknownPath(path), 'holders');
  for (const { options, evidence } of nodes.lines) {
    for (const option of options) {
      const path = LOG_OPTION.exec(option)?.[2];
      if (path !== undefined && isUnknown(path)) add(evidence.path, unknownPath(path), 'holders');
    }
  }
  return gaps;
}

function unknownPath(path: string): string {
  return `${path} is not known here`;
}

function unknownExport(
  snapshot: HardwareSnapshot,
  entry: ExportEntry,
  of: { nodes: NodeIndex; isUnknown: (path: string) => boolean },
): string | null {
  if (entry.devicePath.kind === 'unreadable') return entry.devicePath.errno;
  const path = valueOf(entry.devicePath)?.trim() ?? '';
  if (path === '' && valueOf(entry.enabled) === '1' && DEVICE_STORE.test(entry.path)) return 'it names no device';
  if (!of.isUnknown(path) || exportedNodes(snapshot, entry, of.nodes).length > 0) return null;
  // A controller may have no namespace.
  const controller = posix.basename(path);
  const known = [...snapshot.folders.keys()].some((folder) => posix.basename(folder) === controller);
  return /^nvme\d+$/.test(controller) && known ? null : unknownPath(path);
}
