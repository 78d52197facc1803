import { describe, expect, it } from '@jest/globals';
import { describeOptions, renderHelp } from './config-help.ts';
import { checkSpec } from './config-spec.ts';
import type { ConfigSpec, OptionSpec } from './config-spec.ts';
import { InvariantError } from './errors.ts';

const SPEC = {
  prometheusUrl: {
    type: 'url',
    flag: 'prometheus-url',
    env: 'PROMETHEUS_URL',
    required: true,
    description: 'Prometheus server.',
  },
  dryRun: { type: 'boolean', flag: 'dry-run', env: 'DRY_RUN', default: false, description: 'Move nothing.' },
  level: { type: 'enum', flag: 'level', values: ['debug', 'info'], default: 'info', description: 'Verbosity.' },
  count: { type: 'integer', flag: 'count', description: 'How many.' },
  ca: { type: 'file-content', flag: 'ca', env: 'CA', description: 'Authority.' },
  name: { type: 'string', flag: 'name', description: 'Name.' },
} as const satisfies ConfigSpec;

describe('renderHelp', () => {
  it('aligns every option with its description, default and environment variable', () => {
    expect(renderHelp(SPEC, 'operator [options]')).toBe(`operator [options]

  --prometheus-url URL  Prometheus server.
                        (required, environment PROMETHEUS_URL)
  --[no-]dry-run        Move nothing.
                        (default false, environment DRY_RUN)
  --level debug|info    Verbosity.
                        (default info)
  --count NUMBER        How many.
  --ca FILE             Authority.
                        (environment CA)
  --name TEXT           Name.
  --config FILE         YAML file of options, by their camelCase names; flags and environment win over it.
  -h, --help            Print this text.
  --version             Print the version.
`);
  });

  it('starts with a title when no usage is given', () => {
    expect(renderHelp({})).toMatch(/^Options:\n\n {2}--config FILE/);
  });
});

describe('describeOptions', () => {
  it('lists the options in order, defaults as they would be written', () => {
    expect(describeOptions(SPEC).slice(0, 2)).toEqual([
      {
        key: 'prometheusUrl',
        flag: 'prometheus-url',
        env: 'PROMETHEUS_URL',
        default: undefined,
        description: 'Prometheus server.',
      },
      { key: 'dryRun', flag: 'dry-run', env: 'DRY_RUN', default: 'false', description: 'Move nothing.' },
    ]);
    expect(describeOptions(SPEC)).toHaveLength(6);
  });
});

describe('checkSpec', () => {
  const option = (flag: string, env?: string): OptionSpec => ({
    type: 'path',
    flag,
    description: 'X.',
    ...(env === undefined ? {} : { env }),
  });

  it('accepts a well-formed spec', () => {
    expect(() => checkSpec(SPEC)).not.toThrow();
  });

  it.each<[string, ConfigSpec]>([
    ['a key that is not camelCase', { 'a-b': option('a-b') }],
    ['a flag that is not kebab-case', { aB: option('aB') }],
    ['a flag that reads as a negation', { noCache: option('no-cache') }],
    ['two options of one flag', { a: option('a'), b: option('a') }],
    ['two options of one variable', { a: option('a', 'A'), b: option('b', 'A') }],
    ['a flag that every process has', { config: option('config') }],
  ])('refuses %s', (_fault, spec) => {
    expect(() => checkSpec(spec)).toThrow(InvariantError);
  });
});
