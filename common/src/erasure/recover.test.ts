import { crc32 } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ErasureCodec } from './codec.ts';
import { rank, selectRows } from './matrix.ts';
import { ByteStream } from './naive-engine.fixture.ts';
import { recover, type Recovered, type RecoverOptions } from './recover.ts';
import { schemeNamed } from './schemes.fixture.ts';
import { TypeScriptEngine } from './typescript-engine.ts';

const BYTES = 48;
const engine = new TypeScriptEngine();
const codecs = new Map(
  ['4+2', '10+4', '1+3', '9+3', 'LRC 12+2+2', 'LRC 6+2+2'].map((name) => [
    name,
    new ErasureCodec(schemeNamed(name), engine),
  ]),
);

interface Written {
  readonly codec: ErasureCodec;
  readonly shards: readonly Uint8Array[];
  readonly checksums: readonly number[];
}

function write(name: string, seed = 1): Written {
  const codec = codecs.get(name)!;
  const stream = new ByteStream(seed);
  const data = Array.from({ length: codec.scheme.dataShards }, () => stream.bytes(BYTES));
  const parity = Array.from({ length: codec.scheme.parityShards }, () => new Uint8Array(BYTES));
  codec.encode(data, parity);
  const shards = [...data, ...parity];
  return { codec, shards, checksums: shards.map((bytes) => crc32(bytes)) };
}

function recoverFrom(
  written: Written,
  shards: readonly (Uint8Array | undefined)[],
  more: Partial<RecoverOptions> = {},
): Recovered {
  return recover({
    codec: written.codec,
    checksums: written.checksums,
    shards,
    shardSizeBytes: BYTES,
    checksum: (bytes) => crc32(bytes),
    bufferFor: () => new Uint8Array(BYTES),
    ...more,
  });
}

/** A copy of which one bit differs. */
function flipped(bytes: Uint8Array, bit: number): Uint8Array {
  const copy = bytes.slice();
  copy[(bit >> 3) % copy.length]! ^= 1 << (bit & 7);
  return copy;
}

describe('recover', () => {
  it('gives intact shards back as they are', () => {
    const written = write('4+2');
    const recovered = recoverFrom(written, written.shards, {
      bufferFor: () => {
        throw new Error('nothing is to be computed');
      },
    });
    expect(recovered).toMatchObject({ corrupt: [], missing: [], computed: [] });
    expect(recovered.shards.map(({ shard }) => shard)).toEqual([0, 1, 2, 3]);
    recovered.shards.forEach(({ shard, bytes }) => expect(bytes).toBe(written.shards[shard]));
  });

  it.each([...codecs.keys()])(
    'of %s: any corrupt and missing shards up to the guarantee, else an error, never wrong bytes',
    (name) => {
      const written = write(name, 7);
      const { scheme } = written.codec;
      const damage = fc.record({
        hit: fc.shuffledSubarray([...written.shards.keys()], {
          maxLength: Math.min(scheme.parityShards + 2, scheme.totalShards),
        }),
        bits: fc.array(fc.nat(BYTES * 8 - 1), { minLength: 32, maxLength: 32 }),
        kinds: fc.array(fc.constantFrom('missing', 'flipped', 'short', 'empty', 'long', 'swapped'), {
          minLength: 32,
          maxLength: 32,
        }),
      });
      fc.assert(
        fc.property(damage, ({ hit, bits, kinds }) => {
          const shards: (Uint8Array | undefined)[] = [...written.shards];
          for (const shard of hit) {
            const bytes = written.shards[shard]!;
            const damaged = {
              missing: undefined,
              flipped: flipped(bytes, bits[shard]!),
              short: bytes.subarray(1),
              empty: new Uint8Array(0),
              long: new Uint8Array([...bytes, 0]),
              swapped: flipped(written.shards[(shard + 1) % scheme.totalShards]!, 0),
            };
            shards[shard] = damaged[kinds[shard]!];
          }
          const intact = [...written.shards.keys()].filter((shard) => !hit.includes(shard));
          const isDecodable = rank(selectRows(scheme.generator, intact)) === scheme.dataShards;
          if (hit.length <= scheme.guaranteedLosses) expect(isDecodable).toBe(true);
          let recovered: Recovered | undefined;
          let error: unknown;
          try {
            recovered = recoverFrom(written, shards);
          } catch (thrown) {
            error = thrown;
          }
          const needed = hit.some((shard) => shard < scheme.dataShards);
          expect(recovered !== undefined).toBe(isDecodable || !needed);
          if (recovered === undefined) {
            const isBlamed = hit.some((shard) => shards[shard] !== undefined);
            expect(error).toMatchObject({ code: isBlamed ? 'corrupt' : 'unavailable' });
            return;
          }
          recovered.shards.forEach(({ shard, bytes }) => expect(bytes).toEqual(written.shards[shard]));
          expect([...recovered.corrupt, ...recovered.missing].sort()).toEqual([...hit].sort());
        }),
        { numRuns: 60 },
      );
    },
  );

  it('finds any flipped bit of any shard', () => {
    const written = write('4+2');
    for (let bit = 0; bit < BYTES * 8; bit += 1) {
      const shard = bit % 6;
      const shards = written.shards.map((bytes, index) => (index === shard ? flipped(bytes, bit) : bytes));
      const recovered = recoverFrom(written, shards, { wanted: [0, 1, 2, 3, 4, 5] });
      expect(recovered.corrupt).toEqual([shard]);
      expect(recovered.shards[shard]!.bytes).toEqual(written.shards[shard]);
    }
  });

  it('computes only what is wanted, parity too, and may do so in the place of the corrupt shard', () => {
    const written = write('LRC 12+2+2');
    const shards = written.shards.map((bytes, index) => ([3, 12, 15].includes(index) ? flipped(bytes, 99) : bytes));
    const recovered = recoverFrom(written, shards, { wanted: [15, 3], bufferFor: (shard) => shards[shard]! });
    expect(recovered).toMatchObject({ corrupt: [3, 12, 15], missing: [], computed: [15, 3] });
    expect(recovered.shards.map(({ shard, bytes }) => [shard, bytes === shards[shard]])).toEqual([
      [15, true],
      [3, true],
    ]);
    for (const shard of [3, 15]) expect(shards[shard]).toEqual(written.shards[shard]);
  });

  it('pitfall 1: takes shards of another encoding for lost, and never mixes them in', () => {
    const [current, older] = [write('4+2', 1), write('4+2', 2)];
    const mixed = (count: number): Uint8Array[] =>
      current.shards.map((bytes, shard) => (shard < count ? older.shards[shard]! : bytes));
    expect(recoverFrom(current, mixed(2)).shards.map(({ bytes }) => bytes)).toEqual(current.shards.slice(0, 4));
    expect(() => recoverFrom(current, mixed(3))).toThrow(
      expect.objectContaining({
        code: 'corrupt',
        retryable: false,
        fields: { scheme: '4+2', undecodable: '0,1,2', available: 3, required: 4, corrupt: '0,1,2' },
      }),
    );
  });

  it('pitfall 2: with another matrix than that of the record is an error, not wrong bytes', () => {
    const written = write('9+3');
    const shards = written.shards
      .toSpliced(9, 0, new Uint8Array(BYTES))
      .map((bytes, shard) => (shard === 0 ? undefined : bytes));
    const checksums = written.checksums.toSpliced(9, 0, crc32(new Uint8Array(BYTES)));
    const buffers: Uint8Array[] = [];
    const broken = (): Recovered =>
      recoverFrom({ ...written, checksums, codec: new ErasureCodec(schemeNamed('10+3'), engine) }, shards, {
        bufferFor: () => {
          buffers.push(new Uint8Array(BYTES).fill(1));
          return buffers[0]!;
        },
      });
    expect(broken).toThrow(expect.objectContaining({ code: 'corrupt', fields: { scheme: '10+3', shards: '0' } }));
    expect(buffers).toEqual([new Uint8Array(BYTES)]);
  });

  it('leaves zeros where what was computed could not be checked', () => {
    const written = write('4+2');
    const buffers = [0, 1].map(() => new Uint8Array(BYTES).fill(1));
    let calls = 0;
    const recovering = (): Recovered =>
      recoverFrom(written, [undefined, undefined, ...written.shards.slice(2)], {
        bufferFor: (shard) => buffers[shard]!,
        checksum: (bytes) => {
          calls += 1;
          if (calls > 5) throw new Error('no checksum');
          return crc32(bytes);
        },
      });
    expect(recovering).toThrow('no checksum');
    expect([calls, buffers]).toEqual([6, [new Uint8Array(BYTES), new Uint8Array(BYTES)]]);
  });

  it('pitfalls 3 and 5: goes by the length of the record, whatever the shards are', () => {
    const written = write('4+2');
    const empty = written.shards.map(() => new Uint8Array(0));
    expect(() => recoverFrom(written, empty)).toThrow(expect.objectContaining({ code: 'corrupt' }));
    const blank = empty.map((bytes) => crc32(bytes));
    expect(() => recoverFrom({ ...written, checksums: blank }, empty)).toThrow('cannot be computed');
    for (const shardSizeBytes of [0, -1, 1.5, NaN]) {
      expect(() => recoverFrom({ ...written, checksums: blank }, empty, { shardSizeBytes })).toThrow(
        'is no length of a shard',
      );
    }
    expect(() => recoverFrom(written, written.shards, { shardSizeBytes: BYTES - 1 })).toThrow('cannot be computed');
  });

  it('refuses other than one shard, checksum and number each', () => {
    const written = write('4+2');
    const broken: Partial<RecoverOptions>[] = [
      { shards: written.shards.slice(1) },
      { checksums: written.checksums.slice(1) },
      { wanted: [6] },
      { wanted: [1, 1] },
    ];
    for (const more of broken) {
      expect(() => recoverFrom(written, written.shards, more)).toThrow(
        expect.objectContaining({ code: 'invalid', fields: { field: Object.keys(more)[0] } }),
      );
    }
    const short = { bufferFor: (): Uint8Array => new Uint8Array(BYTES - 1) };
    expect(() => recoverFrom(written, [undefined, ...written.shards.slice(1)], short)).toThrow(
      'cannot be of one stripe',
    );
  });
});
