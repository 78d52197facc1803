/**
 * Everything that was read of a machine in one pass, before anything is made of it: folders with the attributes of a known list, in
 * canonical order. Discovery is a pure function of it.
 */
import { ABSENT, valueOf, type Attribute } from './attribute.ts';

/** A folder of the kernel with the attributes that were asked for. Its path has no symbolic links left. */
export interface Folder {
  readonly path: string;
  /** What is in it, read or not; of disks and partitions only. */
  readonly names: ReadonlySet<string>;
  /** By name, also below it (`queue/rotational`). What the folder does not have is not in here. */
  readonly attributes: ReadonlyMap<string, Attribute>;
  readonly binary: ReadonlyMap<string, Attribute<Uint8Array>>;
  /** Names of folders and links in it that were asked for, by name: what they hold. */
  readonly lists: ReadonlyMap<string, Attribute<readonly string[]>>;
  /** Links that were asked for, by name: where they lead inside the tree. */
  readonly links: ReadonlyMap<string, Attribute>;
}

export interface PartitionEntry {
  readonly kernelName: string;
  readonly folder: Folder;
  readonly udev: UdevRecord;
}

export interface BlockEntry {
  readonly kernelName: string;
  readonly folder: Folder;
  /** In the order of their numbers. */
  readonly partitions: readonly PartitionEntry[];
  readonly udev: UdevRecord;
}

/** What udev keeps of a block device; `unknown` where its file is absent or cannot be read. */
export type UdevRecord =
  | {
      readonly kind: 'known';
      readonly path: string;
      readonly properties: ReadonlyMap<string, string>;
      /** Below /dev, such as `disk/by-id/wwn-0x5000c500a1000004`. */
      readonly links: readonly string[];
    }
  | { readonly kind: 'unknown'; readonly path: string; readonly reason: string };

/** One mount namespace: `path` is the mountinfo that was read of it. */
export interface MountTable {
  readonly path: string;
  /** `mnt:[…]`; null where the kernel does not say. */
  readonly namespace: string | null;
  readonly own: boolean;
  readonly text: Attribute;
}

/** Something outside of the block layer that has a device open, by the path it was given. */
export interface ExportEntry {
  readonly kind: 'nvmet' | 'lio' | 'usb';
  readonly name: string;
  readonly path: string;
  readonly devicePath: Attribute;
  readonly enabled: Attribute;
}

/** File systems that have a folder in /sys/fs for each device they are mounted from. */
export const MOUNTED_KINDS = ['erofs', 'ext4', 'f2fs', 'nilfs2', 'xfs'] as const;
export type MountedKind = (typeof MOUNTED_KINDS)[number];

/** What the kernel itself knows of a mounted file system, in whatever mount namespace: its devices, of which a mount line names one at most. */
export interface FileSystemMembers {
  readonly kind: 'btrfs' | 'bcachefs' | 'jbd2' | 'zfs' | MountedKind;
  readonly id: string;
  readonly path: string;
  /** Kernel names of block devices; none where the kernel does not say, as for ZFS. */
  readonly devices: readonly string[];
}

export interface HwmonEntry {
  readonly path: string;
  readonly name: Attribute;
  /** Where `device` leads: the only thing that ties it to a disk, numbers do not. */
  readonly device: Attribute;
}

export interface HardwareSnapshot {
  readonly blocks: readonly BlockEntry[];
  /** What block devices sit on, by path: SCSI devices, NVMe controllers and subsystems, hosts, PCI functions, USB and MMC devices. */
  readonly folders: ReadonlyMap<string, Folder>;
  readonly hwmon: readonly HwmonEntry[];
  readonly swaps: Attribute;
  readonly mounts: readonly MountTable[];
  readonly exports: readonly ExportEntry[];
  readonly fileSystems: readonly FileSystemMembers[];
  readonly gaps: readonly Gap[];
}

/**
 * A list without which nobody can say that something is not there. `holders`: of those who have a disk to themselves, as mounts and swap do, so
 * that opening it for exclusive use tells; `mounts`: the same, of mount namespaces that cannot be seen, in which a disk that carries nothing is
 * not mounted; `exports`: of those who open a disk beside others, of whom nothing tells but this.
 */
export interface Gap {
  readonly path: string;
  readonly errno: string;
  readonly of: 'holders' | 'mounts' | 'exports';
}

export function attributeOf(folder: Folder | undefined, name: string): Attribute {
  return folder?.attributes.get(name) ?? ABSENT;
}

export function textOf(folder: Folder | undefined, name: string): string | null {
  return valueOf(folder?.attributes.get(name));
}
