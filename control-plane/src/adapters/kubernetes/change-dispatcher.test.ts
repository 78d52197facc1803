import { describe, expect, it } from '@jest/globals';
import { InvariantError, nullLogger } from '@couchestor/common/base';
import { setImmediate as turn } from 'node:timers/promises';
import { ChangeDispatcher } from './change-dispatcher.ts';
import type { Change, Entry } from './object-cache.ts';

const entry = (key: string, value: number): Entry<number> => ({
  key,
  value,
  raw: { metadata: { name: key, uid: `uid-${key}`, resourceVersion: String(value) } },
});
const added = (key: string, value: number): Change<number> => ({ type: 'added', entry: entry(key, value) });
const updated = (key: string, value: number): Change<number> => {
  return { type: 'updated', entry: entry(key, value), previous: entry(key, value - 1) };
};
const deleted = (key: string, value: number): Change<number> => ({ type: 'deleted', entry: entry(key, value) });
const brief = (change: Change<number>): string => `${change.type} ${change.entry.key}${String(change.entry.value)}`;

describe('ChangeDispatcher', () => {
  it('calls a handler for one change at a time, in order', async () => {
    const dispatcher = new ChangeDispatcher<number>(nullLogger);
    const log: string[] = [];
    dispatcher.subscribe(async (change) => {
      log.push(`begin ${brief(change)}`);
      await turn();
      log.push(`end ${brief(change)}`);
    }, []);
    dispatcher.publish([added('a', 1), added('b', 1)]);
    await turn();
    dispatcher.publish([updated('a', 2)]);
    for (let round = 0; round < 10; round += 1) await turn();
    expect(log).toEqual(
      ['a1', 'b1'].flatMap((x) => [`begin added ${x}`, `end added ${x}`]).concat('begin updated a2', 'end updated a2'),
    );
  });

  it('outlives a handler that throws or rejects, and serves the others', async () => {
    const dispatcher = new ChangeDispatcher<number>(nullLogger);
    const seen: string[] = [];
    let calls = 0;
    dispatcher.subscribe(() => {
      calls += 1;
      throw new Error('handler');
    }, []);
    dispatcher.subscribe(() => Promise.reject(new Error('handler')), []);
    dispatcher.subscribe((change) => void seen.push(brief(change)), []);
    dispatcher.publish([added('a', 1)]);
    await turn();
    dispatcher.publish([deleted('a', 2)]);
    await turn();
    expect(seen).toEqual(['added a1', 'deleted a2']);
    expect(calls).toBe(2);
  });

  it('merges what a slow handler has not heard yet, and keeps a deletion between two incarnations', async () => {
    const dispatcher = new ChangeDispatcher<number>(nullLogger);
    const seen: string[] = [];
    const gate = Promise.withResolvers<undefined>();
    dispatcher.subscribe(async (change) => {
      seen.push(brief(change));
      await gate.promise;
    }, []);
    dispatcher.publish([added('busy', 0)]);
    await turn();
    dispatcher.publish([added('a', 1), updated('a', 2), updated('a', 3)]);
    dispatcher.publish([added('b', 1), deleted('b', 2)]);
    dispatcher.publish([updated('c', 5), deleted('c', 6), added('c', 7), updated('c', 8)]);
    dispatcher.publish([deleted('d', 1), added('d', 2), deleted('d', 3)]);
    gate.resolve(undefined);
    for (let round = 0; round < 10; round += 1) await turn();
    expect(seen).toEqual(['added busy0', 'added a3', 'deleted c6', 'added c8', 'deleted d1']);
  });

  it('tells a late subscriber what exists, and one that left nothing more', async () => {
    const dispatcher = new ChangeDispatcher<number>(nullLogger);
    const seen: string[] = [];
    const leave = dispatcher.subscribe((change) => void seen.push(brief(change)), [entry('a', 1)]);
    await turn();
    leave();
    dispatcher.publish([updated('a', 2)]);
    await turn();
    expect(seen).toEqual(['added a1']);
  });

  it('does not hide that a handler met a broken invariant', async () => {
    const dispatcher = new ChangeDispatcher<number>(nullLogger);
    dispatcher.subscribe(() => Promise.reject(new InvariantError('bug')), []);
    dispatcher.publish([added('a', 1)]);
    await expect(dispatcher.broken).rejects.toBeInstanceOf(InvariantError);
  });
});
