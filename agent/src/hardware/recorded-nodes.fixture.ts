/** The two recorded machines of test/fixtures/sysfs, with what is true of them. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

import { MemoryTree } from './memory-tree.fixture.ts';
import { readErrorsIn } from './snapshot/recorded-tree.ts';

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
  const tree = new MemoryTree();
  let unreadable: ReadonlyMap<string, string> = new Map();
  for (const entry of tarEntries(gunzipSync(readFileSync(join(FIXTURES, `${node}.tar.gz`))))) {
    const path = entry.name.slice(node.length);
    if (path === '/meta.json') unreadable = readErrorsIn(entry.bytes.toString('utf8'));
    if (!/^\/(sys|proc|run)\//.test(path)) continue;
    if (entry.type === '2') tree.set(path, { kind: 'link', target: entry.target });
    else if (entry.type === '5') tree.set(path.replace(/\/$/, ''), { kind: 'folder' });
    else tree.file(path, entry.bytes);
  }
  for (const [path, errno] of unreadable) tree.set(path, { kind: 'unreadable', errno });
  return tree;
}

interface TarEntry {
  readonly name: string;
  /** `0` a file, `2` a link, `5` a folder. */
  readonly type: string;
  readonly target: string;
  readonly bytes: Buffer;
}

/** Blocks of 512 bytes: a header, then the content. GNU writes long names and targets as entries of their own, before the one they belong to. */
function* tarEntries(archive: Buffer): Generator<TarEntry> {
  const long = new Map<string, string>();
  for (let at = 0; at + 512 <= archive.length && archive[at] !== 0;) {
    const field = (from: number, length: number): string => textOf(archive.subarray(at + from, at + from + length));
    const size = Number.parseInt(field(124, 12), 8);
    const type = field(156, 1);
    const name = field(0, 100);
    const target = field(157, 100);
    const bytes = archive.subarray(at + 512, at + 512 + size);
    at += 512 + Math.ceil(size / 512) * 512;
    if (type === 'L' || type === 'K') {
      long.set(type, textOf(bytes));
      continue;
    }
    yield { name: long.get('L') ?? name, type, target: long.get('K') ?? target, bytes };
    long.clear();
  }
}

function textOf(bytes: Buffer): string {
  const end = bytes.indexOf(0);
  return bytes.toString('utf8', 0, end === -1 ? bytes.length : end);
}
