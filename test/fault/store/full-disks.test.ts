/**
 * ENOSPC, no inodes, EMFILE, EROFS: a typed error, nothing deleted, reads go on, and what has passed is over by itself. And a disk that
 * takes bytes for which it has no room, and tells of it at the sync.
 */
import { closeSync, mkdirSync, openSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import { MAX_STRIPE_RECORD_BYTES, parseShardPath, pathOfShard } from '@couchestor/agent/shards';
import type { ShardStore } from '@couchestor/agent/store';
import { requireMounts } from '../../skips.ts';
import { MountedFileSystem } from './file-systems.ts';
import { begin, commit, makePool, openStore, PROOF, putSample, sampleOf, servedOf, type Opened } from './samples.ts';
import { live, problemsOf, StoreLab } from './store-lab.ts';

const [kept, next, beside] = ['vol-a/7-1/0.1.shard', 'vol-b/7-2/1.1.shard', 'vol-b/7-2/2.1.shard'];

/** Header, record, and the rest of the footer. */
const ROOM_BESIDE_A_PAYLOAD = 4096 + MAX_STRIPE_RECORD_BYTES + 2 * 4096;

let mounted: MountedFileSystem | undefined;
let opened: Opened | undefined;

afterEach(async () => {
  await opened?.close();
  mounted?.remove();
  [opened, mounted] = [undefined, undefined];
});

/** A pool with one shard on the file system. */
async function poolOn(fileSystem: MountedFileSystem): Promise<Opened & { folder: string }> {
  mounted = fileSystem;
  const folder = join(fileSystem.folder, 'pool');
  mkdirSync(folder);
  await makePool(folder);
  opened = await openStore(folder);
  await putSample(opened.store, kept);
  return { ...opened, folder };
}

/** Takes all that is left of the disk. */
function fill(folder: string): string {
  const path = join(folder, 'other');
  const file = openSync(path, 'w');
  try {
    for (;;) writeSync(file, Buffer.alloc(65_536, 1));
  } catch (error) {
    expect(error).toMatchObject({ code: 'ENOSPC' });
  } finally {
    closeSync(file);
  }
  return path;
}

async function shardsOf(store: ShardStore): Promise<number> {
  return (await store.list({ limit: 1000 })).shards.length;
}

const causesOf = ({ pool }: Opened): string[] => pool.health.reasons.map(({ cause }) => cause);

requireMounts()('a store on a file system', () => {
  it('that has no room for a shard refuses it before anything is written, and takes it when there is', async () => {
    const { store, folder } = await poolOn(MountedFileSystem.tmpfs('size=2m'));
    const other = fill(join(folder, '..'));
    await expect(begin(store, sampleOf(next))).rejects.toMatchObject({
      ...{ code: 'resourceExhausted', retryable: true },
      message: expect.stringMatching(/\d/),
    });
    expect(await servedOf(store, kept)).toBe('whole');
    rmSync(other);
    await putSample(store, next);
    expect(await shardsOf(store)).toBe(2);
  });

  it('that is full of shards can be emptied by deletions', async () => {
    const { store, pool } = await poolOn(MountedFileSystem.tmpfs('size=8m'));
    const stored = [kept];
    for (;;) {
      const { identity, payload } = sampleOf(`vol-c/7-${stored.length}/0.1.shard`);
      const { freeForRepairBytes } = await pool.usage();
      // The last one takes whatever is left.
      const maxPayloadBytes = Math.min(payload.length, freeForRepairBytes - ROOM_BESIDE_A_PAYLOAD);
      if (maxPayloadBytes <= 0) break;
      const put = await store.put(identity, { maxPayloadBytes, purpose: 'repair' });
      await put.append(payload.subarray(0, maxPayloadBytes));
      await put.commit({ logicalLength: maxPayloadBytes, record: new Uint8Array(MAX_STRIPE_RECORD_BYTES) });
      stored.push(pathOfShard(identity.name));
    }
    expect(stored.length).toBeGreaterThan(20);
    await expect(begin(store, sampleOf(next))).rejects.toMatchObject({ code: 'resourceExhausted' });
    for (const path of stored.slice(0, 16)) {
      expect(await store.delete(parseShardPath(path), PROOF)).toMatchObject({ kind: 'tombstoned' });
    }
    expect(pool.health.state).toBe('Online');
    await opened?.close();
    opened = await openStore(pool.files.label, { graceMs: 0 });
    expect(await opened.store.collect().step()).toBe('idle');
    expect(await shardsOf(opened.store)).toBe(stored.length - 16);
    await putSample(opened.store, next);
  });

  it('that gets full while a shard is written says so, keeps the rest, and goes on by itself', async () => {
    const { store, folder, pool } = await poolOn(MountedFileSystem.tmpfs('size=2m'));
    const sample = sampleOf(next);
    const put = await store.put(sample.identity, { maxPayloadBytes: sample.payload.length, purpose: 'data' });
    const other = fill(join(folder, '..'));
    const write = put.append(sample.payload).then(() => commit(put));
    await expect(write).rejects.toMatchObject({
      ...{ code: 'resourceExhausted', retryable: true },
      fields: { errno: 'ENOSPC', remedy: expect.stringContaining('Free space') },
    });
    await put.abort();
    expect(pool.health.report).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'noSpace' }] });
    expect(await servedOf(store, kept)).toBe('whole');
    expect(await shardsOf(store)).toBe(1);
    rmSync(other);
    await putSample(store, next);
    expect(pool.health.state).toBe('Online');
    expect(await servedOf(store, next)).toBe('whole');
  });

  it('that is full is opened, read, and emptied of what was to be deleted', async () => {
    const { store, folder } = await poolOn(MountedFileSystem.tmpfs('size=2m'));
    await putSample(store, next);
    await store.delete(parseShardPath(next), PROOF);
    await opened?.close();
    fill(join(folder, '..'));
    opened = await openStore(folder, { graceMs: 0 });
    expect(await servedOf(opened.store, kept)).toBe('whole');
    const deletion = opened.store.delete(parseShardPath(kept), PROOF);
    await expect(deletion).rejects.toMatchObject({ code: 'resourceExhausted', retryable: true });
    const collector = opened.store.collect();
    while ((await collector.step()) === 'busy');
    expect(collector.report).toMatchObject({ deleted: 1, keptCount: 0 });
    expect(await opened.store.delete(parseShardPath(kept), PROOF)).toMatchObject({ kind: 'tombstoned' });
    expect(opened.pool.health.state).toBe('Online');
  });

  it('that has no inodes left says so, keeps what it has, and goes on by itself', async () => {
    const { store, folder, pool } = await poolOn(MountedFileSystem.tmpfs('size=8m,nr_inodes=100'));
    const others = join(folder, '..', 'others');
    mkdirSync(others);
    const sample = sampleOf(next);
    const put = await begin(store, sample);
    expect(() => {
      for (let index = 0; index < 100; index += 1) writeFileSync(join(others, String(index)), '');
    }).toThrow(/ENOSPC/);
    await expect(commit(put)).rejects.toMatchObject({
      ...{ code: 'resourceExhausted', retryable: true },
      fields: { errno: 'ENOSPC', remedy: expect.stringContaining('inodes') },
    });
    await expect(begin(store, sample)).rejects.toMatchObject({ code: 'resourceExhausted', retryable: true });
    expect(pool.health.state).toBe('Degraded');
    expect(await servedOf(store, kept)).toBe('whole');
    rmSync(others, { recursive: true });
    await putSample(store, next);
    expect(pool.health.state).toBe('Online');
    expect(await shardsOf(store)).toBe(2);
  });

  it('that the kernel makes read-only is read, and neither written nor emptied', async () => {
    const { store, folder, ...rest } = await poolOn(MountedFileSystem.onLoop('ext4'));
    mounted?.remount('abort');
    const erofs = { code: 'forbidden', fields: { errno: 'EROFS', remedy: expect.stringContaining('kernel') } };
    await expect(putSample(store, next)).rejects.toMatchObject(erofs);
    expect(rest.pool.health.report).toMatchObject({ state: 'ReadOnly', reasons: [{ cause: 'fileSystemReadOnly' }] });
    await expect(putSample(store, next)).rejects.toMatchObject({ code: 'unavailable', fields: { state: 'ReadOnly' } });
    expect(await servedOf(store, kept)).toBe('whole');
    await opened?.close();
    mounted?.unmount();
    mounted?.restore();
    opened = await openStore(folder);
    await putSample(opened.store, next);
    expect(await shardsOf(opened.store)).toBe(2);
    expect(opened.pool.health.state).toBe('Online');
  });

  it('that is mounted read-only is opened, and read', async () => {
    const { folder } = await poolOn(MountedFileSystem.tmpfs('size=2m'));
    await opened?.close();
    mounted?.remount('ro');
    opened = await openStore(folder);
    expect(causesOf(opened)).toContain('withoutLock');
    expect(await servedOf(opened.store, kept)).toBe('whole');
    await expect(putSample(opened.store, next)).rejects.toMatchObject({ code: 'unavailable' });
    await opened.close();
    mounted?.remount('rw');
    opened = await openStore(folder);
    await putSample(opened.store, next);
  });
});

requireMounts('mkfs.ext4')('a disk that has no room for what it has taken', () => {
  it('is told by the sync, acknowledges nothing, and has what it acknowledged when there is room again', async () => {
    // The tmpfs with the image is too small for it, so that the file system hears of it only from the disk.
    const image = MountedFileSystem.onLoop('ext4', '16m');
    const { store, folder } = await poolOn(image);
    const other = fill(image.below?.folder ?? '');
    const paths = Array.from({ length: 8 }, (_, index) => `vol-c/7-${index + 1}/0.1.shard`);
    for (const path of paths.slice(0, 4)) {
      const refused = { code: 'resourceExhausted', fields: { operation: 'sync', errno: 'ENOSPC' } };
      await expect(putSample(store, path)).rejects.toMatchObject(refused);
    }
    rmSync(other);
    for (const path of paths.slice(4)) await putSample(store, path);
    const fates = Object.fromEntries(paths.map((path, index) => [path, [index < 4 ? 'absent' : 'live'] as const]));
    await opened?.close();
    opened = undefined;
    image.unmount();
    image.restore();
    expect(await problemsOf(folder, { ...fates, [kept]: ['live'] })).toEqual([]);
  });
});

describe('a store in a process that may open few files', () => {
  let lab: StoreLab;
  beforeEach(() => {
    lab = new StoreLab();
  });
  afterEach(() => lab.remove());

  it('says so, and goes on when some are closed', async () => {
    const pool = await lab.newPool();
    const limited = ['sh', '-c', 'ulimit -n 60 && exec "$0" "$@"'];
    const acts = [`put:${kept}`, 'hoard', `put:${next}`, `read:${kept}`, 'drop', `put:${next}`, `read:${kept}`];
    const { reports, code } = await live(pool, [...acts, `put:${beside}`], limited);
    expect(code).toBe(0);
    const emfile = {
      code: 'resourceExhausted',
      retryable: true,
      errno: 'EMFILE',
      remedy: expect.stringContaining('ulimit'),
    };
    expect(reports).toMatchObject([
      { what: 'open' },
      { what: `put:${kept}` },
      { what: 'hoard' },
      { what: `put:${next}`, ...emfile },
      { what: `read:${kept}` },
      { what: 'drop' },
      { what: `put:${next}` },
      { what: `read:${kept}`, served: 'whole' },
      { what: `put:${beside}` },
      { what: 'health', state: 'Online', causes: [] },
    ]);
    expect(statSync(join(pool, kept)).size).toBeGreaterThan(0);
  });
});
