/** Tables as kubectl prints them: a heading, columns of equal width, two blanks between, no lines. */

export interface Column<T> {
  readonly title: string;
  /** Where not all columns fit, those of the lowest rank go first. */
  readonly rank: number;
  readonly of: (row: T) => string;
}

const GAP = '  ';

/**
 * A table whose rows are given bit by bit, as a watch does: its columns are chosen by the first ones, and never narrower later.
 * Without a width it has all columns.
 */
export class Table<T> {
  readonly #columns: readonly Column<T>[];
  readonly #widths: number[];

  constructor(columns: readonly Column<T>[], rows: readonly T[], width?: number) {
    const measured = columns.map((column) => ({ column, width: widest(column, rows) }));
    while (width !== undefined && measured.length > 1 && total(measured) > width) {
      const lowest = Math.min(...measured.map(({ column }) => column.rank));
      measured.splice(
        measured.findIndex(({ column }) => column.rank === lowest),
        1,
      );
    }
    this.#columns = measured.map(({ column }) => column);
    this.#widths = measured.map((one) => one.width);
  }

  heading(): string {
    return this.#line(this.#columns.map(({ title }) => title));
  }

  row(row: T): string {
    return this.#line(this.#columns.map((column) => column.of(row)));
  }

  #line(cells: readonly string[]): string {
    for (const [index, cell] of cells.entries()) {
      this.#widths[index] = Math.max(this.#widths[index] ?? 0, cell.length);
    }
    const padded = cells.map((cell, index) => cell.padEnd(this.#widths[index] ?? 0));
    return `${padded.join(GAP).trimEnd()}\n`;
  }
}

function widest<T>({ title, of }: Column<T>, rows: readonly T[]): number {
  return rows.reduce((width, row) => Math.max(width, of(row).length), title.length);
}

function total(columns: readonly { readonly width: number }[]): number {
  return columns.reduce((sum, { width }) => sum + width + GAP.length, -GAP.length);
}
