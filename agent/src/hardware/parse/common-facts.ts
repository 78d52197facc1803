/** What every block device has, whatever it is: sizes, flags, zones, partitions, mounts, and the signatures that udev found. */
import { valueOf } from '../snapshot/attribute.ts';
import { attributeOf, textOf, type BlockEntry, type Folder, type UdevRecord } from '../snapshot/hardware-snapshot.ts';
import { evidenceOf, type Evidence } from '../model/evidence.ts';
import type { Partition, Signature, Zoned } from '../model/device.ts';
import { fact, seen, type Fact, type Facts } from './facts.ts';
import { decimal, sectorsToBytes } from './numbers.ts';
import type { NodeIndex } from './node-index.ts';

/** All but what only the kind of a device can tell. */
export type CommonFacts = Pick<
  Facts,
  | 'dev'
  | 'sizeBytes'
  | 'logicalBlockBytes'
  | 'physicalBlockBytes'
  | 'zoned'
  | 'removable'
  | 'readOnly'
  | 'partitions'
  | 'holders'
  | 'slaves'
  | 'mounts'
  | 'swap'
  | 'signatures'
  | 'signaturesKnown'
  | 'links'
>;

export function commonFacts(block: BlockEntry, nodes: NodeIndex): CommonFacts {
  const { folder, udev } = block;
  const text = (name: string): string | null => textOf(folder, name);
  const mounts = nodes.mountsOf(block.kernelName);
  return {
    dev: fact(text('dev'), seen(folder, 'dev')),
    sizeBytes: fact(sectorsToBytes(text('size')), seen(folder, 'size', 'in units of 512 bytes')),
    logicalBlockBytes: fact(decimal(text('queue/logical_block_size')), seen(folder, 'queue/logical_block_size')),
    physicalBlockBytes: fact(decimal(text('queue/physical_block_size')), seen(folder, 'queue/physical_block_size')),
    zoned: zonedFact(folder),
    removable: fact(text('removable') === '1', seen(folder, 'removable')),
    readOnly: fact(text('ro') === '1', seen(folder, 'ro')),
    partitions: fact(
      block.partitions.map((entry) => partitionOf(entry, nodes)),
      ...block.partitions.map((entry) => seen(entry.folder, 'partition')),
    ),
    holders: listFact(folder, 'holders'),
    slaves: listFact(folder, 'slaves'),
    mounts: fact(mounts.mounts, ...mounts.evidence),
    swap: fact(nodes.swapOf(block.kernelName) !== null, ...nodes.swapEvidence(block.kernelName)),
    signatures: signaturesFact(block),
    signaturesKnown: fact(udev.kind === 'known', udevEvidence(udev)),
    links: fact(udev.kind === 'known' ? udev.links : [], udevEvidence(udev)),
  };
}

function partitionOf({ kernelName, folder }: BlockEntry['partitions'][number], nodes: NodeIndex): Partition {
  return {
    kernelName,
    dev: textOf(folder, 'dev'),
    number: decimal(textOf(folder, 'partition')),
    sizeBytes: sectorsToBytes(textOf(folder, 'size')),
    holders: valueOf(folder.lists.get('holders')) ?? [],
    mounts: nodes.mountsOf(kernelName).mounts,
    swap: nodes.swapOf(kernelName) !== null,
  };
}

function zonedFact(folder: Folder): Fact<Zoned | null> {
  const model = textOf(folder, 'queue/zoned');
  if (model !== 'host-managed' && model !== 'host-aware') return fact(null, seen(folder, 'queue/zoned'));
  // Zero is no limit.
  const limit = (name: string): number | null => {
    const count = decimal(textOf(folder, name));
    return count === 0 ? null : count;
  };
  const zoned = {
    model,
    zoneSizeBytes: sectorsToBytes(textOf(folder, 'queue/chunk_sectors')),
    zones: decimal(textOf(folder, 'queue/nr_zones')),
    maxOpenZones: limit('queue/max_open_zones'),
    maxActiveZones: limit('queue/max_active_zones'),
  } as const;
  return fact(
    zoned,
    seen(folder, 'queue/zoned'),
    seen(folder, 'queue/chunk_sectors', 'in units of 512 bytes'),
    seen(folder, 'queue/nr_zones'),
    seen(folder, 'queue/max_open_zones'),
    seen(folder, 'queue/max_active_zones'),
  );
}

function listFact(folder: Folder, name: string): Fact<readonly string[]> {
  const list = folder.lists.get(name);
  // What can be made of nothing else is not asked what it is made of.
  if (list === undefined) return fact([]);
  const names = valueOf(list) ?? [];
  return fact(
    names,
    listEvidence(folder, name, list.kind === 'value' ? { kind: 'value', value: names.join(' ') } : list),
  );
}

function listEvidence(folder: Folder, name: string, list: Parameters<typeof evidenceOf>[1]): Evidence {
  return evidenceOf(`${folder.path}/${name}`, list);
}

function signaturesFact(block: BlockEntry): Fact<readonly Signature[]> {
  const found = [
    ...signaturesOf(block.kernelName, block.udev, true),
    ...block.partitions.flatMap(({ kernelName, udev }) => signaturesOf(kernelName, udev, false)),
  ];
  return fact(found, udevEvidence(block.udev), ...found.map(({ evidence }) => evidence));
}

const MULTIPATH_MEMBER = 'mpath_member';

/** A partition's record repeats the table of its disk, which is no signature of its own. */
function signaturesOf(on: string, udev: UdevRecord, wholeDisk: boolean): readonly Signature[] {
  if (udev.kind !== 'known') return [];
  const found: Signature[] = [];
  const { path, properties } = udev;
  const add = (key: string, uuidKey: string, labelKey: string | null): void => {
    const type = properties.get(key);
    if (type === undefined || type === '') return;
    const label = labelKey === null ? null : (properties.get(labelKey) ?? null);
    found.push({ type, on, label, uuid: properties.get(uuidKey) ?? null, evidence: { path, value: `${key}=${type}` } });
  };
  add('ID_FS_TYPE', 'ID_FS_UUID', 'ID_FS_LABEL');
  if (wholeDisk) add('ID_PART_TABLE_TYPE', 'ID_PART_TABLE_UUID', null);
  // Rules of an early boot set only this; those of multipath give a type as well, in place of what the disk carries.
  if (properties.get('DM_MULTIPATH_DEVICE_PATH') === '1' && !found.some(({ type }) => type === MULTIPATH_MEMBER)) {
    const evidence = { path, value: 'DM_MULTIPATH_DEVICE_PATH=1' };
    found.push({ type: MULTIPATH_MEMBER, on, label: null, uuid: null, evidence });
  }
  return found;
}

export function udevEvidence(udev: UdevRecord, key?: string): Evidence {
  if (udev.kind === 'unknown') return { path: udev.path, value: null, note: udev.reason };
  if (key === undefined) return { path: udev.path, value: null, note: 'read' };
  const value = udev.properties.get(key);
  return value === undefined
    ? { path: udev.path, value: null, note: `no ${key}` }
    : { path: udev.path, value: `${key}=${value}` };
}

export function udevProperty(udev: UdevRecord, key: string): string | null {
  return udev.kind === 'known' ? (udev.properties.get(key) ?? null) : null;
}

/** Attributes that are there and gave an error. */
export function unreadableIn(...folders: readonly (Folder | null | undefined)[]): readonly Evidence[] {
  const found: Evidence[] = [];
  for (const folder of folders) {
    if (folder === null || folder === undefined) continue;
    for (const kind of [folder.attributes, folder.binary, folder.lists, folder.links]) {
      for (const [name, attribute] of kind) {
        if (attribute.kind === 'unreadable') found.push(evidenceOf(`${folder.path}/${name}`, attribute));
      }
    }
  }
  return found;
}

export function isMissing(folder: Folder, name: string): boolean {
  return attributeOf(folder, name).kind !== 'value';
}
