/**
 * Shards that are empty, short, long, swapped, of another stripe, restored from an old copy or with a bit flipped, as files on a disk:
 * none is served, none is deleted, and the scrub finds all that a scrub can. And a scrub that is killed whenever it keeps how far it is.
 */
import { copyFileSync, readFileSync, renameSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from '@jest/globals';
import { requireTool } from '../../skips.ts';
import { begin, commit, openStore, sampleOf, servedOf } from './samples.ts';
import { callsOf, live, sideBySide, StoreLab, tracedCalls } from './store-lab.ts';

const lab = new StoreLab();
afterAll(() => lab.remove());

const shardAt = (index: number): string => `vol-a/7-${index}/0.1.shard`;

function flip(path: string, at: number): void {
  const bytes = readFileSync(path);
  bytes.writeUInt8((bytes[at] ?? 0) ^ 16, at);
  writeFileSync(path, bytes);
}

interface Damage {
  readonly name: string;
  readonly does: (path: string, other: string) => void;
  /** What reading says. */
  readonly read: string;
  /** What the scrub says. */
  readonly scrub: string;
  /** What a put of the same shard does. */
  readonly put: 'replaces it' | 'is refused';
}

const DAMAGES: readonly Damage[] = [
  { name: 'empty', does: (path) => truncateSync(path, 0), read: 'incomplete', scrub: 'missing', put: 'replaces it' },
  {
    name: 'short',
    does: (path) => truncateSync(path, 70_000),
    read: 'incomplete',
    scrub: 'missing',
    put: 'replaces it',
  },
  {
    name: 'long',
    does: (path) => truncateSync(path, 200_000),
    read: 'incomplete',
    scrub: 'missing',
    put: 'replaces it',
  },
  {
    name: 'of another stripe',
    does: (path, other) => copyFileSync(other, path),
    read: 'otherShard',
    scrub: 'missing',
    put: 'is refused',
  },
  {
    name: 'with a flipped bit in its header',
    does: (path) => flip(path, 40),
    read: 'corruptHeader',
    scrub: 'missing',
    put: 'replaces it',
  },
  {
    name: 'with a flipped bit in its payload',
    does: (path) => flip(path, 80_000),
    read: 'corrupt',
    scrub: 'corrupt',
    put: 'replaces it',
  },
  {
    name: 'with a flipped bit in its footer',
    does: (path) => flip(path, readFileSync(path).length - 100),
    read: 'corruptFooter',
    scrub: 'missing',
    put: 'replaces it',
  },
];

/** A put of the very shard that the sample is. */
async function putAgain(pool: string, path: string): Promise<string> {
  const { store, close } = await openStore(pool);
  try {
    await commit(await begin(store, sampleOf(path)));
    return (await servedOf(store, path)) === 'whole' ? 'replaces it' : 'leaves it';
  } catch (error) {
    expect(error).toMatchObject({ code: 'conflict' });
    return 'is refused';
  } finally {
    await close();
  }
}

describe('a shard on a disk', () => {
  it.each(DAMAGES)('that is $name is not served, not deleted, and found by the scrub', async (damage) => {
    const pool = await lab.newPool();
    const [bad, good] = [shardAt(1), shardAt(2)];
    await live(pool, [`put:${bad}`, `put:${good}`]);
    damage.does(join(pool, bad), join(pool, good));
    const before = readFileSync(join(pool, bad));
    const { reports } = await live(pool, [`read:${bad}`, `read:${good}`, 'scrub', 'scan', 'collect']);
    expect(reports).toMatchObject([
      { what: 'open' },
      { what: `read:${bad}`, served: damage.read },
      { what: `read:${good}`, served: 'whole' },
      { what: 'scrubbed', path: bad, kind: damage.scrub },
      { what: 'scrubbed', path: good, kind: 'ok' },
      { what: 'scrub', state: 'done' },
      { what: 'scan', shards: 2 },
      { what: 'collect' },
      { what: 'health', state: 'Degraded', causes: ['corruptShards'] },
    ]);
    expect(readFileSync(join(pool, bad)).equals(before)).toBe(true);
    expect(await putAgain(pool, bad)).toBe(damage.put);
  });

  it('that was swapped with another is not served, nor the other', async () => {
    const pool = await lab.newPool();
    const [one, other] = [shardAt(1), shardAt(2)];
    await live(pool, [`put:${one}`, `put:${other}`]);
    for (const [from, to] of [[one, 'aside'] as const, [other, one] as const, ['aside', other] as const]) {
      renameSync(join(pool, from), join(pool, to));
    }
    const { reports } = await live(pool, [`read:${one}`, `read:${other}`]);
    expect(reports).toMatchObject([{}, { served: 'otherShard' }, { served: 'otherShard' }, {}]);
  });

  it('that is an older one of the same name, whole as it is, is not served: a lost write', async () => {
    const [pool, older] = [await lab.newPool(), await lab.newPool()];
    const path = shardAt(1);
    await live(pool, [`put:${path}`]);
    const { store, close } = await openStore(older);
    const { payload, ...sample } = sampleOf(path);
    await commit(await begin(store, { ...sample, payload: payload.toReversed() }));
    await close();
    copyFileSync(join(older, path), join(pool, path));
    const { reports } = await live(pool, [`read:${path}`, 'scrub']);
    // It fits its own checksums; that it is not the one is known from the record of the stripe alone.
    expect(reports).toMatchObject([{}, { served: 'otherChecksum' }, { what: 'scrubbed', kind: 'ok' }, {}, {}]);
  });
});

const strace = requireTool('strace');

strace.describe('a scrub that is killed', () => {
  const SHARDS = 4;
  let pool = '';
  beforeAll(async () => {
    pool = await lab.newPool();
    const paths = Array.from({ length: SHARDS }, (_, index) => shardAt(index + 1));
    await live(
      pool,
      paths.map((path) => `put:${path}`),
    );
    flip(join(pool, shardAt(2)), 80_000);
  });

  it('whenever it keeps how far it is goes on there, and counts each shard once', async () => {
    const traced = tracedCalls(strace.path, 'rename');
    const renames = await callsOf(lab, pool, { act: 'scrub', traced });
    expect(renames.length).toBeGreaterThan(SHARDS);
    await sideBySide(renames, async ({ nth }) => {
      const copy = lab.copyOf(pool);
      const killed = await live(copy, ['scrub'], tracedCalls(strace.path, 'rename', `rename:signal=KILL:when=${nth}`));
      expect(killed.code).not.toBe(0);
      const before = killed.reports.filter(({ what }) => what === 'scrubbed');
      const { reports } = await live(copy, ['scrub']);
      const after = reports.filter(({ what }) => what === 'scrubbed');
      expect(before.length + after.length).toBeGreaterThanOrEqual(SHARDS);
      expect(before.length + after.length).toBeLessThanOrEqual(SHARDS + 1);
      expect(reports.find(({ what }) => what === 'scrub')).toMatchObject({
        ...{ state: 'done', pass: 1 },
        counters: { shards: SHARDS, ok: SHARDS - 1, corrupt: 1 },
      });
    });
  }, 60_000);
});
