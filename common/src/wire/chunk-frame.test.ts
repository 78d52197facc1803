import { loadSync, type MessageTypeDefinition } from '@grpc/proto-loader';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { join } from 'node:path';
import { CoucheStorError, InvariantError } from '../base/index.ts';
import { ChunkFrame, MAX_CHUNK_BYTES, readChunk } from './chunk-frame.ts';
import type { PullShardResponse, PutShardRequest, ReadShardResponse } from './generated/agent-v1.ts';
import { shardService } from './services.ts';

type Carrier = PutShardRequest | PullShardResponse | ReadShardResponse;

/** From the files of proto/, past everything that this folder makes of them. */
const oracle = loadSync('couchestor/agent/v1/shard_service.proto', {
  includeDirs: [join(import.meta.dirname, '../../../proto')],
  longs: Number,
  enums: String,
  defaults: true,
  oneofs: true,
});
const oracleOf = (name: string): MessageTypeDefinition<Carrier, Carrier> =>
  oracle[`couchestor.agent.v1.${name}`] as unknown as MessageTypeDefinition<Carrier, Carrier>;

interface Codec {
  readonly name: string;
  readonly serialize: (message: Carrier) => Buffer;
  readonly deserialize: (bytes: Buffer) => Carrier;
}

const { PutShard, PullShard, ReadShard } = shardService;
const codecs = [
  { name: 'PutShardRequest', serialize: PutShard.requestSerialize, deserialize: PutShard.requestDeserialize },
  { name: 'PullShardResponse', serialize: PullShard.responseSerialize, deserialize: PullShard.responseDeserialize },
  { name: 'ReadShardResponse', serialize: ReadShard.responseSerialize, deserialize: ReadShard.responseDeserialize },
] as Codec[];

const offsets = fc.oneof(
  fc.maxSafeNat(),
  fc.constantFrom(0, 1, 2 ** 32 - 1, 2 ** 32, 2 ** 53 - 1),
  fc.nat({ max: 2 ** 32 }),
);
const pieces = fc.oneof(
  fc.uint8Array({ minLength: 1, maxLength: 300 }),
  // Around every step of the length of a length.
  fc
    .constantFrom(115, 116, 117, 127, 128, 16_371, 16_383, 16_384, MAX_CHUNK_BYTES)
    .map((bytes) => new Uint8Array(bytes).fill(7)),
);

const framed = (offset: number, piece: Uint8Array): ChunkFrame => {
  const frame = new ChunkFrame(piece.length);
  frame.room.set(piece);
  return frame.hold(offset, piece.length);
};

/** With bytes as text, which is compared much faster. */
const plain = (message: Carrier): unknown =>
  message.part === 'chunk'
    ? { ...message, chunk: { ...message.chunk, data: Buffer.from(message.chunk.data).toString('latin1') } }
    : message;

/** Whatever it throws; what may be thrown is said by each test. */
const outcomeOf = (read: () => Carrier): { message: Carrier } | { error: unknown } => {
  try {
    return { message: read() };
  } catch (error) {
    return { error };
  }
};

describe.each(codecs)('$name', ({ name, serialize, deserialize }) => {
  const { serialize: oracleSerialize, deserialize: oracleDeserialize } = oracleOf(name);

  it('sends a frame as protobuf that proto-loader reads', () => {
    fc.assert(
      fc.property(offsets, pieces, (offset, piece) => {
        const read = oracleDeserialize(serialize(framed(offset, piece)));
        expect(plain(read)).toEqual(plain({ part: 'chunk', chunk: { offset, data: piece } }));
      }),
    );
  });

  it('reads what proto-loader writes', () => {
    fc.assert(
      fc.property(offsets, pieces, (offset, piece) => {
        const message = { part: 'chunk', chunk: { offset, data: Buffer.from(piece) } } as const;
        expect(plain(deserialize(oracleSerialize(message)))).toEqual(plain(message));
      }),
    );
  });

  it('reads whatever bytes arrive as proto-loader does, but for pieces of a wrong length', () => {
    const valid = fc
      .tuple(offsets, fc.uint8Array({ minLength: 1, maxLength: 300 }))
      .map(([offset, piece]) => Buffer.from(framed(offset, piece).bytes));
    const changed = fc
      .tuple(valid, fc.nat(), fc.nat({ max: 255 }), fc.nat({ max: 40 }))
      .map(([bytes, at, value, cut]) => {
        const copy = Buffer.from(bytes.subarray(0, Math.max(0, bytes.length - cut)));
        // Most changes are to be where the header is.
        if (copy.length > 0) copy[at % Math.min(copy.length, 24)] = value;
        return copy;
      });
    const twice = fc.tuple(valid, valid).map((both) => Buffer.concat(both));
    const any = fc.uint8Array({ maxLength: 64 }).map((bytes) => Buffer.from(bytes));
    fc.assert(
      fc.property(fc.oneof(changed, twice, any), (bytes) => {
        const [found, expected] = [outcomeOf(() => deserialize(bytes)), outcomeOf(() => oracleDeserialize(bytes))];
        const length =
          'message' in expected && expected.message.part === 'chunk' ? expected.message.chunk.data.length : 1;
        if (length < 1 || length > MAX_CHUNK_BYTES) {
          expect(found).toHaveProperty('error.code', 'invalid');
        } else if ('message' in expected) {
          expect(found).toHaveProperty('message');
          if ('message' in found) expect(plain(found.message)).toEqual(plain(expected.message));
        } else {
          expect(found).toHaveProperty('error');
        }
      }),
      { numRuns: 500 },
    );
  });

  it('refuses a piece that is longer than a message may carry, and an empty one', () => {
    for (const bytes of [0, MAX_CHUNK_BYTES + 1]) {
      const message = oracleSerialize({ part: 'chunk', chunk: { offset: 0, data: Buffer.alloc(bytes) } });
      const { error } = outcomeOf(() => deserialize(message)) as { error: CoucheStorError };
      expect(error).toBeInstanceOf(CoucheStorError);
      expect(error).toMatchObject({ code: 'invalid', fields: { field: 'chunk.data', bytes } });
    }
  });
});

describe('a frame', () => {
  it('is sent from where it was filled, and read where it arrived', () => {
    const frame = new ChunkFrame(100);
    frame.hold(5, 100);
    const bytes = PullShard.responseSerialize(frame);
    expect(bytes.buffer).toBe(frame.room.buffer);
    const message = PullShard.responseDeserialize(bytes);
    const data = message.part === 'chunk' ? message.chunk.data : undefined;
    expect(data?.buffer).toBe(bytes.buffer);
  });

  it('can be filled again, with less and with more', () => {
    const frame = new ChunkFrame(1000);
    for (const [offset, length] of [
      [0, 1000],
      [1000, 1],
      [1001, 500],
    ] as const) {
      frame.room.fill(length % 251, 0, length);
      const data = Buffer.alloc(length, length % 251);
      expect(readChunk(frame.hold(offset, length).bytes)).toEqual({ offset, data });
    }
  });

  it('takes no piece that is not in it, and is not sent before it has one', () => {
    const frame = new ChunkFrame(10);
    expect(() => frame.bytes).toThrow(InvariantError);
    for (const [offset, length] of [
      [0, 0],
      [0, 11],
      [-1, 1],
      [2 ** 53, 1],
      [0.5, 1],
    ] as const) {
      expect(() => frame.hold(offset, length)).toThrow(InvariantError);
    }
    expect(() => new ChunkFrame(MAX_CHUNK_BYTES + 1)).toThrow(InvariantError);
    expect(() => new ChunkFrame(0)).toThrow(InvariantError);
  });
});
