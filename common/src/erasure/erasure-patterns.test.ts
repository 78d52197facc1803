import { describe, expect, it } from '@jest/globals';
import { ErasureCodec } from './codec.ts';
import { ByteStream, NaiveEngine } from './naive-engine.fixture.ts';
import { createScheme, type ErasureScheme } from './scheme.ts';
import { schemeNamed, subsetsOf } from './schemes.fixture.ts';

const BYTES = 3;
const engine = new NaiveEngine();

/** A stripe that loses shards and gets them back, all in the same few buffers. */
class Losing {
  readonly #codec: ErasureCodec;
  readonly #shards: Uint8Array[];
  readonly #outputs: Uint8Array[];

  constructor(scheme: ErasureScheme, seed: number) {
    this.#codec = new ErasureCodec(scheme, engine, 1);
    const stream = new ByteStream(seed);
    const data = Array.from({ length: scheme.dataShards }, () => stream.bytes(BYTES));
    const parity = Array.from({ length: scheme.parityShards }, () => new Uint8Array(BYTES));
    this.#codec.encode(data, parity);
    this.#shards = [...data, ...parity];
    this.#outputs = this.#shards.map(() => new Uint8Array(BYTES));
  }

  check(lost: readonly number[]): void {
    const shards: (Uint8Array | undefined)[] = [...this.#shards];
    for (const shard of lost) {
      shards[shard] = undefined;
      this.#outputs[shard]!.fill(0xaa);
    }
    this.#codec.reconstruct(
      shards,
      lost.map((shard) => ({ shard, bytes: this.#outputs[shard]! })),
    );
    for (const shard of lost) {
      const wanted = this.#shards[shard]!;
      const found = this.#outputs[shard]!;
      if (found.some((byte, index) => byte !== wanted[index])) throw new Error(`shard ${shard} without ${lost.join()}`);
    }
  }
}

describe('every pattern of up to m losses', () => {
  it.each([2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14])('is repaired for all k + m = %d', (total) => {
    for (let parityShards = 1; parityShards < total; parityShards += 1) {
      const losing = new Losing(
        createScheme({ kind: 'reedSolomon', dataShards: total - parityShards, parityShards }),
        total,
      );
      for (let losses = 1; losses <= parityShards; losses += 1) {
        for (const lost of subsetsOf(total, losses)) losing.check(lost);
      }
    }
  });

  it.each([
    '10+5',
    '12+4',
    '16+4',
    '20+12',
    '28+4',
    '127+128',
    '200+55',
    '253+2',
    'LRC 20+4+3',
    'LRC 26+2+4',
    'LRC 100+10+5',
  ])('is repaired for %s, as far as a sample tells', (name) => {
    const scheme = schemeNamed(name);
    const losing = new Losing(scheme, 3);
    const stream = new ByteStream(scheme.totalShards);
    for (let round = 0; round < (scheme.totalShards > 100 ? 2 : 150); round += 1) {
      const left = [...Array(scheme.totalShards).keys()];
      const losses = round % 2 === 0 ? scheme.guaranteedLosses : 1 + stream.below(scheme.guaranteedLosses);
      losing.check(Array.from({ length: losses }, () => left.splice(stream.below(left.length), 1)[0]!));
    }
  });
});

describe('every decodable pattern with local groups', () => {
  it.each(['LRC 4+2+2', 'LRC 6+2+2', 'LRC 8+2+2', 'LRC 7+3+1', 'LRC 6+2+3'])(
    'of %s up to the guarantee is repaired',
    (name) => {
      const scheme = schemeNamed(name);
      const losing = new Losing(scheme, 5);
      for (let losses = 1; losses <= scheme.guaranteedLosses; losses += 1) {
        for (const lost of subsetsOf(scheme.totalShards, losses)) losing.check(lost);
      }
      expect(() => losing.check([...Array(scheme.parityShards + 1).keys()])).toThrow('cannot be computed');
    },
  );
});
