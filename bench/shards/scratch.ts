/** A folder on the disk of the checkout for the length of a bench, gone afterwards however it ends. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'bench');

const SIGNALS = ['SIGINT', 'SIGTERM'] as const;

/** linux/magic.h */
const TMPFS = 0x01021994;

export async function withScratch<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'shards-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const stop = (): never => process.exit(1);
  process.once('exit', remove);
  for (const signal of SIGNALS) process.once(signal, stop);
  try {
    return await work(folder);
  } finally {
    process.off('exit', remove);
    for (const signal of SIGNALS) process.off(signal, stop);
    remove();
  }
}

/** tmpfs has no disk to be direct to. */
export function hasDisk(folder: string): boolean {
  return statfsSync(folder).type !== TMPFS;
}
