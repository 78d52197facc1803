/** A scrub of a pool in a folder of a real file system, past the page cache where it has a disk. */
import { readFileSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { parseNodeName, realClock } from '@couchestor/common/base';
import { chooseCrc32c } from '@couchestor/common/coding';
import { describe, expect, it } from '@jest/globals';
import { describeOnDisk, describeOnTmpfs, type ScratchFolder } from '../devices/scratch-folder.fixture.ts';
import { initPool, Pool } from '../pools/index.ts';
import { BLOCK_BYTES, pathOfShard } from '../shards/index.ts';
import { HEADER_BYTES } from '../shards/shard-layout.ts';
import { nameOf, payloadOf } from '../shards/shards.fixture.ts';
import { ShardStore } from '../store/index.ts';
import { putShard, windowsOf } from '../store/store.fixture.ts';
import { Scrub } from './scrub.ts';

const { crc32c } = chooseCrc32c();

const NAMES = [0, 1, 2, 3].map((index) => nameOf({ index }));

const PAYLOAD_BYTES = 50 * BLOCK_BYTES + 77;

async function withStore<Result>(path: string, work: (store: ShardStore) => Promise<Result>): Promise<Result> {
  const pool = await Pool.open(path, { clock: realClock });
  const memory = { windows: windowsOf(), readWindows: windowsOf() };
  const store = await ShardStore.open(pool, { ...memory, crc32c, clock: realClock, graceMs: 1000 });
  try {
    return await work(store);
  } finally {
    await store.close();
    await pool.close();
  }
}

const scrubOf = (store: ShardStore): Promise<Scrub> =>
  Scrub.open(store, { crc32c, clock: realClock, tranquility: 0, checkpointMs: 0 });

function itScrubs(scratch: ScratchFolder): void {
  it('finds nothing in what was written, and everything that was done to it since', async () => {
    const folder = scratch.path('');
    await initPool(folder, { node: parseNodeName('node-1'), tier: 'warm', clock: realClock });
    await withStore(folder, async (store) => {
      for (const [index, name] of NAMES.entries()) await putShard(store, name, payloadOf(PAYLOAD_BYTES, index + 1));
      const scrub = await scrubOf(store);
      expect(await scrub.run()).toBe('done');
      expect(scrub.report).toMatchObject({ pass: 1, counters: { shards: 4, ok: 4, secondLooks: 0 }, findings: [] });
      expect(scrub.report.counters.bytes).toBeGreaterThan(4 * PAYLOAD_BYTES);
    });

    const paths = NAMES.map((name) => `${folder}/${pathOfShard(name)}`);
    const bytes = readFileSync(paths[0] ?? '');
    bytes.writeUInt8(bytes.readUInt8(HEADER_BYTES + 20 * BLOCK_BYTES) ^ 4, HEADER_BYTES + 20 * BLOCK_BYTES);
    writeFileSync(paths[0] ?? '', bytes);
    truncateSync(paths[1] ?? '', 5001);
    rmSync(paths[2] ?? '');
    await withStore(folder, async (store) => {
      const scrub = await scrubOf(store);
      expect(await scrub.run()).toBe('done');
      expect(scrub.report).toMatchObject({ pass: 2, counters: { shards: 3, ok: 1, corrupt: 1, missing: 1 } });
      expect(scrub.report.findings.map(({ kind, detail }) => `${kind}: ${detail}`)).toEqual([
        'corrupt: blocks 20 do not fit their checksums',
        expect.stringContaining('missing: incomplete: it has 5001 bytes'),
      ]);
      expect(store.pool.health).toMatchObject({ state: 'Degraded', reasons: [{ cause: 'corruptShards' }] });
    });
  });
}

describe('a scrub of a pool', () => {
  describeOnDisk('on a disk', itScrubs);
  describeOnTmpfs('in memory', itScrubs);
});
