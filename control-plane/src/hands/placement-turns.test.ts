import { beforeEach, describe, expect, it } from '@jest/globals';
import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import { PlacementTurns } from './placement-turns.ts';

let clock: VirtualClock;
let holder: string;
let asked: string[];
let woken: string[];
let turns: PlacementTurns;
const { signal } = new AbortController();

beforeEach(() => {
  clock = new VirtualClock();
  holder = '';
  [asked, woken] = [[], []];
  turns = new PlacementTurns({
    lock: {
      acquire: async (migration) => {
        await Promise.resolve();
        asked.push(migration);
        if (holder !== '' && holder !== migration) return { kind: 'taken', by: holder };
        holder = migration;
        return { kind: 'held' };
      },
      release: async (migration) => {
        await Promise.resolve();
        if (migration === 'lost') throw new CoucheStorError('timeout', 'No answer came in time.');
        if (holder === migration) holder = '';
      },
    },
    clock,
    patienceMs: 30_000,
    wake: (migration) => woken.push(migration),
  });
});

const ask = (migration: string) => turns.acquire(migration, signal);

describe('the turns of migrations at the lock', () => {
  it('come in the order of asking, and only the first of those that wait asks the lock', async () => {
    expect(await ask('a')).toEqual({ kind: 'held' });
    expect(await ask('b')).toEqual({ kind: 'taken', by: 'a', isNext: true });
    expect(await ask('c')).toEqual({ kind: 'taken', by: 'a', isNext: false });
    expect(await ask('a')).toEqual({ kind: 'held' });
    expect(asked).toEqual(['a', 'b', 'a']);
    await turns.release('a', signal);
    expect(woken).toEqual(['b']);
    expect(await ask('c')).toMatchObject({ kind: 'taken', by: 'b' });
    expect(await ask('b')).toEqual({ kind: 'held' });
    await turns.release('b', signal);
    expect(woken).toEqual(['b', 'c']);
    expect(await ask('c')).toEqual({ kind: 'held' });
  });

  it('that begin at once ask the lock once', async () => {
    const answers = await Promise.all(['a', 'b', 'c', 'd'].map(ask));
    expect(answers.map(({ kind }) => kind)).toEqual(['held', 'taken', 'taken', 'taken']);
    expect(asked).toEqual(['a']);
  });

  it('never make that one wait whom the lock has had from before a restart', async () => {
    holder = 'old';
    const [first, old] = await Promise.all([ask('a'), ask('old')]);
    expect([first, old]).toEqual([
      { kind: 'taken', by: 'old', isNext: true },
      { kind: 'taken', by: 'a', isNext: false },
    ]);
    expect(woken).toEqual(['old']);
    expect(await ask('old')).toEqual({ kind: 'held' });
  });

  it('are given up by whoever leaves, and lapse for whoever does not ask again', async () => {
    holder = 'elsewhere';
    for (const migration of ['a', 'b', 'c']) await ask(migration);
    turns.leave('c');
    expect(woken).toEqual([]);
    turns.leave('a');
    expect(woken).toEqual(['b']);
    expect(await ask('b')).toMatchObject({ isNext: true });
    await ask('d');
    await clock.advance(20_000);
    await ask('d');
    await clock.advance(20_000);
    expect(await ask('d')).toMatchObject({ kind: 'taken', by: 'elsewhere', isNext: true });
  });

  it('wake nobody for what was not given back', async () => {
    await ask('a');
    await ask('b');
    await turns.release('other', signal);
    await expect(turns.release('lost', signal)).rejects.toThrow('No answer');
    expect(woken).toEqual([]);
    expect(await ask('b')).toMatchObject({ kind: 'taken', by: 'a', isNext: true });
  });

  it('go to whoever lost the lock like to any other', async () => {
    await ask('a');
    holder = 'thief';
    expect(await ask('a')).toEqual({ kind: 'taken', by: 'thief', isNext: true });
    expect(await ask('b')).toEqual({ kind: 'taken', by: 'thief', isNext: false });
  });
});
