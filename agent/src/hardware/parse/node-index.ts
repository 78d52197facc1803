/**
 * Finds the disk or partition that a text means: a device number, a path below /dev, one of udev's links, the name of a mapping.
 * Everything outside of the block layer speaks of devices in these ways.
 */
import { posix } from 'node:path';

import { textOf, type BlockEntry, type HardwareSnapshot, type UdevRecord } from '../snapshot/hardware-snapshot.ts';
import { attributeOf } from '../snapshot/hardware-snapshot.ts';
import { valueOf } from '../snapshot/attribute.ts';
import type { Evidence } from '../model/evidence.ts';
import type { Mount } from '../model/device.ts';
import { nodePath } from './kernel-names.ts';
import { mountLines, swapLines, type SeenMount } from './mount-table.ts';

/** A node whose file system is mounted in more places than this is in use all the same. */
const MOUNTS_KEPT = 32;

interface MountsOfNode {
  readonly mounts: readonly Mount[];
  readonly evidence: readonly Evidence[];
}

const NO_MOUNTS: MountsOfNode = { mounts: [], evidence: [] };

export class NodeIndex {
  readonly lines: readonly SeenMount[];
  readonly #byDev = new Map<string, string>();
  readonly #byPath = new Map<string, string>();
  readonly #mounts = new Map<string, { readonly mounts: Mount[]; readonly evidence: Evidence[] }>();
  readonly #swaps = new Map<string, Evidence>();

  constructor(snapshot: HardwareSnapshot) {
    for (const block of snapshot.blocks) {
      this.#add(block);
      for (const partition of block.partitions) this.#add(partition);
    }
    this.lines = mountLines(snapshot);
    for (const line of this.lines) this.#addMount(line);
    for (const { path, evidence } of swapLines(snapshot)) {
      const name = this.nodeAt(path);
      if (name !== null) this.#swaps.set(name, evidence);
    }
  }

  /** The kernel name of the disk or partition at a path below /dev; null for whatever else it is. */
  nodeAt(path: string): string | null {
    const known = this.#byPath.get(path);
    if (known !== undefined || !path.startsWith('/')) return known ?? null;
    const plain = posix.normalize(path);
    const [, number] = /^\/dev\/block\/(\d+:\d+)$/.exec(plain) ?? [];
    return number === undefined ? (this.#byPath.get(plain) ?? null) : this.nodeOfNumber(number);
  }

  nodeOfNumber(dev: string): string | null {
    return this.#byDev.get(dev) ?? null;
  }

  /** Each place once, those of the own namespace first. */
  mountsOf(kernelName: string): MountsOfNode {
    return this.#mounts.get(kernelName) ?? NO_MOUNTS;
  }

  swapOf(kernelName: string): Evidence | null {
    return this.#swaps.get(kernelName) ?? null;
  }

  swapEvidence(kernelName: string): readonly Evidence[] {
    const evidence = this.#swaps.get(kernelName);
    return evidence === undefined ? [] : [evidence];
  }

  #add({ kernelName, folder, udev }: Pick<BlockEntry, 'kernelName' | 'folder' | 'udev'>): void {
    // Paths to a namespace have no node of their own.
    if (textOf(folder, 'hidden') === '1') return;
    const dev = textOf(folder, 'dev');
    if (dev !== null) this.#byDev.set(dev, kernelName);
    this.#byPath.set(nodePath(kernelName), kernelName);
    const mapping = valueOf(attributeOf(folder, 'dm/name'));
    if (mapping !== null) this.#byPath.set(`/dev/mapper/${mapping}`, kernelName);
    for (const link of linksOf(udev)) {
      // Two paths to a disk claim one link; what is behind it is found by either.
      if (!this.#byPath.has(`/dev/${link}`)) this.#byPath.set(`/dev/${link}`, kernelName);
    }
  }

  #addMount(line: SeenMount): void {
    // bcachefs writes all its devices, with colons between them.
    const byPath = line.source.split(':').map((path) => this.nodeAt(path));
    // The path is what somebody wrote when mounting; the number is the kernel's.
    const byNumber = this.nodeOfNumber(line.dev);
    const nodes = new Set((byNumber === null ? byPath : [byNumber]).filter((name) => name !== null));
    for (const name of nodes) {
      const kept = this.#mounts.get(name) ?? { mounts: [], evidence: [] };
      this.#mounts.set(name, kept);
      if (kept.mounts.length >= MOUNTS_KEPT || kept.mounts.some(({ mountPoint }) => mountPoint === line.mountPoint))
        continue;
      kept.mounts.push({ mountPoint: line.mountPoint, fileSystem: line.fileSystem, elsewhere: line.elsewhere });
      kept.evidence.push(line.evidence);
    }
  }
}

function linksOf(udev: UdevRecord): readonly string[] {
  return udev.kind === 'known' ? udev.links : [];
}
