import { describe, expect, it } from '@jest/globals';
import { readFlags } from './config-flags.ts';
import type { ConfigSpec } from './config-spec.ts';

const SPEC: ConfigSpec = {
  url: { type: 'url', flag: 'url', description: 'URL.' },
  dryRun: { type: 'boolean', flag: 'dry-run', description: 'Only look.' },
  offset: { type: 'integer', flag: 'offset', description: 'Offset.' },
};

function texts(argv: readonly string[]): Record<string, string> {
  const { given, problems } = readFlags(SPEC, argv);
  expect(problems).toEqual([]);
  return Object.fromEntries([...given].map(([key, { text }]) => [key, text]));
}

describe('readFlags', () => {
  it.each([
    [['--url', 'http://a'], { url: 'http://a' }],
    [['--url=http://a?b=c'], { url: 'http://a?b=c' }],
    [['--url='], { url: '' }],
    [['--url=--dry-run'], { url: '--dry-run' }],
    [['--offset', '-5'], { offset: '-5' }],
    [['--dry-run', '--url', 'x'], { dryRun: 'true', url: 'x' }],
    [['--no-dry-run'], { dryRun: 'false' }],
    [['--dry-run=perhaps'], { dryRun: 'perhaps' }],
    [['--dry-run='], { dryRun: '' }],
    [[], {}],
  ])('reads %j', (argv, expected) => {
    expect(texts(argv)).toEqual(expected);
  });

  it.each([
    [['--url'], 'flag --url: has no value; write --url=VALUE.'],
    [['--url', '--dry-run'], 'flag --url: has no value; write --url=VALUE.'],
    [['--config'], 'flag --config: has no value; write --config=VALUE.'],
    [['--no-dry-run=true'], 'flag --no-dry-run: takes no value; write --dry-run=true or --dry-run=false.'],
    [['--dry-run', 'false'], 'argument "false": belongs to no flag; write --flag=value.'],
    [['--', 'x'], 'argument "x": belongs to no flag; write --flag=value.'],
    [['-'], 'argument "-": belongs to no flag; write --flag=value.'],
    [['--dryrun'], 'flag "--dryrun": does not exist; did you mean --dry-run?'],
    [['-url=x'], 'flag "-url": does not exist; did you mean --url?'],
    [['-x'], 'flag "-x": does not exist; see --help.'],
    [['--no-url'], 'flag "--no-url": does not exist; see --help.'],
    [['--no-help'], 'flag "--no-help": does not exist; see --help.'],
    [['--zzzzzzzz', 'value'], 'flag "--zzzzzzzz": does not exist; see --help.'],
    [['--__proto__=x'], 'flag "--__proto__": does not exist; see --help.'],
  ])('refuses %j with one problem', (argv, problem) => {
    expect(readFlags(SPEC, argv).problems).toEqual([problem]);
  });

  it('knows the flags that every process has', () => {
    expect(readFlags(SPEC, ['--config', 'c', '-h', '--version'])).toMatchObject({
      configPath: 'c',
      help: true,
      version: true,
    });
    expect(readFlags(SPEC, [])).toMatchObject({ configPath: undefined, help: false, version: false, readable: true });
  });

  it('leaves its arguments as they are', () => {
    const argv = Object.freeze(['--url', 'a']);
    readFlags(SPEC, argv);
    expect(argv).toEqual(['--url', 'a']);
  });
});
