/**
 * A storage device as the kernel shows it: one per disk or namespace, however many paths lead to it, and one per virtual device that
 * holds something. What is not known is null, never a default.
 */
import type { Evidence } from './evidence.ts';

/** `nvme` is a namespace on PCIe; `raid` a volume that a controller makes of disks; `virtual` whatever the kernel makes of other devices. */
export const TRANSPORTS = [
  'nvme',
  'nvme-tcp',
  'nvme-rdma',
  'nvme-fc',
  'nvme-loop',
  'sas',
  'sata',
  'raid',
  'scsi',
  'fc',
  'iscsi',
  'virtio',
  'usb',
  'mmc',
  'loop',
  'virtual',
  'unknown',
] as const;
export type Transport = (typeof TRANSPORTS)[number];

/** `zns`: flash in zones (NVMe); `smr`: shingled disk that shows its zones. */
export type Media = 'ssd' | 'hdd' | 'zns' | 'smr' | 'optical' | 'unknown';

export type Tier = 'hot' | 'warm' | 'cold';

export type ZonedModel = 'host-managed' | 'host-aware';

export interface Zoned {
  readonly model: ZonedModel;
  /** Null where this kernel does not say. The capacity of zones is in the zone report alone, not in sysfs. */
  readonly zoneSizeBytes: number | null;
  readonly zones: number | null;
  /** Null is no limit. */
  readonly maxOpenZones: number | null;
  readonly maxActiveZones: number | null;
}

/** One way to a device: the controller of a namespace, or one of several disks that are the same disk. */
export interface DevicePath {
  /** `nvme3c4n1`, `sdb`; the controller where the path has no name of its own. */
  readonly kernelName: string;
  readonly controller: string | null;
  readonly transport: Transport;
  /** PCI address, `traddr=…` of a fabric, or host:channel:target:lun. */
  readonly address: string | null;
  readonly pciAddress: string | null;
  readonly numaNode: number | null;
  readonly state: string | null;
  readonly anaState: string | null;
}

export interface Signature {
  /** As libblkid names it: ext4, LVM2_member, crypto_LUKS, linux_raid_member, gpt, … */
  readonly type: string;
  /** Kernel name of the disk or partition that carries it. */
  readonly on: string;
  readonly label: string | null;
  readonly uuid: string | null;
  readonly evidence: Evidence;
}

export interface Partition {
  readonly kernelName: string;
  /** `major:minor` */
  readonly dev: string | null;
  readonly number: number | null;
  readonly sizeBytes: number | null;
  /** Kernel names of what is built on it. */
  readonly holders: readonly string[];
  readonly mounts: readonly Mount[];
  readonly swap: boolean;
}

export interface Mount {
  readonly mountPoint: string;
  readonly fileSystem: string;
  /** True where only another mount namespace has it. */
  readonly elsewhere: boolean;
}

/** What the SCSI layer counted since the disk came. */
export interface CommandCounts {
  readonly done: number;
  readonly failed: number;
  readonly timedOut: number;
}

export interface Device {
  /** Changes between boots: for people and for opening it now, never for recognising it. */
  readonly kernelName: string;
  /** `major:minor`; null for what has no node. */
  readonly dev: string | null;
  /** The same after a reboot and in another slot, as far as `idStable` says. Unique on the node. */
  readonly id: string;
  /** False where nothing but the place or the kernel's name tells this device from others. */
  readonly idStable: boolean;
  /** Its folder in the tree. */
  readonly sysfsPath: string;
  /** `dm`, `md`, `bcache`, `loop`, `zram`, `nbd`, `nullb`, `nvme`, `sd`, `sr`, `vd`, `mmcblk`, … */
  readonly driver: string;
  readonly transport: Transport;
  readonly media: Media;
  readonly tier: Tier | null;
  readonly model: string | null;
  readonly vendor: string | null;
  readonly firmware: string | null;
  readonly serial: string | null;
  /** SCSI as 0x5000…, NVMe as the kernel writes it (eui.…, uuid.…, nvme.…). */
  readonly wwn: string | null;
  /** As the kernel writes it: naa.…, eui.…, uuid.…, t10.…, nvme.…. */
  readonly wwid: string | null;
  /** NVMe namespace identifier. */
  readonly namespaceId: number | null;
  readonly sizeBytes: number | null;
  readonly logicalBlockBytes: number | null;
  readonly physicalBlockBytes: number | null;
  /** What the medium is, as far as it is known; the kernel's flag of the same name is 1 on many devices that do not rotate. */
  readonly rotational: boolean | null;
  readonly rotationRpm: number | null;
  readonly zoned: Zoned | null;
  readonly removable: boolean;
  readonly readOnly: boolean;
  /** Made by the kernel of other devices, of files or of memory. */
  readonly virtual: boolean;
  /** Reached through a network: NVMe over fabrics, iSCSI, Fibre Channel, nbd. */
  readonly remote: boolean;
  readonly pciAddress: string | null;
  readonly numaNode: number | null;
  /** As the kernel says it: running, offline, live, dead, clean, … */
  readonly state: string | null;
  /** False where `state`, or having no path left, says that it cannot be used. */
  readonly online: boolean;
  /** At least one for what has hardware; empty for virtual devices. */
  readonly paths: readonly DevicePath[];
  readonly partitions: readonly Partition[];
  /** Kernel names of what is built on the device itself, and of what it is built on. */
  readonly holders: readonly string[];
  readonly slaves: readonly string[];
  /** Mounts of the device itself; those of partitions are with them. */
  readonly mounts: readonly Mount[];
  readonly swap: boolean;
  readonly signatures: readonly Signature[];
  /** False where neither udev nor the first blocks say whether there are signatures. */
  readonly signaturesKnown: boolean;
  /** Name of a dm device, file of a loop device: what people call it. */
  readonly label: string | null;
  /** Links below /dev, such as disk/by-path/pci-0000:00:1f.2-ata-1. */
  readonly links: readonly string[];
  /** Folders of hwmon whose `device` leads here. */
  readonly hwmonPaths: readonly string[];
  readonly commands: CommandCounts | null;
  /** Attributes that are there and could not be read. */
  readonly unreadable: readonly Evidence[];
  /** By the names of the fields above: what each was concluded from. */
  readonly origins: Origins;
}

export type OriginField = Exclude<keyof Device, 'origins' | 'unreadable' | 'kernelName' | 'sysfsPath'>;
export type Origins = Readonly<Partial<Record<OriginField, readonly Evidence[]>>>;
