/**
 * The WebAssembly engine's arithmetic, in AssemblyScript: sums of products over GF(2⁸)/0x11D, of up to four rows of a matrix at a time.
 * `npm run generate` compiles it into common/src/erasure/generated/. A product with a constant is the exclusive or of two look-ups, one for
 * each nibble, and a vector instruction looks up sixteen at once. The memory is the host's: there is no runtime, no static data and no allocation.
 *
 * All kernels take the same arguments. `tables`: for each column and in it for each row, the products of the coefficient with 0…15 and with
 * 0…15 << 4, 32 bytes. `pointers`: the addresses of an input for each column, then of an output for each row. `nibbles` is 0x0f0f0f0f: as
 * a constant it would be built anew at each use. They read and write `length` bytes from each address and none beside them.
 */

const MULTIPLY = 0;
const ACCUMULATE = 1;
const COMPARE = 2;

/** Two vectors of 16 bytes: with four rows, the sums, the nibbles and a table just fit the registers of x86. */
const STEP: usize = 32;
const TABLE_BYTES: usize = 32;

class Kernel {
  /**
   * The relaxed look-up is one instruction where the other takes two (x86), and does the same for indices below 16. The build defines
   * RELAXED_SIMD and makes a module of each.
   */
  @inline
  static lookUp(table: v128, indices: v128): v128 {
    return RELAXED_SIMD ? i8x16.relaxed_swizzle(table, indices) : i8x16.swizzle(table, indices);
  }

  @inline
  static products(low: v128, high: v128, lowNibbles: v128, highNibbles: v128): v128 {
    return v128.xor(Kernel.lookUp(low, lowNibbles), Kernel.lookUp(high, highNibbles));
  }

  @inline
  static differs(at: usize, first: v128, second: v128): i32 {
    const differences = v128.or(v128.xor(first, v128.load(at)), v128.xor(second, v128.load(at, 16)));
    return i32(v128.any_true(differences));
  }

  /**
   * `rows` and `work` are constants wherever this is inlined, so that each kernel has no branch on them. The last step ends with the
   * range and may overlap the one before; only where adding twice would be wrong, single bytes are left to addBytes().
   *
   * @returns for COMPARE, a bit for each row that differs; else 0.
   */
  @inline
  static run(rows: i32, work: i32, tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
    if (length < STEP) return runBytes(rows, work, tables, pointers, columns, 0, length);
    const mask = i32x4.splat(nibbles);
    const inputsEnd = pointers + ((<usize>columns) << 2);
    const outputA = load<usize>(inputsEnd);
    const outputB = rows > 1 ? load<usize>(inputsEnd, 4) : 0;
    const outputC = rows > 2 ? load<usize>(inputsEnd, 8) : 0;
    const outputD = rows > 3 ? load<usize>(inputsEnd, 12) : 0;
    const last = (work == ACCUMULATE ? length & ~(STEP - 1) : length) - STEP;
    let differing = 0;

    for (let at: usize = 0; ; at = min(at + STEP, last)) {
      let a0 = i64x2.splat(0);
      let a1 = a0;
      let b0 = a0;
      let b1 = a0;
      let c0 = a0;
      let c1 = a0;
      let d0 = a0;
      let d1 = a0;
      if (work == ACCUMULATE) {
        a0 = v128.load(outputA + at);
        a1 = v128.load(outputA + at, 16);
        if (rows > 1) {
          b0 = v128.load(outputB + at);
          b1 = v128.load(outputB + at, 16);
        }
        if (rows > 2) {
          c0 = v128.load(outputC + at);
          c1 = v128.load(outputC + at, 16);
        }
        if (rows > 3) {
          d0 = v128.load(outputD + at);
          d1 = v128.load(outputD + at, 16);
        }
      }

      let table = tables;
      let pointer = pointers;
      do {
        const input = load<usize>(pointer) + at;
        const bytes0 = v128.load(input);
        const bytes1 = v128.load(input, 16);
        const low0 = v128.and(bytes0, mask);
        const low1 = v128.and(bytes1, mask);
        const high0 = v128.and(i16x8.shr_u(bytes0, 4), mask);
        const high1 = v128.and(i16x8.shr_u(bytes1, 4), mask);
        let low = v128.load(table);
        let high = v128.load(table, 16);
        a0 = v128.xor(a0, Kernel.products(low, high, low0, high0));
        a1 = v128.xor(a1, Kernel.products(low, high, low1, high1));
        if (rows > 1) {
          low = v128.load(table, 32);
          high = v128.load(table, 48);
          b0 = v128.xor(b0, Kernel.products(low, high, low0, high0));
          b1 = v128.xor(b1, Kernel.products(low, high, low1, high1));
        }
        if (rows > 2) {
          low = v128.load(table, 64);
          high = v128.load(table, 80);
          c0 = v128.xor(c0, Kernel.products(low, high, low0, high0));
          c1 = v128.xor(c1, Kernel.products(low, high, low1, high1));
        }
        if (rows > 3) {
          low = v128.load(table, 96);
          high = v128.load(table, 112);
          d0 = v128.xor(d0, Kernel.products(low, high, low0, high0));
          d1 = v128.xor(d1, Kernel.products(low, high, low1, high1));
        }
        table += TABLE_BYTES * rows;
        pointer += 4;
      } while (pointer != inputsEnd);

      if (work == COMPARE) {
        differing |= Kernel.differs(outputA + at, a0, a1);
        if (rows > 1) differing |= Kernel.differs(outputB + at, b0, b1) << 1;
        if (rows > 2) differing |= Kernel.differs(outputC + at, c0, c1) << 2;
        if (rows > 3) differing |= Kernel.differs(outputD + at, d0, d1) << 3;
      } else {
        v128.store(outputA + at, a0);
        v128.store(outputA + at, a1, 16);
        if (rows > 1) {
          v128.store(outputB + at, b0);
          v128.store(outputB + at, b1, 16);
        }
        if (rows > 2) {
          v128.store(outputC + at, c0);
          v128.store(outputC + at, c1, 16);
        }
        if (rows > 3) {
          v128.store(outputD + at, d0);
          v128.store(outputD + at, d1, 16);
        }
      }
      if (at == last) break;
    }

    if (work == ACCUMULATE) runBytes(rows, work, tables, pointers, columns, last + STEP, length);
    return differing;
  }
}

/** The same for the bytes [from, to), fewer than a step: one at a time. */
function runBytes(rows: i32, work: i32, tables: usize, pointers: usize, columns: i32, from: usize, to: usize): i32 {
  let differing = 0;
  for (let row = 0; row < rows; row++) {
    const output = load<usize>(pointers + ((<usize>(columns + row)) << 2));
    for (let at = from; at < to; at++) {
      let sum: u32 = work == ACCUMULATE ? load<u8>(output + at) : 0;
      let table = tables + TABLE_BYTES * row;
      for (let column = 0; column < columns; column++) {
        const byte: u32 = load<u8>(load<usize>(pointers + ((<usize>column) << 2)) + at);
        sum ^= load<u8>(table + (byte & 15)) ^ load<u8>(table + (byte >> 4), 16);
        table += TABLE_BYTES * rows;
      }
      if (work == COMPARE) differing |= i32(sum != load<u8>(output + at)) << row;
      else store<u8>(output + at, sum);
    }
  }
  return differing;
}

export function multiply1(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(1, MULTIPLY, tables, pointers, columns, length, nibbles);
}
export function multiply2(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(2, MULTIPLY, tables, pointers, columns, length, nibbles);
}
export function multiply3(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(3, MULTIPLY, tables, pointers, columns, length, nibbles);
}
export function multiply4(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(4, MULTIPLY, tables, pointers, columns, length, nibbles);
}
export function accumulate1(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(1, ACCUMULATE, tables, pointers, columns, length, nibbles);
}
export function accumulate2(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(2, ACCUMULATE, tables, pointers, columns, length, nibbles);
}
export function accumulate3(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(3, ACCUMULATE, tables, pointers, columns, length, nibbles);
}
export function accumulate4(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(4, ACCUMULATE, tables, pointers, columns, length, nibbles);
}
export function compare1(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(1, COMPARE, tables, pointers, columns, length, nibbles);
}
export function compare2(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(2, COMPARE, tables, pointers, columns, length, nibbles);
}
export function compare3(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(3, COMPARE, tables, pointers, columns, length, nibbles);
}
export function compare4(tables: usize, pointers: usize, columns: i32, length: usize, nibbles: i32): i32 {
  return Kernel.run(4, COMPARE, tables, pointers, columns, length, nibbles);
}
