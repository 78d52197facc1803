/**
 * The lines of /proc/<pid>/mountinfo, proc_pid_mountinfo(5):
 *
 *     36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue
 *     id parent dev root mount-point options tags… - type source super-options
 *
 * Blanks, tabs, newlines and backslashes in names are octal escapes. A line that cannot be read is left out, as one whose mount
 * vanished while the kernel wrote it would be.
 */

export interface MountLine {
  readonly id: number;
  readonly parent: number;
  /** `major:minor` of the file system; of btrfs, overlay and the like an anonymous one that is no disk. */
  readonly dev: string;
  /** The folder of the file system that is mounted: `/`, or another one with bind mounts and subvolumes. */
  readonly root: string;
  readonly mountPoint: string;
  readonly fileSystem: string;
  readonly source: string;
  /** Options of the file system, in their order: `logdev=/dev/sdb1`, `rw`. */
  readonly options: readonly string[];
}

/** In the order of the text, which is the order of mounting: of two on one mount point the later one is seen. */
export function parseMountinfo(text: string): readonly MountLine[] {
  return text.split('\n').flatMap((line) => parseLine(line) ?? []);
}

const DEV = /^\d+:\d+$/;

function parseLine(line: string): MountLine | undefined {
  const fields = line.split(' ');
  const [id, parent, dev, root, mountPoint] = fields;
  // The number of tags differs; a separator ends them.
  const separator = fields.indexOf('-', 6);
  const [fileSystem, source, options] = separator < 0 ? [] : fields.slice(separator + 1);
  if (id === undefined || parent === undefined || dev === undefined || root === undefined || !DEV.test(dev))
    return undefined;
  if (mountPoint === undefined || fileSystem === undefined || source === undefined) return undefined;
  return {
    id: Number(id),
    parent: Number(parent),
    dev,
    root: unescapeOctal(root),
    mountPoint: unescapeOctal(mountPoint),
    fileSystem: unescapeOctal(fileSystem),
    source: unescapeOctal(source),
    options: (options ?? '')
      .split(',')
      .filter((option) => option !== '')
      .map(unescapeOctal),
  };
}

/** Bytes stand behind a backslash as three octal digits, also those of one character in several. */
export function unescapeOctal(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(/(?:\\[0-3][0-7]{2})+/g, (escapes) =>
    Buffer.from(
      escapes
        .slice(1)
        .split('\\')
        .map((digits) => Number.parseInt(digits, 8)),
    ).toString('utf8'),
  );
}
