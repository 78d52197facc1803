/** `migrations`: what moves, and what has moved. */
import { CoucheStorError } from '@couchestor/common/base';
import { Table, jsonText, type Console, type ExitCode } from '@couchestor/common/command-line';
import { stringify } from 'yaml';
import type { ClusterObjects, MigrationChange } from '../cluster/objects.ts';
import type { StoredMigration } from '../stored-migration.ts';
import type { MigrationsRequest } from '../command-line/requests.ts';
import { byInterest, COLUMNS, phaseOf, WIDE_COLUMNS, type Row } from '../view/row.ts';

const RESOURCE = 'volumemigration.storage.billyronks.io';
const RECONNECT_MS = 1_000;

type Filter = (stored: StoredMigration) => boolean;
/** Prints one migration of a watch. */
type Print = (change: MigrationChange) => void;

export async function migrations(
  request: MigrationsRequest,
  objects: ClusterObjects,
  console: Console,
): Promise<ExitCode> {
  const matches = filterOf(request);
  const { items, resourceVersion } = await objects.migrations();
  const chosen = items.filter(matches).toSorted(byInterest);
  const print = printed(request, chosen, console);
  if (!request.watch) {
    if (chosen.length === 0) console.err(`No migrations found${items.length === 0 ? '' : ' that match'}.\n`);
    return 0;
  }
  const signal = AbortSignal.any([console.interrupted, console.unread]);
  await watch(objects, console, { items, resourceVersion, signal }, (change) => {
    if (matches(change.stored)) print(change);
  });
  return 0;
}

function filterOf({ policy, volume, phase }: MigrationsRequest): Filter {
  return (stored) => {
    const spec = stored.migration?.spec;
    return (
      (policy === undefined || spec?.policyRef.name === policy) &&
      (volume === undefined || spec?.volumeId === volume) &&
      (phase === undefined || (stored.migration !== undefined && phaseOf(stored) === phase))
    );
  };
}

/** Prints the migrations that are there, and returns what prints those that change. */
function printed(
  { output, watch: goesOn }: MigrationsRequest,
  chosen: readonly StoredMigration[],
  console: Console,
): Print {
  const { out, clock } = console;
  switch (output) {
    case 'json':
      if (goesOn) for (const { object } of chosen) out(jsonText(object));
      else out(jsonText(listOf(chosen)));
      return ({ stored }) => out(jsonText(stored.object));
    case 'yaml':
      if (goesOn) for (const { object } of chosen) out(`---\n${stringify(object)}`);
      else out(stringify(listOf(chosen)));
      return ({ stored }) => out(`---\n${stringify(stored.object)}`);
    case 'name':
      for (const { name } of chosen) out(`${RESOURCE}/${name}\n`);
      return ({ stored }) => out(`${RESOURCE}/${stored.name}\n`);
    case 'wide':
    case 'table': {
      const isWide = output === 'wide';
      const row = (stored: StoredMigration): Row => ({ stored, nowMs: clock.now() });
      const width = isWide ? undefined : console.columns;
      const table = new Table(isWide ? WIDE_COLUMNS : COLUMNS, chosen.map(row), width);
      if (chosen.length > 0 || goesOn) out(table.heading());
      for (const stored of chosen) out(table.row(row(stored)));
      return ({ type, stored }) => {
        if (type === 'DELETED') console.err(`${stored.name} was deleted.\n`);
        else out(table.row(row(stored)));
      };
    }
  }
}

function listOf(chosen: readonly StoredMigration[]): object {
  return { apiVersion: 'v1', kind: 'List', metadata: {}, items: chosen.map(({ object }) => object) };
}

interface WatchStart {
  readonly items: readonly StoredMigration[];
  readonly resourceVersion: string;
  readonly signal: AbortSignal;
}

/** Until the signal aborts. A watch ends now and then, and its history is finite: then the list tells what was missed. */
async function watch(objects: ClusterObjects, { clock, err }: Console, start: WatchStart, print: Print): Promise<void> {
  const { signal } = start;
  let known = byName(start.items);
  let { resourceVersion } = start;
  let isCurrent = true;
  let isLost = false;
  while (!signal.aborted) {
    try {
      if (!isCurrent) {
        const listed = await objects.migrations();
        const fresh = byName(listed.items);
        for (const change of missed(known, fresh)) print(change);
        known = fresh;
        ({ resourceVersion } = listed);
        if (isLost) err('Connected again.\n');
        isLost = false;
      }
      isCurrent = false;
      for await (const change of objects.changes(resourceVersion, signal)) {
        const { name } = change.stored;
        if (change.type === 'DELETED') known.delete(name);
        else known.set(name, change.stored);
        print(change);
      }
    } catch (error) {
      if (!(error instanceof CoucheStorError)) throw error;
      if (error.code === 'cancelled') return;
      if (!error.retryable && error.code !== 'gone') throw error;
      if (error.code !== 'gone' && !isLost) {
        err(`${error.message} Trying again.\n`);
        isLost = true;
      }
    }
    // A signal ends the wait, and the loop.
    await clock.sleep(RECONNECT_MS, signal).catch(() => undefined);
  }
}

function byName(items: readonly StoredMigration[]): Map<string, StoredMigration> {
  return new Map(items.map((stored) => [stored.name, stored]));
}

function missed(known: ReadonlyMap<string, StoredMigration>, fresh: ReadonlyMap<string, StoredMigration>) {
  const versionOf = (stored: StoredMigration | undefined) => stored?.object.metadata.resourceVersion;
  const changes: MigrationChange[] = [];
  for (const [name, stored] of fresh) {
    if (!known.has(name)) changes.push({ type: 'ADDED', stored });
    else if (versionOf(known.get(name)) !== versionOf(stored)) changes.push({ type: 'MODIFIED', stored });
  }
  for (const [name, stored] of known) if (!fresh.has(name)) changes.push({ type: 'DELETED', stored });
  return changes;
}
