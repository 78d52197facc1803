import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import { powerOfTwo, quotient } from './galois.ts';
import {
  at,
  identity,
  invert,
  matrixOf,
  multiplyMatrices,
  selectRows,
  stack,
  submatrix,
  type Matrix,
} from './matrix.ts';
import { ByteStream } from './naive-engine.fixture.ts';
import { reedSolomonParity } from './reed-solomon.ts';
import { checkSquareSubmatrices, MAX_CHECKED_SUBMATRICES } from './square-submatrices.ts';
import { TypeScriptEngine } from './typescript-engine.ts';

interface Vector {
  readonly matrix: 'isal_cauchy1' | 'isal_gf_gen_rs';
  readonly k: number;
  readonly m: number;
  readonly len: number;
  readonly coef: readonly number[];
  readonly parityHex: readonly string[];
}

const FIXTURES = join(import.meta.dirname, '../../../test/fixtures/erasure');
const vectors = readFileSync(join(FIXTURES, 'isal-reed-solomon.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as Vector);

function encode(parity: Matrix, data: readonly Uint8Array[]): Uint8Array[] {
  const engine = new TypeScriptEngine();
  const length = data[0]!.length;
  const outputs = Array.from({ length: parity.rows }, () => new Uint8Array(length));
  engine.multiply(engine.prepare(parity.coefficients, parity.rows, parity.columns), data, outputs, 0, length);
  return outputs;
}

/** gf_gen_rs_matrix: powers of 1, 2, 4, … in the parity rows. */
const vandermondeParity = (k: number, m: number): Matrix => matrixOf(m, k, (row, column) => powerOfTwo(row * column));

describe('the known answers of ISA-L', () => {
  it('are there', () => {
    expect(vectors.filter(({ matrix }) => matrix === 'isal_cauchy1').length).toBeGreaterThanOrEqual(8);
  });

  it.each(vectors)('$matrix $k+$m', ({ matrix, k, m, len, coef, parityHex }) => {
    const parity = matrix === 'isal_cauchy1' ? reedSolomonParity(k, m) : vandermondeParity(k, m);
    expect([...parity.coefficients]).toEqual(coef);
    const stream = new ByteStream(12345);
    const data = Array.from({ length: k }, () => stream.bytes(len));
    expect(encode(parity, data).map((bytes) => Buffer.from(bytes).toString('hex'))).toEqual(parityHex);
  });
});

describe('known answers of other codecs of the same field', () => {
  it('Backblaze and klauspost 5+5: the Vandermonde matrix times the inverse of its top', () => {
    const power = (base: number, exponent: number): number =>
      exponent === 0 ? 1 : at(multiplyMatrices(one(base), one(power(base, exponent - 1))), 0, 0);
    const one = (value: number): Matrix => matrixOf(1, 1, () => value);
    const vandermonde = matrixOf(10, 5, power);
    const generator = multiplyMatrices(vandermonde, invert(selectRows(vandermonde, [0, 1, 2, 3, 4]))!);
    expect(selectRows(generator, [0, 1, 2, 3, 4])).toEqual(identity(5));
    const data = [
      Uint8Array.of(0, 1),
      Uint8Array.of(4, 5),
      Uint8Array.of(2, 3),
      Uint8Array.of(6, 7),
      Uint8Array.of(8, 9),
    ];
    expect(encode(selectRows(generator, [5, 6, 7, 8, 9]), data).map((bytes) => [...bytes])).toEqual([
      [12, 13],
      [10, 11],
      [14, 15],
      [90, 91],
      [94, 95],
    ]);
  });

  it('Jerasure 8+4: the extended Vandermonde matrix, made systematic, with ones in the first row and column', () => {
    const power = (base: number, exponent: number): number => {
      let result = 1;
      for (let index = 0; index < exponent; index += 1) {
        result = at(
          multiplyMatrices(
            matrixOf(1, 1, () => result),
            matrixOf(1, 1, () => base),
          ),
          0,
          0,
        );
      }
      return result;
    };
    const extended = stack(
      matrixOf(11, 8, power),
      matrixOf(1, 8, (_, column) => Number(column === 7)),
    );
    const top = selectRows(extended, [0, 1, 2, 3, 4, 5, 6, 7]);
    const coding = multiplyMatrices(selectRows(extended, [8, 9, 10, 11]), invert(top)!);
    const byColumn = matrixOf(4, 8, (row, column) => quotient(at(coding, row, column), at(coding, 0, column)));
    const scaled = matrixOf(4, 8, (row, column) => quotient(at(byColumn, row, column), at(byColumn, row, 0)));
    expect([...scaled.coefficients.subarray(0, 16)]).toEqual([
      ...[1, 1, 1, 1, 1, 1, 1, 1],
      ...[1, 55, 39, 73, 84, 181, 225, 217],
    ]);
  });
});

describe('every square submatrix of the parity block', () => {
  it('is regular for all k + m up to 20', () => {
    for (let total = 2; total <= 20; total += 1) {
      for (let k = 1; k < total; k += 1) {
        expect([k, checkSquareSubmatrices(reedSolomonParity(k, total - k)).kind]).toEqual([k, 'regular']);
      }
    }
  });

  it('is counted: C(k + m, m) − 1 of them', () => {
    expect(checkSquareSubmatrices(reedSolomonParity(10, 4))).toEqual({ kind: 'regular', submatrices: 1000 });
    const check = checkSquareSubmatrices(reedSolomonParity(11, 10));
    expect(check).toEqual({ kind: 'tooMany', submatrices: 352_715 });
    expect(MAX_CHECKED_SUBMATRICES).toBeLessThan(352_715);
  });

  // The powers-of-two matrix is that of ISA-L's gf_gen_rs_matrix.
  it.each([
    { k: 5, p: 6, rows: [0, 2, 5], columns: [0, 3, 4] },
    { k: 6, p: 5, rows: [0, 1, 4], columns: [0, 3, 5] },
    { k: 22, p: 4, rows: [0, 1, 3], columns: [0, 10, 21] },
  ])('pitfall 12: is not regular in the powers-of-two matrix of $k+$p, which is refused', ({ k, p, rows, columns }) => {
    const parity = vandermondeParity(k, p);
    expect(invert(submatrix(parity, rows, columns))).toBeUndefined();
    const check = checkSquareSubmatrices(parity);
    expect(check.kind).toBe('singular');
    if (check.kind !== 'singular') return;
    expect(invert(submatrix(parity, check.rows, check.columns))).toBeUndefined();
    expect(invert(submatrix(reedSolomonParity(k, p), rows, columns))).toBeDefined();
  });

  it('is found singular wherever it hides', () => {
    for (let row = 0; row < 4; row += 1) {
      for (let column = 0; column < 6; column += 1) {
        const parity = reedSolomonParity(6, 4);
        parity.coefficients[row * 6 + column] = 0;
        const check = checkSquareSubmatrices(parity);
        if (check.kind !== 'singular') throw new Error(`a zero at ${row}, ${column} was not found`);
        expect(invert(submatrix(parity, check.rows, check.columns))).toBeUndefined();
      }
    }
    const twins = matrixOf(3, 5, (row, column) => at(reedSolomonParity(5, 3), row === 2 ? 1 : row, column));
    expect(checkSquareSubmatrices(twins).kind).toBe('singular');
  });
});
