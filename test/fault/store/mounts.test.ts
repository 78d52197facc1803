/** A wrong or empty mount is refused by the pool's identity: an empty one is not "all shards are gone", and nothing is written into any. */
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, expect, it } from '@jest/globals';
import { parsePoolUuid, realClock } from '@couchestor/common/base';
import { Pool } from '@couchestor/agent/pools';
import { requireMounts } from '../../skips.ts';
import { MountedFileSystem } from './file-systems.ts';
import { makePool, openStore, putSample, servedOf } from './samples.ts';
import { live } from './store-lab.ts';

const [kept, next] = ['vol-a/7-1/0.1.shard', 'vol-b/7-2/1.1.shard'];

/** Everything below the folder, by path. */
const contentOf = (folder: string): string[] => (readdirSync(folder, { recursive: true }) as string[]).sort();

requireMounts()('a pool whose disk', () => {
  let disk: MountedFileSystem;
  let mounted: MountedFileSystem[];

  function tmpfs(): MountedFileSystem {
    const fileSystem = MountedFileSystem.tmpfs('size=4m');
    mounted.push(fileSystem);
    return fileSystem;
  }

  beforeEach(async () => {
    mounted = [];
    disk = tmpfs();
    await makePool(disk.folder);
    const { store, close } = await openStore(disk.folder);
    await putSample(store, kept);
    await close();
  });
  afterEach(() => {
    for (const fileSystem of mounted.reverse()) fileSystem.remove();
  });

  it('is not mounted is refused, and the empty folder stays empty', async () => {
    disk.cover();
    await expect(openStore(disk.folder)).rejects.toMatchObject({
      fields: { fault: 'emptyFolder', remedy: expect.stringMatching(/mount/i) },
    });
    expect(contentOf(disk.folder)).toEqual([]);
    disk.unmount();
    const { store, close } = await openStore(disk.folder);
    expect(await servedOf(store, kept)).toBe('whole');
    await close();
  });

  it('is mistaken for that of another pool is refused, and the other one left as it is', async () => {
    const other = tmpfs();
    await makePool(other.folder);
    const { pool, close } = await openStore(disk.folder);
    const { uuid } = pool.identity;
    await close();
    disk.bind(other.folder);
    const before = contentOf(disk.folder);
    const opening = Pool.open(disk.folder, { clock: realClock, expected: { uuid: parsePoolUuid(uuid) } });
    await expect(opening).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining(uuid) });
    expect(contentOf(disk.folder)).toEqual(before);
  });

  it('is mistaken for something else is refused, and that left as it is', async () => {
    const other = tmpfs();
    mkdirSync(join(other.folder, 'database'));
    writeFileSync(join(other.folder, 'database', 'rows'), 'precious');
    disk.bind(other.folder);
    const before = contentOf(disk.folder);
    await expect(openStore(disk.folder)).rejects.toMatchObject({ fields: { fault: 'foreignFolder' } });
    expect(contentOf(disk.folder)).toEqual(before);
  });

  it('is covered by another mount while it is used goes on being the one that is written', async () => {
    const { store, close } = await openStore(disk.folder);
    disk.cover();
    await putSample(store, next);
    expect(await servedOf(store, kept)).toBe('whole');
    expect(contentOf(disk.folder)).toEqual([]);
    await close();
    disk.unmount();
    const again = await openStore(disk.folder);
    expect(await servedOf(again.store, next)).toBe('whole');
    await again.close();
  });

  it('is in use is neither unmounted nor opened a second time, by whatever path', async () => {
    const { store, close } = await openStore(disk.folder);
    const elsewhere = tmpfs();
    elsewhere.bind(disk.folder);
    const { reports } = await live(elsewhere.folder, [`put:${next}`]);
    expect(reports).toMatchObject([{ what: 'open', code: 'conflict', message: expect.stringContaining('process') }]);
    elsewhere.unmount();
    expect(() => disk.unmount()).toThrow(/busy/);
    await putSample(store, next);
    await close();
    disk.unmount();
  });
});
