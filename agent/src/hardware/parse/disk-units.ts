/**
 * Which block devices are one device. Two paths to a disk are two block devices with one name for the world; device-mapper may put a
 * third one over them, which is then the one to open. Hidden paths of NVMe and partitions that device-mapper made are no devices.
 */
import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type BlockEntry, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { inOrderOfNames, nvmeHeadOf } from './kernel-names.ts';
import { namesOfMap, sameDisks, wwidOf } from './same-disk.ts';

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
  const namesOf = ({ main, members }: (typeof groups)[number]): readonly (string | null)[] =>
    mapUuid(main) === '' ? [] : [...namesOfMap(mapUuid(main)), ...members.map((one) => wwidOf(snapshot, one))];
  for (const block of blocks) {
    const members = mapUuid(block).startsWith('mpath-') ? slavesOf(block) : [];
    if (members.length === 0 || members.some((member) => taken.has(member))) continue;
    for (const one of [block, ...members]) taken.add(one);
    groups.push({ main: block, members });
  }
  const free = sameDisks(
    snapshot,
    blocks.filter((block) => !taken.has(block)),
  );
  for (const members of free) {
    const [first] = members;
    if (first === undefined) continue;
    const name = wwidOf(snapshot, first);
    // A path that its map does not have, or not yet, is a way to what the map is in use as.
    const map = groups.find((group) => name !== null && namesOf(group).includes(name));
    if (map === undefined) groups.push({ main: first, members });
    else {
      // One whose disks cannot be listed has none but itself until they are known by its name.
      const known = map.members.filter((member) => member !== map.main);
      map.members = inOrderOfNames([...known, ...members], ({ kernelName }) => kernelName);
    }
  }
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
