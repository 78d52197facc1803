/** One measured figure, and what the same shape costs a peer in the same run. */
export interface Row {
  area: string;
  /** What was done, by its sizes: `watch 10000 objects, 10 watchers`. */
  shape: string;
  subject: string;
  value: number;
  unit: string;
  /** The same figure of what a user would pick instead; empty where nothing comparable runs on this machine. */
  peers: Record<string, number>;
}

export interface AreaOptions {
  /** Small sizes: proves that the bench runs, says nothing about speed. */
  smoke: boolean;
}

export interface Area {
  name: string;
  summary: string;
  run(options: AreaOptions): Promise<Row[]>;
}

const rounded = (value: number): string =>
  value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toPrecision(3);

/** A table for people: peers as a value and as the ratio of the peer's figure to ours. */
export function formatRows(rows: readonly Row[]): string {
  const table = rows.map((row) => [
    row.area,
    row.shape,
    row.subject,
    `${rounded(row.value)} ${row.unit}`,
    Object.entries(row.peers)
      .map(([peer, value]) => `${peer} ${rounded(value)} ${row.unit} (${(value / row.value).toFixed(2)}x)`)
      .join(', '),
  ]);
  const all = [['AREA', 'SHAPE', 'SUBJECT', 'VALUE', 'PEERS'], ...table];
  const widths = all[0]?.map((_, column) => Math.max(...all.map((line) => line[column]?.length ?? 0))) ?? [];
  return (
    all
      .map((line) =>
        line
          .map((cell, column) => cell.padEnd(widths[column] ?? 0))
          .join('  ')
          .trimEnd(),
      )
      .join('\n') + '\n'
  );
}
