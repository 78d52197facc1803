/** Who holds the lock of a pool, for the message to those who do not get it. Only the lock itself says whether anybody does. */
import { hostname } from 'node:os';
import { CoucheStorError } from '@couchestor/common/base';
import { HOLDER_PATH } from './layout.ts';
import type { PoolFiles } from './pool-files.ts';
import { readSealed, replaceSealed } from './sealed-json.ts';

export interface PoolHolder {
  readonly pid: number;
  readonly host: string;
  /** Wall time, ISO 8601. */
  readonly since: string;
}

/** A disk that is full is opened all the same, and so nobody is told. What was there has to be removed before. */
export async function writeHolder(files: PoolFiles, nowMs: number): Promise<void> {
  const holder: PoolHolder = { pid: process.pid, host: hostname(), since: new Date(nowMs).toISOString() };
  await replaceSealed(files, HOLDER_PATH, holder).catch(() => undefined);
}

/** By whoever has the lock: a number that is left behind may be another process by now. */
export async function removeHolder(files: PoolFiles): Promise<void> {
  await files.unlink(HOLDER_PATH).catch(() => undefined);
}

/** Undefined where nothing is known of it. */
export async function readHolder(files: PoolFiles): Promise<PoolHolder | undefined> {
  return readSealed(files, HOLDER_PATH, parseHolder).catch(() => undefined);
}

export function poolInUse(label: string, holder: PoolHolder | undefined): CoucheStorError {
  const who =
    holder === undefined ? 'another process' : `process ${holder.pid} on ${holder.host}, since ${holder.since}`;
  const remedy = 'Stop it first, or let it do what is to be done.';
  return new CoucheStorError('conflict', `${label}: the pool is in use by ${who}. ${remedy}`, {
    fields: { pool: label, fault: 'poolInUse', remedy, ...holder },
  });
}

function parseHolder(value: unknown): PoolHolder {
  const { pid, host, since } = value as Record<keyof PoolHolder, unknown>;
  if (typeof pid === 'number' && typeof host === 'string' && typeof since === 'string') return { pid, host, since };
  throw new CoucheStorError('invalid', 'holder: it does not say who');
}
