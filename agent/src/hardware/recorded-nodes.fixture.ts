/** The two recorded machines of test/fixtures/sysfs, with what is true of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { MemoryTree } from './memory-tree.fixture.ts';

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/sysfs');

export const RECORDED_NODES = ['storage-node-a', 'storage-node-b'] as const;
export type RecordedNode = (typeof RECORDED_NODES)[number];

export interface TrueZones {
  readonly model: string;
  readonly zone_size_bytes: number;
  readonly nr_zones: number;
  readonly max_open_zones?: number;
  readonly max_active_zones?: number;
}

/** What was declared to the machine; `observed_sysfs` is what its kernel showed of it. */
export interface TrueDevice {
  readonly kernel_name: string;
  readonly key: string;
  readonly transport: string;
  readonly media: string;
  readonly absent?: boolean;
  readonly in_use: boolean;
  readonly offerable: boolean | 'by-policy';
  readonly health?: string;
  readonly expected_tier: string | null;
  readonly model?: string | null;
  readonly vendor?: string | null;
  readonly serial?: string | null;
  readonly wwn?: string | null;
  readonly nsid?: number;
  readonly rpm?: number | null;
  readonly size_bytes: number | null;
  readonly logical_block_size?: number;
  readonly physical_block_size?: number;
  readonly rotational?: boolean | null;
  readonly removable?: boolean;
  readonly zoned?: TrueZones | null;
  readonly nvme_paths?: readonly string[];
  readonly observed_sysfs: {
    readonly syspath: string;
    readonly wwid: string | null;
    readonly state: string | null;
    readonly [name: string]: unknown;
  };
}

export interface Truth {
  readonly devices: readonly TrueDevice[];
  readonly hidden_path_devices: readonly string[];
  readonly must_ignore: readonly string[];
}

export function truthOf(node: RecordedNode): Truth {
  return JSON.parse(readFileSync(join(FIXTURES, `${node}.truth.json`), 'utf8')) as Truth;
}

/** Unpacks a machine into a folder of its own; `remove` has to be called. */
export function unpackNode(node: RecordedNode): { readonly root: string; readonly remove: () => void } {
  const folder = mkdtempSync(join(tmpdir(), 'couchestor-hardware-'));
  execFileSync('tar', ['xzf', join(FIXTURES, `${node}.tar.gz`), '-C', folder]);
  return { root: join(folder, node), remove: () => rmSync(folder, { recursive: true, force: true }) };
}

/** A machine in memory, in which what its kernel refused to read is refused again. */
export function recordedTree(node: RecordedNode): MemoryTree {
  const { root, remove } = unpackNode(node);
  try {
    const meta = JSON.parse(readFileSync(join(root, 'meta.json'), 'utf8')) as {
      sysfs_read_errors: Record<string, string>;
    };
    return MemoryTree.load(root, meta.sysfs_read_errors);
  } finally {
    remove();
  }
}
