/** What a power loss leaves of a file system in memory, and what it never takes. */
import { describe, expect, it } from '@jest/globals';
import { InterposedFiles } from './interposed-files.fixture.ts';
import { describePoolFiles } from './pool-files-contract.fixture.ts';
import { PowerLossFiles } from './power-loss-files.fixture.ts';
import type { PowerLossDisk } from './power-loss-disk.fixture.ts';

const never = (): number => {
  throw new Error('there are few enough to try them all');
};

async function write(
  files: PowerLossFiles,
  path: string,
  text: string,
  { isSynced }: { isSynced: boolean },
): Promise<void> {
  const device = await files.create(path);
  await device.write(0, Buffer.from(text));
  if (isSynced) await device.sync();
  await device.close();
}

async function textOf(files: PowerLossFiles, path: string): Promise<string> {
  const device = await files.open(path);
  if (device === undefined) return '-';
  const into = Buffer.alloc(device.sizeBytes);
  await device.read(0, into);
  return into.toString().replaceAll('\0', '0');
}

/** What may be found under the paths, each combination once. */
async function found(disk: PowerLossDisk, ...paths: readonly string[]): Promise<string[]> {
  const all = new Set<string>();
  for (const outcome of disk.outcomes(1000, never)) {
    const files = new PowerLossFiles(outcome);
    all.add((await Promise.all(paths.map((path) => textOf(files, path)))).join(' '));
  }
  return [...all].sort();
}

describePoolFiles({ name: 'a disk in memory', make: () => Promise.resolve(new PowerLossFiles()) });

describePoolFiles({
  name: 'a disk in memory whose calls somebody stands in front of',
  make: () => Promise.resolve(new InterposedFiles(new PowerLossFiles(), (_, run) => run())),
});

describe('a power loss', () => {
  it('takes the name that was not synced, and the bytes', async () => {
    const files = new PowerLossFiles();
    await write(files, 'a', 'x'.repeat(2048), { isSynced: false });
    const half = 'x'.repeat(1024);
    expect(await found(files.disk, 'a')).toEqual(['', '-', '0'.repeat(2048), half, `${half}${half}`].sort());
    await files.syncFolder('');
    expect(await found(files.disk, 'a')).toHaveLength(4);
  });

  it('takes nothing that was synced, name and bytes', async () => {
    const files = new PowerLossFiles();
    await write(files, 'a', 'text', { isSynced: true });
    expect(await found(files.disk, 'a')).toEqual(['-', 'text']);
    await files.syncFolder('');
    expect(await found(files.disk, 'a')).toEqual(['text']);
    await files.unlink('a');
    expect(await found(files.disk, 'a')).toEqual(['-', 'text']);
  });

  it('takes a folder with all that is in it, however well that was synced', async () => {
    const files = new PowerLossFiles();
    await files.makeFolder('folder');
    await write(files, 'folder/a', 'text', { isSynced: true });
    await files.syncFolder('folder');
    expect(await found(files.disk, 'folder/a')).toEqual(['-', 'text']);
    await files.syncFolder('');
    expect(await found(files.disk, 'folder/a')).toEqual(['text']);
  });

  it('leaves a renamed file one of its names or both, and never none', async () => {
    const files = new PowerLossFiles();
    for (const folder of ['from', 'to']) await files.makeFolder(folder);
    await write(files, 'from/a', 'text', { isSynced: true });
    for (const folder of ['from', '']) await files.syncFolder(folder);
    await files.rename('from/a', 'to/b');
    expect(await found(files.disk, 'from/a', 'to/b')).toEqual(['- text', 'text -', 'text text']);
    await files.syncFolder('from');
    expect(await found(files.disk, 'from/a', 'to/b')).toEqual(['- text']);
  });

  it('renames within a folder wholly or not, and replaces what had the name', async () => {
    const files = new PowerLossFiles();
    await write(files, 'a', 'new', { isSynced: true });
    await write(files, 'b', 'old', { isSynced: true });
    await files.syncFolder('');
    await files.rename('a', 'b');
    expect(await found(files.disk, 'a', 'b')).toEqual(['- new', 'new old']);
    await files.syncFolder('');
    expect(await found(files.disk, 'a', 'b')).toEqual(['- new']);
  });

  it('has more outcomes than can be tried: then nothing, everything, and some by chance', async () => {
    const files = new PowerLossFiles();
    for (let index = 0; index < 20; index += 1) await write(files, `f${index}`, 'x', { isSynced: true });
    let state = 1;
    const outcomes = [...files.disk.outcomes(50, () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647)];
    const sizes = outcomes.map(({ root }) => root.entries.size);
    expect(sizes).toHaveLength(50);
    expect(sizes.slice(0, 2)).toEqual([0, 20]);
    expect(new Set(sizes).size).toBeGreaterThan(3);
  });
});
