/**
 * Who uses block devices without the block layer showing it: exports of the kernel's targets, and the disks of file systems as these show
 * them themselves.
 */
import { posix } from 'node:path';

import { valueOf } from './attribute.ts';
import { MOUNTED_KINDS, type ExportEntry, type FileSystemMembers, type Gap } from './hardware-snapshot.ts';
import type { TreeReader } from './tree-reader.ts';

const NVMET = '/sys/kernel/config/nvmet/subsystems';
const LIO = '/sys/kernel/config/target/core';
const USB = '/sys/kernel/config/usb_gadget';
/** `sdb1` and `dm-3`, the devices of journals; `sdb1-8` and `dm-3-8`, journals inside of file systems, with the number of their inode. */
const JOURNAL = /^(dm-\d+|[^-]+)(-\d+)?$/;
/** Backstores of LIO: `iblock_0`, but also `fileio_0` and `user_0` may be given a block device, and open it without a holder. */
const LIO_STORE = /_\d+$/;

interface ExportPlace {
  readonly folder: string;
  readonly file: string;
  /** Null where a device is open as soon as it is named. */
  readonly enable: string | null;
}

const ON = { kind: 'value', value: '1' } as const;
const CONFIGFS = '/sys/kernel/config';
/** Modules of the targets, which keep what they export in configfs. */
const TARGET_MODULES = ['nvmet', 'target_core_mod'] as const;

/** What the kernel's own NVMe and SCSI targets hand out. */
export function readExports(tree: TreeReader, gaps: Gap[]): readonly ExportEntry[] {
  const namesIn = (path: string): readonly string[] => namesOrGap(tree, path, gaps, 'exports');
  gaps.push(...unseenTargets(tree));
  const exports: ExportEntry[] = [];
  const add = (kind: ExportEntry['kind'], name: string, at: ExportPlace): void => {
    const path = `${at.folder}/${at.file}`;
    const devicePath = tree.readText(path);
    if (devicePath.kind === 'absent') return;
    const enabled = at.enable === null ? ON : tree.readText(`${at.folder}/${at.enable}`);
    exports.push({ kind, name, path, devicePath, enabled });
  };
  for (const subsystem of namesIn(NVMET)) {
    const folder = `${NVMET}/${subsystem}`;
    const namespaces = namesIn(`${folder}/namespaces`).map((name) => `${folder}/namespaces/${name}`);
    for (const at of [...namespaces, `${folder}/passthru`]) {
      add('nvmet', subsystem, { folder: at, file: 'device_path', enable: 'enable' });
    }
  }
  for (const hba of namesIn(LIO).filter((name) => LIO_STORE.test(name))) {
    for (const name of namesIn(`${LIO}/${hba}`)) {
      add('lio', name, { folder: `${LIO}/${hba}/${name}`, file: 'udev_path', enable: 'enable' });
    }
  }
  for (const gadget of namesIn(USB)) {
    for (const name of namesIn(`${USB}/${gadget}/functions`).filter((one) => one.startsWith('mass_storage.'))) {
      const folder = `${USB}/${gadget}/functions/${name}`;
      const units = namesIn(folder).filter((one) => one.startsWith('lun.'));
      for (const unit of units) add('usb', gadget, { folder: `${folder}/${unit}`, file: 'file', enable: null });
    }
  }
  return exports;
}

/** A container has the modules of its machine, and configfs only where somebody mounted it. */
function unseenTargets(tree: TreeReader): readonly Gap[] {
  const configured = tree.list(CONFIGFS);
  if (configured.kind !== 'absent' && valueOf(configured)?.length !== 0) return [];
  const used = TARGET_MODULES.map((name) => `/sys/module/${name}`).filter(
    (path) => tree.list(path).kind === 'value' && valueOf(tree.readText(`${path}/refcnt`)) !== '0',
  );
  return used.length === 0 ? [] : [{ path: CONFIGFS, errno: 'ENOENT', of: 'exports' }];
}

/** What else is in the folders of file systems. */
const NO_DEVICES = new Set(['debug', 'features', 'stats', 'tuning']);

export function readFileSystems(tree: TreeReader, gaps: Gap[]): readonly FileSystemMembers[] {
  const namesIn = (path: string): readonly string[] => namesOrGap(tree, path, gaps);
  const found: FileSystemMembers[] = [];
  for (const id of namesIn('/sys/fs/btrfs')) {
    const path = `/sys/fs/btrfs/${id}/devices`;
    const devices = namesIn(path);
    if (devices.length > 0) found.push({ kind: 'btrfs', id, path, devices });
  }
  for (const id of namesIn('/sys/fs/bcachefs')) {
    const path = `/sys/fs/bcachefs/${id}`;
    const blocks = namesIn(path).map((name) => valueOf(tree.readLink(`${path}/${name}/block`)));
    const devices = blocks.filter((block) => block !== null).map((block) => posix.basename(block));
    if (devices.length > 0) found.push({ kind: 'bcachefs', id, path, devices });
  }
  // A journal inside of a file system tells that this is mounted, also where it has no folder in /sys/fs.
  for (const name of namesIn('/proc/fs/jbd2')) {
    const [, device, inode] = JOURNAL.exec(name) ?? [];
    if (device === undefined) continue;
    const kind = inode === undefined ? 'jbd2' : 'ext4';
    found.push({ kind, id: name, path: `/proc/fs/jbd2/${name}`, devices: [device] });
  }
  for (const kind of MOUNTED_KINDS) {
    for (const name of namesIn(`/sys/fs/${kind}`)) {
      if (NO_DEVICES.has(name)) continue;
      found.push({ kind, id: name, path: `/sys/fs/${kind}/${name}`, devices: [name] });
    }
  }
  // The folders in it are imported pools; beside them are counters.
  const pools = '/proc/spl/kstat/zfs';
  for (const id of namesIn(pools)) {
    if (tree.list(`${pools}/${id}`).kind === 'value')
      found.push({ kind: 'zfs', id, path: `${pools}/${id}`, devices: [] });
  }
  return found;
}

/** A folder that is not there holds nothing; one that is closed may hold anything. */
export function namesOrGap(tree: TreeReader, path: string, gaps: Gap[], of: Gap['of'] = 'holders'): readonly string[] {
  const listed = tree.list(path);
  if (listed.kind === 'unreadable') gaps.push({ path, errno: listed.errno, of });
  return valueOf(listed) ?? [];
}
