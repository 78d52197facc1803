import { describe, expect, it } from '@jest/globals';
import { InvariantError } from '../base/errors.ts';
import { LruMap } from './lru-map.ts';

describe('LruMap', () => {
  it('makes a value once and forgets the least recently used', () => {
    const map = new LruMap<string, string>(2);
    const made: string[] = [];
    const get = (key: string): string =>
      map.getOrMake(key, () => {
        made.push(key);
        return key.toUpperCase();
      });
    expect(['a', 'b', 'a', 'c', 'a', 'b'].map(get)).toEqual(['A', 'B', 'A', 'C', 'A', 'B']);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    expect(map.size).toBe(2);
  });

  it('keeps nothing of a failure', () => {
    const map = new LruMap<string, number>(1);
    const failing = (): number => {
      throw new Error('no');
    };
    expect(() => map.getOrMake('a', failing)).toThrow('no');
    expect(map.getOrMake('a', () => 1)).toBe(1);
    expect(() => new LruMap(0)).toThrow(InvariantError);
  });
});
