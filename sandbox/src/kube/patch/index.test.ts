import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { ApiError } from '../api-error.ts';
import { builtinTypes } from '../builtins.ts';
import type { KubeObject } from '../types.ts';
import { caught } from './caught.fixture.ts';
import { applyPatch, mergePatch } from './index.ts';
import { isObject } from './json.ts';

const type = builtinTypes.find((candidate) => candidate.resource === 'configmaps')!;
const current: KubeObject = {
  apiVersion: 'v1',
  kind: 'ConfigMap',
  metadata: { name: 'x', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  data: { a: '1' },
};
const jsonPatched = (patch: unknown): KubeObject =>
  applyPatch({ contentType: 'application/json-patch+json', patch, current, type });
const mergePatched = (patch: unknown): KubeObject =>
  applyPatch({ contentType: 'application/merge-patch+json; charset=utf-8', patch, current, type });
const refusal = (code: number, message: string): object => ({ code, message });

describe('JSON patch', () => {
  it('adds, replaces, removes, moves, copies and tests', () => {
    const patch = [
      { op: 'test', path: '/data/a', value: '1' },
      { op: 'add', path: '/data/b~1c', value: '2' },
      { op: 'copy', from: '/data/a', path: '/data/d' },
      { op: 'move', from: '/data/a', path: '/data/e' },
      { op: 'replace', path: '/data/d', value: '3' },
      { op: 'remove', path: '/data/e' },
    ];
    expect(jsonPatched(patch).data).toEqual({ 'b/c': '2', d: '3' });
    expect(current.data).toEqual({ a: '1' });
  });

  it.each([
    [[{ op: 'test', path: '/data/a', value: '2' }]],
    [[{ op: 'test', path: '/data/zz', value: null }]],
    [[{ op: 'remove', path: '/data/zz' }]],
    [[{ op: 'add', path: '/nope/zz', value: '1' }]],
    [[{ op: 'add', path: '/data/a/b', value: '1' }]],
    [[{ op: 'foo', path: '/data/a' }]],
    [[{ path: '/data/a' }]],
    [[{ op: 'add' }]],
    [[{ op: 'move', from: '/data/q', path: '/data/b' }]],
    [[{ op: 'copy', from: 1, path: '/data/b' }]],
    [[{ op: 'add', path: '/metadata/finalizers/5', value: 'a/b' }]],
    [[null]],
    [[1]],
    // Inherited members of JavaScript objects are no fields.
    [[{ op: 'add', path: '/data/toString/name', value: 'x' }]],
    [[{ op: 'add', path: '/__proto__/polluted', value: 'x' }]],
    [[{ op: 'add', path: '/data/constructor/prototype/polluted', value: 'x' }]],
  ])('refuses %j with a 422 that says nothing more', (patch) => {
    expect(caught(() => jsonPatched(patch))).toMatchObject(
      refusal(422, 'the server rejected our request due to an error in our request'),
    );
    expect({}).not.toHaveProperty('polluted');
  });

  it('refuses what is no list of operations', () => {
    const message = 'error decoding patch: it must be a list of operations';
    expect(caught(() => jsonPatched({ op: 'x' }))).toMatchObject(refusal(400, message));
    expect(caught(() => jsonPatched('x'))).toMatchObject(refusal(400, message));
  });

  it.each([
    { op: 'replace', path: '/kind', value: 'Foo' },
    { op: 'remove', path: '/apiVersion' },
    { op: 'remove', path: '/metadata' },
    { op: 'replace', path: '', value: 1 },
  ])('may not turn the object into another: %j', (operation) => {
    const message = 'a patch may not change apiVersion or kind, nor remove metadata';
    expect(caught(() => jsonPatched([operation]))).toMatchObject(refusal(400, message));
  });

  it('answers any patch with a result or a refusal, and changes neither input', () => {
    const pointer = fc.oneof(
      fc
        .array(fc.constantFrom('data', 'a', 'metadata', 'labels', '-', '0', '', 'toString', '__proto__'), {
          maxLength: 3,
        })
        .map((keys) => keys.map((key) => `/${key}`).join('')),
      fc.string(),
    );
    const operation = fc.record(
      {
        op: fc.constantFrom('add', 'remove', 'replace', 'move', 'copy', 'test', '_get'),
        path: pointer,
        from: pointer,
        value: fc.jsonValue(),
      },
      { requiredKeys: ['op', 'path'] },
    );
    fc.assert(
      fc.property(fc.oneof(fc.array(operation, { maxLength: 4 }), fc.jsonValue()), (patch) => {
        const before = JSON.stringify([patch, current]);
        try {
          jsonPatched(patch);
        } catch (error) {
          if (!(error instanceof ApiError)) throw error;
        }
        expect(JSON.stringify([patch, current])).toBe(before);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('merge patch', () => {
  const json = fc.jsonValue({ maxDepth: 3 });

  it('follows the examples of RFC 7386', () => {
    const examples: [unknown, unknown, unknown][] = [
      [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
      [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
      [{ a: 'b' }, { a: null }, {}],
      [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
      [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
      [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
      [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
      [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
      [
        ['a', 'b'],
        ['c', 'd'],
        ['c', 'd'],
      ],
      [{ a: 'b' }, ['c'], ['c']],
      [{ a: 'foo' }, null, null],
      [{ a: 'foo' }, 'bar', 'bar'],
      [{ e: null }, { a: 1 }, { e: null, a: 1 }],
      [[1, 2], { a: 'b', c: null }, { a: 'b' }],
      [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
    ];
    for (const [target, patch, result] of examples) expect(mergePatch(target, patch)).toEqual(result);
  });

  it('applied twice is applied once', () => {
    fc.assert(
      fc.property(json, json, (target, patch) => {
        const once = mergePatch(target, patch);
        expect(mergePatch(once, patch)).toEqual(once);
      }),
    );
  });

  it('two in a row are one, once the second is merged into the first', () => {
    const compose = (first: unknown, second: unknown): unknown => {
      if (!isObject(first) || !isObject(second)) return second;
      const keys = new Set([...Object.keys(first), ...Object.keys(second)]);
      const field = (key: string): unknown => {
        if (!Object.hasOwn(second, key)) return first[key];
        return Object.hasOwn(first, key) ? compose(first[key], second[key]) : second[key];
      };
      return Object.fromEntries([...keys].map((key) => [key, field(key)]));
    };
    // The law holds for patches that do not turn a value that is no object into one.
    const objects = fc.dictionary(fc.constantFrom('a', 'b', 'c'), fc.oneof(fc.integer(), fc.constant(null)));
    fc.assert(
      fc.property(objects, objects, objects, (target, first, second) => {
        expect(mergePatch(mergePatch(target, first), second)).toEqual(mergePatch(target, compose(first, second)));
      }),
    );
  });

  it('keeps keys that mean something to JavaScript as plain data', () => {
    const patch: unknown = JSON.parse('{"data":{"__proto__":"1","constructor":"2"}}');
    expect(JSON.stringify(mergePatched(patch).data)).toBe('{"a":"1","__proto__":"1","constructor":"2"}');
    expect({}).not.toHaveProperty('1');
  });

  it('refuses what is no object', () => {
    expect(caught(() => mergePatched([]))).toMatchObject(refusal(400, 'error decoding patch: it must be an object'));
    expect(caught(() => mergePatched(null))).toMatchObject({ code: 400 });
  });

  it('names the patches that a resource takes', () => {
    const message =
      'the body of the request was in an unknown format - accepted media types include: application/json-patch+json, application/merge-patch+json, application/strategic-merge-patch+json, application/apply-patch+yaml';
    expect(caught(() => applyPatch({ contentType: 'application/json', patch: {}, current, type }))).toMatchObject(
      refusal(415, message),
    );
  });
});
