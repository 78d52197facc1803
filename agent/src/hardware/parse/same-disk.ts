/**
 * Which block devices are paths to one disk, by the name that the disk has for the world. Names decide alone where nothing speaks against it:
 * a path whose serial cannot be read, or whose size was not read again since the disk grew, is a path all the same, and a disk
 * under two names is one that somebody overwrites under the second. Where the serials differ the devices stay apart, and are then not
 * offered (see ../use/twins.ts).
 */
import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type BlockEntry, type HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { driverOf } from './kernel-names.ts';
import { unitSerial } from './vpd.ts';

/** What one path knows of its disk. */
interface DiskName {
  readonly wwid: string;
  /** What else tells disks apart, where it is known: the serial; of a namespace its subsystem and the serial of that. */
  readonly marks: readonly (string | null)[];
  /** The name is a text of the maker, which some give to many disks: the marks have to be known as well. */
  readonly weak: boolean;
}

/** In groups of paths to one disk, each as its paths come; of most disks there is one. */
export function sameDisks(snapshot: HardwareSnapshot, blocks: readonly BlockEntry[]): readonly BlockEntry[][] {
  const groups = new Map<string, BlockEntry[]>();
  const byName = new Map<string, { block: BlockEntry; name: DiskName }[]>();
  for (const block of blocks) {
    const name = diskNameOf(snapshot, block);
    if (name === null) groups.set(`block ${block.kernelName}`, [block]);
    else byName.set(name.wwid, [...(byName.get(name.wwid) ?? []), { block, name }]);
  }
  for (const [wwid, paths] of byName) {
    const one = agree(paths.map(({ name }) => name));
    for (const { block, name } of paths) {
      const known = name.marks.every((mark) => mark !== null);
      const key = one ? wwid : known ? `${wwid} ${name.marks.join(' ')}` : `block ${block.kernelName}`;
      groups.set(key, [...(groups.get(key) ?? []), block]);
    }
  }
  return [...groups.values()];
}

/** No two know different things of themselves. */
function agree(names: readonly DiskName[]): boolean {
  if (names.some(({ weak, marks }) => weak && marks.includes(null))) return false;
  const width = Math.max(...names.map(({ marks }) => marks.length));
  return Array.from({ length: width }, (_, at) => new Set(names.map(({ marks }) => marks[at]).filter(isKnown))).every(
    (values) => values.size <= 1,
  );
}

function isKnown(mark: string | null | undefined): mark is string {
  return mark !== null && mark !== undefined;
}

/** Null for what has no name for the world: its disk has one path. */
function diskNameOf(snapshot: HardwareSnapshot, block: BlockEntry): DiskName | null {
  const device = snapshot.folders.get(valueOf(block.folder.links.get('device')) ?? '');
  const driver = driverOf(block.kernelName);
  if (driver === 'nvme') {
    // With the kernel's own multipath switched off, a shared namespace is a device on each of its controllers.
    const wwid = textOf(block.folder, 'wwid')?.trim() ?? '';
    const marks = [filled(textOf(device, 'subsysnqn')), filled(textOf(device, 'serial'))];
    return wwid === '' ? null : { wwid, marks, weak: !/^(eui|uuid)\./.test(wwid) };
  }
  const wwid = textOf(device, 'wwid')?.trim().replace(/\s+/g, ' ') ?? '';
  if (driver !== 'sd' || !/^((naa|eui)\.[0-9a-f]+$|t10\.)/i.test(wwid) || /\.0+$/.test(wwid)) return null;
  const page = valueOf(device?.binary.get('vpd_pg80'));
  return { wwid, marks: [page === null ? null : unitSerial(page)], weak: /^t10\./i.test(wwid) };
}

function filled(text: string | null): string | null {
  const trimmed = text?.trim() ?? '';
  return trimmed === '' ? null : trimmed;
}

/**
 * The names under which device-mapper knows a disk: its own spelling begins with the kind of the name, a digit for SCSI (`3600…` is naa, `2…`
 * eui), and is the kernel's for NVMe.
 */
export function namesOfMap(uuid: string): readonly string[] {
  const name = /^mpath-(.+)$/.exec(uuid)?.[1];
  if (name === undefined) return [];
  const kinds: Readonly<Record<string, string>> = { 2: 'eui.', 3: 'naa.' };
  const kind = kinds[name.slice(0, 1)];
  return kind === undefined ? [name] : [name, `${kind}${name.slice(1)}`];
}

/** As the kernel writes it; null where there is none. */
export function wwidOf(snapshot: HardwareSnapshot, block: BlockEntry): string | null {
  return diskNameOf(snapshot, block)?.wwid ?? null;
}
