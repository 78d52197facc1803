import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { identityOf, type KubeObject } from './kube-object.ts';
import { ObjectCache, type Change } from './object-cache.ts';
import type { ObjectEvent } from './watch-events.ts';

const object = (name: string, resourceVersion: number | string, uid = `uid-${name}`): KubeObject => ({
  metadata: { name, uid, resourceVersion: String(resourceVersion) },
});
const event = (type: ObjectEvent['type'], ...args: Parameters<typeof object>): ObjectEvent => ({
  type,
  object: object(...args),
});
const newCache = (): ObjectCache<KubeObject> => new ObjectCache((raw) => raw);
const brief = (changes: readonly Change<KubeObject>[]): string[] =>
  changes.map(({ type, entry }) => `${type} ${entry.key}@${entry.raw.metadata.resourceVersion}`);
const list = { revision: '100', historyChanged: false };

describe('ObjectCache', () => {
  it('never replaces an object by an older or equal version of itself', () => {
    const cache = newCache();
    cache.applyEvent(event('ADDED', 'a', 5));
    expect(cache.applyEvent(event('MODIFIED', 'a', 4))).toEqual({ changes: [], inOrder: false });
    expect(cache.applyEvent(event('MODIFIED', 'a', 5))).toEqual({ changes: [], inOrder: true });
    expect(brief(cache.applyEvent(event('MODIFIED', 'a', 10)).changes)).toEqual(['updated a@10']);
    expect(brief(cache.applyList([object('a', 7)], list))).toEqual([]);
  });

  it('keeps no managedFields', () => {
    const cache = newCache();
    const raw = object('a', 5);
    Object.assign(raw.metadata, { managedFields: [{ manager: 'kubectl' }] });
    expect(cache.applyEvent({ type: 'ADDED', object: raw }).changes[0]?.entry.raw.metadata).not.toHaveProperty(
      'managedFields',
    );
  });

  it('believes the order of arrival where versions do not compare', () => {
    const cache = newCache();
    cache.applyEvent(event('ADDED', 'a', 'x9'));
    expect(brief(cache.applyEvent(event('MODIFIED', 'a', 'x1')).changes)).toEqual(['updated a@x1']);
  });

  it('shows another uid as a deletion and an addition, from an event and from a list', () => {
    const cache = newCache();
    cache.applyEvent(event('ADDED', 'a', 5, 'first'));
    expect(brief(cache.applyEvent(event('ADDED', 'a', 8, 'second')).changes)).toEqual(['deleted a@5', 'added a@8']);
    expect(cache.applyEvent(event('DELETED', 'a', 7, 'first'))).toEqual({ changes: [], inOrder: false });
    expect(brief(cache.applyList([object('a', 9, 'third')], list))).toEqual(['deleted a@8', 'added a@9']);
  });

  it('does not let a late event bring a deleted object back', () => {
    const cache = newCache();
    cache.applyEvent(event('ADDED', 'a', 5));
    expect(brief(cache.applyEvent(event('DELETED', 'a', 7)).changes)).toEqual(['deleted a@7']);
    expect(cache.applyEvent(event('MODIFIED', 'a', 6))).toEqual({ changes: [], inOrder: false });
    expect(cache.applyEvent(event('ADDED', 'a', 4, 'before')).changes).toEqual([]);
    expect(brief(cache.applyEvent(event('ADDED', 'a', 9, 'after')).changes)).toEqual(['added a@9']);
  });

  it('does not bring it back either where versions do not compare', () => {
    const cache = newCache();
    cache.applyEvent(event('ADDED', 'a', 'x5'));
    cache.applyEvent(event('DELETED', 'a', 'x7'));
    expect(cache.applyEvent(event('MODIFIED', 'a', 'x6'))).toEqual({ changes: [], inOrder: false });
    expect(brief(cache.applyEvent(event('ADDED', 'a', 'x8', 'after')).changes)).toEqual(['added a@x8']);
  });

  it('keeps of an object what it is told to keep, and decodes the whole', () => {
    const cache = new ObjectCache(({ spec }) => spec, identityOf);
    const full = { ...object('a', 1), spec: 'large', status: 'larger' };
    const metadata = { name: 'a', uid: 'uid-a', resourceVersion: '1' };
    expect(cache.applyList([full], list)).toEqual([
      { type: 'added', entry: { key: 'a', raw: { metadata }, value: 'large' } },
    ]);
    const gone = { ...object('a', 101), spec: 'large' };
    expect(cache.applyEvent({ type: 'DELETED', object: gone }).changes).toMatchObject([
      { entry: { raw: { metadata: { resourceVersion: '101' } }, value: 'large' } },
    ]);
  });

  it('remembers as many deletions as it has room for', () => {
    const cache = newCache();
    for (let index = 0; index <= 10_000; index += 1) cache.applyEvent(event('DELETED', `gone-${String(index)}`, 100));
    expect(cache.applyEvent(event('ADDED', 'gone-1', 50)).changes).toEqual([]);
    expect(cache.applyEvent(event('ADDED', 'gone-0', 50)).changes).toHaveLength(1);
  });

  it('remembers a deletion that overtook the creation', () => {
    const cache = newCache();
    expect(cache.applyEvent(event('DELETED', 'a', 7))).toEqual({ changes: [], inOrder: false });
    expect(cache.applyEvent(event('ADDED', 'a', 6))).toEqual({ changes: [], inOrder: false });
    expect(cache.count).toBe(0);
  });

  it('lets no event from before a list change what the list said', () => {
    const cache = newCache();
    cache.applyList([object('a', 90)], list);
    expect(cache.applyEvent(event('ADDED', 'gone', 50))).toEqual({ changes: [], inOrder: false });
    expect(cache.applyEvent(event('DELETED', 'a', 95))).toEqual({ changes: [], inOrder: false });
    expect(brief(cache.applyEvent(event('ADDED', 'new', 101)).changes)).toEqual(['added new@101']);
    expect(cache.count).toBe(2);
  });

  it('takes a list of another history item by item, older versions included', () => {
    const cache = newCache();
    cache.applyEvent(event('ADDED', 'a', 500));
    expect(brief(cache.applyList([object('a', 7)], { revision: '9', historyChanged: true }))).toEqual(['updated a@7']);
  });

  it('tells what a list would take away: objects, also by a new uid, and newer versions', () => {
    const cache = newCache();
    cache.applyList([object('a', 1), object('b', 2), object('c', 3)], list);
    const missing = new Set(['uid-b', 'uid-c']);
    expect(cache.lossBy([object('a', 1), object('b', 9, 'new')])).toEqual({ missing, outdated: false });
    cache.applyEvent(event('MODIFIED', 'a', 101));
    expect(cache.lossBy([object('a', 1), object('b', 2), object('c', 3)])).toEqual({
      missing: new Set(),
      outdated: true,
    });
  });

  it('reaches the same state from events in any order with duplicates, and tells changes that add up to it', () => {
    const step = fc.record({ name: fc.constantFrom('a', 'b', 'c'), remove: fc.boolean() });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 30 }), fc.infiniteStream(fc.nat(1_000)), (steps, picks) => {
        const truth = new Map<string, string>();
        const incarnation = new Map<string, number>();
        const events: ObjectEvent[] = [];
        steps.forEach(({ name, remove }, index) => {
          const uid = `${name}-${String(incarnation.get(name) ?? 0)}`;
          if (remove && !truth.has(name)) return;
          events.push(event(remove ? 'DELETED' : truth.has(name) ? 'MODIFIED' : 'ADDED', name, index + 1, uid));
          if (remove) {
            truth.delete(name);
            incarnation.set(name, (incarnation.get(name) ?? 0) + 1);
          } else truth.set(name, String(index + 1));
        });
        const cache = newCache();
        const told = new Map<string, string>();
        const shuffled = [...events, ...events].map((item) => ({ item, rank: Number(picks.next().value) }));
        for (const { item } of shuffled.sort((a, b) => a.rank - b.rank)) {
          for (const change of cache.applyEvent(item).changes) {
            if (change.type === 'added') expect(told.has(change.entry.key)).toBe(false);
            else expect(told.has(change.entry.key)).toBe(true);
            if (change.type === 'deleted') told.delete(change.entry.key);
            else told.set(change.entry.key, change.entry.raw.metadata.resourceVersion);
          }
        }
        const state = new Map(cache.entries().map(({ key, raw }) => [key, raw.metadata.resourceVersion]));
        expect(state).toEqual(truth);
        expect(told).toEqual(truth);
      }),
    );
  });
});
