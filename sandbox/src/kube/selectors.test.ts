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

  // As a real server answers; where its wording changed since 1.20, as it answers now.
  it.each([
    ['a in x', "unable to parse requirement: found 'x' expected: '('"],
    ['a in', "unable to parse requirement: found '' expected: '('"],
    ['a in (', "unable to parse requirement: found '', expected: ',', ')' or identifier"],
    ['a in (x y)', "unable to parse requirement: found 'y', expected: ',' or ')'"],
    ['a notin (x', "unable to parse requirement: found '', expected: ',' or ')'"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    [',a=b', "found ',', expected: !, identifier, or 'end of string'"],
    ['(a)', "found '(', expected: !, identifier, or 'end of string'"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['a,,b', "found ',', expected: identifier after ','"],
    ['a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a!b', "unable to parse requirement: found '!', expected: in, notin, =, ==, !=, gt, lt"],
    ['!!a', "unable to parse requirement: found '!', expected: identifier"],
    ['!', "unable to parse requirement: found '', expected: identifier"],
    ['!a=b', "found '=', expected: ',' or 'end of string'"],
    ['a=b=c', "found '=', expected: ',' or 'end of string'"],
    ['a=(x)', "unable to parse requirement: found '(', expected: identifier"],
    ['a=!b', "unable to parse requirement: found '!', expected: identifier"],
    ['a in (x) b', "found 'b', expected: ',' or 'end of string'"],
    [
      'a<x',
      `unable to parse requirement: values[0]: Invalid value: "x": for 'Gt', 'Lt' operators, the value must be an integer`,
    ],
    [
      '-a=b',
      `unable to parse requirement: <nil>: Invalid value: "-a": name part must consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyName',  or 'my.name',  or '123-abc', regex used for validation is '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]')`,
    ],
    [
      'a=-b',
      `unable to parse requirement: values[0][a]: Invalid value: "-b": a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', and must start and end with an alphanumeric character (e.g. 'MyValue',  or 'my_value',  or '12345', regex used for validation is '(([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9])?')`,
    ],
  ])('refuses %j', (selector, message) => {
    expect(caught(() => parseLabelSelector(selector))).toMatchObject({ code: 400, message });
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
    ['a/b/c', /^a qualified name must consist of .*'example.com\/MyName'\)$/],
    ['/a', /^prefix part must be non-empty$/],
    ['a/', /^name part must be non-empty; name part must consist of/],
    ['A.b/c', /^prefix part a lowercase RFC 1123 subdomain must consist of/],
    ['a'.repeat(64), /^name part must be no more than 63 characters$/],
    [`${'a'.repeat(254)}/b`, /^prefix part must be no more than 253 characters$/],
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
    expect(matches('spec.unschedulable=false', objectOf(), typeOf('nodes'))).toBe(true);
    expect(matches('spec.unschedulable=true', objectOf({ spec: { unschedulable: true } }), typeOf('nodes'))).toBe(true);
    const event = objectOf({ involvedObject: { kind: 'Pod' }, type: 'Normal', reportingComponent: 'me' });
    expect(matches('involvedObject.kind=Pod,type=Normal,source=me', event, typeOf('events'))).toBe(true);
    const other = objectOf({
      regarding: { name: 'p' },
      reason: 'R',
      deprecatedSource: { component: 'c' },
      reportingController: 'r',
    });
    expect(
      matches('regarding.name=p,reason=R,source=c,reportingComponent=r', other, typeOf('events', 'events.k8s.io')),
    ).toBe(true);
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
    expect(caught(() => matches('metadata.namespace=n', object, type)).message).toBe(
      'field label not supported: metadata.namespace',
    );
  });

  it.each([
    ['foo=bar', '"foo" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['=x', '"" is not a known field selector: only "metadata.name", "metadata.namespace"'],
    ['metadata.name', "invalid selector: 'metadata.name'; can't understand 'metadata.name'"],
    ['metadata.name=a=b', 'invalid field selector: unescaped character in value: 61'],
    ['metadata.name=a\\x', 'invalid field selector: invalid escape sequence: \\x'],
    ['metadata.name=a\\', 'invalid field selector: invalid escape sequence: \\'],
    ['toString=x', '"toString" is not a known field selector: only "metadata.name", "metadata.namespace"'],
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
