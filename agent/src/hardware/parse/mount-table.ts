/**
 * Mounts of all namespaces, and /proc/swaps. A mount names its device by number, but file systems that can have several devices show a
 * number that belongs to none; of those, and of logs on a device of their own, only the paths are there.
 */
import { evidenceOf, type Evidence } from '../model/evidence.ts';
import { parseMountinfo, unescapeOctal, type MountLine } from '../mountinfo.ts';
import { valueOf } from '../snapshot/attribute.ts';
import type { HardwareSnapshot } from '../snapshot/hardware-snapshot.ts';

export interface SeenMount extends MountLine {
  /** In another mount namespace than this process's. */
  readonly elsewhere: boolean;
  readonly evidence: Evidence;
}

export function mountLines(snapshot: HardwareSnapshot): readonly SeenMount[] {
  return snapshot.mounts.flatMap(({ path, own, text }) =>
    parseMountinfo(valueOf(text) ?? '').map((line) => {
      const { dev, root, mountPoint, fileSystem, source, options } = line;
      const value = `${dev} ${root} ${mountPoint} - ${fileSystem} ${source} ${options.join(',')}`;
      return { ...line, elsewhere: !own, evidence: evidenceOf(path, { kind: 'value', value }) };
    }),
  );
}

export interface SwapLine {
  readonly path: string;
  readonly evidence: Evidence;
}

/** Swap on devices; swap in files lies on what is mounted. */
export function swapLines(snapshot: HardwareSnapshot): readonly SwapLine[] {
  const [, ...lines] = (valueOf(snapshot.swaps) ?? '').split('\n');
  return lines.flatMap((line) => {
    const [path, type] = line.split(/\s+/);
    if (path === undefined || type !== 'partition') return [];
    const evidence = evidenceOf('/proc/swaps', { kind: 'value', value: line.replace(/\s+/g, ' ') });
    return [{ path: unescapeOctal(path), evidence }];
  });
}
