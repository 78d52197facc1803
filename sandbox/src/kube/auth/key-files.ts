/** Secrets that outlive the process when a directory is given: readable by the owner alone, written whole or not at all. */
import { randomUUID } from 'node:crypto';
import { link, mkdir, readFile, rm, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { fieldOf } from '../patch/json.ts';

/** What a file of `directory` holds; made by `create` and kept there on first use. Without a directory nothing is kept. */
export async function loadOrCreate(
  directory: string | undefined,
  file: string,
  create: () => Promise<string>,
): Promise<string> {
  if (directory === undefined) return create();
  await mkdir(directory, { recursive: true, mode: 0o700 });
  const target = path.join(directory, file);
  try {
    return await readFile(target, 'utf8');
  } catch (error) {
    if (!isCode(error, 'ENOENT')) throw error;
  }
  const temporary = `${target}.${randomUUID()}`;
  await writeFile(temporary, await create(), { mode: 0o600, flag: 'wx' });
  try {
    // Unlike a rename, a link never replaces what another process put there first.
    await link(temporary, target);
  } catch (error) {
    if (!isCode(error, 'EEXIST')) throw error;
  } finally {
    await rm(temporary);
  }
  return readFile(target, 'utf8');
}

const isCode = (error: unknown, code: string): boolean => fieldOf(error, 'code') === code;
