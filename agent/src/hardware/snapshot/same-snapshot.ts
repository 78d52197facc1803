/**
 * Whether two passes saw the same, so that nothing has to be concluded anew. Most folders and records that have not changed are the same
 * objects in both, which makes this a look at each of them; only those that were read anew are compared by what they hold.
 */
import type { Attribute } from './attribute.ts';
import type { BlockEntry, Folder, HardwareSnapshot, PartitionEntry } from './hardware-snapshot.ts';

export function isSameSnapshot(one: HardwareSnapshot, other: HardwareSnapshot): boolean {
  return (
    sameItems(one.blocks, other.blocks, sameBlock) &&
    sameFolders(one.folders, other.folders) &&
    sameText(one.swaps, other.swaps) &&
    sameItems(one.mounts, other.mounts, (table, now) => table.path === now.path && sameText(table.text, now.text)) &&
    sameItems(
      one.hwmon,
      other.hwmon,
      (sensor, now) =>
        sensor.path === now.path && sameText(sensor.name, now.name) && sameText(sensor.device, now.device),
    ) &&
    // Few or none of them; written down they are compared whole.
    JSON.stringify([one.exports, one.fileSystems, one.gaps]) ===
      JSON.stringify([other.exports, other.fileSystems, other.gaps])
  );
}

function sameBlock(one: BlockEntry, other: BlockEntry): boolean {
  return sameNode(one, other) && sameItems(one.partitions, other.partitions, sameNode);
}

function sameNode(one: PartitionEntry, other: PartitionEntry): boolean {
  return one.kernelName === other.kernelName && sameFolder(one.folder, other.folder) && sameUdev(one.udev, other.udev);
}

/** That there is no record is made anew each time. */
function sameUdev(one: PartitionEntry['udev'], other: PartitionEntry['udev']): boolean {
  if (one === other) return true;
  return one.kind === 'unknown' && other.kind === 'unknown' && one.path === other.path && one.reason === other.reason;
}

function sameFolders(one: HardwareSnapshot['folders'], other: HardwareSnapshot['folders']): boolean {
  if (one.size !== other.size) return false;
  return [...one].every(([path, folder]) => sameFolder(folder, other.get(path)));
}

function sameFolder(one: Folder, other: Folder | undefined): boolean {
  if (one === other) return true;
  if (one.path !== other?.path) return false;
  return (
    sameNameSets(one.names, other.names) &&
    sameMaps(one.attributes, other.attributes, sameText) &&
    sameMaps(one.links, other.links, sameText) &&
    sameMaps(one.lists, other.lists, (names, now) => sameValues(names, now, sameNames)) &&
    sameMaps(one.binary, other.binary, (page, now) => sameValues(page, now, sameBytes))
  );
}

function sameMaps<T>(
  one: ReadonlyMap<string, T>,
  other: ReadonlyMap<string, T>,
  same: (one: T, other: T) => boolean,
): boolean {
  if (one.size !== other.size) return false;
  for (const [name, value] of one) {
    const now = other.get(name);
    if (now === undefined || !same(value, now)) return false;
  }
  return true;
}

function sameNameSets(one: ReadonlySet<string>, other: ReadonlySet<string>): boolean {
  return one.size === other.size && [...one].every((name) => other.has(name));
}

function sameNames(some: readonly string[], others: readonly string[]): boolean {
  return sameItems(some, others, (name, other) => name === other);
}

function sameBytes(some: Uint8Array, others: Uint8Array): boolean {
  return Buffer.compare(some, others) === 0;
}

function sameText(one: Attribute, other: Attribute): boolean {
  return sameValues(one, other, (text, now) => text === now);
}

function sameValues<T>(one: Attribute<T>, other: Attribute<T>, same: (one: T, other: T) => boolean): boolean {
  if (one.kind === 'value') return other.kind === 'value' && same(one.value, other.value);
  if (one.kind === 'unreadable') return other.kind === 'unreadable' && one.errno === other.errno;
  return other.kind === 'absent';
}

function sameItems<T>(some: readonly T[], others: readonly T[], same: (one: T, other: T) => boolean): boolean {
  return some.length === others.length && some.every((one, at) => same(one, others[at] as T));
}
