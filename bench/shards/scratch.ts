/** A folder on the disk of the checkout for the length of a bench, gone afterwards however it ends. */
import { mkdirSync, mkdtempSync, rmSync, statfsSync } from 'node:fs';
import { join } from 'node:path';

const CACHE = join(import.meta.dirname, '..', '..', '.cache', 'bench');

/** linux/magic.h */
const TMPFS = 0x01021994;

export async function withScratch<Result>(work: (folder: string) => Promise<Result>): Promise<Result> {
  mkdirSync(CACHE, { recursive: true });
  const folder = mkdtempSync(join(CACHE, 'shards-'));
  const remove = (): void => rmSync(folder, { recursive: true, force: true });
  const interrupted = (): never => process.exit(130);
  process.once('exit', remove);
  process.once('SIGINT', interrupted);
  try {
    return await work(folder);
  } finally {
    process.off('exit', remove);
    process.off('SIGINT', interrupted);
    remove();
  }
}

/** tmpfs has no disk to be direct to. */
export function hasDisk(folder: string): boolean {
  return statfsSync(folder).type !== TMPFS;
}
