/**
 * The erasure codec on every engine, beside ISA-L in C, its plain C, @ronomon/reed-solomon and memcpy, where they are there.
 *
 * MB/s are of user data, 10⁶ bytes: the data shards of the stripe, k × the shard, and of a range k × the range; the same for a reconstruction, however
 * many shards it reads and computes. Every contender works on one stripe of the same layout (ronomon on buffers of its own) that
 * stays in the caches as far as it fits; they take turns, and a row has the best sample of each. `verify` of ISA-L, which has no
 * such call, is encoding and memcmp. The engines are called through ErasureCodec, with its checks; a plan is looked up by reconstruct(),
 * and at hand for a range.
 */
import { ShardArena } from '@couchestor/common/erasure';
import { blockRows, type BlockSizes } from '../erasure/block-rows.ts';
import { codecRows, enginesOn, measureCodec, type CodecSizes } from '../erasure/codec-rows.ts';
import { goalRows } from '../erasure/goals.ts';
import { poolRows, type PoolSizes } from '../erasure/pool-rows.ts';
import type { Area } from '../row.ts';

const KIB = 1024;
const MIB = 1024 * KIB;

/** Room for the largest stripe; what is not touched costs nothing. */
const ARENA_BYTES = 256 * MIB;

interface Sizes {
  readonly codec: CodecSizes;
  readonly pool: PoolSizes;
  readonly blocks: BlockSizes;
}

const SAMPLING = { rounds: 9, samples: 5, leastNs: 400_000 };
const FULL: Sizes = {
  codec: { shardBytes: [64 * KIB, MIB], sampling: SAMPLING },
  pool: { shardBytes: MIB, largeShardBytes: 8 * MIB, windowMs: 200, windows: 7, delayMs: 2000 },
  blocks: {
    checksumBytes: [4 * KIB, 64 * KIB, MIB],
    chunkBytes: 64 * KIB,
    chunks: 4,
    sampling: SAMPLING,
    blockSampling: { rounds: 9, samples: 1, leastNs: 40_000_000 },
  },
};

const SMOKE_SAMPLING = { rounds: 1, samples: 1, leastNs: 1000 };
const SMOKE: Sizes = {
  codec: { shardBytes: [16 * KIB, 32 * KIB], sampling: SMOKE_SAMPLING },
  pool: { shardBytes: 16 * KIB, largeShardBytes: 32 * KIB, windowMs: 5, windows: 1, delayMs: 50 },
  blocks: {
    checksumBytes: [4 * KIB],
    chunkBytes: 16 * KIB,
    chunks: 2,
    sampling: SMOKE_SAMPLING,
    blockSampling: SMOKE_SAMPLING,
  },
};

export const erasure: Area = {
  name: 'erasure',
  summary: 'erasure codec by engine, pool, checksums, LZ4 (peers: ISA-L in C, @ronomon/reed-solomon, memcpy)',
  async run({ smoke }) {
    const sizes = smoke ? SMOKE : FULL;
    const arena = new ShardArena(ARENA_BYTES);
    const engines = enginesOn(arena);
    const measured = await measureCodec(arena, engines, sizes.codec);
    return [
      ...codecRows(measured),
      // Of small shards they would say nothing.
      ...(smoke ? [] : goalRows(measured)),
      ...(await poolRows(arena, engines, sizes.pool)),
      ...(await blockRows(sizes.blocks)),
    ];
  },
};
