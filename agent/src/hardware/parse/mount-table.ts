/**
 * Lines of mountinfo and of /proc/swaps. A mount names its device by number, but file systems that can have several devices show a
 * number that belongs to none; of those, and of logs on a device of their own, only the paths are there.
 */
import { valueOf } from '../snapshot/attribute.ts';
import type { HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';
import { evidenceOf, type Evidence } from '../model/evidence.ts';

export interface MountLine {
  /** `major:minor`; `0:n` belongs to no block device. */
  readonly dev: string;
  /** What of the file system is mounted: `/` unless it is a part. */
  readonly root: string;
  readonly mountPoint: string;
  readonly fileSystem: string;
  readonly source: string;
  readonly options: readonly string[];
  readonly elsewhere: boolean;
  readonly evidence: Evidence;
}

export function mountLines(snapshot: HardwareSnapshot): readonly MountLine[] {
  const lines: MountLine[] = [];
  for (const table of snapshot.mounts) {
    for (const line of (valueOf(table.text) ?? '').split('\n')) {
      const parsed = parseMountLine(line);
      if (parsed === null) continue;
      lines.push({ ...parsed, elsewhere: !table.own, evidence: { path: table.path, value: line.slice(0, 300) } });
    }
  }
  return lines;
}

/** `36 35 98:0 /root /mount rw,noatime master:1 - ext3 /dev/sda3 rw,errors=continue`, with any number of fields before the dash. */
export function parseMountLine(line: string): Omit<MountLine, 'elsewhere' | 'evidence'> | null {
  const dash = line.indexOf(' - ');
  if (dash === -1) return null;
  const [, , dev, root, mountPoint] = line.slice(0, dash).split(' ');
  const [fileSystem, source, options] = line.slice(dash + 3).split(' ');
  if (dev === undefined || root === undefined || mountPoint === undefined || fileSystem === undefined) return null;
  return {
    dev,
    root: unescaped(root),
    mountPoint: unescaped(mountPoint),
    fileSystem,
    source: unescaped(source ?? ''),
    options: (options ?? '').split(',').map(unescaped),
  };
}

export interface SwapLine {
  readonly path: string;
  readonly evidence: Evidence;
}

/** Swap on devices; swap in files lies on what is mounted. */
export function swapLines(snapshot: HardwareSnapshot): readonly SwapLine[] {
  const lines = (valueOf(snapshot.swaps) ?? '').split('\n').slice(1);
  return lines.flatMap((line) => {
    const [path, type] = line.split(/\s+/);
    if (path === undefined || type !== 'partition') return [];
    return [
      {
        path: unescaped(path),
        evidence: evidenceOf('/proc/swaps', { kind: 'value', value: line.replace(/\s+/g, ' ') }),
      },
    ];
  });
}

/** Space, tab, newline and backslash are written as \040, \011, \012 and \134. */
function unescaped(text: string): string {
  return text.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)));
}
