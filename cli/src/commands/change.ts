/**
 * Changes migrations by name: all are read and judged first, and if one is refused none is changed. A change is made on just the
 * version that was judged; when somebody else was faster, it is read and judged again.
 */
import { CoucheStorError } from '@couchestor/common/base';
import type { Console } from '@couchestor/common/command-line';
import type { ClusterObjects } from '../cluster/objects.ts';
import type { StoredMigration } from '../stored-migration.ts';
import type { Verdict } from './verdict.ts';

const MAX_ATTEMPTS = 5;

export type Judge = (stored: StoredMigration) => Verdict;

export interface ChangeRequest {
  readonly names: readonly string[];
  readonly dryRun: boolean;
}

interface Judged {
  readonly stored: StoredMigration;
  readonly verdict: Verdict;
}

/** Whether all were done. What was done, or would be, is told line by line. */
export async function change(
  { names, dryRun }: ChangeRequest,
  objects: ClusterObjects,
  console: Console,
  judge: Judge,
): Promise<boolean> {
  const all: Judged[] = [];
  let isRefused = false;
  for (const name of names) {
    const found = await find(objects, name, console);
    if (found !== undefined) all.push({ stored: found, verdict: judge(found) });
    isRefused ||= found === undefined;
  }
  for (const { stored, verdict } of all) {
    if (verdict.kind !== 'refused') continue;
    console.err(`${stored.name} ${verdict.why}.\n`);
    isRefused = true;
  }
  if (isRefused) {
    if (names.length > 1) console.err('Nothing was changed.\n');
    return false;
  }
  let isDone = true;
  for (const judged of all) isDone = (await carryOut(judged, dryRun, { objects, console, judge })) && isDone;
  return isDone;
}

async function find(objects: ClusterObjects, name: string, { err }: Console): Promise<StoredMigration | undefined> {
  try {
    return await objects.migration(name);
  } catch (error) {
    if (!(error instanceof CoucheStorError) || error.code !== 'notFound') throw error;
    err(`${name} does not exist; list what does with kubectl couchestor migrations.\n`);
    return undefined;
  }
}

async function carryOut(
  { stored, verdict }: Judged,
  dryRun: boolean,
  { objects, console, judge }: { objects: ClusterObjects; console: Console; judge: Judge },
): Promise<boolean> {
  const { name } = stored;
  let [current, next] = [stored, verdict];
  for (let attempt = 1; ; attempt += 1) {
    if (next.kind === 'refused') {
      console.err(`${name} ${next.why}.\n`);
      return false;
    }
    if (next.kind === 'nothing' || dryRun) {
      console.out(`${name} ${next.kind === 'nothing' ? next.why : `${next.would} (dry run)`}.\n`);
      return true;
    }
    try {
      await objects.changeSpec(current, next.spec);
      console.out(`${name} ${next.done}.\n`);
      return true;
    } catch (error) {
      if (!(error instanceof CoucheStorError) || error.code !== 'conflict') throw error;
      if (attempt === MAX_ATTEMPTS) {
        console.err(
          `${name} was changed by others ${MAX_ATTEMPTS} times meanwhile, and not by this command. Try again.\n`,
        );
        return false;
      }
      current = await objects.migration(name);
      next = judge(current);
    }
  }
}
