/** The file systems of these tests lose what they are said to lose, and keep what they are said to keep. */
import {
  closeSync,
  fsyncSync,
  mkdirSync,
  openSync,
  readdirSync,
  readFileSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, it } from '@jest/globals';
import { requireMounts } from '../../skips.ts';
import { MountedFileSystem } from './file-systems.ts';

let mounted: MountedFileSystem | undefined;
afterEach(() => {
  mounted?.remove();
  mounted = undefined;
});

function sync(path: string): void {
  const fd = openSync(path, 'r');
  fsyncSync(fd);
  closeSync(fd);
}

requireMounts(
  'mkfs.ext4',
  'mkfs.xfs',
  'xfs_io',
)('a file system whose power is cut', () => {
  it.each(['ext4', 'xfs'] as const)('has what was synced, and neither a name nor a byte more: %s', (kind) => {
    mounted = MountedFileSystem.onLoop(kind);
    const { folder } = mounted;
    mkdirSync(join(folder, 'kept'));
    writeFileSync(join(folder, 'kept', 'a'), 'synced');
    sync(join(folder, 'kept', 'a'));
    sync(join(folder, 'kept'));
    sync(folder);
    writeFileSync(join(folder, 'kept', 'b'), 'never synced');
    renameSync(join(folder, 'kept', 'a'), join(folder, 'kept', 'c'));
    mkdirSync(join(folder, 'lost'));
    mounted.cutPower();
    expect(() => readFileSync(join(folder, 'kept', 'c'))).toThrow(/EIO/);
    mounted.unmount();
    mounted.restore();
    expect(readdirSync(folder).filter((name) => name !== 'lost+found')).toEqual(['kept']);
    expect(readdirSync(join(folder, 'kept'))).toEqual(['a']);
    expect(readFileSync(join(folder, 'kept', 'a'), 'utf8')).toBe('synced');
  });
});
