import { describe, expect, it } from '@jest/globals';
import { Table, type Column } from './table.ts';

interface Disk {
  readonly name: string;
  readonly size: string;
}

const COLUMNS: readonly Column<Disk>[] = [
  { title: 'NAME', rank: 2, of: ({ name }) => name },
  { title: 'SIZE', rank: 1, of: ({ size }) => size },
  { title: 'NOTE', rank: 0, of: () => 'a note' },
];
const DISKS: readonly Disk[] = [
  { name: 'a', size: '1GiB' },
  { name: 'longer', size: '10GiB' },
];

function printed(width?: number): string {
  const table = new Table(COLUMNS, DISKS, width);
  return table.heading() + DISKS.map((disk) => table.row(disk)).join('');
}

describe('a table', () => {
  it('has columns as wide as what is in them, and nothing behind the last', () => {
    expect(printed()).toBe('NAME    SIZE   NOTE\na       1GiB   a note\nlonger  10GiB  a note\n');
  });

  it('leaves out the columns of the lowest rank where not all fit, and never all', () => {
    expect(printed(21)).toBe(printed());
    expect(printed(20)).toBe('NAME    SIZE\na       1GiB\nlonger  10GiB\n');
    expect(printed(1)).toBe('NAME\na\nlonger\n');
  });

  it('gets wider with rows that come later, and never narrower', () => {
    const table = new Table(COLUMNS, DISKS.slice(0, 1));
    expect(table.row({ name: 'the longest', size: '1GiB' })).toBe('the longest  1GiB  a note\n');
    expect(table.row({ name: 'b', size: '1GiB' })).toBe('b            1GiB  a note\n');
  });
});
