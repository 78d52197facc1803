import { describe, expect, it } from '@jest/globals';
import { fieldProblems, namesIn, optionNames, specFields, type Observable } from './fields.ts';

const thing = {
  spec: {
    names: { kind: 'Thing' },
    versions: [
      {
        schema: {
          openAPIV3Schema: {
            properties: {
              spec: {
                properties: {
                  size: {},
                  labels: { additionalProperties: {} },
                  words: { items: {} },
                  windows: { items: { properties: { schedule: {}, zone: {} } } },
                  source: { properties: { pool: {} } },
                },
              },
              status: { properties: { phase: {} } },
            },
          },
        },
      },
    ],
  },
};

describe('the fields of a definition', () => {
  it('are the leaves of its spec', () => {
    expect(specFields(thing)).toEqual([
      'Thing.spec.size',
      'Thing.spec.labels',
      'Thing.spec.words',
      'Thing.spec.windows[].schedule',
      'Thing.spec.windows[].zone',
      'Thing.spec.source.pool',
    ]);
  });
});

describe('the names of options', () => {
  it('are their flags and their variables', () => {
    const spec = {
      port: { flag: 'port', env: 'PORT', description: 'Port.', type: 'port' },
      dryRun: { flag: 'dry-run', description: 'Rehearse.', type: 'boolean' },
    } as const;
    expect(optionNames(spec)).toEqual(['--port', 'PORT', '--dry-run']);
  });
});

describe('a list of names', () => {
  it('may use braces', () => {
    expect(namesIn('a.{b,c}.{d, e}, --f')).toEqual(['a.b.d', 'a.b.e', 'a.c.d', 'a.c.e', '--f']);
  });
});

describe('the check', () => {
  const observables: Observable[] = [
    { name: 'Thing.spec.size', workspace: undefined },
    { name: '--port', workspace: 'agent' },
    { name: '--port', workspace: 'sandbox' },
  ];
  const test = (comment: string, next = "it('works', () => {"): string => `${comment}\n${next}\n`;

  it('is content when each is observed, in the workspace it belongs to or below test/', () => {
    const size = { file: 'common/src/a.test.ts', text: test('  // observes: Thing.spec.size', '  it.each([1])') };
    const agent = { file: 'agent/src/a.test.ts', text: test('// observes: --port\n// For a reason.') };
    const sandbox = { file: 'sandbox/src/a.test.ts', text: test('// observes: --port', 'test("x")') };
    const both = { file: 'test/integration/a.test.ts', text: test('// observes: --port') };
    expect(fieldProblems(observables, [size, agent, sandbox])).toEqual([]);
    expect(fieldProblems(observables, [size, both])).toEqual([]);
  });

  it('names what nobody observes', () => {
    const tests = [{ file: 'agent/src/a.test.ts', text: test('// observes: --port') }];
    expect(fieldProblems(observables, tests)).toEqual([
      'Thing.spec.size: no test observes it',
      '--port (sandbox): no test observes it',
    ]);
  });

  it('does not take a promise without a test, nor one about nothing', () => {
    const tests = [
      { file: 'test/a.test.ts', text: test('// observes: Thing.spec.size, --port', 'const x = 1;') },
      { file: 'agent/src/b.test.ts', text: test('// observes: --prot, --port') },
    ];
    expect(fieldProblems(observables, tests)).toEqual([
      'test/a.test.ts:1: no test follows; put the comment directly above it( or test(',
      'agent/src/b.test.ts:1: --prot is no field, flag or variable that this test could observe',
    ]);
  });
});
