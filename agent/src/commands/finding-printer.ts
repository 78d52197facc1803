/** Prints what a scrub finds, when it is found. */
import { Table, type Console } from '@couchestor/common/command-line';
import type { PassedOver, ScrubFinding } from '../scrub/index.ts';
import { pathOfShard } from '../shards/index.ts';
import { FINDING_COLUMNS, type FindingRow } from './pool-cells.ts';

export class FindingPrinter {
  readonly #pool: string;
  readonly #console: Console;
  #table: Table<FindingRow> | undefined;

  constructor(pool: string, console: Console) {
    this.#pool = pool;
    this.#console = console;
  }

  print(finding: ScrubFinding | undefined): void {
    if (finding === undefined) return;
    this.#print({ path: pathOfShard(finding.name), problem: finding.kind, detail: finding.detail });
  }

  printPassedOver({ path, detail }: PassedOver): void {
    this.#print({ path, problem: 'unreadable', detail });
  }

  #print(found: Omit<FindingRow, 'pool'>): void {
    const row = { pool: this.#pool, ...found };
    if (this.#table === undefined) {
      // A problem is of no use without its detail, so a narrow terminal wraps lines.
      this.#table = new Table(FINDING_COLUMNS, [row]);
      this.#console.out(this.#table.heading());
    }
    this.#console.out(this.#table.row(row));
  }
}
