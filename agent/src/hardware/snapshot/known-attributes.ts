/**
 * Every attribute that discovery reads, by kind of folder. Nothing else is opened: reading some files of sysfs has effects
 * (`zram-control/hot_add` makes a device), and others ask the hardware.
 */
export interface KnownAttributes {
  /** Do not change while the folder stays the same, or change so rarely that a reading now and then will do. */
  readonly fixed: readonly string[];
  /** Read in every pass. */
  readonly live: readonly string[];
  readonly binary?: readonly string[];
  /** Folders whose names are what is known of them. */
  readonly lists?: readonly string[];
  /** Whether the names in the folder itself are wanted; to list one costs as much as to read several attributes. */
  readonly names?: true;
  readonly links?: readonly string[];
}

export const BLOCK: KnownAttributes = {
  fixed: [
    'dev',
    'removable',
    'hidden',
    'wwid',
    'nsid',
    'serial',
    'queue/rotational',
    'queue/logical_block_size',
    'queue/physical_block_size',
    'queue/zoned',
    'queue/chunk_sectors',
    'queue/nr_zones',
    'queue/max_open_zones',
    'queue/max_active_zones',
  ],
  live: ['size', 'ro', 'ana_state'],
  lists: ['holders'],
  links: ['device'],
  names: true,
};

/** What the kernel makes of other devices, of files and of memory has these besides. */
export const VIRTUAL_BLOCK: KnownAttributes = {
  ...BLOCK,
  live: [
    ...BLOCK.live,
    'dm/name',
    'dm/uuid',
    'md/array_state',
    'md/level',
    'loop/backing_file',
    'pid',
    'backend',
    'initstate',
    'backing_dev',
  ],
  lists: ['holders', 'slaves'],
};

export const PARTITION: KnownAttributes = {
  fixed: ['dev', 'partition', 'size'],
  live: [],
  lists: ['holders'],
  names: true,
};

export const SCSI_DEVICE: KnownAttributes = {
  fixed: ['vendor', 'model', 'rev', 'type', 'wwid', 'raid_level', 'ioerr_cnt', 'iotmo_cnt', 'iodone_cnt'],
  live: ['state'],
  binary: ['vpd_pg80', 'vpd_pg83', 'vpd_pg89', 'vpd_pgb1'],
};

export const SCSI_HOST: KnownAttributes = { fixed: ['proc_name'], live: [] };

export const SAS_DEVICE: KnownAttributes = { fixed: ['target_port_protocols'], live: [] };

export const NVME_CONTROLLER: KnownAttributes = {
  fixed: ['model', 'serial', 'firmware_rev', 'transport', 'address', 'subsysnqn', 'numa_node'],
  live: ['state'],
};

export const NVME_SUBSYSTEM: KnownAttributes = {
  fixed: ['model', 'serial', 'firmware_rev', 'subsysnqn'],
  live: [],
};

export const PCI_FUNCTION: KnownAttributes = { fixed: ['numa_node', 'removable'], live: [] };

export const USB_DEVICE: KnownAttributes = { fixed: ['serial'], live: [] };

export const MMC_DEVICE: KnownAttributes = {
  fixed: ['type', 'name', 'cid', 'serial', 'fwrev'],
  live: [],
};
