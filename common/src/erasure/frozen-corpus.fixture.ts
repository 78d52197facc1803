/**
 * Shards as they were written when the format was fixed. Every engine has to give and to read these bytes for ever: a failure
 * here means that stored stripes would no longer be readable, so it is the code that changes, or there is a new version of the
 * matrix id with lines of its own; no line is ever edited. The data are the bytes of the ByteStream of the seed, shard after
 * shard.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { ErasureCodec } from './codec.ts';
import type { ErasureEngine } from './engine.ts';
import { ByteStream } from './naive-engine.fixture.ts';
import { schemeOfRecord, type SchemeRecord } from './scheme.ts';

interface FrozenStripe {
  readonly scheme: SchemeRecord;
  readonly seed: number;
  readonly shardSizeBytes: number;
  /** CRC-32 (ISO-HDLC) of every shard, data and parity. */
  readonly crc32: readonly number[];
  /** The parity shards themselves, where they are short. */
  readonly parityHex?: readonly string[];
}

const CORPUS = join(import.meta.dirname, '../../../test/fixtures/erasure/frozen-shards.jsonl');

const stripes = readFileSync(CORPUS, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as FrozenStripe);

const nameOf = ({ scheme, shardSizeBytes }: FrozenStripe): string =>
  `${scheme.matrixId} ${scheme.dataShards}+${scheme.parityShards} in ${scheme.localGroups} groups x ${shardSizeBytes}`;

const known = new Map<FrozenStripe, Uint8Array[]>();

/** Made once for all engines. */
function dataOf(stripe: FrozenStripe): Uint8Array[] {
  const stream = new ByteStream(stripe.seed);
  const make = (): Uint8Array[] =>
    Array.from({ length: stripe.scheme.dataShards }, () => stream.bytes(stripe.shardSizeBytes));
  const data = known.get(stripe) ?? make();
  known.set(stripe, data);
  return data;
}

const empty = (count: number, bytes: number): Uint8Array[] =>
  Array.from({ length: count }, () => new Uint8Array(bytes));

/** Calls describe() and it(): the engine that `make` gives writes and reads the frozen shards. */
export function describeFrozenCorpus(title: string, make: () => ErasureEngine): void {
  describe(`${title} and the shards that were written before`, () => {
    it.each(stripes.map((stripe) => ({ name: nameOf(stripe), stripe })))('$name', ({ stripe }) => {
      const { shardSizeBytes, parityHex } = stripe;
      const codec = new ErasureCodec(schemeOfRecord(stripe.scheme), make());
      const { dataShards, parityShards, guaranteedLosses, totalShards } = codec.scheme;
      const data = dataOf(stripe);
      const parity = empty(parityShards, shardSizeBytes);
      codec.encode(data, parity);
      const shards = [...data, ...parity];
      expect(shards.map((bytes) => crc32(bytes))).toEqual(stripe.crc32);
      if (parityHex !== undefined) {
        expect(parity.map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(parityHex);
      }
      expect(codec.verify(data, parity)).toEqual([]);

      const grown = empty(parityShards, shardSizeBytes);
      for (const [shard, bytes] of data.entries()) codec.encodeIncrement(shard, bytes, grown);
      expect(grown.map((bytes) => crc32(bytes))).toEqual(stripe.crc32.slice(dataShards));

      for (const first of [0, totalShards - guaranteedLosses]) {
        const lost = Array.from({ length: guaranteedLosses }, (_, index) => first + index);
        const outputs = lost.map((shard) => ({ shard, bytes: new Uint8Array(shardSizeBytes) }));
        codec.reconstruct(
          shards.map((bytes, shard) => (lost.includes(shard) ? undefined : bytes)),
          outputs,
        );
        expect(outputs.map(({ bytes }) => crc32(bytes))).toEqual(lost.map((shard) => stripe.crc32[shard]));
      }
    });
  });
}
