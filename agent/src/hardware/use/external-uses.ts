/**
 * Uses that the block layer does not show as holders: logs and journals on a device of their own, further disks of a file system, exports of
 * the kernel's targets, and devices that others are backed by.
 */
import { posix } from 'node:path';

import { valueOf } from '../snapshot/attribute.ts';
import {
  MOUNTED_KINDS,
  textOf,
  type BlockEntry,
  type ExportEntry,
  type FileSystemMembers,
  type HardwareSnapshot,
} from '../snapshot/hardware-snapshot.ts';
import type { UseKind } from '../model/assessment.ts';
import { evidenceOf, type Evidence } from '../model/evidence.ts';
import { udevEvidence, udevProperty } from '../parse/common-facts.ts';
import type { SeenMount } from '../parse/mount-table.ts';
import type { NodeIndex } from '../parse/node-index.ts';

export interface NodeUse {
  readonly kind: UseKind;
  /** Goes on after the name of the disk or partition. */
  readonly what: string;
  readonly evidence: Evidence;
  readonly presumed?: true;
}

/** By the kernel name of a disk or partition. */
export function externalUses(snapshot: HardwareSnapshot, nodes: NodeIndex): ReadonlyMap<string, readonly NodeUse[]> {
  const uses = new Map<string, NodeUse[]>();
  const add = (name: string | null, use: NodeUse | null): void => {
    if (name === null || use === null) return;
    const known = uses.get(name) ?? [];
    if (!known.some(({ what }) => what === use.what)) uses.set(name, [...known, use]);
  };
  for (const line of nodes.lines) for (const { name, use } of logsOf(line, nodes)) add(name, use);
  for (const members of snapshot.fileSystems) {
    for (const name of members.devices) add(name, memberUse(members, name, nodes));
  }
  for (const { name, use } of membersByLabel(snapshot, nodes)) add(name, use);
  for (const { name, use } of presumedUses(snapshot)) add(name, use);
  for (const entry of snapshot.exports) {
    for (const name of exportedNodes(snapshot, entry, nodes)) add(name, exportUse(entry));
  }
  for (const { kernelName, folder } of snapshot.blocks) {
    for (const attribute of ['loop/backing_file', 'backing_dev', 'backend']) {
      const path = textOf(folder, attribute);
      if (path === null) continue;
      const evidence = { path: `${folder.path}/${attribute}`, value: path };
      add(nodes.nodeAt(path), { kind: 'backing', what: `is what ${kernelName} is made of`, evidence });
    }
  }
  return uses;
}

function memberUse({ kind, id, path }: FileSystemMembers, name: string, nodes: NodeIndex): NodeUse | null {
  const evidence = { path, value: name };
  if (kind === 'jbd2') return { kind: 'log', what: 'is the journal of a mounted file system', evidence };
  if (!MOUNTED_KINDS.some((mounted) => mounted === kind)) {
    return { kind: 'member', what: `belongs to the mounted ${kind} ${id}`, evidence };
  }
  // Where a line of a mount table says it, it says more.
  if (nodes.mountsOf(name).mounts.length > 0) return null;
  return { kind: 'mount', what: `is mounted (${kind}) in a mount namespace that cannot be seen`, evidence };
}

export const LOG_OPTION = /^(logdev|rtdev|journal_path|journal_dev)=(.+)$/;

function logsOf(line: SeenMount, nodes: NodeIndex): readonly { name: string | null; use: NodeUse }[] {
  return line.options.flatMap((option) => {
    const [, key, value] = LOG_OPTION.exec(option) ?? [];
    if (key === undefined || value === undefined) return [];
    const name = nodes.nodeAt(value) ?? nodes.nodeOfNumber(deviceNumber(value));
    const part = key === 'rtdev' ? 'the realtime part' : 'the log';
    const what = `is ${part} of the ${line.fileSystem} on ${line.mountPoint}`;
    return [{ name, use: { kind: 'log', what, evidence: line.evidence } }];
  });
}

/** ext4 writes the number of its journal's device as one hexadecimal number. */
function deviceNumber(text: string): string {
  const number = /^(0x)?[0-9a-f]+$/i.test(text) ? Number.parseInt(text, 16) : Number.NaN;
  if (!Number.isSafeInteger(number)) return '';
  const minor = (number & 0xff) | ((number >>> 12) & 0xfff00);
  return `${(number >>> 8) & 0xfff}:${minor}`;
}

/**
 * Where the kernel's list of members is not to be seen: another disk with the signature of a file system that is mounted belongs to it, and so
 * does every disk with the label of a ZFS pool that is mounted.
 */
function membersByLabel(snapshot: HardwareSnapshot, nodes: NodeIndex): readonly { name: string; use: NodeUse }[] {
  const all: readonly Pick<BlockEntry, 'kernelName' | 'udev'>[] = snapshot.blocks.flatMap((block) => [
    block,
    ...block.partitions,
  ]);
  const pools = new Map<string, { readonly what: string; readonly evidence: Evidence }>();
  for (const { kind, id, path } of snapshot.fileSystems) {
    if (kind === 'zfs')
      pools.set(id, { what: `belongs to the imported pool ${id} of ZFS`, evidence: { path, value: id } });
  }
  for (const { fileSystem, source, mountPoint, evidence } of nodes.lines) {
    const [pool = ''] = source.split('/');
    if (fileSystem === 'zfs') pools.set(pool, { what: `belongs to the zfs on ${mountPoint}`, evidence });
  }
  const mounted = new Map<string, SeenMount>();
  for (const line of nodes.lines) {
    if (line.fileSystem !== 'btrfs' && line.fileSystem !== 'bcachefs') continue;
    const first = nodes.nodeAt(line.source.split(':')[0] ?? '');
    const udev = all.find(({ kernelName }) => kernelName === first)?.udev;
    const uuid = udev === undefined ? null : udevProperty(udev, 'ID_FS_UUID');
    if (uuid !== null) mounted.set(`${line.fileSystem} ${uuid}`, line);
  }
  return all.flatMap(({ kernelName, udev }) => {
    const type = udevProperty(udev, 'ID_FS_TYPE');
    const pool = type === 'zfs_member' ? pools.get(udevProperty(udev, 'ID_FS_LABEL') ?? '') : undefined;
    if (pool !== undefined) return [{ name: kernelName, use: { kind: 'member', ...pool } }];
    const line = mounted.get(`${type ?? ''} ${udevProperty(udev, 'ID_FS_UUID') ?? ''}`);
    if (line === undefined) return [];
    const what = `belongs to the ${line.fileSystem} on ${line.mountPoint}`;
    return [{ name: kernelName, use: { kind: 'member', what, evidence: line.evidence } }];
  });
}

/** Programs that keep a whole disk open by themselves, without a mount or a holder. */
const OPENED_BY: ReadonlyMap<string, string> = new Map([
  ['ceph_bluestore', 'an OSD of Ceph'],
  ['oracleasm', 'an Oracle database'],
  ['drbd', 'DRBD'],
]);

function presumedUses(snapshot: HardwareSnapshot): readonly { name: string; use: NodeUse }[] {
  const all: readonly Pick<BlockEntry, 'kernelName' | 'udev'>[] = snapshot.blocks.flatMap((block) => [
    block,
    ...block.partitions,
  ]);
  return all.flatMap(({ kernelName, udev }) => {
    const type = udevProperty(udev, 'ID_FS_TYPE') ?? '';
    const by = OPENED_BY.get(type);
    if (by === undefined) return [];
    const evidence = udevEvidence(udev, 'ID_FS_TYPE');
    return [
      {
        name: kernelName,
        use: { kind: 'open', what: `carries ${type}, which ${by} holds open`, evidence, presumed: true },
      },
    ];
  });
}

function exportUse(entry: ExportEntry): NodeUse {
  const enabled = valueOf(entry.enabled) === '1' ? '' : ' (not enabled)';
  const target = { nvmet: 'the NVMe target', lio: 'the SCSI target', usb: 'the USB mass storage' }[entry.kind];
  const what = `is exported by ${target} as ${entry.name}${enabled}`;
  return { kind: 'export', what, evidence: evidenceOf(entry.path, entry.devicePath) };
}

/** A target may be given a whole controller, and then has all of its namespaces. */
export function exportedNodes(snapshot: HardwareSnapshot, entry: ExportEntry, nodes: NodeIndex): readonly string[] {
  const path = valueOf(entry.devicePath)?.trim() ?? '';
  const node = nodes.nodeAt(path);
  if (node !== null) return [node];
  const controller = posix.basename(path);
  if (!/^nvme\d+$/.test(controller)) return [];
  return snapshot.blocks
    .filter(({ folder }) => posix.basename(valueOf(folder.links.get('device')) ?? '') === controller)
    .map(({ kernelName }) => kernelName);
}
