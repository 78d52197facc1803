import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { ApiError } from './api-error.ts';
import { builtinTypes } from './builtins.ts';
import { caught } from './patch/caught.fixture.ts';
import { labelValueProblems, parseFieldSelector, parseLabelSelector, qualifiedNameProblems } from './selectors.ts';
import type { JsonObject, KubeObject, ResourceType } from './types.ts';

const typeOf = (resource: string, group = ''): ResourceType =>
  builtinTypes.find((type) => type.resource === resource && type.group === group)!;
const objectOf = (rest: JsonObject = {}): KubeObject => ({
  apiVersion: 'v1',
  kind: 'X',
  metadata: { name: 'a', namespace: 'n', uid: 'u', resourceVersion: '1', creationTimestamp: '' },
  ...rest,
});

describe('label selectors', () => {
  it.each([
    ['', {}, true],
    ['  ', { a: 'b' }, true],
    ['a=b', { a: 'b' }, true],
    ['a==b', { a: 'c' }, false],
    [' a = b ', { a: 'b' }, true],
    ['a!=b', {}, true],
    ['a!=b', { a: 'b' }, false],
    ['a in (x, y)', { a: 'y' }, true],
    ['a in (x,y)', {}, false],
    ['a notin (x)', {}, true],
    ['a notin (x)', { a: 'x' }, false],
    ['a', { a: '' }, true],
    ['a', {}, false],
    ['!a', {}, true],
    ['! a', { a: 'x' }, false],
    ['a=', { a: '' }, true],
    ['a=', {}, false],
    ['a=,b', { a: '', b: '1' }, true],
    ['a!=', { a: '' }, false],
    ['a in ()', { a: '' }, true],
    ['a in (x,)', { a: '' }, true],
    ['a in (,x)', { a: 'x' }, true],
    ['a in (x,,y)', { a: '' }, true],
    ['a notin ()', { a: '' }, false],
    ['in in (in)', { in: 'in' }, true],
    ['notin=in,in', { notin: 'in', in: '' }, true],
    ['a in (in,notin)', { a: 'notin' }, true],
    ['example.com/name=x,b', { 'example.com/name': 'x', b: '' }, true],
    ['a>1,a<5', { a: '3' }, true],
    ['a>1', { a: 'x' }, false],
    ['a<5', {}, false],
    ['a>9223372036854775806', { a: '9223372036854775807' }, true],
    ['constructor', {}, false],
  ])('%j on %j is %p', (selector, labels, expected) => {
    expect(parseLabelSelector(selector)(labels)).toBe(expected);
  });

  it('matches objects without labels', () => {
    expect(parseLabelSelector('!a')(undefined)).toBe(true);
    expect(parseLabelSelector('a')(undefined)).toBe(false);
  });

  it.each([
    'a in x',
    'a in',
    'a in (',
    'a in (x y)',
    'a notin (x',
    '=b',
    ',a=b',
    '(a)',
    'a=b,',
    'a,,b',
    'a b',
    'a!b',
    '!!a',
    '!',
    '!a=b',
    'a=b=c',
    'a=(x)',
    'a=!b',
    'a in (x) b',
    'a<x',
    '-a=b',
    'a=-b',
  ])('refuses %j', (selector) => {
    expect(caught(() => parseLabelSelector(selector))).toMatchObject({
      code: 400,
      message: expect.stringContaining('unable to parse requirement: ') as unknown,
    });
  });

  it('agrees with a naive reading of what it is printed from', () => {
    const key = fc.constantFrom('a', 'b', 'in', 'x.y/z');
    const value = fc.constantFrom('', '1', 'in', 'v');
    const space = fc.constantFrom('', ' ', '\t ');
    const labels = fc.dictionary(key, value);
    const term = fc.record({
      key,
      values: fc.array(value, { minLength: 1, maxLength: 3 }),
      operator: fc.constantFrom('=', '==', '!=', 'in', 'notin', '', '!'),
      space,
    });
    const print = (one: { key: string; values: string[]; operator: string; space: string }): string => {
      const gap = one.space;
      if (one.operator === '') return gap + one.key + gap;
      if (one.operator === '!') return `!${gap}${one.key}`;
      if (one.operator.endsWith('in')) return `${one.key} ${one.operator}${gap}(${one.values.join(`${gap},`)})`;
      return one.key + gap + one.operator + gap + one.values[0]!;
    };
    fc.assert(
      fc.property(fc.array(term, { maxLength: 4 }), labels, (terms, object) => {
        const expected = terms.every((one) => {
          const present = Object.keys(object).includes(one.key);
          const actual = object[one.key]!;
          switch (one.operator) {
            case '':
              return present;
            case '!':
              return !present;
            case '!=':
              return !present || actual !== one.values[0];
            case 'in':
              return present && one.values.includes(actual);
            case 'notin':
              return !present || !one.values.includes(actual);
            default:
              return present && actual === one.values[0];
          }
        });
        expect(parseLabelSelector(terms.map(print).join(','))(object)).toBe(expected);
      }),
      { numRuns: 1000 },
    );
  });

  it('answers any text with a predicate or a 400', () => {
    const soup = fc
      .array(fc.constantFrom('a', 'in', 'notin', '(', ')', ',', '=', '!', '<', '>', ' ', '-', 'é', '/', '\\', '1'), {
        maxLength: 12,
      })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => {
        try {
          expect(typeof parseLabelSelector(text)({ a: '1' })).toBe('boolean');
        } catch (error) {
          expect((error as ApiError).code).toBe(400);
        }
      }),
      { numRuns: 2000 },
    );
  });
});

describe('names', () => {
  it.each([
    ['a/b/c', /^name part must consist of/],
    ['/a', /^prefix part must be a lowercase RFC 1123 subdomain/],
    ['a/', /^name part must consist of/],
    ['A.b/c', /^prefix part must be a lowercase RFC 1123 subdomain/],
    ['a'.repeat(64), /^name part must be no more than 63 characters$/],
    [`${'a'.repeat(254)}/b`, /^prefix part must be a lowercase RFC 1123 subdomain/],
  ])('%s is no key', (key, problem) => {
    expect(qualifiedNameProblems(key).join('; ')).toMatch(problem);
  });

  it('accepts keys and values at their limits', () => {
    expect(qualifiedNameProblems(`${'a'.repeat(253)}/${'b'.repeat(63)}`)).toEqual([]);
    expect(labelValueProblems('a'.repeat(63))).toEqual([]);
    expect(labelValueProblems('a'.repeat(64))).toEqual(['must be no more than 63 characters']);
    expect(labelValueProblems('')).toEqual([]);
  });
});

describe('field selectors', () => {
  const matches = (selector: string, object: KubeObject, type = typeOf('configmaps')): boolean =>
    parseFieldSelector(selector, type)(object);

  it.each([
    ['', true],
    [',', true],
    ['metadata.name=a', true],
    ['metadata.name==b', false],
    ['metadata.name!=b,metadata.namespace=n', true],
    ['metadata.name=', false],
    ['metadata.name!=', true],
    [',,metadata.name=a', true],
    ['metadata.name=a\\,b', false],
    ['metadata.name!=a\\=b\\\\', true],
  ])('%j is %p', (selector, expected) => {
    expect(matches(selector, objectOf())).toBe(expected);
  });

  it('unescapes values', () => {
    const odd = objectOf({ metadata: { ...objectOf().metadata, name: 'a,b=c\\d' } });
    expect(matches('metadata.name=a\\,b\\=c\\\\d', odd)).toBe(true);
  });

  it('reads the fields that built-in types offer', () => {
    const pod = objectOf({ status: { phase: 'Running' }, spec: {} });
    expect(matches('status.phase=Running,spec.nodeName=', pod, typeOf('pods'))).toBe(true);
    expect(matches('spec.nodeName=x', pod, typeOf('pods'))).toBe(false);
    expect(matches('spec.unschedulable!=true', objectOf(), typeOf('nodes'))).toBe(true);
    expect(matches('spec.unschedulable=true', objectOf({ spec: { unschedulable: true } }), typeOf('nodes'))).toBe(true);
    const event = objectOf({ involvedObject: { kind: 'Pod' }, type: 'Normal', reportingComponent: 'me' });
    expect(matches('involvedObject.kind=Pod,type=Normal,reportingComponent=me', event, typeOf('events'))).toBe(true);
    const other = objectOf({ regarding: { name: 'p' }, reason: 'R' });
    expect(matches('regarding.name=p,reason=R', other, typeOf('events', 'events.k8s.io'))).toBe(true);
    expect(matches('type=Opaque', objectOf({ type: 'Opaque' }), typeOf('secrets'))).toBe(true);
  });

  it('reads the fields that custom types name, whatever their type', () => {
    const type = {
      ...typeOf('configmaps'),
      builtIn: false,
      namespaced: false,
      selectableFields: ['.spec.color', '.spec.on', '.spec.size'],
    };
    const object = objectOf({ spec: { color: 'red', on: true, size: 3 } });
    expect(matches('spec.color=red,spec.on=true,spec.size=3', object, type)).toBe(true);
    expect(matches('spec.color=', objectOf(), type)).toBe(true);
  });

  it.each([
    ['foo=bar', 'field label not supported: foo'],
    ['=x', 'field label not supported: '],
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['metadata.name=a=b', "invalid selector: 'metadata.name=a=b'; can't understand 'metadata.name=a=b'"],
    ['metadata.name=a\\x', "invalid selector: 'metadata.name=a\\x'; can't understand 'metadata.name=a\\x'"],
    ['metadata.name=a\\', "invalid selector: 'metadata.name=a\\'; can't understand 'metadata.name=a\\'"],
    ['toString=x', 'field label not supported: toString'],
  ])('refuses %j', (selector, message) => {
    expect(caught(() => matches(selector, objectOf()))).toMatchObject({ code: 400, message });
  });

  it('refuses fields that a type with fields of its own does not have', () => {
    expect(caught(() => matches('foo=x', objectOf(), typeOf('pods'))).message).toBe('field label not supported: foo');
  });

  it('finds exactly the object whose name was escaped into it', () => {
    const escape = (text: string): string => text.replaceAll(/[\\,=]/g, '\\$&');
    fc.assert(
      fc.property(fc.string(), fc.string(), (name, other) => {
        const named = (text: string): KubeObject => objectOf({ metadata: { ...objectOf().metadata, name: text } });
        const selects = parseFieldSelector(`metadata.name=${escape(name)}`, typeOf('configmaps'));
        expect(selects(named(name))).toBe(true);
        expect(selects(named(other))).toBe(name === other);
      }),
      { numRuns: 500 },
    );
  });

  it('answers any text with a predicate or a 400', () => {
    const soup = fc
      .array(fc.constantFrom('metadata.name', '=', '!', ',', '\\', 'a', ' '), { maxLength: 10 })
      .map((parts) => parts.join(''));
    fc.assert(
      fc.property(fc.oneof(soup, fc.string()), (text) => {
        try {
          expect(typeof matches(text, objectOf())).toBe('boolean');
        } catch (error) {
          expect((error as ApiError).code).toBe(400);
        }
      }),
      { numRuns: 1000 },
    );
  });
});
