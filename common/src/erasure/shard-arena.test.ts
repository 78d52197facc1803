import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError, InvariantError } from '../base/errors.ts';
import { MAX_ARENA_BYTES, ShardArena } from './shard-arena.ts';
import { PAGE_BYTES } from './web-assembly.ts';

const LINE_BYTES = 64;
const ARENA_BYTES = 2 * PAGE_BYTES;

function thrownBy(call: () => unknown): CoucheStorError {
  try {
    call();
  } catch (error) {
    if (error instanceof CoucheStorError) return error;
    throw error;
  }
  throw new Error('Nothing was thrown.');
}

describe('a shard arena', () => {
  it('has the pages that hold the bytes asked for', () => {
    expect(new ShardArena(1).bytes).toBe(PAGE_BYTES);
    expect(new ShardArena(PAGE_BYTES + 1).bytes).toBe(2 * PAGE_BYTES);
  });

  it.each([0, -1, 1.5, NaN, MAX_ARENA_BYTES + 1, Infinity])('cannot have %d bytes', (bytes) => {
    expect(thrownBy(() => new ShardArena(bytes)).code).toBe('invalid');
  });

  it('allocates aligned buffers of the length asked for, up to all of its bytes', () => {
    const arena = new ShardArena(ARENA_BYTES);
    const [one, none, many] = [1, 0, 1000].map((bytes) => arena.allocate(bytes));
    expect([one, none, many].map((buffer) => buffer?.length)).toEqual([1, 0, 1000]);
    expect([one, none, many].every((buffer) => buffer!.byteOffset % LINE_BYTES === 0)).toBe(true);
    expect(arena.allocatedCount).toBe(3);
    const rest = arena.allocate(arena.largestFreeBytes);
    expect([arena.freeBytes, arena.largestFreeBytes]).toEqual([0, 0]);
    for (const buffer of [none, rest, many, one]) arena.release(buffer!);
    expect(arena.largestFreeBytes).toBe(ARENA_BYTES);
    expect(arena.allocate(ARENA_BYTES)).toHaveLength(ARENA_BYTES);
  });

  it('begins equal buffers in different sets of the cache', () => {
    const arena = new ShardArena(ARENA_BYTES);
    const lines = Array.from({ length: 14 }, () => (arena.allocate(4096).byteOffset / LINE_BYTES) % 64);
    expect(new Set(lines).size).toBe(14);
  });

  it('says how much is free, and how much of it together, when nothing fits', () => {
    const arena = new ShardArena(ARENA_BYTES);
    const [first] = [0, 1, 2].map(() => arena.allocate(ARENA_BYTES / 4 - LINE_BYTES));
    arena.release(first!);
    const { code, retryable, fields, message } = thrownBy(() => arena.allocate(ARENA_BYTES / 2));
    const { freeBytes, largestFreeBytes } = arena;
    expect(freeBytes).toBe(ARENA_BYTES / 2 + 2 * LINE_BYTES);
    expect({ code, retryable, fields }).toEqual({
      code: 'resourceExhausted',
      retryable: true,
      fields: { requestedBytes: ARENA_BYTES / 2, freeBytes, largestFreeBytes, arenaBytes: ARENA_BYTES },
    });
    expect(message).toContain(`${freeBytes} of ${ARENA_BYTES} are free, at most ${largestFreeBytes} together`);
  });

  it('says that it will never hold what is longer than it', () => {
    expect(thrownBy(() => new ShardArena(1).allocate(PAGE_BYTES + 1)).retryable).toBe(false);
  });

  it.each([-1, 1.5, NaN, Infinity])('allocates no %d bytes', (bytes) => {
    expect(() => new ShardArena(1).allocate(bytes)).toThrow(InvariantError);
  });

  describe('refuses to take back, and changes nothing,', () => {
    const arena = new ShardArena(ARENA_BYTES);
    const taken = arena.allocate(128);
    const stale = arena.allocate(64);
    arena.release(stale);
    const again = arena.allocate(64);

    it.each([
      ['a buffer whose place another one has now', stale],
      ['a part of a buffer', taken.subarray(0, 64)],
      ['a second view of a buffer', new Uint8Array(taken.buffer, taken.byteOffset, taken.length)],
      ['a place that was never allocated', arena.at({ offset: 4096, length: 64 })],
      ['a buffer of another arena', new ShardArena(1).allocate(128)],
      ['a buffer from elsewhere', new Uint8Array(128)],
    ])('%s', (_, buffer) => {
      const { freeBytes } = arena;
      expect(() => arena.release(buffer)).toThrow(InvariantError);
      expect([arena.freeBytes, arena.allocatedCount]).toEqual([freeBytes, 2]);
    });

    it('a buffer for the second time', () => {
      arena.release(again);
      expect(() => arena.release(again)).toThrow(InvariantError);
      expect(arena.allocatedCount).toBe(1);
    });
  });

  it('never gives the same byte twice, loses none, and joins all that is free', () => {
    const steps = fc.array(
      fc.oneof(
        {
          weight: 3,
          arbitrary: fc.record({ bytes: fc.oneof(fc.nat(200), fc.nat(9000), fc.constantFrom(4096, 16384)) }),
        },
        { weight: 2, arbitrary: fc.record({ release: fc.nat(1000) }) },
      ),
      { maxLength: 120 },
    );
    fc.assert(
      fc.property(steps, (sequence) => {
        const arena = new ShardArena(ARENA_BYTES);
        const held: { buffer: Uint8Array; mark: number }[] = [];
        for (const [index, step] of sequence.entries()) {
          if ('bytes' in step) allocateOrBeFull(arena, step.bytes, index % 251, held);
          else if (held.length > 0) {
            const { buffer, mark } = held.splice(step.release % held.length, 1)[0]!;
            expect(buffer.every((byte) => byte === mark)).toBe(true);
            arena.release(buffer);
          }
          const heldBytes = held.reduce((sum, { buffer }) => sum + buffer.length, 0);
          expect(arena.freeBytes + heldBytes).toBeLessThanOrEqual(ARENA_BYTES);
          expect(arena.allocatedCount).toBe(held.length);
        }
        for (const { buffer, mark } of held) {
          expect(buffer.every((byte) => byte === mark)).toBe(true);
          arena.release(buffer);
        }
        expect([arena.freeBytes, arena.largestFreeBytes]).toEqual([ARENA_BYTES, ARENA_BYTES]);
      }),
      { numRuns: 60 },
    );
  });

  it('costs no memory for what was never written', () => {
    const before = process.memoryUsage.rss();
    const arena = new ShardArena(MAX_ARENA_BYTES);
    const last = arena.at({ offset: MAX_ARENA_BYTES - 1, length: 1 });
    arena.allocate(2 ** 31);
    last.fill(7);
    expect(process.memoryUsage.rss() - before).toBeLessThan(2 ** 29);
    expect(last[0]).toBe(7);
  });
});

/** Fills what it gets with its mark, so that a byte given twice is seen when either buffer is released. */
function allocateOrBeFull(
  arena: ShardArena,
  bytes: number,
  mark: number,
  held: { buffer: Uint8Array; mark: number }[],
): void {
  const { largestFreeBytes } = arena;
  const needed = Math.max(LINE_BYTES, Math.ceil(bytes / LINE_BYTES) * LINE_BYTES);
  if (needed > largestFreeBytes) {
    expect(thrownBy(() => arena.allocate(bytes)).fields).toMatchObject({ largestFreeBytes });
    return;
  }
  const buffer = arena.allocate(bytes);
  expect([buffer.length, buffer.byteOffset % LINE_BYTES]).toEqual([bytes, 0]);
  held.push({ buffer: buffer.fill(mark), mark });
}

describe('a view of an arena', () => {
  it('sees the same bytes as the owner, at their place', () => {
    const arena = new ShardArena(1);
    const buffer = arena.allocate(100);
    const view = ShardArena.attach(arena.memory);
    const seen = view.at({ offset: buffer.byteOffset, length: 100 });
    seen[99] = 5;
    expect(buffer[99]).toBe(5);
    expect(view.bytes).toBe(arena.bytes);
  });

  it('knows which buffers are in it', () => {
    const arena = new ShardArena(1);
    const view = ShardArena.attach(arena.memory);
    expect(view.holds(arena.allocate(1))).toBe(true);
    expect(view.holds(new Uint8Array(1))).toBe(false);
    expect(view.holds(new ShardArena(1).allocate(1))).toBe(false);
  });

  it.each([
    [-1, 1],
    [0, PAGE_BYTES + 1],
    [PAGE_BYTES, 1],
    [0.5, 1],
    [0, NaN],
    [2 ** 53, 0],
  ])('has nothing at %d of %d bytes', (offset, length) => {
    expect(() => new ShardArena(1).at({ offset, length })).toThrow(InvariantError);
  });
});
