/** What a shard costs of memory while it is written, while it is open, and while it is read, with many of them at once. */
import { execFileSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { sizeOf } from '../erasure/stripe.ts';
import type { Row } from '../row.ts';
import type { MemoryReport, MemorySizes } from './in-flight-memory.ts';

const SCRIPT = join(import.meta.dirname, 'in-flight-memory.ts');

export function memoryRows(scratch: string, sizes: MemorySizes): Row[] {
  const folder = join(scratch, 'memory');
  mkdirSync(folder);
  const flags = ['--expose-gc', '--no-warnings', SCRIPT, folder, JSON.stringify(sizes)];
  const report = JSON.parse(execFileSync(process.execPath, flags, { encoding: 'utf8' })) as MemoryReport;
  rmSync(folder, { recursive: true });
  const { written, writtenBytes, open, openBytes, windowBytes } = sizes;
  const row = (shape: string, subject: string, bytes: number, peers: Row['peers'] = {}): Row => ({
    ...{ area: 'shards', shape, subject },
    ...{ value: bytes / 1024, unit: 'KiB', peers },
  });
  const writing = `memory of ${written} shards of ${sizeOf(writtenBytes)} that are written at once`;
  const reading = `memory of ${open} shards of ${sizeOf(openBytes)}`;
  const windowKiB = windowBytes / 1024;
  return [
    row(writing, 'per shard, in flight', report.writing / written, { 'of it its window': windowKiB }),
    row(writing, 'per shard, at most until committed', report.writingPeak / written, { 'of it its window': windowKiB }),
    row(`${reading} that are open`, 'per shard', report.opened / open),
    row(`${reading} that are read at once`, 'in all, at most', report.readingPeak, {
      'of it windows': windowKiB * written,
    }),
  ];
}
