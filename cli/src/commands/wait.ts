/** Waits until migrations have stopped and, where asked, their extra replicas are gone; tells each step once. */
import { isFinal } from '@couchestor/common/api';
import { CoucheStorError, formatDuration } from '@couchestor/common/base';
import type { Console, ExitCode } from '@couchestor/common/command-line';
import type { ClusterObjects } from '../cluster/objects.ts';
import type { StoredMigration } from '../stored-migration.ts';
import type { CancelRequest } from '../command-line/requests.ts';
import { phaseOf, standingExtra } from '../view/row.ts';

const POLL_MS = 1_000;
const INTERRUPTED: ExitCode = 130;

type Progress =
  | { readonly kind: 'waiting'; readonly told: string; readonly isSeen: boolean }
  | { readonly kind: 'ended'; readonly told: string; readonly isGood: boolean };

export async function waitForEnd(
  { names, cleanup, timeoutMs }: Pick<CancelRequest, 'names' | 'cleanup' | 'timeoutMs'>,
  objects: ClusterObjects,
  console: Console,
): Promise<ExitCode> {
  const { clock, interrupted } = console;
  const deadlineMs = clock.monotonic() + timeoutMs;
  const pending = new Map<string, Progress | undefined>(names.map((name) => [name, undefined]));
  let isGood = true;
  for (;;) {
    for (const [name, before] of pending) {
      const next = await look(objects, name, cleanup);
      if (next.told !== before?.told) console.out(`${name} ${next.told}\n`);
      if (next.kind === 'waiting') pending.set(name, next);
      else {
        pending.delete(name);
        isGood &&= next.isGood;
      }
    }
    if (pending.size === 0) return isGood ? 0 : 1;
    if (clock.monotonic() >= deadlineMs) break;
    await clock.sleep(POLL_MS, interrupted).catch(() => undefined);
    if (interrupted.aborted) {
      console.err('No longer waiting; what was asked for is still asked for.\n');
      return INTERRUPTED;
    }
  }
  for (const [name, last] of pending) {
    const isUnseen = last?.kind === 'waiting' && !last.isSeen;
    const hint = isUnseen ? ' The operator has not looked at the change yet: is it running?' : '';
    console.err(`${name} is not done after ${formatDuration(timeoutMs)}: ${last?.told ?? ''}${hint}\n`);
  }
  console.err('What was asked for is still asked for; see kubectl couchestor migrations -o wide.\n');
  return 1;
}

async function look(objects: ClusterObjects, name: string, cleanup: boolean): Promise<Progress> {
  try {
    return progressOf(await objects.migration(name), cleanup);
  } catch (error) {
    if (!(error instanceof CoucheStorError)) throw error;
    if (error.code === 'notFound') return { kind: 'ended', told: 'is gone.', isGood: true };
    if (error.retryable) return { kind: 'waiting', told: error.message, isSeen: true };
    throw error;
  }
}

/** Pure. */
export function progressOf(stored: StoredMigration, cleanup: boolean): Progress {
  const { object, migration } = stored;
  const phase = phaseOf(stored);
  const { observedGeneration = 0, message = '', progressPercent } = migration?.status ?? {};
  const extra = standingExtra(stored);
  const percent = progressPercent === undefined || isFinal(phase) ? '' : ` ${progressPercent}%`;
  const told = `${phase}${percent}${message === '' ? '' : `: ${message}`}`;
  if (!isFinal(phase) || (cleanup && extra !== undefined)) {
    return { kind: 'waiting', told, isSeen: observedGeneration >= (object.metadata.generation ?? 0) };
  }
  if (phase === 'Completed' && migration?.spec.cancel === true) {
    return { kind: 'ended', told: `${told} It was too late to cancel.`, isGood: false };
  }
  const left = extra === undefined ? '' : ` Its extra replica stays on pool ${extra.pool}.`;
  return { kind: 'ended', told: `${told}${left}`, isGood: true };
}
