/** A migration as cells of a table. No cell but MESSAGE has a blank, so that a pipe can cut rows at blanks; `-` is nothing. */
import { isFinal } from '@couchestor/common/api';
import { shortDuration, type Column } from '@couchestor/common/command-line';
import type { StoredMigration } from '../stored-migration.ts';

export interface Row {
  readonly stored: StoredMigration;
  readonly nowMs: number;
}

const NOTHING = '-';

/** In the order in which they are printed; those of a lower rank go first where they do not all fit. */
export const COLUMNS: readonly Column<Row>[] = [
  { title: 'NAME', rank: 11, of: ({ stored }) => stored.name },
  { title: 'VOLUME', rank: 1, of: ({ stored }) => stored.migration?.spec.volumeId ?? NOTHING },
  { title: 'CLAIM', rank: 4, of: claim },
  { title: 'MOVE', rank: 9, of: move },
  { title: 'POOLS', rank: 5, of: pools },
  { title: 'PHASE', rank: 10, of: phase },
  { title: 'DONE', rank: 8, of: progress },
  { title: 'ETA', rank: 7, of: eta },
  { title: 'EXTRA', rank: 3, of: ({ stored }) => standingExtra(stored)?.pool ?? NOTHING },
  { title: 'AGE', rank: 6, of: age },
  { title: 'REASON', rank: 2, of: ({ stored }) => stored.migration?.spec.reason.code ?? NOTHING },
];

export const WIDE_COLUMNS: readonly Column<Row>[] = [
  ...COLUMNS,
  { title: 'POLICY', rank: 0, of: ({ stored }) => stored.migration?.spec.policyRef.name ?? NOTHING },
  { title: 'MESSAGE', rank: 0, of: message },
];

/** Beyond the number that the volume asks for, and still there. */
export function standingExtra({ migration }: StoredMigration) {
  const extra = migration?.status?.extraReplica;
  return extra === undefined || extra.removedTime !== undefined ? undefined : extra;
}

/** Before the operator has seen it, it is as good as Pending. */
export function phaseOf({ migration }: StoredMigration) {
  return migration?.status?.phase ?? 'Pending';
}

/** Those under way first, then the latest. */
export function byInterest(a: StoredMigration, b: StoredMigration): number {
  const created = ({ object }: StoredMigration): string => object.metadata.creationTimestamp ?? '';
  const hasEnded = (stored: StoredMigration): number => (isFinal(phaseOf(stored)) ? 1 : 0);
  return hasEnded(a) - hasEnded(b) || compare(created(b), created(a)) || compare(a.name, b.name);
}

function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

function claim({ stored: { migration } }: Row): string {
  const named = migration?.spec.claim;
  return named === undefined ? NOTHING : `${named.namespace}/${named.name}`;
}

function move({ stored: { migration } }: Row): string {
  if (migration === undefined) return NOTHING;
  const { source, target } = migration.spec;
  return `${source.tier}→${target.tier}`;
}

function pools({ stored: { migration } }: Row): string {
  if (migration === undefined) return NOTHING;
  const { source, target } = migration.spec;
  return `${source.pool}→${target.pool}`;
}

function phase({ stored }: Row): string {
  return stored.migration === undefined ? 'Unreadable' : phaseOf(stored);
}

function progress({ stored: { migration } }: Row): string {
  const percent = migration?.status?.progressPercent;
  return percent === undefined ? NOTHING : `${percent}%`;
}

function eta({ stored, nowMs }: Row): string {
  const expected = stored.migration?.status?.estimatedCompletionTime;
  return expected === undefined || isFinal(phaseOf(stored)) ? NOTHING : shortDuration(Date.parse(expected) - nowMs);
}

function age({ stored, nowMs }: Row): string {
  const created = stored.object.metadata.creationTimestamp;
  return created === undefined ? NOTHING : shortDuration(nowMs - Date.parse(created));
}

function message({ stored }: Row): string {
  const text = stored.fault ?? stored.migration?.status?.message ?? '';
  return text === '' ? NOTHING : text.replace(/\s+/g, ' ');
}
