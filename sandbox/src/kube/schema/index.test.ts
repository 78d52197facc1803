import { describe, expect, it } from '@jest/globals';
import { compileSchema, SchemaError } from './index.ts';
import type { JsonObject } from '../types.ts';

const PROBE: JsonObject = {
  type: 'object',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      required: ['need'],
      properties: {
        need: { type: 'string' },
        i: { type: 'integer', minimum: 0, maximum: 9 },
        s: { type: 'string', minLength: 2, maxLength: 4 },
        pat: { type: 'string', pattern: '^[a-z]+$' },
        en: { type: 'string', enum: ['a', 'b'] },
        eni: { type: 'integer', enum: [1, 2] },
        time: { type: 'string', format: 'date-time' },
        odd: { type: 'string', format: 'no-such-format' },
        list: {
          type: 'array',
          minItems: 1,
          maxItems: 2,
          items: { type: 'object', required: ['x'], properties: { x: { type: 'integer' } } },
        },
        set: { type: 'array', 'x-kubernetes-list-type': 'set', items: { type: 'string' } },
        map: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['k', 'l'],
          items: {
            type: 'object',
            required: ['k'],
            properties: { k: { type: 'string' }, l: { type: 'integer', default: 1 }, v: { type: 'string' } },
          },
        },
        dict: {
          type: 'object',
          minProperties: 1,
          maxProperties: 2,
          additionalProperties: { type: 'integer', minimum: 1 },
        },
        ios: { 'x-kubernetes-int-or-string': true },
        nul: { type: 'string', nullable: true },
        nuldef: { type: 'string', default: 'dd' },
        any: { 'x-kubernetes-preserve-unknown-fields': true },
        half: {
          type: 'object',
          'x-kubernetes-preserve-unknown-fields': true,
          properties: { a: { type: 'object', properties: { b: { type: 'string' } } } },
        },
      },
    },
  },
};

const probe = compileSchema(PROBE);
const objectOf = (spec: unknown): JsonObject => ({
  apiVersion: 'test/v1',
  kind: 'Probe',
  metadata: { name: 'x' },
  spec,
});

function admit(spec: unknown): { spec: unknown; removed: string[]; errors: string[] } {
  const object = objectOf(spec);
  const removed = probe.prune(object);
  probe.applyDefaults(object);
  return {
    spec: object.spec,
    removed,
    errors: probe.validate(object).map((error) => `${error.field}: ${error.message}`),
  };
}

const problems = (spec: JsonObject): string[] => admit({ need: 'x', ...spec }).errors;

describe('validation speaks as a real server does', () => {
  // Texts as a kube-apiserver prints them; of newer releases where they changed since 1.20.
  const typed = (field: string, wanted: string, given: string): string =>
    `spec.${field}: Invalid value: "${given}": spec.${field} in body must be of type ${wanted}: "${given}"`;
  const bad = (field: string, value: string, why: string): string =>
    `spec.${field}: Invalid value: ${value}: spec.${field} in body ${why}`;

  it.each<[string, JsonObject, string[]]>([
    ['a wrong type', { i: '1' }, [typed('i', 'integer', 'string')]],
    ['a fraction', { i: 1.5 }, [typed('i', 'integer', 'number')]],
    ['an array for a number', { i: [1, 'a'] }, [typed('i', 'integer', 'array')]],
    ['a minimum', { i: -1 }, [bad('i', '-1', 'should be greater than or equal to 0')]],
    ['a maximum', { i: 10 }, [bad('i', '10', 'should be less than or equal to 9')]],
    ['a short text', { s: 'a' }, [bad('s', '"a"', 'should be at least 2 chars long')]],
    ['a long text', { s: 'abcde' }, ['spec.s: Too long: may not be more than 4 bytes']],
    ['lengths in code points', { s: '💾💾💾💾' }, []],
    ['a pattern', { pat: 'A"B' }, [bad('pat', '"A\\"B"', "should match '^[a-z]+$'")]],
    ['an enum', { en: 'c' }, ['spec.en: Unsupported value: "c": supported values: "a", "b"']],
    ['an enum of numbers', { eni: 3 }, ['spec.eni: Unsupported value: 3: supported values: "1", "2"']],
    ['a date', { time: 'nope' }, [bad('time', '"nope"', 'must be of type date-time: "nope"')]],
    ['an unknown format', { odd: 'anything' }, []],
    ['few items', { list: [] }, [bad('list', '[]', 'should have at least 1 items')]],
    ['many items', { list: [{ x: 1 }, { x: 2 }, { x: 3 }] }, ['spec.list: Too many: 3: must have at most 2 items']],
    ['a missing field of an item', { list: [{}] }, ['spec.list[0].x: Required value']],
    ['a wrong item', { list: ['s'] }, [typed('list[0]', 'object', 'string')]],
    ['a null item', { list: [null] }, [typed('list[0]', 'object', 'null')]],
    ['a set', { set: ['a', 'b', 'a', 'a'] }, ['spec.set[2]: Duplicate value: "a"']],
    [
      'map keys, defaults included',
      {
        map: [
          { k: 'a', v: '1' },
          { k: 'a', l: 1 },
        ],
      },
      ['spec.map[1]: Duplicate value: {"k":"a","l":1}'],
    ],
    ['few entries', { dict: {} }, [bad('dict', '{}', 'should have at least 1 properties')]],
    ['many entries', { dict: { a: 1, b: 2, c: 3 } }, ['spec.dict: Too many: 3: must have at most 2 items']],
    ['an entry', { dict: { 'a.b/c': 0 } }, [bad('dict.a.b/c', '0', 'should be greater than or equal to 1')]],
    ['neither integer nor text', { ios: true }, [typed('ios', 'integer,string', 'boolean')]],
    ['an integer or text', { ios: '25%' }, []],
  ])('about %s', (_, spec, expected) => {
    expect(problems(spec).toSorted()).toEqual(expected.toSorted());
  });

  it('about the root and what is required', () => {
    expect(admit(undefined).errors).toEqual(['spec: Required value']);
    expect(admit('text').errors).toEqual([
      'spec: Invalid value: "string": spec in body must be of type object: "string"',
    ]);
    expect(admit(null).errors).toEqual(['spec: Required value']);
    expect(admit({}).errors).toEqual(['spec.need: Required value']);
  });
});

describe('pruning and defaulting', () => {
  it('removes what the schema does not name and says where', () => {
    const { spec, removed } = admit({ need: 'x', zz: 1, list: [{ x: 1, y: 2 }], dict: { constructor: 1 } });
    expect(removed).toEqual(['spec.zz', 'spec.list[0].y']);
    expect(spec).toEqual({ need: 'x', list: [{ x: 1 }], dict: { constructor: 1 }, nuldef: 'dd' });
  });

  it('keeps unknown fields where they are preserved, but prunes below a field that is specified', () => {
    const { spec, removed } = admit({ need: 'x', any: { p: { q: 1 } }, half: { z: 1, a: { b: 'x', c: 1 } } });
    expect(removed).toEqual(['spec.half.a.c']);
    expect(spec).toMatchObject({ any: { p: { q: 1 } }, half: { z: 1, a: { b: 'x' } } });
  });

  it('leaves apiVersion, kind and metadata of a resource alone', () => {
    expect(compileSchema({ type: 'object' }).prune({ ...objectOf({}), metadata: { labels: {} } })).toEqual(['spec']);
  });

  it('treats a null that may not be one as absent', () => {
    const { spec, errors } = admit({ need: 'x', nul: null, nuldef: null, i: null, dict: { a: null, b: 1 } });
    expect(spec).toEqual({ need: 'x', nul: null, nuldef: 'dd', dict: { b: 1 } });
    expect(errors).toEqual([]);
  });

  it('gives every object a default of its own', () => {
    const schema = compileSchema({
      type: 'object',
      properties: { a: { type: 'object', default: {}, properties: { b: { type: 'string', default: 'x' } } } },
    });
    const [first, second]: JsonObject[] = [{}, {}];
    schema.applyDefaults(first!);
    schema.applyDefaults(second!);
    expect(first).toEqual({ a: { b: 'x' } });
    expect(first!.a).not.toBe(second!.a);
  });
});

describe('a schema that is not structural', () => {
  const ROOT = 'spec.validation.openAPIV3Schema';
  const refusal = (schema: JsonObject): string[] => {
    try {
      compileSchema(schema);
    } catch (error) {
      if (error instanceof SchemaError)
        return error.errors.map(({ field, message }) => `${field.replace(ROOT, 'ROOT')}: ${message}`);
      throw error;
    }
    return [];
  };
  const field = (a: JsonObject): JsonObject => ({ type: 'object', properties: { a } });
  const at = 'ROOT.properties[a]';
  const unsupported = (keyword: string, value: string): string =>
    `ROOT.properties.a.${keyword}: Invalid value: ${value}: ${ROOT}.properties.a.${keyword} in body is not supported`;

  it.each<[JsonObject, string[]]>([
    [{ type: 'string' }, ['ROOT.type: Invalid value: "string": must be object at the root']],
    [{}, ['ROOT.type: Required value: must not be empty at the root']],
    [field({}), [`${at}.type: Required value: must not be empty for specified object fields`]],
    [field({ type: 'array' }), [`${at}.items: Required value: must be specified`]],
    [
      field({ type: 'array', items: {} }),
      [`${at}.items.type: Required value: must not be empty for specified array items`],
    ],
    [
      field({ type: 'object', additionalProperties: {} }),
      [`${at}.additionalProperties.type: Required value: must not be empty for specified object fields`],
    ],
    [
      field({ type: 'object', properties: {}, additionalProperties: true }),
      [`${at}.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive`],
    ],
    [
      { type: 'object', additionalProperties: { type: 'string' } },
      ['ROOT.additionalProperties: Forbidden: must not be used at the root'],
    ],
    [field({ type: 'array', uniqueItems: true, items: { type: 'string' } }), [unsupported('uniqueItems', 'true')]],
    [field({ type: 'string', not: { enum: ['a'] } }), [unsupported('not', '{"enum":["a"]}')]],
    [field({ type: 'string', $ref: '#/x' }), [unsupported('$ref', '"#/x"')]],
    [
      field({ type: 'wrong' }),
      [
        `ROOT.properties.a.type: Unsupported value: "wrong": supported values: "array", "boolean", "integer", "number", "object", "string"`,
      ],
    ],
    [
      field({ type: 'string', default: 1 }),
      [`${at}.default: Invalid value: "integer":  in body must be of type string: "integer"`],
    ],
    [
      field({ type: 'object', default: { x: 1 }, properties: { b: { type: 'string' } } }),
      [`${at}.default: Invalid value: {"x":1}: must not have unknown fields`],
    ],
    [
      { type: 'object', properties: { metadata: { type: 'object', properties: { labels: { type: 'object' } } } } },
      [
        'ROOT.properties[metadata]: Forbidden: must not specify anything other than name and generateName, but metadata is implicitly specified',
      ],
    ],
    [
      field({ type: 'object', 'x-kubernetes-embedded-resource': true }),
      [unsupported('x-kubernetes-embedded-resource', 'true')],
    ],
    [
      field({ type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'nope' }),
      [`ROOT.properties.a.x-kubernetes-list-type: Unsupported value: "nope": supported values: "atomic", "set", "map"`],
    ],
    [
      field({
        type: 'array',
        'x-kubernetes-list-type': 'map',
        items: { type: 'object', properties: { k: { type: 'string' } } },
      }),
      [`${at}.x-kubernetes-list-map-keys: Required value: must not be empty if x-kubernetes-list-type is map`],
    ],
    [
      field({
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' } } },
      }),
      [
        `${at}.items.properties[k].default: Required value: this property is in x-kubernetes-list-map-keys, so it must have a default or be a required property`,
      ],
    ],
  ])('is refused with the path of the problem: %j', (schema, expected) => {
    expect(refusal(schema)).toEqual(expected);
  });

  it.each<[JsonObject, string]>([
    [field({ type: 5 }), 'type'],
    [field({ type: 'array', items: [{ type: 'string' }] }), 'items'],
    [field({ type: 'integer', minimum: 'x' }), 'minimum'],
    [{ type: 'object', properties: 7 }, 'ROOT.properties'],
    [field({ type: 'string', 'x-kubernetes-validations': [{ message: 'x' }] }), 'x-kubernetes-validations[0].rule'],
    [field({ type: 'string', pattern: '(' }), 'pattern'],
    [field({ type: 'string', pattern: '(?=a)' }), 'pattern'],
  ])('is refused where a keyword holds nonsense: %j', (schema, where) => {
    const found = refusal(schema);
    expect(found).toHaveLength(1);
    expect(found[0]).toContain(where);
  });
});
