/**
 * The parity block of Reed-Solomon as ISA-L's `gf_gen_cauchy1_matrix` makes it: the coefficient of parity row i (k ≤ i < k + m)
 * and data column j is 1 / (i + j), where + is exclusive or.
 *
 * It is a Cauchy matrix 1 / (xᵢ + yⱼ) with xᵢ = i and yⱼ = j, which are k + m ≤ 255 different elements. A square submatrix of
 * one is one again, and the determinant of 1 / (xᵢ + yⱼ) is Π (xᵢ + xⱼ)(yᵢ + yⱼ) over i < j, divided by Π (xᵢ + yⱼ) over all i
 * and j (Cauchy 1841). No factor is zero, so no minor is: any k shards of k + m suffice, whatever k and m.
 */
import { inverse } from './galois.ts';
import { matrixOf, type Matrix } from './matrix.ts';

export function reedSolomonParity(dataShards: number, parityShards: number): Matrix {
  return matrixOf(parityShards, dataShards, (row, column) => inverse((dataShards + row) ^ column));
}
