/**
 * Everything that uses a device, as far as this machine shows it. The block layer knows its holders; mounts, swap and targets of the
 * network have to be asked for themselves, and some file systems use disks that none of their mounts names.
 */
import { valueOf } from '../snapshot/attribute.ts';
import { textOf, type Folder, type HardwareSnapshot, type UdevRecord } from '../snapshot/hardware-snapshot.ts';
import type { Use } from '../model/assessment.ts';
import type { Device, Mount } from '../model/device.ts';
import { inOrderOfNames } from '../parse/kernel-names.ts';
import { NodeIndex } from '../parse/node-index.ts';
import { externalUses, type NodeUse } from './external-uses.ts';

interface Node {
  readonly folder: Folder;
  readonly udev: UdevRecord;
}

/** Answers for the devices of one snapshot. */
export class UseFinder {
  readonly #nodes: NodeIndex;
  readonly #byName = new Map<string, Node>();
  /** Who says of itself that it is built on a node. */
  readonly #builtOn = new Map<string, string[]>();
  readonly #external: ReadonlyMap<string, readonly NodeUse[]>;

  constructor(snapshot: HardwareSnapshot, nodes = new NodeIndex(snapshot)) {
    this.#nodes = nodes;
    for (const block of snapshot.blocks) {
      this.#byName.set(block.kernelName, block);
      for (const partition of block.partitions) this.#byName.set(partition.kernelName, partition);
      for (const slave of valueOf(block.folder.lists.get('slaves')) ?? []) {
        this.#builtOn.set(slave, [...(this.#builtOn.get(slave) ?? []), block.kernelName]);
      }
    }
    this.#external = externalUses(snapshot, nodes);
  }

  usesOf(device: Device): readonly Use[] {
    // What a map of multipath or kpartx holds is the device itself.
    const own = new Set([device.kernelName, ...device.paths.map((path) => path.kernelName)]);
    for (const partition of device.partitions) own.add(partition.kernelName);
    const uses: Use[] = [];
    for (const name of own) {
      const node = this.#byName.get(name);
      if (node === undefined) continue;
      const subject = subjectOf(device, name);
      uses.push(...this.#mountsOf(name, subject), ...this.#holdersOf({ name, node, subject, own }));
      for (const use of this.#external.get(name) ?? []) {
        const presumed = use.presumed === true ? ({ presumed: true } as const) : {};
        uses.push({ kind: use.kind, reason: `${subject} ${use.what}`, evidence: [use.evidence], ...presumed });
      }
    }
    return uses;
  }

  #mountsOf(name: string, subject: string): readonly Use[] {
    const { mounts, evidence } = this.#nodes.mountsOf(name);
    const uses: Use[] = mounts.map((mount, at) => {
      const from = evidence[at];
      return { kind: 'mount', reason: `${subject} ${mountedOn(mount)}`, evidence: from === undefined ? [] : [from] };
    });
    const swap = this.#nodes.swapOf(name);
    if (swap !== null) uses.push({ kind: 'swap', reason: `${subject} is swap`, evidence: [swap] });
    return uses;
  }

  #holdersOf(of: { name: string; node: Node; subject: string; own: ReadonlySet<string> }): readonly Use[] {
    const { name, node, subject, own } = of;
    const path = `${node.folder.path}/holders`;
    const holders = new Set([...(valueOf(node.folder.lists.get('holders')) ?? []), ...(this.#builtOn.get(name) ?? [])]);
    const uses = inOrderOfNames(holders, (holder) => holder)
      .filter((holder) => !own.has(holder))
      .map((holder): Use => ({
        kind: 'holder',
        reason: `${subject} is held by ${this.#describe(holder, new Set())}`,
        evidence: [{ path: `${path}/${holder}`, value: holder }],
      }));
    // A cache without its disk, or a disk without its cache, has no device above it yet.
    if (uses.length === 0 && node.folder.names.has('bcache')) {
      const evidence = [{ path: `${node.folder.path}/bcache`, value: null, note: 'present' }];
      uses.push({ kind: 'member', reason: `${subject} is registered with bcache`, evidence });
    }
    return uses;
  }

  /** `dm-1 (vg0-data), mounted on /data (xfs)`, with what is built on it in turn. */
  #describe(holder: string, seen: Set<string>): string {
    if (seen.has(holder)) return holder;
    seen.add(holder);
    const folder = this.#byName.get(holder)?.folder;
    // An array that is stopped has no level.
    const name = [textOf(folder, 'dm/name'), textOf(folder, 'md/level')].find((text) => text !== null && text !== '');
    const [mount] = this.#nodes.mountsOf(holder).mounts;
    const above = new Set([...(valueOf(folder?.lists.get('holders')) ?? []), ...(this.#builtOn.get(holder) ?? [])]);
    const further = inOrderOfNames(above, (one) => one).filter((one) => !seen.has(one));
    return [
      typeof name !== 'string' ? holder : `${holder} (${name})`,
      ...(mount === undefined ? [] : [mountedOn(mount).replace(/^is /, '')]),
      ...(this.#nodes.swapOf(holder) === null ? [] : ['swap']),
      ...further.map((one) => `held by ${this.#describe(one, seen)}`),
    ].join(', ');
  }
}

function subjectOf(device: Device, name: string): string {
  if (name === device.kernelName) return 'it';
  if (device.partitions.some(({ kernelName }) => kernelName === name)) return `partition ${name}`;
  return `path ${name}`;
}

function mountedOn({ mountPoint, fileSystem, elsewhere }: Mount): string {
  return `is mounted on ${mountPoint} (${fileSystem})${elsewhere ? ' in another mount namespace' : ''}`;
}
