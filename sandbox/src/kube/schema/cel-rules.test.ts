import { describe, expect, it } from '@jest/globals';
import { compileSchema, SchemaError } from './index.ts';
import type { JsonObject } from '../types.ts';

const rules = (...given: JsonObject[]): JsonObject => ({ 'x-kubernetes-validations': given });
const withSpec = (spec: JsonObject): JsonObject => ({ type: 'object', properties: { spec } });

function check(spec: JsonObject, value: unknown, old?: unknown): string[] {
  const compiled = compileSchema(withSpec(spec));
  const object = (of: unknown): JsonObject => ({ apiVersion: 'a/v1', kind: 'A', metadata: { name: 'a' }, spec: of });
  return compiled
    .validate(object(value), old === undefined ? undefined : object(old))
    .map(({ field, message }) => `${field}: ${message}`);
}

function refusal(spec: JsonObject): string[] {
  try {
    compileSchema(withSpec(spec), 'S');
  } catch (error) {
    if (error instanceof SchemaError) return error.errors.map(({ field, message }) => `${field}: ${message}`);
    throw error;
  }
  return [];
}

describe('rules', () => {
  it('run at every level, parents first, with the path of the value', () => {
    const wrong = rules({ rule: 'false', message: 'no' });
    const spec = {
      type: 'object',
      ...wrong,
      properties: {
        list: { type: 'array', items: { type: 'integer', ...wrong } },
        map: { type: 'object', additionalProperties: { type: 'boolean', ...wrong } },
        absent: { type: 'string', ...wrong },
      },
    };
    expect(check(spec, { list: [1, 2], map: { 'a.b': true } })).toEqual([
      'spec: Invalid value: "object": no',
      'spec.list[0]: Invalid value: "integer": no',
      'spec.list[1]: Invalid value: "integer": no',
      'spec.map.a.b: Invalid value: "boolean": no',
    ]);
  });

  it('see the name of the object at the root, and nothing else of its metadata', () => {
    const root = { type: 'object', ...rules({ rule: "self.metadata.name == 'a' && self.kind == 'A'" }) };
    expect(compileSchema(root).validate({ apiVersion: 'a/v1', kind: 'A', metadata: { name: 'b' } })).toHaveLength(1);
    expect(compileSchema(root).validate({ apiVersion: 'a/v1', kind: 'A', metadata: { name: 'a' } })).toEqual([]);
    const labels = { type: 'object', ...rules({ rule: 'self.metadata.labels.size() == 0' }) };
    expect(() => compileSchema(labels)).toThrow(SchemaError);
  });

  it('are not run on an object whose types are wrong', () => {
    const spec = { type: 'object', ...rules({ rule: 'self.a > 1' }), properties: { a: { type: 'integer' } } };
    expect(check(spec, { a: 'x' })).toEqual([
      'spec.a: Invalid value: "string": spec.a in body must be of type integer: "string"',
      '<nil>: Invalid value: "null": some validation rules were not checked because the object was invalid; ' +
        'correct the existing errors to complete validation',
    ]);
  });

  it('report an evaluation that fails', () => {
    const spec = { type: 'object', ...rules({ rule: 'self.a > 1' }), properties: { a: { type: 'integer' } } };
    expect(check(spec, {})).toEqual(['spec: Invalid value: "object": no such key: a evaluating rule: self.a > 1']);
    const guarded = { ...spec, ...rules({ rule: '!has(self.a) || self.a > 1' }) };
    expect(check(guarded, {})).toEqual([]);
  });

  it('choose message, reason and path', () => {
    const properties = { a: { type: 'integer' }, m: { type: 'object', additionalProperties: { type: 'string' } } };
    const of = (rule: JsonObject): string[] =>
      check({ type: 'object', properties, ...rules({ rule: 'self.a == 1', ...rule }) }, { a: 2 });
    expect(of({})).toEqual(['spec: Invalid value: "object": failed rule: self.a == 1']);
    expect(of({ message: ' wrong ' })).toEqual(['spec: Invalid value: "object": wrong']);
    expect(of({ message: 'no', messageExpression: "'a is ' + string(self.a)" })).toEqual([
      'spec: Invalid value: "object": a is 2',
    ]);
    expect(of({ message: 'no', messageExpression: "''" })).toEqual(['spec: Invalid value: "object": no']);
    expect(of({ message: 'no', messageExpression: 'string(self.a / 0)' })).toEqual([
      'spec: Invalid value: "object": no',
    ]);
    expect(of({ message: 'no', reason: 'FieldValueForbidden' })).toEqual(['spec: Forbidden: no']);
    expect(of({ message: 'no', reason: 'FieldValueRequired' })).toEqual(['spec: Required value: no']);
    expect(of({ reason: 'FieldValueDuplicate' })).toEqual(['spec: Duplicate value: "object"']);
    expect(of({ message: 'no', fieldPath: '.a' })).toEqual(['spec.a: Invalid value: "object": no']);
    expect(of({ message: 'no', fieldPath: ".m['x.y']" })).toEqual(['spec.m[x.y]: Invalid value: "object": no']);
  });

  it.each<[string, JsonObject, unknown]>([
    ["self.matches('^[a-z]+$')", { type: 'string' }, 'abc'],
    ["self.split(',').join('-') == 'a-b' && self.replace(',', '') == 'ab'", { type: 'string' }, 'a,b'],
    ["self.find('[a-z]') == 'a'", { type: 'string' }, 'Aab'],
    ["self.lowerAscii() == 'ab' && self.indexOf('B') == 1 && self.substring(1) == 'B'", { type: 'string' }, 'AB'],
    ["self.getHours('Europe/Madrid') == 13", { type: 'string', format: 'date-time' }, '2024-01-01T12:00:00Z'],
    ['self.all(i, i > 0.5) && self.exists_one(i, i == 2.0)', { type: 'array', items: { type: 'number' } }, [1, 2]],
    [
      "self.map(k, k).size() == 2 && self['a'] == 1 && 'b' in self",
      { type: 'object', additionalProperties: { type: 'integer' } },
      { a: 1, b: 2 },
    ],
    ["type(self) == int ? self < 5 : self.endsWith('%')", { 'x-kubernetes-int-or-string': true }, '90%'],
    ["self.?a.orValue('none') == 'none'", { type: 'object', properties: { a: { type: 'string' } } }, {}],
    ['isURL(self) && !isIP(self)', { type: 'string' }, 'http://a.b:8080/c'],
  ])('may say %s', (rule, schema, value) => {
    expect(check({ ...schema, ...rules({ rule }) }, value)).toEqual([]);
  });
});

describe('transition rules', () => {
  const immutable = rules({ rule: 'self == oldSelf', message: 'immutable' });

  it('run only where there is an old value', () => {
    const spec = { type: 'object', properties: { a: { type: 'string', ...immutable } } };
    expect(check(spec, { a: 'x' })).toEqual([]);
    expect(check(spec, { a: 'x' }, {})).toEqual([]);
    expect(check(spec, {}, { a: 'x' })).toEqual([]);
    expect(check(spec, { a: 'x' }, { a: 'x' })).toEqual([]);
    expect(check(spec, { a: 'x' }, { a: 'y' })).toEqual(['spec.a: Invalid value: "string": immutable']);
  });

  it('find the old value of a map entry and of an item of an associative list', () => {
    const list = {
      type: 'array',
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['k'],
      items: {
        type: 'object',
        required: ['k'],
        ...rules({ rule: 'self.v >= oldSelf.v', message: 'shrinks' }),
        properties: { k: { type: 'string' }, v: { type: 'integer' } },
      },
    };
    const map = { type: 'object', additionalProperties: { type: 'string', ...immutable } };
    const spec = { type: 'object', properties: { list, map } };
    const old = {
      list: [
        { k: 'a', v: 5 },
        { k: 'b', v: 1 },
      ],
      map: { x: '1', y: '2' },
    };
    const now = {
      list: [
        { k: 'b', v: 2 },
        { k: 'a', v: 4 },
        { k: 'c', v: 0 },
      ],
      map: { y: '3', z: '4' },
    };
    expect(check(spec, now, old)).toEqual([
      'spec.list[1]: Invalid value: "object": shrinks',
      'spec.map.y: Invalid value: "string": immutable',
    ]);
  });

  it('compare whole objects', () => {
    const spec = { type: 'object', properties: { a: { type: 'array', items: { type: 'integer' } } }, ...immutable };
    expect(check(spec, { a: [1, 2] }, { a: [1, 2] })).toEqual([]);
    expect(check(spec, { a: [1, 2] }, { a: [1] })).toEqual(['spec: Invalid value: "object": immutable']);
  });

  it('are refused below a list whose items have no identity', () => {
    const spec = { type: 'object', properties: { l: { type: 'array', items: { type: 'string', ...immutable } } } };
    expect(refusal(spec)).toEqual([
      'S.properties[spec].properties[l].items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": ' +
        'oldSelf cannot be used on the uncorrelatable portion of the schema within S.properties[spec].properties[l]',
    ]);
  });
});

describe('a rule that cannot be used is refused with the schema', () => {
  const at = 'S.properties[spec].x-kubernetes-validations[0]';
  const spec = (rule: JsonObject): JsonObject => ({
    type: 'object',
    properties: { a: { type: 'integer' }, namespace: { type: 'integer' } },
    ...rules(rule),
  });
  it.each<[JsonObject, string]>([
    [{ rule: ' ' }, `${at}.rule: Required value: rule is not specified`],
    [{ rule: 'self.b == 1' }, `${at}.rule: Invalid value: "self.b == 1": compilation failed: ERROR: no such key: b`],
    [
      { rule: 'self.a == "x"' },
      `${at}.rule: Invalid value: "self.a == \\"x\\"": compilation failed: ERROR: no such overload: int == string`,
    ],
    [
      { rule: 'self.namespace == 1' },
      `${at}.rule: Invalid value: "self.namespace == 1": compilation failed: ERROR: no such key: namespace`,
    ],
    [{ rule: 'self.a' }, `${at}.rule: Invalid value: "self.a": cel expression must evaluate to a bool`],
    [
      { rule: 'true', reason: 'Because' },
      `${at}.reason: Unsupported value: "Because": supported values: "FieldValueInvalid", "FieldValueForbidden", "FieldValueRequired", "FieldValueDuplicate"`,
    ],
    [{ rule: 'true', fieldPath: 'b' }, `${at}.fieldPath: Invalid value: "b": fieldPath must be a valid path`],
    [
      { rule: 'true', messageExpression: '1' },
      `${at}.messageExpression: Invalid value: "1": cel expression must evaluate to a string`,
    ],
  ])('%j', (rule, expected) => {
    expect(refusal(spec(rule))).toEqual([expected]);
  });

  it('as is one that compares objects of two schemas, which are of two types', () => {
    const properties = { a: { type: 'object' }, b: { type: 'object' } };
    expect(refusal({ type: 'object', properties, ...rules({ rule: 'self.a == self.b' }) })[0]).toContain('overload');
  });

  it('as is one on a value that has no type', () => {
    const untyped = { 'x-kubernetes-preserve-unknown-fields': true, ...rules({ rule: 'true' }) };
    expect(refusal(untyped)[0]).toContain('compilation failed');
  });
});
