import { describe, expect, it } from '@jest/globals';
import { openTarget } from './harness/target.ts';
import { created, installWidgets, ok, widgetSchema } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const widgets = await installWidgets(target);

interface Refusal {
  why: string;
  spec: Record<string, unknown>;
  field: string;
  reason: string;
  message: string | RegExp;
}

const newText = target.supports('tooManyTooLong');

const refusals: Refusal[] = [
  {
    why: 'a number below its minimum',
    spec: { size: -1 },
    field: 'spec.size',
    reason: 'FieldValueInvalid',
    message: 'Invalid value: -1: spec.size in body should be greater than or equal to 0',
  },
  {
    why: 'a number above its maximum',
    spec: { size: 101 },
    field: 'spec.size',
    reason: 'FieldValueInvalid',
    message: 'Invalid value: 101: spec.size in body should be less than or equal to 100',
  },
  {
    why: 'a string where an integer belongs',
    spec: { size: 'big' },
    field: 'spec.size',
    reason: newText ? 'FieldValueTypeInvalid' : 'FieldValueInvalid',
    message: 'Invalid value: "string": spec.size in body must be of type integer: "string"',
  },
  {
    why: 'a fraction where an integer belongs',
    spec: { size: 1.5 },
    field: 'spec.size',
    reason: newText ? 'FieldValueTypeInvalid' : 'FieldValueInvalid',
    message: 'Invalid value: "number": spec.size in body must be of type integer: "number"',
  },
  {
    why: 'an array where an object belongs',
    spec: { size: 1, weights: [] },
    field: 'spec.weights',
    reason: newText ? 'FieldValueTypeInvalid' : 'FieldValueInvalid',
    message: 'Invalid value: "array": spec.weights in body must be of type object: "array"',
  },
  {
    why: 'a missing required field',
    spec: {},
    field: 'spec.size',
    reason: 'FieldValueRequired',
    message: 'Required value',
  },
  {
    why: 'a word outside its enumeration',
    spec: { size: 1, mode: 'Warp' },
    field: 'spec.mode',
    reason: 'FieldValueNotSupported',
    message: 'Unsupported value: "Warp": supported values: "Fast", "Slow"',
  },
  {
    why: 'text that does not match its pattern',
    spec: { size: 1, code: 'A1' },
    field: 'spec.code',
    reason: 'FieldValueInvalid',
    message: 'Invalid value: "A1": spec.code in body should match \'^[a-z]+$\'',
  },
  {
    why: 'a value that is not of its format',
    spec: { size: 1, since: 'yesterday' },
    field: 'spec.since',
    reason: 'FieldValueInvalid',
    message: 'Invalid value: "yesterday": spec.since in body must be of type date-time: "yesterday"',
  },
  {
    why: 'a wrong value in a map',
    spec: { size: 1, weights: { a: 'x' } },
    field: 'spec.weights.a',
    reason: newText ? 'FieldValueTypeInvalid' : 'FieldValueInvalid',
    message: 'Invalid value: "string": spec.weights.a in body must be of type integer: "string"',
  },
  {
    why: 'a set with the same item twice',
    spec: { size: 1, tags: ['a', 'a'] },
    field: 'spec.tags[1]',
    reason: 'FieldValueDuplicate',
    message: 'Duplicate value: "a"',
  },
  {
    why: 'a list of type map with the same key twice',
    spec: { size: 1, ports: [{ name: 'a' }, { name: 'a', port: 1 }] },
    field: 'spec.ports[1]',
    reason: 'FieldValueDuplicate',
    message: /^Duplicate value: (map\[string\]interface \{\})?\{"name":"a"\}$/,
  },
  {
    why: 'an item without a required field',
    spec: { size: 1, ports: [{ port: 1 }] },
    field: newText ? 'spec.ports[0].name' : 'spec.ports.name',
    reason: 'FieldValueRequired',
    message: 'Required value',
  },
  {
    why: 'a boolean that is a string',
    spec: { size: 1, active: 'yes' },
    field: 'spec.active',
    reason: newText ? 'FieldValueTypeInvalid' : 'FieldValueInvalid',
    message: 'Invalid value: "string": spec.active in body must be of type boolean: "string"',
  },
  {
    why: 'a boolean for an integer or a string',
    spec: { size: 1, limit: true },
    field: 'spec.limit',
    reason: newText ? 'FieldValueTypeInvalid' : 'FieldValueInvalid',
    message: 'Invalid value: "boolean": spec.limit in body must be of type integer,string: "boolean"',
  },
];

describe('validation', () => {
  it.each(refusals)('refuses $why', async ({ spec, field, reason, message }) => {
    const { status, body } = await admin.post(widgets.path, widgets.object('wrong', spec));
    expect(body.message).toContain(`Widget.${widgets.group} "wrong" is invalid: `);
    expect([status, body.reason, body.code]).toEqual([422, 'Invalid', 422]);
    expect(body.details).toMatchObject({ name: 'wrong', group: widgets.group, kind: 'Widget' });
    const text = typeof message === 'string' ? message : (expect.stringMatching(message) as unknown);
    expect(body.details!.causes).toContainEqual({ reason, message: text, field });
  });

  it('refuses too many items and too long texts', async () => {
    const { status, body } = await admin.post(
      widgets.path,
      widgets.object('wrong', { size: 1, tags: ['a', 'b', 'c', 'd'], code: 'abcdef' }),
    );
    expect(status).toBe(422);
    expect(body.details!.causes!.map(({ field }) => field).sort()).toEqual(['spec.code', 'spec.tags']);
  });

  target.when('tooManyTooLong')('names too many items and too long texts as such', async () => {
    const { body } = await admin.post(
      widgets.path,
      widgets.object('wrong', { size: 1, tags: ['a', 'b', 'c', 'd'], code: 'abcdef' }),
    );
    expect(body.message).toMatch(/spec\.tags: Too many: 4: must have at most 3 items/);
    expect(body.message).toMatch(/spec\.code: Too long: may not be (longer than 5|more than 5 bytes)/);
  });

  it('lists every problem at once', async () => {
    const { body } = await admin.post(widgets.path, widgets.object('wrong', { size: -1, mode: 'Warp', active: 'yes' }));
    expect(body.message).toMatch(/is invalid: \[.*, .*, .*\]$/);
    expect(body.details!.causes!.map(({ field }) => field).sort()).toEqual(['spec.active', 'spec.mode', 'spec.size']);
  });

  it('applies to updates and patches', async () => {
    const { metadata } = await widgets.create('kept');
    const put = await admin.put(`${widgets.path}/kept`, widgets.object('kept', { size: -1 }, { ...metadata }));
    const patch = await admin.patch(`${widgets.path}/kept`, 'merge', { spec: { size: -1 } });
    expect([put.status, patch.status]).toEqual([422, 422]);
  });

  it('applies to the status subresource', async () => {
    await widgets.create('status-kept');
    const { status, body } = await admin.patch(`${widgets.path}/status-kept/status`, 'merge', {
      status: { seen: 'x' },
    });
    expect([status, body.details!.causes![0]!.field]).toEqual([422, 'status.seen']);
  });
});

describe('acceptance', () => {
  const accepted: [name: string, spec: Record<string, unknown>][] = [
    ['an integer or a string as integer', { size: 1, limit: 5, mode: 'Slow' }],
    ['an integer or a string as string', { size: 1, limit: '50%', mode: 'Slow' }],
    ['unknown fields where they are preserved', { size: 1, mode: 'Slow', free: { any: { thing: [1, 'a', null] } } }],
    ['null where it is allowed', { size: 1, mode: 'Slow', note: null }],
    ['a date and a map', { size: 1, mode: 'Slow', since: '2024-01-02T03:04:05Z', weights: { a: 1 } }],
    ['an integer as a number', { size: 1, mode: 'Slow', ratio: 2 }],
    ['a fraction as a number', { size: 1, mode: 'Slow', ratio: 0.25 }],
  ];

  it.each(accepted)('stores %s unchanged', async (_name, spec) => {
    const object = created(
      await admin.post(widgets.path, { ...widgets.object('', spec), metadata: { generateName: 'ok-' } }),
    );
    expect(ok(await admin.get(`${widgets.path}/${object.metadata.name}`)).spec).toEqual(spec);
  });
});

describe('pruning and defaulting', () => {
  it('drops fields that the schema does not know, at every depth', async () => {
    const object = await widgets.create('pruned', { size: 1, bogus: 1, ports: [{ name: 'a', bogus: 2 }] });
    expect(object.spec).toEqual({ size: 1, mode: 'Slow', ports: [{ name: 'a', port: 80 }] });
    const root = created(await admin.post(widgets.path, { ...widgets.object('pruned-root'), bogus: 1 }));
    expect(root.bogus).toBeUndefined();
  });

  it('does not invent parents for nested defaults', async () => {
    const schema = structuredClone(widgetSchema) as Record<string, unknown> & typeof widgetSchema;
    Object.assign(schema.properties.spec.properties, {
      absent: { type: 'object', properties: { deep: { type: 'integer', default: 7 } } },
      present: { type: 'object', default: {}, properties: { deep: { type: 'integer', default: 7 } } },
    });
    const defaulted = await installWidgets(target, { schema });
    expect((await defaulted.create('one')).spec).toEqual({ size: 1, mode: 'Slow', present: { deep: 7 } });
  });

  it('replaces null by the default of a field that is not nullable', async () => {
    const object = await widgets.create('nulled', { size: 1, mode: null });
    expect(object.spec).toEqual({ size: 1, mode: 'Slow' });
  });

  it('keeps unknown metadata out', async () => {
    const object = await widgets.create('meta', { size: 1 }, { bogus: 'x' });
    expect(object.metadata).not.toHaveProperty('bogus');
  });
});

describe('field validation', () => {
  const ready = target.when('fieldValidation');

  ready('refuses unknown fields when strict', async () => {
    const object = widgets.object('strict', { size: 1, bogus: 1 });
    const { status, body } = await admin.post(widgets.path, object, { query: { fieldValidation: 'Strict' } });
    expect([status, body.reason]).toEqual([400, 'BadRequest']);
    expect(body.message).toContain('strict decoding error: unknown field "spec.bogus"');
  });

  ready('warns of unknown fields by default', async () => {
    const { status, headers } = await admin.post(widgets.path, widgets.object('warned', { size: 1, bogus: 1 }));
    expect([status, headers.warning]).toEqual([201, '299 - "unknown field \\"spec.bogus\\""']);
  });

  ready('is silent when asked to ignore', async () => {
    const object = widgets.object('ignored', { size: 1, bogus: 1 });
    const { status, headers } = await admin.post(widgets.path, object, { query: { fieldValidation: 'Ignore' } });
    expect([status, headers.warning]).toEqual([201, undefined]);
  });

  ready('covers built-in types', async () => {
    const map = { metadata: { name: 'strict' }, data: {}, bogus: 1 };
    const path = '/api/v1/namespaces/default/configmaps';
    const { status, body } = await admin.post(path, map, { query: { fieldValidation: 'Strict', dryRun: 'All' } });
    expect([status, body.message]).toEqual([400, expect.stringContaining('unknown field "bogus"')]);
  });
});
