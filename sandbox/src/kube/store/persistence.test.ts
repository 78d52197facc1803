import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from '@jest/globals';
import type { KubeObject } from '../types.ts';
import { openPersistence } from './persistence.ts';
import { Store } from './store.ts';

const things = { group: 'example.com', resource: 'things' };
let directory = '';

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'couchestor-store-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

const thing = (name: string, text = ''): KubeObject => ({
  apiVersion: 'example.com/v1',
  kind: 'Thing',
  metadata: { name, uid: name, resourceVersion: '', creationTimestamp: '' },
  text,
});
const open = (): Store => new Store({ persistence: openPersistence(directory) });

describe('a directory', () => {
  it('keeps objects and the revision, but no history', () => {
    const store = open();
    store.put(things, thing('one', 'naïve\u2028 "x"'));
    store.put(things, thing('two'));
    store.delete(things, thing('two'));
    const before = [store.revision, store.list(things)];
    store.close();
    const again = open();
    expect([again.revision, again.list(things)]).toEqual(before);
    expect(again.compactedRevision).toBe(again.revision);
    expect(again.put(things, thing('three')).metadata.resourceVersion).toBe('5');
    again.close();
  });

  it('is emptied by a clear', () => {
    const store = open();
    store.put(things, thing('one'));
    store.clear();
    store.close();
    const again = open();
    expect([again.revision, again.list(things)]).toEqual([1, []]);
    again.close();
  });

  it('serves one process at a time', () => {
    const store = open();
    expect(open).toThrow(/locked/);
    store.close();
    open().close();
  });
});

it('leaves memory as it was when a write cannot be kept', () => {
  const persistence = openPersistence(directory);
  const store = new Store({ persistence });
  store.put(things, thing('one'));
  persistence.close();
  expect(() => store.put(things, thing('two'))).toThrow();
  expect([store.revision, store.list(things).length]).toEqual([2, 1]);
});
