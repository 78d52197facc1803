/**
 * One pass over a machine: which folders there are, and of each what the list of known attributes names. Nothing is concluded here but
 * where to look next.
 */
import { posix } from 'node:path';

import { valueOf } from './attribute.ts';
import { FolderReader } from './folder-reader.ts';
import {
  textOf,
  type BlockEntry,
  type Folder,
  type Gap,
  type HardwareSnapshot,
  type HwmonEntry,
  type PartitionEntry,
} from './hardware-snapshot.ts';
import * as known from './known-attributes.ts';
import type { KnownAttributes } from './known-attributes.ts';
import { MountTables } from './mount-tables.ts';
import type { TreeReader } from './tree-reader.ts';
import { UdevRecords } from './udev-records.ts';
import { namesOrGap, readExports, readFileSystems } from './users.ts';

const PCI = /^[0-9a-f]{4,}:[0-9a-f]{2}:[0-9a-f]{2}\.[0-7]$/;
const USB = /^\d+-[\d.]+$/;
const HOST = /^host\d+$/;
const SAS_END = /^end_device-[\d:]+$/;
const NVME_CONTROLLER = /^nvme\d+$/;
const NVME_SUBSYSTEM = /^nvme-subsys\d+$/;
const MMC = /^mmc\d+:[0-9a-f]+$/;
const SCSI_ADDRESS = /^\d+:\d+:\d+:\d+$/;

/** Folders above a device that say something of it, and what. */
const KINDS: readonly (readonly [RegExp, KnownAttributes])[] = [
  [PCI, known.PCI_FUNCTION],
  [USB, known.USB_DEVICE],
  [SCSI_ADDRESS, known.SCSI_DEVICE],
  [NVME_CONTROLLER, known.NVME_CONTROLLER],
  [NVME_SUBSYSTEM, known.NVME_SUBSYSTEM],
  [MMC, known.MMC_DEVICE],
];

/** Remembers between passes what does not change; a scanner belongs to one tree. */
export class HardwareScanner {
  readonly #tree: TreeReader;
  readonly #reader: FolderReader;
  readonly #udev: UdevRecords;
  readonly #mounts: MountTables;

  constructor(tree: TreeReader) {
    this.#tree = tree;
    this.#reader = new FolderReader(tree);
    this.#udev = new UdevRecords(tree);
    this.#mounts = new MountTables(tree);
  }

  /** Never throws for what the tree holds: what cannot be read is in the snapshot as unreadable. */
  scan(): HardwareSnapshot {
    this.#reader.beginPass();
    this.#udev.beginPass();
    const gaps: Gap[] = [];
    const namesIn = (path: string): readonly string[] => namesOrGap(this.#tree, path, gaps);
    const folders = new Map<string, Folder>();
    const blocks = this.#readBlocks(namesIn('/sys/block'));
    for (const name of namesIn('/sys/class/nvme'))
      this.#readClass(folders, `/sys/class/nvme/${name}`, known.NVME_CONTROLLER);
    for (const name of namesIn('/sys/class/nvme-subsystem')) {
      this.#readClass(folders, `/sys/class/nvme-subsystem/${name}`, known.NVME_SUBSYSTEM);
    }
    // Of a disk its whole way up, of a namespace that of its controllers.
    for (const path of [...blocks.map(({ folder }) => folder.path), ...folders.keys()]) this.#readAbove(folders, path);
    return {
      blocks,
      folders,
      hwmon: (valueOf(this.#tree.list('/sys/class/hwmon')) ?? []).map((name) => this.#readHwmon(name)),
      swaps: this.#tree.readText('/proc/swaps'),
      mounts: this.#mounts.read(gaps),
      exports: readExports(this.#tree, gaps),
      fileSystems: readFileSystems(this.#tree, gaps),
      gaps,
    };
  }

  /**
   * Those that are made of others first: they name what they are made of, and only disks that somebody names, or that had holders before,
   * can have holders now.
   */
  #readBlocks(names: readonly string[]): readonly BlockEntry[] {
    const found = names.map((kernelName) => ({ kernelName, path: this.#resolve(`/sys/block/${kernelName}`) }));
    const isVirtual = ({ path }: { readonly path: string }): boolean => path.startsWith('/sys/devices/virtual/block/');
    const held = new Set<string>();
    const read = (at: (typeof found)[number]): BlockEntry => this.#readBlock(at, isVirtual(at), held);
    const virtual = new Map<string, BlockEntry>();
    for (const at of found.filter(isVirtual)) virtual.set(at.kernelName, read(at));
    for (const { folder } of virtual.values())
      for (const slave of valueOf(folder.lists.get('slaves')) ?? []) held.add(slave);
    return found.map((at) => virtual.get(at.kernelName) ?? read(at));
  }

  #readBlock(at: { kernelName: string; path: string }, virtual: boolean, held: ReadonlySet<string>): BlockEntry {
    const { kernelName, path } = at;
    const mayBeHeld = (name: string, last: Folder | null): boolean =>
      virtual || held.has(name) || valueOf(last?.lists.get('holders'))?.length !== 0;
    const whole = virtual ? known.VIRTUAL_BLOCK : known.BLOCK;
    const folder = this.#reader.read(path, whole, mayBeHeld(kernelName, this.#reader.lastOf(path)));
    const partitions: PartitionEntry[] = [];
    for (const name of folder.names) {
      if (!name.startsWith(kernelName)) continue;
      const partitionPath = `${path}/${name}`;
      const last = this.#reader.lastOf(partitionPath);
      const partition = this.#reader.read(partitionPath, known.PARTITION, mayBeHeld(name, last));
      if (!partition.attributes.has('partition')) {
        // Other folders may begin with the name of the disk: only partitions have a number.
        if (last?.attributes.has('partition') !== true) continue;
        // One went, and another may have come in its place, so that there are as many folders as before.
        this.#reader.forget(path);
        return this.#readBlock(at, virtual, held);
      }
      partitions.push({ kernelName: name, folder: partition, udev: this.#udev.read(textOf(partition, 'dev')) });
    }
    const number = ({ folder: { attributes } }: PartitionEntry): number => Number(valueOf(attributes.get('partition')));
    partitions.sort((one, other) => number(one) - number(other) || (one.kernelName < other.kernelName ? -1 : 1));
    return { kernelName, folder, partitions, udev: this.#udev.read(textOf(folder, 'dev')) };
  }

  #readClass(folders: Map<string, Folder>, link: string, attributes: KnownAttributes): void {
    const path = this.#resolve(link);
    if (!folders.has(path)) folders.set(path, this.#reader.read(path, attributes));
  }

  #readAbove(folders: Map<string, Folder>, path: string): void {
    for (let at = path; at !== '/' && at !== '/sys/devices'; at = posix.dirname(at)) {
      const name = posix.basename(at);
      for (const [pattern, attributes] of KINDS) {
        if (pattern.test(name) && !folders.has(at)) folders.set(at, this.#reader.read(at, attributes));
      }
      // These keep what they say in a folder of their class, below their own.
      if (HOST.test(name)) this.#readOnce(folders, `${at}/scsi_host/${name}`, known.SCSI_HOST);
      if (SAS_END.test(name)) this.#readOnce(folders, `${at}/sas_device/${name}`, known.SAS_DEVICE);
    }
  }

  #readOnce(folders: Map<string, Folder>, path: string, attributes: KnownAttributes): void {
    if (!folders.has(path)) folders.set(path, this.#reader.read(path, attributes));
  }

  #readHwmon(name: string): HwmonEntry {
    const path = this.#resolve(`/sys/class/hwmon/${name}`);
    return { path, name: this.#tree.readText(`${path}/name`), device: this.#tree.readLink(`${path}/device`) };
  }

  /** Where a name of a class leads; on kernels that keep the folder in the class, the name itself. */
  #resolve(path: string): string {
    return valueOf(this.#tree.readLink(path)) ?? path;
  }
}
