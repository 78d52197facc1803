/**
 * A piece of a shard in memory as it is on the wire. The bytes are put where they are sent from, and the few bytes before them are
 * written in the room that is left for them, so that a message is made without a copy. It is plain protobuf: a message of which field 2
 * is a ShardChunk, and which has nothing else.
 *
 *     CHUNK_HEADER_ROOM bytes, from the right                              room
 *     ├ unused ┼ 0x12 ┼ length of what follows ┼ 0x09 ┼ offset ┼ 0x12 ┼ length ┼ data ─────┤
 *                        varint, 1 to 4                 8 bytes        varint, 1 to 3
 */
import { assertInvariant, CoucheStorError } from '../base/index.ts';
import type { ShardChunk } from './generated/agent-v1.ts';

/** Of the payload in one message. */
export const MAX_CHUNK_BYTES = 2 ** 20;

/** More than the longest header, and a distance after which data begins at a multiple of it. */
const CHUNK_HEADER_ROOM = 32;

const CHUNK_TAG = 0x12;
const OFFSET_TAG = 0x09;
const DATA_TAG = 0x12;
const OFFSET_BYTES = 8;

/** Four bytes of seven bits hold more than any message may have. */
const MAX_VARINT_BYTES = 4;

const TWO_TO_32 = 2 ** 32;

/** Is a message of its own: it may be written wherever a message with a chunk may be. */
export class ChunkFrame {
  readonly part = 'chunk';
  readonly #memory: Buffer;
  #start = 0;
  #offset = 0;
  #length = 0;

  /** The caller guarantees 1 to MAX_CHUNK_BYTES. */
  constructor(capacityBytes = MAX_CHUNK_BYTES) {
    assertInvariant(capacityBytes >= 1 && capacityBytes <= MAX_CHUNK_BYTES, 'a frame holds what a message may have');
    this.#memory = Buffer.allocUnsafeSlow(CHUNK_HEADER_ROOM + capacityBytes);
  }

  /** Where the piece is put, from the start. It is the frame's from hold() until the message was written: the callback of write(). */
  get room(): Buffer {
    return this.#memory.subarray(CHUNK_HEADER_ROOM);
  }

  /** The first `length` bytes of the room are the piece at `offset` of the payload. The caller guarantees 1 to room.length. */
  hold(offset: number, length: number): this {
    assertInvariant(length >= 1 && CHUNK_HEADER_ROOM + length <= this.#memory.length, 'a piece is in the room');
    assertInvariant(Number.isSafeInteger(offset) && offset >= 0, 'a piece has a place in the payload');
    const innerBytes = 1 + OFFSET_BYTES + 1 + varintBytes(length) + length;
    const headerBytes = 1 + varintBytes(innerBytes) + innerBytes - length;
    this.#start = CHUNK_HEADER_ROOM - headerBytes;
    this.#offset = offset;
    this.#length = length;
    let at = this.#memory.writeUInt8(CHUNK_TAG, this.#start);
    at = writeVarint(this.#memory, innerBytes, at);
    at = this.#memory.writeUInt8(OFFSET_TAG, at);
    at = this.#memory.writeUInt32LE(offset % TWO_TO_32, at);
    at = this.#memory.writeUInt32LE(Math.floor(offset / TWO_TO_32), at);
    at = this.#memory.writeUInt8(DATA_TAG, at);
    writeVarint(this.#memory, length, at);
    return this;
  }

  get chunk(): ShardChunk {
    return { offset: this.#offset, data: this.room.subarray(0, this.#length) };
  }

  /** The message. It is the frame's memory. */
  get bytes(): Buffer {
    assertInvariant(this.#length > 0, 'a frame is sent after hold()');
    return this.#memory.subarray(this.#start, CHUNK_HEADER_ROOM + this.#length);
  }
}

/**
 * The chunk of a message that is nothing else and has the fields in their order, as every program that is known writes them. Its data
 * are the message's memory. Undefined: another message, or no protobuf; whatever reads all of protobuf will say.
 */
export function readChunk(message: Buffer): ShardChunk | undefined {
  const inner = readField(message, 0, CHUNK_TAG);
  if (inner === undefined || message[inner] !== OFFSET_TAG) return undefined;
  const data = readField(message, inner + 1 + OFFSET_BYTES, DATA_TAG);
  if (data === undefined) return undefined;
  const offset = message.readUInt32LE(inner + 1) + message.readUInt32LE(inner + 5) * TWO_TO_32;
  return { offset, data: message.subarray(data) };
}

/** @throws CoucheStorError `invalid` for a piece that no message may carry. */
export function checkChunk({ data }: ShardChunk): void {
  if (data.length >= 1 && data.length <= MAX_CHUNK_BYTES) return;
  throw new CoucheStorError(
    'invalid',
    `chunk.data: a message carries 1 to ${MAX_CHUNK_BYTES} bytes of a shard, not ${data.length}; send smaller pieces.`,
    { fields: { field: 'chunk.data', bytes: data.length, remedy: 'send smaller pieces' } },
  );
}

/** Where the content begins of a field that reaches to the end of the message. */
function readField(message: Buffer, at: number, tag: number): number | undefined {
  if (message[at] !== tag) return undefined;
  let length = 0;
  for (let index = 0; index < MAX_VARINT_BYTES; index += 1) {
    const byte = message[at + 1 + index];
    if (byte === undefined) return undefined;
    length += (byte & 0x7f) * 2 ** (7 * index);
    if (byte < 0x80) {
      const content = at + 2 + index;
      return content + length === message.length ? content : undefined;
    }
  }
  return undefined;
}

function varintBytes(value: number): number {
  let bytes = 1;
  for (let rest = value; rest >= 0x80; rest = Math.floor(rest / 0x80)) bytes += 1;
  return bytes;
}

function writeVarint(into: Buffer, value: number, start: number): number {
  let at = start;
  let rest = value;
  for (; rest >= 0x80; rest = Math.floor(rest / 0x80)) at = into.writeUInt8((rest % 0x80) + 0x80, at);
  return into.writeUInt8(rest, at);
}
