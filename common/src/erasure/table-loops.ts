/**
 * The inner loops of the engine in plain TypeScript: sums of products by a table, and from the sums to the rows of a group, at most four. They are
 * standalone functions of typed arrays and numbers, which the compiler of the runtime sees with one type each; a pass over the sums
 * costs as much as two look-ups, so one pass serves all rows.
 */

export const ROWS_PER_TABLE = 4;
export const TABLE_ENTRIES = 256;

/** Four inputs at a time: a table of four columns is a sixth of a small first-level cache. */
export function sumInputs(
  table: Int32Array,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const count = inputs.length;
  let column = count >= 4 ? 4 : 1;
  if (count >= 4) take4(table, 0, inputs, sums, start, stop);
  else takeInput(table, 0, inputs[0]!, sums, start, stop);
  for (; column + 4 <= count; column += 4) add4(table, column, inputs, sums, start, stop);
  if (column + 2 <= count) {
    add2(table, column, inputs, sums, start, stop);
    column += 2;
  }
  for (; column < count; column += 1) {
    add1(table, column * TABLE_ENTRIES, inputs[column]!, sums, start, stop);
  }
}

/** From the sums of one group of rows to the outputs of those rows. */
export function storeRows(
  sums: Int32Array,
  outputs: readonly Uint8Array[],
  first: number,
  start: number,
  stop: number,
): void {
  const count = outputs.length - first;
  if (count >= ROWS_PER_TABLE) store4(sums, outputs, first, start, stop);
  else if (count === 3) store3(sums, outputs, first, start, stop);
  else if (count === 2) store2(sums, outputs, first, start, stop);
  else store1(sums, outputs[first]!, start, stop);
}

/** A word of which byte r is not 0 where row r of the group differs from what is expected of it. Bytes of rows that are not there are 0. */
export function differenceOf(
  sums: Int32Array,
  expected: readonly Uint8Array[],
  first: number,
  start: number,
  stop: number,
): number {
  const count = expected.length - first;
  if (count >= ROWS_PER_TABLE) return difference4(sums, expected, first, start, stop);
  if (count === 3) return difference3(sums, expected, first, start, stop);
  if (count === 2) return difference2(sums, expected, first, start, stop);
  return difference1(sums, expected[first]!, start, stop);
}

export function takeInput(
  table: Int32Array,
  base: number,
  input: Uint8Array,
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] = table[base + input[at]!]!;
  }
}

function add1(table: Int32Array, base: number, input: Uint8Array, sums: Int32Array, start: number, stop: number): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] = sums[position]! ^ table[base + input[at]!]!;
  }
}

function add2(
  table: Int32Array,
  column: number,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const a = inputs[column]!;
  const b = inputs[column + 1]!;
  const base = column * TABLE_ENTRIES;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] = sums[position]! ^ table[base + a[at]!]! ^ table[base + TABLE_ENTRIES + b[at]!]!;
  }
}

function take4(
  table: Int32Array,
  column: number,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const a = inputs[column]!;
  const b = inputs[column + 1]!;
  const c = inputs[column + 2]!;
  const d = inputs[column + 3]!;
  const base = column * TABLE_ENTRIES;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] =
      table[base + a[at]!]! ^
      table[base + TABLE_ENTRIES + b[at]!]! ^
      table[base + 2 * TABLE_ENTRIES + c[at]!]! ^
      table[base + 3 * TABLE_ENTRIES + d[at]!]!;
  }
}

function add4(
  table: Int32Array,
  column: number,
  inputs: readonly Uint8Array[],
  sums: Int32Array,
  start: number,
  stop: number,
): void {
  const a = inputs[column]!;
  const b = inputs[column + 1]!;
  const c = inputs[column + 2]!;
  const d = inputs[column + 3]!;
  const base = column * TABLE_ENTRIES;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    sums[position] =
      sums[position]! ^
      table[base + a[at]!]! ^
      table[base + TABLE_ENTRIES + b[at]!]! ^
      table[base + 2 * TABLE_ENTRIES + c[at]!]! ^
      table[base + 3 * TABLE_ENTRIES + d[at]!]!;
  }
}

function store1(sums: Int32Array, output: Uint8Array, start: number, stop: number): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    output[at] = sums[position]!;
  }
}

function store2(sums: Int32Array, outputs: readonly Uint8Array[], first: number, start: number, stop: number): void {
  const a = outputs[first]!;
  const b = outputs[first + 1]!;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    const sum = sums[position]!;
    a[at] = sum;
    b[at] = sum >>> 8;
  }
}

function store3(sums: Int32Array, outputs: readonly Uint8Array[], first: number, start: number, stop: number): void {
  const a = outputs[first]!;
  const b = outputs[first + 1]!;
  const c = outputs[first + 2]!;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    const sum = sums[position]!;
    a[at] = sum;
    b[at] = sum >>> 8;
    c[at] = sum >>> 16;
  }
}

function store4(sums: Int32Array, outputs: readonly Uint8Array[], first: number, start: number, stop: number): void {
  const a = outputs[first]!;
  const b = outputs[first + 1]!;
  const c = outputs[first + 2]!;
  const d = outputs[first + 3]!;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    const sum = sums[position]!;
    a[at] = sum;
    b[at] = sum >>> 8;
    c[at] = sum >>> 16;
    d[at] = sum >>> 24;
  }
}

export function addRow(sums: Int32Array, shift: number, output: Uint8Array, start: number, stop: number): void {
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    output[at] = output[at]! ^ (sums[position]! >>> shift);
  }
}

function difference1(sums: Int32Array, expected: Uint8Array, start: number, stop: number): number {
  let difference = 0;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    difference |= sums[position]! ^ expected[at]!;
  }
  return difference;
}

function difference2(
  sums: Int32Array,
  expected: readonly Uint8Array[],
  first: number,
  start: number,
  stop: number,
): number {
  const a = expected[first]!;
  const b = expected[first + 1]!;
  let difference = 0;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    difference |= sums[position]! ^ (a[at]! | (b[at]! << 8));
  }
  return difference;
}

function difference3(
  sums: Int32Array,
  expected: readonly Uint8Array[],
  first: number,
  start: number,
  stop: number,
): number {
  const a = expected[first]!;
  const b = expected[first + 1]!;
  const c = expected[first + 2]!;
  let difference = 0;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    difference |= sums[position]! ^ (a[at]! | (b[at]! << 8) | (c[at]! << 16));
  }
  return difference;
}

function difference4(
  sums: Int32Array,
  expected: readonly Uint8Array[],
  first: number,
  start: number,
  stop: number,
): number {
  const a = expected[first]!;
  const b = expected[first + 1]!;
  const c = expected[first + 2]!;
  const d = expected[first + 3]!;
  let difference = 0;
  for (let at = start, position = 0; at < stop; at += 1, position += 1) {
    difference |= sums[position]! ^ (a[at]! | (b[at]! << 8) | (c[at]! << 16) | (d[at]! << 24));
  }
  return difference;
}
