import { beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, nullLogger, VirtualClock } from '@couchestor/common/base';
import type { StorageMover } from '../ports/storage-mover.ts';
import type { VolumeMigrations } from '../ports/volume-migrations.ts';
import { Caller } from './caller.ts';
import { Drive } from './drive.ts';
import type { Call } from './instruction.ts';
import { Look } from './look.ts';
import { NOW_MS, record, status } from './machine.fixture.ts';
import { PlacementTurns } from './placement-turns.ts';
import { settingsOf } from './settings.ts';

const SCALE: Call = { kind: 'setReplicaCount', count: 3 };
const { signal } = new AbortController();
const stored = record(status('Adding'));
let clock: VirtualClock;
let failing: string;
let warned: string[];

beforeEach(() => {
  clock = new VirtualClock(NOW_MS);
  failing = '';
  warned = [];
});

const answer = <T>(what: string, value: T, code: 'unavailable' | 'notFound' = 'unavailable'): Promise<T> =>
  failing === what ? Promise.reject(new CoucheStorError(code, 'It failed.')) : Promise.resolve(value);

const migrations: Pick<VolumeMigrations, 'read' | 'writeStatus' | 'hold'> = {
  read: () => (failing === 'gone' ? Promise.resolve(undefined) : answer('read', stored)),
  writeStatus: () => answer('write', stored, 'notFound'),
  hold: () => answer('hold', stored, 'notFound'),
};
const lock = {
  acquire: () => answer('lock', { kind: 'held' } as const),
  release: () => answer('lock', undefined),
};
const newLook = (): Look =>
  new Look({ migrations, clock, settings: settingsOf(), record: stored, recordAtMs: clock.monotonic(), signal });

function call(one: Call): Promise<unknown> {
  const mover = { setReplicaCount: () => answer('storage', undefined) } as unknown as StorageMover;
  const turns = new PlacementTurns({ lock, clock, patienceMs: 1_000, wake: () => undefined });
  const logger = { ...nullLogger, warn: (line: string) => void warned.push(line) };
  const caller = new Caller({ onFailure: () => undefined, mover, turns, logger, marked: (_, run) => run() });
  return caller.call(newLook(), new Drive(stored.uid, clock), [one], clock.monotonic());
}

describe('a call that fails', () => {
  it.each<[string, Call, RegExp]>([
    ['storage', SCALE, /whether it took effect is looked for/],
    ['lock', { kind: 'takeLock' }, /lock on placement/],
    ['lock', { kind: 'releaseLock' }, /lock on placement/],
    ['read', SCALE, /was not made/],
    ['gone', SCALE, /was not made/],
  ])('at the %s is told as what it was', async (what, one, expected) => {
    failing = what;
    expect(await call(one)).toBeInstanceOf(CoucheStorError);
    expect(warned).toEqual([expect.stringMatching(expected)]);
  });

  it('is told only when it failed', async () => {
    expect(await call(SCALE)).toBe('look again');
    expect(warned).toEqual([]);
  });
});

describe('a migration that goes while it is written to', () => {
  it.each([
    ['write', (look: Look) => look.write({ phase: 'Syncing' })],
    ['hold', (look: Look) => look.hold()],
  ] as const)('is one that has changed (%s)', async (what, change) => {
    failing = what;
    await expect(change(newLook())).rejects.toMatchObject({ code: 'conflict', message: 'Migration v1-1 is gone.' });
  });
});
