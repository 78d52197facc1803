/** Secrets that outlive the process when a directory is given: readable by the owner alone, never replaced. */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** What a file of `directory` holds; made by `create` and kept there on first use. Without a directory nothing is kept. */
export async function loadOrCreate(
  directory: string | undefined,
  file: string,
  create: () => Promise<string>,
): Promise<string> {
  if (directory === undefined) return create();
  const target = path.join(directory, file);
  if (!existsSync(target)) {
    const content = await create();
    mkdirSync(directory, { recursive: true, mode: 0o700 });
    // While this one was made, another may have been stored: the first counts.
    if (!existsSync(target)) writeFileSync(target, content, { mode: 0o600, flag: 'wx' });
  }
  return readFileSync(target, 'utf8');
}
