import { describe, expect } from '@jest/globals';
import { openTarget } from './harness/target.ts';
import { crdsPath, installWidgets, ok, widgetCrd, type Widgets } from './harness/widgets.ts';

const target = await openTarget();
const { admin } = target;
const cel = target.when('cel');
const celReasons = target.when('celReasons');

interface Rule {
  rule: string;
  message?: string;
  messageExpression?: string;
  reason?: string;
  fieldPath?: string;
  optionalOldSelf?: boolean;
}

const bounded = { type: 'integer', minimum: 0, maximum: 1000 };

const schemaWith = (rules: Rule[], size: object = bounded): unknown => ({
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        size,
        max: bounded,
        names: { type: 'array', maxItems: 10, items: { type: 'string', maxLength: 20 } },
        owner: { type: 'string', maxLength: 20 },
      },
      'x-kubernetes-validations': rules,
    },
    status: { type: 'object', properties: { seen: bounded } },
  },
});

/** One installation for each set of rules, made by the first case that needs it. */
function lazily(rules: Rule[], size?: object): () => Promise<Widgets> {
  let installed: Promise<Widgets> | undefined;
  return () => (installed ??= installWidgets(target, { schema: schemaWith(rules, size) }));
}

describe('rules on values', () => {
  const install = lazily([
    { rule: 'self.size <= self.max', message: 'size must not exceed max' },
    { rule: '!has(self.names) || self.names.all(name, name.startsWith("a"))' },
  ]);

  cel('accept what they allow', async () => {
    const widgets = await install();
    expect((await widgets.create('fits', { size: 1, max: 2, names: ['aa'] })).spec).toMatchObject({ size: 1 });
  });

  cel('refuse with their message at the field they stand on', async () => {
    const widgets = await install();
    const { status, body } = await admin.post(widgets.path, widgets.object('wrong', { size: 3, max: 2 }));
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    const [cause] = body.details!.causes!;
    expect(cause).toMatchObject({ reason: 'FieldValueInvalid', field: 'spec' });
    expect(cause!.message).toMatch(/^Invalid value: .*: size must not exceed max$/);
  });

  cel('quote the rule when they have no message', async () => {
    const widgets = await install();
    const { body } = await admin.post(widgets.path, widgets.object('wrong', { size: 1, max: 2, names: ['b'] }));
    expect(body.message).toContain('failed rule: !has(self.names) || self.names.all(name, name.startsWith("a"))');
  });

  cel('fail when they cannot be evaluated', async () => {
    const widgets = await install();
    const { status, body } = await admin.post(widgets.path, widgets.object('wrong', { size: 3 }));
    expect([status, body.message]).toEqual([422, expect.stringMatching(/no such key: max/)]);
  });

  cel('run after the schema: a wrong type is reported alone', async () => {
    const widgets = await install();
    const { body } = await admin.post(widgets.path, widgets.object('wrong', { size: 'x', max: 2 }));
    expect(body.message).toContain('must be of type integer');
    expect(body.message).not.toContain('size must not exceed max');
  });
});

describe('transition rules', () => {
  const install = lazily([{ rule: 'self.size >= oldSelf.size', message: 'size must not shrink' }]);

  cel('do not run on create', async () => {
    const widgets = await install();
    expect((await widgets.create('new', { size: 5 })).spec).toEqual({ size: 5 });
  });

  cel('compare an update with what is stored', async () => {
    const widgets = await install();
    await widgets.create('growing', { size: 5 });
    const path = `${widgets.path}/growing`;
    expect((await admin.patch(path, 'merge', { spec: { size: 6 } })).status).toBe(200);
    const { status, body } = await admin.patch(path, 'merge', { spec: { size: 4 } });
    expect([status, body.message]).toEqual([422, expect.stringContaining('size must not shrink')]);
    expect(ok(await admin.get(path)).spec).toEqual({ size: 6 });
  });

  cel('make one field immutable', async () => {
    const immutable = {
      ...bounded,
      'x-kubernetes-validations': [{ rule: 'self == oldSelf', message: 'is immutable' }],
    };
    const widgets = await installWidgets(target, { schema: schemaWith([], immutable) });
    await widgets.create('fixed', { size: 5 });
    const { status, body } = await admin.patch(`${widgets.path}/fixed`, 'merge', { spec: { size: 6 } });
    expect(status).toBe(422);
    expect(body.details!.causes![0]).toMatchObject({
      field: 'spec.size',
      message: expect.stringMatching(/: is immutable$/),
    });
    const metadata = await admin.patch(`${widgets.path}/fixed`, 'merge', { metadata: { labels: { a: 'b' } } });
    expect(metadata.status).toBe(200);
  });
});

describe('what a rule says', () => {
  const install = lazily([
    { rule: 'self.size != 1', messageExpression: '"size is " + string(self.size)' },
    { rule: 'self.size != 2', message: 'not two', reason: 'FieldValueForbidden', fieldPath: '.size' },
  ]);

  celReasons('can be computed', async () => {
    const widgets = await install();
    const { body } = await admin.post(widgets.path, widgets.object('wrong', { size: 1 }));
    expect(body.message).toMatch(/spec: Invalid value: .*: size is 1$/);
  });

  celReasons('can have a reason and a field of its own', async () => {
    const widgets = await install();
    const { body } = await admin.post(widgets.path, widgets.object('wrong', { size: 2 }));
    expect(body.details!.causes).toEqual([
      { reason: 'FieldValueForbidden', field: 'spec.size', message: expect.stringMatching(/^Forbidden: .*not two$/) },
    ]);
  });
});

describe('a definition is refused', () => {
  const refused = async (rules: Rule[]): Promise<string> => {
    const group = `${target.unique('w')}.contract.couchestor.test`;
    const { status, body } = await admin.post(crdsPath, widgetCrd(group, { schema: schemaWith(rules) }));
    expect([status, body.reason]).toEqual([422, 'Invalid']);
    return body.message;
  };

  cel('when a rule does not parse', async () => {
    expect(await refused([{ rule: 'self.size >' }])).toMatch(
      /properties\[spec\]\.x-kubernetes-validations\[0\]\.rule: Invalid value: .*compilation failed/,
    );
  });

  cel('when a rule is not a condition', async () => {
    expect(await refused([{ rule: 'self.size + 1' }])).toMatch(/cel expression must evaluate to a bool/);
  });

  cel('when a rule names a field that the schema lacks', async () => {
    expect(await refused([{ rule: 'self.bogus > 1' }])).toMatch(/undefined field 'bogus'|No such key: bogus/i);
  });

  cel('when a rule is empty', async () => {
    expect(await refused([{ rule: '' }])).toMatch(
      /x-kubernetes-validations\[0\]\.rule: Required value: rule is not specified/,
    );
  });
});
