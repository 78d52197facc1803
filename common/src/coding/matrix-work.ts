/** One multiplication over GF(2⁸) as data: what the pool cuts into parts, and what a thread gets of it. */
import { assertInvariant } from '../base/index.ts';
import type { ArenaPlace, ErasureEngine, PreparedMatrix } from '../erasure/index.ts';

/** What an engine does with a matrix; the words of ErasureEngine. */
export type MatrixOperation =
  | { readonly kind: 'multiply' }
  | { readonly kind: 'compare' }
  | { readonly kind: 'accumulate'; readonly column: number };

export interface MatrixShape {
  readonly rows: number;
  readonly columns: number;
  /** rows × columns, row by row. */
  readonly coefficients: Uint8Array;
}

/** For accumulate there is one input, for the others one a column; one output (for compare: expected buffer) a row. */
export interface MatrixWork<Buffers> {
  readonly operation: MatrixOperation;
  readonly matrix: MatrixShape;
  readonly inputs: readonly Buffers[];
  readonly outputs: readonly Buffers[];
  readonly offset: number;
  readonly length: number;
}

/** Work as it is sent to a thread: buffers by their place in the arena that both see. */
export type WorkPart = MatrixWork<ArenaPlace>;

/** @param differs - one byte a row, used by compare alone. */
export function carryOut(
  engine: ErasureEngine,
  prepared: PreparedMatrix,
  work: MatrixWork<Uint8Array>,
  differs: Uint8Array,
): void {
  const { operation, inputs, outputs, offset, length } = work;
  if (operation.kind === 'multiply') engine.multiply(prepared, inputs, outputs, offset, length);
  else if (operation.kind === 'compare') engine.compare(prepared, inputs, outputs, differs, offset, length);
  else {
    const [input] = inputs;
    assertInvariant(input !== undefined, 'accumulate has an input');
    engine.accumulate(prepared, operation.column, input, outputs, offset, length);
  }
}
