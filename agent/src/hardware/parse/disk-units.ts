/**
 * Which block devices are one device. Two paths to a disk are two block devices with one name for the world; device-mapper may put a
 * third one over them, which is then the one to open. Hidden paths of NVMe and partitions that device-mapper made are no devices.
 */
import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type BlockEntry, type Folder, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { driverOf, inOrderOfNames, nvmeHeadOf } from './kernel-names.ts';
import { unitSerial } from './vpd.ts';

export interface DiskUnit {
  /** What is opened: the multipath map, or the first of the paths. */
  readonly main: BlockEntry;
  /** What has hardware: the paths, in canonical order; the same as `main` where there is one. */
  readonly members: readonly BlockEntry[];
  /** Partitions that device-mapper made of it. */
  readonly mapped: readonly BlockEntry[];
}

export function diskUnits(snapshot: HardwareSnapshot): readonly DiskUnit[] {
  const shown = snapshot.blocks.filter((block) => !isHiddenPath(block));
  const blocks = inOrderOfNames(shown, ({ kernelName }) => kernelName);
  const byName = new Map(blocks.map((block) => [block.kernelName, block]));
  const slavesOf = (block: BlockEntry): readonly BlockEntry[] =>
    inOrderOfNames(valueOf(block.folder.lists.get('slaves')) ?? [], (name) => name)
      .map((name) => byName.get(name))
      .filter((slave) => slave !== undefined);
  const taken = new Set<BlockEntry>();
  const mapped = new Map<BlockEntry, BlockEntry[]>();
  for (const block of blocks) {
    const [whole] = PARTITION_MAP.test(mapUuid(block)) ? slavesOf(block) : [];
    if (whole === undefined) continue;
    taken.add(block);
    mapped.set(whole, [...(mapped.get(whole) ?? []), block]);
  }
  const groups: { main: BlockEntry; members: readonly BlockEntry[] }[] = [];
  for (const block of blocks) {
    const members = mapUuid(block).startsWith('mpath-') ? slavesOf(block) : [];
    if (members.length === 0 || members.some((member) => taken.has(member))) continue;
    for (const one of [block, ...members]) taken.add(one);
    groups.push({ main: block, members });
  }
  const disks = new Map<string, BlockEntry[]>();
  for (const block of blocks) {
    if (taken.has(block)) continue;
    const key = diskKey(snapshot, block) ?? `name ${block.kernelName}`;
    disks.set(key, [...(disks.get(key) ?? []), block]);
  }
  for (const members of disks.values()) if (members[0] !== undefined) groups.push({ main: members[0], members });
  const units = groups.map((group) => ({
    ...group,
    mapped: [...new Set([group.main, ...group.members])].flatMap((block) => mapped.get(block) ?? []),
  }));
  return inOrderOfNames(units, ({ main }) => main.kernelName);
}

/** Of kpartx: `part1-mpath-…`. */
const PARTITION_MAP = /^part\d+-/;

export function mapUuid(block: BlockEntry): string {
  return textOf(block.folder, 'dm/uuid') ?? '';
}

/** The kernel marks them; should the mark be unreadable, the name says the same. */
function isHiddenPath({ kernelName, folder }: BlockEntry): boolean {
  return textOf(folder, 'hidden') === '1' || nvmeHeadOf(kernelName) !== null;
}

/**
 * The same for two paths to one disk. Name, serial and size together: a bridge may give one name to every disk behind it, and a merged
 * disk is one that nobody looks at.
 */
function diskKey(snapshot: HardwareSnapshot, block: BlockEntry): string | null {
  const device = snapshot.folders.get(valueOf(block.folder.links.get('device')) ?? '');
  const size = textOf(block.folder, 'size') ?? '';
  if (driverOf(block.kernelName) === 'nvme') return namespaceKey(block, device, size);
  const wwid = textOf(device, 'wwid')?.trim() ?? '';
  if (driverOf(block.kernelName) !== 'sd' || !/^(naa|eui)\.[0-9a-f]+$/i.test(wwid) || /\.0+$/.test(wwid)) return null;
  const page = valueOf(device?.binary.get('vpd_pg80'));
  const serial = page === null ? '' : (unitSerial(page) ?? '');
  return `disk ${wwid} ${serial} ${size}`;
}

/** With the kernel's own multipath switched off, a shared namespace is a device on each of its controllers. */
function namespaceKey(block: BlockEntry, controller: Folder | undefined, size: string): string | null {
  const subsystem = textOf(controller, 'subsysnqn');
  const [wwid, nsid] = [textOf(block.folder, 'wwid'), textOf(block.folder, 'nsid')];
  if (subsystem === null || wwid === null) return null;
  return `namespace ${subsystem} ${textOf(controller, 'serial') ?? ''} ${wwid} ${nsid ?? ''} ${size}`;
}
