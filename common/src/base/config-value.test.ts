import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { OptionSpec } from './config-spec.ts';
import { acceptedValues, displayValue, parseOption } from './config-value.ts';

const base = { flag: 'x', description: 'X.' } as const;

const OPTIONS = {
  text: { ...base, type: 'string' },
  name: { ...base, type: 'string', min: 2, max: 4, pattern: /^[a-z]+$/g },
  integer: { ...base, type: 'integer', min: -5, max: 5 },
  count: { ...base, type: 'integer' },
  boolean: { ...base, type: 'boolean' },
  duration: { ...base, type: 'duration', min: '1s', max: '1h' },
  size: { ...base, type: 'size', min: '1Ki', max: '1Gi' },
  url: { ...base, type: 'url' },
  redis: { ...base, type: 'url', protocols: ['redis', 'rediss'] },
  port: { ...base, type: 'port' },
  enum: { ...base, type: 'enum', values: ['a', 'b'] },
  path: { ...base, type: 'path' },
  file: { ...base, type: 'file-content' },
} as const satisfies Record<string, OptionSpec>;

type OptionName = keyof typeof OPTIONS;

function readFile(path: string): string {
  if (path !== '/there') throw new Error('ENOENT');
  return 'content';
}

describe('parseOption', () => {
  it.each<[OptionName, string, string | number | boolean]>([
    ['text', '', ''],
    ['text', ' a ', ' a '],
    ['name', 'ab', 'ab'],
    ['integer', '-5', -5],
    ['integer', '0', 0],
    ['integer', '5', 5],
    ['count', '9007199254740991', Number.MAX_SAFE_INTEGER],
    ['boolean', 'true', true],
    ['boolean', 'false', false],
    ['duration', '1s', 1000],
    ['duration', '1h', 3_600_000],
    ['size', '1Ki', 1024],
    ['size', '1Gi', 1024 ** 3],
    ['url', 'http://a', 'http://a'],
    ['url', 'https://u:p@[::1]:1/x?y', 'https://u:p@[::1]:1/x?y'],
    ['redis', 'rediss://a:6379', 'rediss://a:6379'],
    ['port', '0', 0],
    ['port', '65535', 65_535],
    ['enum', 'b', 'b'],
    ['path', '/a b', '/a b'],
    ['file', '/there', 'content'],
  ])('reads %s %j', (name, text, value) => {
    expect(parseOption(OPTIONS[name], text, readFile)).toEqual({ kind: 'ok', value });
  });

  it.each<[OptionName, string]>([
    ['name', 'a'],
    ['name', 'abcde'],
    ['name', 'a1'],
    ['integer', '6'],
    ['integer', '-6'],
    ['integer', '1.5'],
    ['integer', '1e0'],
    ['integer', '0x1'],
    ['integer', '01'],
    ['integer', '-0'],
    ['integer', '+1'],
    ['integer', ' 1'],
    ['integer', ''],
    ['count', '9007199254740992'],
    ['boolean', 'TRUE'],
    ['boolean', '1'],
    ['boolean', ''],
    ['duration', '999ms'],
    ['duration', '1h1ms'],
    ['duration', '5'],
    ['size', '1023'],
    ['size', '1048577Ki'],
    ['size', '1GB'],
    ['url', 'ftp://a'],
    ['url', 'a'],
    ['url', 'http://'],
    ['url', 'http://a\nb'],
    ['url', ' http://a'],
    ['redis', 'http://a'],
    ['port', '65536'],
    ['port', '-1'],
    ['port', '080'],
    ['enum', 'A'],
    ['enum', ''],
    ['path', ''],
    ['path', 'a\0b'],
    ['file', ''],
  ])('refuses %s %j', (name, text) => {
    expect(parseOption(OPTIONS[name], text, readFile)).toEqual({ kind: 'refused', fault: 'is not accepted' });
  });

  it('says why a file cannot be read', () => {
    expect(parseOption(OPTIONS.file, '/none', readFile)).toEqual({ kind: 'refused', fault: 'cannot be read (ENOENT)' });
  });

  it('returns for every text what its type promises, and throws nothing', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('0123456789-.:/smhKiGtrue')) }),
    );
    const types: Record<OptionSpec['type'], string> = {
      string: 'string',
      integer: 'number',
      boolean: 'boolean',
      duration: 'number',
      size: 'number',
      url: 'string',
      port: 'number',
      enum: 'string',
      path: 'string',
      'file-content': 'string',
    };
    fc.assert(
      fc.property(fc.constantFrom<OptionSpec>(...Object.values(OPTIONS)), text, (option, each) => {
        const parsed = parseOption(option, each, readFile);
        if (parsed.kind === 'ok') expect(typeof parsed.value).toBe(types[option.type]);
      }),
      { numRuns: 2000 },
    );
  });
});

describe('acceptedValues', () => {
  it.each<[OptionName, string]>([
    ['text', 'a text'],
    ['name', 'a text that matches ^[a-z]+$ with a length from 2 to 4'],
    ['integer', 'an integer from -5 to 5'],
    ['count', 'an integer'],
    ['boolean', 'true or false'],
    ['duration', 'a duration such as 1h30m (units w, d, h, m, s, ms) from 1s to 1h'],
    ['size', 'a size such as 10Gi from 1Ki to 1Gi'],
    ['url', 'a URL that starts with http:// or https://'],
    ['redis', 'a URL that starts with redis:// or rediss://'],
    ['port', 'a port from 0 to 65535 (0 takes any free one)'],
    ['enum', 'one of a, b'],
    ['path', 'a path'],
    ['file', 'the path of a readable file'],
  ])('describes %s', (name, phrase) => {
    expect(acceptedValues(OPTIONS[name])).toBe(phrase);
  });

  it('describes a range that is open on one side', () => {
    expect(acceptedValues({ ...base, type: 'integer', min: 1 })).toBe('an integer of at least 1');
    expect(acceptedValues({ ...base, type: 'integer', max: 9 })).toBe('an integer of at most 9');
  });
});

describe('displayValue', () => {
  it('masks secrets, and users in URLs', () => {
    expect(displayValue({ ...OPTIONS.text, secret: true }, 'hunter2')).toBe('***');
    expect(displayValue(OPTIONS.url, 'ftp://user:pass@word@host/x@y')).toBe('"ftp://***@host/x@y"');
    expect(displayValue(OPTIONS.text, 'a\n')).toBe('"a\\n"');
  });
});
