import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { KubeObject } from '../types.ts';
import { keyOf, Store } from './store.ts';
import type { StoreEvent } from './store.ts';

const things = { group: 'example.com', resource: 'things' };
const others = { group: '', resource: 'others' };

function thing(name: string, namespace = 'a', value = 0): KubeObject {
  const metadata = { name, namespace, uid: `${namespace}-${name}`, resourceVersion: '', creationTimestamp: '' };
  return { apiVersion: 'example.com/v1', kind: 'Thing', metadata, value };
}

const names = (objects: readonly KubeObject[]): string[] =>
  objects.map(({ metadata }) => keyOf(metadata.namespace, metadata.name));

describe('revisions', () => {
  it('count every write, whatever the resource', () => {
    const store = new Store();
    const versions = [
      store.put(things, thing('one')),
      store.put(others, thing('two')),
      store.put(things, thing('one', 'a', 1)),
      store.delete(others, thing('two')),
    ].map(({ metadata }) => Number(metadata.resourceVersion));
    expect(versions).toEqual([2, 3, 4, 5]);
    expect(store.revision).toBe(5);
  });

  it('start again when the store is cleared', () => {
    const store = new Store();
    store.put(things, thing('one'));
    store.clear();
    expect([store.revision, store.list(things)]).toEqual([1, []]);
    expect(store.eventAt(2)).toBeUndefined();
  });
});

describe('a list', () => {
  it('is in the order of etcd, namespace first', () => {
    const store = new Store();
    for (const [name, namespace] of [
      ['b', 'x'],
      ['a', 'x'],
      ['z', 'w'],
      ['c', 'x-y'],
    ] as const) {
      store.put(things, thing(name, namespace));
    }
    expect(names(store.list(things))).toEqual(['w/z', 'x-y/c', 'x/a', 'x/b']);
    expect(names(store.list(things, 'x'))).toEqual(['x/a', 'x/b']);
  });

  it('of the past shows the objects of then', () => {
    const store = new Store();
    store.put(things, thing('one'));
    store.put(things, thing('two'));
    store.delete(things, thing('one'));
    store.put(things, thing('two', 'a', 2));
    expect(names(store.listAt(things, undefined, 3))).toEqual(['a/one', 'a/two']);
    expect(store.listAt(things, 'a', 4).map(({ value }) => value)).toEqual([0]);
    expect(store.listAt(things, 'b', 3)).toEqual([]);
  });
});

describe('history', () => {
  it('is bounded', () => {
    const store = new Store({ historyLimit: 5 });
    for (let index = 0; index < 100; index++) store.put(things, thing('one', 'a', index));
    const kept = store.revision - store.compactedRevision;
    expect(kept).toBeGreaterThanOrEqual(5);
    expect(kept).toBeLessThan(10);
    expect(store.eventAt(store.compactedRevision)).toBeUndefined();
    expect(store.eventAt(store.revision)?.object.value).toBe(99);
  });

  it('is forgotten on request, but not that of the future', () => {
    const store = new Store();
    store.put(things, thing('one'));
    store.compact(1_000);
    expect(store.compactedRevision).toBe(2);
    store.put(things, thing('two'));
    expect(store.eventAt(3)?.key).toBe('a/two');
  });
});

describe('subscribers', () => {
  it('hear of every write at once, until they leave', () => {
    const store = new Store();
    const seen: string[] = [];
    const leave = store.subscribe(({ type, key }) => seen.push(`${type} ${key}`));
    store.put(things, thing('one'));
    store.put(things, thing('one', 'a', 1));
    store.delete(things, thing('one'));
    leave();
    store.put(things, thing('two'));
    expect(seen).toEqual(['ADDED a/one', 'MODIFIED a/one', 'DELETED a/one']);
  });
});

describe('against a model', () => {
  type Write = { kind: 'put'; name: string; value: number } | { kind: 'delete'; name: string } | { kind: 'compact' };
  const name = fc.constantFrom('a', 'b', 'c', 'd');
  const write: fc.Arbitrary<Write> = fc.oneof(
    { weight: 6, arbitrary: fc.record({ kind: fc.constant('put'), name, value: fc.nat(5) }) },
    { weight: 3, arbitrary: fc.record({ kind: fc.constant('delete'), name }) },
    { weight: 1, arbitrary: fc.record({ kind: fc.constant('compact') }) },
  );

  const replay = (state: Map<string, unknown>, { type, key, object }: StoreEvent): void => {
    if (type === 'DELETED') state.delete(key);
    else state.set(key, object.value);
  };
  const stateOf = (objects: readonly KubeObject[]): [string, unknown][] =>
    objects.map(({ metadata, value }) => [keyOf(metadata.namespace, metadata.name), value]);

  it('holds what a Map holds, at every revision that is kept; a replay from any of them ends at the list', () => {
    fc.assert(
      fc.property(fc.array(write, { maxLength: 60 }), fc.integer({ min: 1, max: 40 }), (writes, historyLimit) => {
        const store = new Store({ historyLimit });
        const model = new Map<string, unknown>();
        const past = new Map<number, [string, unknown][]>([[1, []]]);
        for (const step of writes) {
          if (step.kind === 'compact') store.compact();
          else if (step.kind === 'put') {
            store.put(things, thing(step.name, 'a', step.value));
            model.set(`a/${step.name}`, step.value);
          } else if (model.delete(`a/${step.name}`)) {
            const stored = store.get(things, 'a', step.name);
            if (stored !== undefined) store.delete(things, stored);
          }
          past.set(store.revision, [...model].sort());
        }
        expect(stateOf(store.list(things))).toEqual([...model].sort());
        for (let revision = store.compactedRevision; revision <= store.revision; revision++) {
          expect(stateOf(store.listAt(things, undefined, revision))).toEqual(past.get(revision));
          const state = new Map(past.get(revision));
          for (let next = revision + 1; next <= store.revision; next++) {
            const event = store.eventAt(next);
            if (event !== undefined) replay(state, event);
          }
          expect([...state].sort()).toEqual([...model].sort());
        }
      }),
    );
  });
});
