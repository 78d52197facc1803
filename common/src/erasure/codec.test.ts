import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErasureCodec } from './codec.ts';
import { at } from './matrix.ts';
import { ByteStream, NaiveEngine, naiveRow } from './naive-engine.fixture.ts';
import { schemeNamed } from './schemes.fixture.ts';
import { TypeScriptEngine } from './typescript-engine.ts';

const engine = new TypeScriptEngine();
const invalidField = (field: string): unknown =>
  expect.objectContaining({ code: 'invalid', fields: expect.objectContaining({ field }) as unknown });

interface Stripe {
  readonly codec: ErasureCodec;
  readonly data: Uint8Array[];
  readonly parity: Uint8Array[];
  readonly shards: Uint8Array[];
}

function stripeOf(name: string, length: number, seed = 1): Stripe {
  const codec = new ErasureCodec(schemeNamed(name), engine);
  const stream = new ByteStream(seed);
  const data = Array.from({ length: codec.scheme.dataShards }, () => stream.bytes(length));
  const parity = Array.from({ length: codec.scheme.parityShards }, () => stream.bytes(length));
  codec.encode(data, parity);
  return { codec, data, parity, shards: [...data, ...parity] };
}

const lose = (shards: readonly Uint8Array[], lost: readonly number[]): (Uint8Array | undefined)[] =>
  shards.map((bytes, shard) => (lost.includes(shard) ? undefined : bytes));
const NAMES = ['1+1', '4+2', '10+4', '3+7', '17+3', 'LRC 4+2+1', 'LRC 12+2+2', 'LRC 11+3+3'];

describe('encode', () => {
  it.each(NAMES)('%s gives the rows of the generator, at any length', (name) => {
    for (const length of [0, 1, 63, 64, 65, 1000]) {
      const { codec, data, parity } = stripeOf(name, length);
      parity.forEach((bytes, row) => expect(bytes).toEqual(naiveRow(codec.scheme.parity, row, data)));
    }
  });

  it('of a range leaves the rest of the parity as it was', () => {
    const { codec, data, parity } = stripeOf('4+2', 100);
    const before = parity.map((bytes) => bytes.slice());
    for (const bytes of [...data, ...parity]) bytes.fill(0x55, 10, 30);
    for (const bytes of parity) bytes.fill(1, 0, 10);
    codec.encode(data, parity, { offset: 10, length: 20 });
    parity.forEach((bytes, row) => {
      expect(bytes.subarray(0, 10)).toEqual(new Uint8Array(10).fill(1));
      expect(bytes.subarray(30)).toEqual(before[row]!.subarray(30));
      expect(bytes.subarray(10, 30)).toEqual(naiveRow(codec.scheme.parity, row, data).subarray(10, 30));
    });
  });

  it('refuses other than one buffer a shard, all equally long', () => {
    const { codec, data, parity } = stripeOf('4+2', 8);
    expect(() => codec.encode(data.slice(1), parity)).toThrow(invalidField('data'));
    expect(() => codec.encode(data, [...parity, new Uint8Array(8)])).toThrow(invalidField('parity'));
    expect(() => codec.encode([...data.slice(1), new Uint8Array(9)], parity)).toThrow(invalidField('parity'));
    for (const [offset, length] of [
      [4, 5],
      [9, 0],
      [-1, 2],
      [0, -1],
      [0.5, 1],
      [0, NaN],
    ] as const) {
      expect(() => codec.encode(data, parity, { offset, length })).toThrow(invalidField('range'));
    }
  });

  it('refuses to write where it reads, or twice in one place', () => {
    const { codec, data, parity } = stripeOf('4+2', 8);
    const memory = new Uint8Array(15);
    const overlapping = [memory.subarray(0, 8), memory.subarray(7)];
    const before = data.map((bytes) => bytes.slice());
    expect(() => codec.encode(data, [data[3]!, parity[0]!])).toThrow(invalidField('outputs'));
    expect(() => codec.encode(data, overlapping)).toThrow('shares memory');
    expect(() => codec.encode([...data.slice(1), overlapping[1]!], [parity[0]!, overlapping[0]!])).toThrow(
      'shares memory',
    );
    expect(() => codec.encodeIncrement(0, parity[1]!, parity)).toThrow('shares memory');
    const plan = codec.prepare({ available: [0, 1, 2, 4], wanted: [3] });
    expect(() => codec.run(plan, [...data.slice(0, 3), parity[0]!], [data[1]!])).toThrow('shares memory');
    expect(data).toEqual(before);
    const neighbours = new Uint8Array(16);
    codec.encode([data[0]!, data[0]!, data[1]!, data[2]!], [neighbours.subarray(0, 8), neighbours.subarray(8)]);
  });
});

describe('encodeIncrement', () => {
  it.each(NAMES)('of every data shard of %s, in any order, is encode', (name) => {
    const { codec, data, parity } = stripeOf(name, 97);
    const grown = parity.map(() => new Uint8Array(97));
    const order = data.map((_, shard) => shard).sort((left, right) => ((left * 7) % 5) - ((right * 7) % 5));
    for (const shard of order) codec.encodeIncrement(shard, data[shard]!, grown);
    expect(grown).toEqual(parity);
  });

  it('of the exclusive or of old and new changes a shard', () => {
    const { codec, data, parity } = stripeOf('LRC 6+2+2', 50);
    const changed = new ByteStream(9).bytes(50);
    codec.encodeIncrement(
      3,
      changed.map((byte, index) => byte ^ data[3]![index]!),
      parity,
    );
    data[3] = changed;
    expect(codec.verify(data, parity)).toEqual([]);
  });

  it('adds only the range', () => {
    const { codec, data, parity } = stripeOf('4+2', 50);
    const grown = parity.map(() => new Uint8Array(50));
    for (const [shard, bytes] of data.entries()) codec.encodeIncrement(shard, bytes, grown, { offset: 7, length: 11 });
    expect(grown).toEqual(parity.map((bytes) => bytes.map((byte, at) => (at >= 7 && at < 18 ? byte : 0))));
  });

  it('refuses a shard that is not data', () => {
    const { codec, data, parity } = stripeOf('4+2', 8);
    for (const shard of [4, -1, 0.5]) {
      expect(() => codec.encodeIncrement(shard, data[0]!, parity)).toThrow(invalidField('shard'));
    }
    expect(() => codec.encodeIncrement(0, new Uint8Array(7), parity)).toThrow(invalidField('parity'));
  });
});

describe('verify', () => {
  it.each(NAMES)('names the parity shards of %s that one changed data byte reaches', (name) => {
    const { codec, data, parity } = stripeOf(name, 33);
    expect(codec.verify(data, parity)).toEqual([]);
    const { scheme } = codec;
    for (let shard = 0; shard < scheme.dataShards; shard += 1) {
      data[shard]![32]! ^= 0x10;
      const reached = [...Array(scheme.parityShards).keys()].filter((row) => at(scheme.parity, row, shard) !== 0);
      expect(codec.verify(data, parity)).toEqual(reached.map((row) => scheme.dataShards + row));
      expect(codec.verify(data, parity, { offset: 0, length: 32 })).toEqual([]);
      data[shard]![32]! ^= 0x10;
    }
  });

  it('names exactly the parity shards that changed', () => {
    const { codec, data, parity } = stripeOf('10+4', 33);
    parity[1]![0]! ^= 1;
    parity[3]![20]! ^= 1;
    expect(codec.verify(data, parity)).toEqual([11, 13]);
  });

  it('pitfall 5: passes no stripe of zero bytes', () => {
    const { codec, data, parity } = stripeOf('4+2', 0);
    expect(() => codec.verify(data, parity)).toThrow(invalidField('shards'));
  });
});

describe('reconstruct', () => {
  it.each(NAMES)('brings back any shards of %s up to the guarantee', (name) => {
    const { codec, shards } = stripeOf(name, 65);
    fc.assert(
      fc.property(
        fc.shuffledSubarray([...shards.keys()], { maxLength: codec.scheme.guaranteedLosses, minLength: 1 }),
        (lost) => {
          const outputs = lost.map((shard) => ({ shard, bytes: new Uint8Array(65) }));
          codec.reconstruct(lose(shards, lost), outputs);
          for (const { shard, bytes } of outputs) expect(bytes).toEqual(shards[shard]);
        },
      ),
      { numRuns: 25 },
    );
  });

  it('of a byte range reads and writes that range only', () => {
    const { codec, shards } = stripeOf('LRC 12+2+2', 200);
    for (const [offset, length] of [
      [0, 200],
      [0, 1],
      [199, 1],
      [37, 64],
      [200, 0],
    ] as const) {
      const outside = shards.map((bytes) =>
        bytes
          .slice()
          .fill(0xff, 0, offset)
          .fill(0xff, offset + length),
      );
      const bytes = new Uint8Array(200).fill(3);
      codec.reconstruct(lose(outside, [2, 9]), [{ shard: 9, bytes }], { offset, length });
      const expected = new Uint8Array(200).fill(3);
      expected.set(shards[9]!.subarray(offset, offset + length), offset);
      expect(bytes).toEqual(expected);
      if (length === 0) continue;
      const part = new Uint8Array(length);
      codec.reconstructRange(lose(outside, [2, 9]), { shard: 2, bytes: part }, offset);
      expect(part).toEqual(shards[2]!.subarray(offset, offset + length));
    }
  });

  it('of a range that is not within the shards is refused', () => {
    const { codec, shards } = stripeOf('4+2', 20);
    const range =
      (length: number, offset: number): (() => void) =>
      () =>
        codec.reconstructRange(lose(shards, [0]), { shard: 0, bytes: new Uint8Array(length) }, offset);
    for (const broken of [range(1, 20), range(21, 0), range(5, -1), range(5, 1.5)]) {
      expect(broken).toThrow(invalidField('range'));
    }
    expect(range(0, 5)).toThrow(invalidField('shards'));
  });

  it('of a range is refused when a shard is longer or shorter, whether the range reaches its end or not', () => {
    const { codec, shards } = stripeOf('4+2', 20);
    for (const length of [10, 19, 21]) {
      const mixed = lose(shards, [0]).map((shard, index) => (index === 5 ? new Uint8Array(length) : shard));
      const bytes = new Uint8Array(5).fill(7);
      expect(() => codec.reconstructRange(mixed, { shard: 0, bytes }, 2)).toThrow(invalidField('shards'));
      expect(bytes).toEqual(new Uint8Array(5).fill(7));
    }
  });

  it('by a prepared plan is refused for a range that is not within its buffers', () => {
    const { codec, shards } = stripeOf('4+2', 20);
    const plan = codec.prepare({ available: [1, 2, 3, 4], wanted: [0] });
    const output = new Uint8Array(20);
    for (const [offset, length] of [
      [0, 21],
      [20, 1],
      [-1, 5],
      [0.5, 5],
    ] as const) {
      expect(() => codec.run(plan, shards.slice(1, 5), [output], { offset, length })).toThrow(invalidField('range'));
    }
    expect(output).toEqual(new Uint8Array(20));
  });

  it('past the guarantee is an error and writes nothing', () => {
    const { codec, shards } = stripeOf('4+2', 20);
    const bytes = new Uint8Array(20).fill(7);
    const broken = (): void => codec.reconstruct(lose(shards, [0, 1, 2]), [{ shard: 0, bytes }]);
    expect(broken).toThrow(
      expect.objectContaining({
        code: 'unavailable',
        retryable: true,
        fields: { scheme: '4+2', undecodable: '0', available: 3, required: 4 },
      }),
    );
    expect(bytes).toEqual(new Uint8Array(20).fill(7));
  });

  // An empty shard passed for a good one (pitfall 5), a stripe was decoded with another size than it was encoded with (pitfall 3).
  it.each([0, 1, 19, 21])(
    'pitfalls 3 and 5: refuses a shard of %d bytes among shards of 20 before anything is decoded',
    (length) => {
      const { codec, shards } = stripeOf('4+2', 20);
      const bytes = new Uint8Array(20).fill(7);
      for (const wrong of [1, 5]) {
        const mixed = lose(shards, [0]).map((shard, index) => (index === wrong ? new Uint8Array(length) : shard));
        expect(() => codec.reconstruct(mixed, [{ shard: 0, bytes }])).toThrow(invalidField('shards'));
      }
      expect(bytes).toEqual(new Uint8Array(20).fill(7));
    },
  );

  it('pitfall 5: refuses shards that are all empty', () => {
    const { codec, shards } = stripeOf('4+2', 0);
    const output = { shard: 0, bytes: new Uint8Array(0) };
    expect(() => codec.reconstruct(lose(shards, [0]), [output])).toThrow('shards of zero bytes say nothing');
  });

  it('refuses shards that are not of the scheme, and nothing to do', () => {
    const { codec, shards } = stripeOf('4+2', 8);
    const output = (shard: number): { shard: number; bytes: Uint8Array } => ({ shard, bytes: new Uint8Array(8) });
    expect(() => codec.reconstruct(shards, [])).toThrow(invalidField('wanted'));
    expect(() => codec.reconstruct(shards, [output(6)])).toThrow(invalidField('wanted'));
    expect(() => codec.reconstruct(shards, [output(1), output(1)])).toThrow('named twice');
    expect(() => codec.reconstruct(shards.slice(1), [output(1)])).toThrow(invalidField('shards'));
    expect(() => codec.prepare({ available: [0, 1, 2, 9], wanted: [3] })).toThrow(invalidField('available'));
    const plan = codec.prepare({ available: [0, 1, 2, 4], wanted: [3] });
    expect(() => codec.run(plan, shards.slice(0, 3), [new Uint8Array(8)])).toThrow(invalidField('sources'));
    expect(() => codec.run(plan, shards.slice(0, 4), [])).toThrow(invalidField('outputs'));
  });

  it('pitfall 2: with the matrix of another scheme gives other bytes, so the record of the stripe decides', () => {
    const { codec, shards } = stripeOf('9+3', 64);
    const wrong = new ErasureCodec(schemeNamed('10+3'), engine);
    const bytes = new Uint8Array(64);
    const padded = lose(shards, [0]).toSpliced(9, 0, new Uint8Array(64));
    wrong.reconstruct(padded, [{ shard: 0, bytes }]);
    expect(bytes).not.toEqual(shards[0]);
    codec.reconstruct(lose(shards, [0]), [{ shard: 0, bytes }]);
    expect(bytes).toEqual(shards[0]);
  });
});

describe('locality', () => {
  it.each(['LRC 12+2+2', 'LRC 10+2+3', 'LRC 11+3+2', 'LRC 16+4+4'])(
    'a single loss in a group of %s reads that group and nothing else',
    (name) => {
      const { codec, shards } = stripeOf(name, 40);
      for (const { firstDataShard, dataShards, parityShard } of codec.scheme.localGroups) {
        const group = [...Array(dataShards).keys()].map((index) => firstDataShard + index).concat(parityShard);
        for (const lost of group) {
          const reads: number[] = [];
          const read = (shard: number): Uint8Array => {
            reads.push(shard);
            return shards[shard]!;
          };
          const available = [...shards.keys()].filter((shard) => shard !== lost);
          const plan = codec.prepare({ available, wanted: [lost] });
          const bytes = new Uint8Array(40);
          codec.run(plan, plan.sources.map(read), [bytes]);
          expect(bytes).toEqual(shards[lost]);
          expect(reads).toEqual(group.filter((shard) => shard !== lost));
        }
      }
    },
  );
});

describe('plans', () => {
  it('are kept, up to a limit', () => {
    const naive = new NaiveEngine();
    const codec = new ErasureCodec(schemeNamed('6+3'), naive, 2);
    const prepare = (lost: number): void => {
      codec.prepare({ available: [0, 1, 2, 3, 4, 5, 6, 7, 8].filter((shard) => shard !== lost), wanted: [lost] });
    };
    expect(naive.preparedCount).toBe(1);
    for (const lost of [0, 1, 0, 1, 0]) prepare(lost);
    expect(naive.preparedCount).toBe(3);
    for (const lost of [2, 0]) prepare(lost);
    expect(naive.preparedCount).toBe(4);
    prepare(1);
    expect(naive.preparedCount).toBe(5);
  });

  it('do not depend on the order in which shards are named', () => {
    const naive = new NaiveEngine();
    const codec = new ErasureCodec(schemeNamed('4+2'), naive);
    const plan = codec.prepare({ available: [1, 2, 3, 4, 5], wanted: [0] });
    for (const available of [[5, 4, 3, 2, 1], new Set([2, 5, 1, 4, 3])]) {
      expect(codec.prepare({ available, wanted: [0] })).toBe(plan);
    }
    expect(naive.preparedCount).toBe(2);
    expect(() => codec.prepare({ available: [5, 4, 3, 2, 1, 1], wanted: [0] })).toThrow('available');
  });

  it('made for costs are kept by the shards they read', () => {
    const naive = new NaiveEngine();
    const codec = new ErasureCodec(schemeNamed('4+2'), naive);
    const sourcesAt = (costs: number[]): readonly number[] =>
      codec.prepare({ available: [1, 2, 3, 4, 5], wanted: [0], cost: (shard) => costs[shard]! }).sources;
    expect(sourcesAt([0, 1, 1, 1, 1, 2])).toEqual([1, 2, 3, 4]);
    expect(sourcesAt([0, 1, 1, 1, 3, 9])).toEqual([1, 2, 3, 4]);
    expect(naive.preparedCount).toBe(2);
    expect(sourcesAt([0, 1, 9, 1, 1, 2])).toEqual([1, 3, 4, 5]);
    expect(naive.preparedCount).toBe(3);
  });
});
