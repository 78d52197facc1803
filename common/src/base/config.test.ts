import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { loadConfig } from './config.ts';
import type { ConfigInputs } from './config.ts';
import type { ConfigOf, ConfigSpec } from './config-spec.ts';

const SPEC = {
  prometheusUrl: {
    type: 'url',
    flag: 'prometheus-url',
    env: 'PROMETHEUS_URL',
    required: true,
    description: 'Prometheus.',
  },
  maxMoves: {
    type: 'integer',
    flag: 'max-moves',
    env: 'MAX_MOVES',
    default: 2,
    min: 1,
    max: 10,
    description: 'Moves at once.',
  },
  dryRun: { type: 'boolean', flag: 'dry-run', env: 'DRY_RUN', default: false, description: 'Only look.' },
  timeout: { type: 'duration', flag: 'timeout', env: 'TIMEOUT', default: '30m', min: '1s', description: 'Patience.' },
  cacheSize: { type: 'size', flag: 'cache-size', default: '64Mi', max: '1Gi', description: 'Cache.' },
  port: { type: 'port', flag: 'port', env: 'PORT', default: 8080, description: 'Port.' },
  logLevel: {
    type: 'enum',
    flag: 'log-level',
    env: 'LOG_LEVEL',
    values: ['debug', 'info'],
    default: 'info',
    description: 'Level.',
  },
  password: { type: 'string', flag: 'password', env: 'PASSWORD', min: 8, secret: true, description: 'Password.' },
  dataDir: { type: 'path', flag: 'data-dir', description: 'Data.' },
  ca: { type: 'file-content', flag: 'ca-file', env: 'CA_FILE', description: 'CA.' },
} as const satisfies ConfigSpec;

const URL_FLAG = '--prometheus-url=http://p:9090';

interface Given {
  readonly argv?: readonly string[];
  readonly env?: Record<string, string>;
  readonly files?: Record<string, string>;
}

function inputs({ argv = [], env = {}, files = {} }: Given): ConfigInputs {
  const readFile = (path: string): string => {
    const content = files[path];
    if (content === undefined) throw new Error(`ENOENT: no such file, open '${path}'`);
    return content;
  };
  return { argv, env, readFile };
}

function load(given: Given): ConfigOf<typeof SPEC> {
  const loaded = loadConfig(SPEC, inputs(given));
  if (loaded.kind !== 'ok') throw new Error(JSON.stringify(loaded));
  return loaded.config;
}

function problemsOf(given: Given): string[] {
  const loaded = loadConfig(SPEC, inputs(given));
  return loaded.kind === 'invalid' ? loaded.problems : [];
}

describe('loadConfig', () => {
  it('fills in defaults, typed, in milliseconds and bytes, and leaves out what has none', () => {
    const config = load({ argv: [URL_FLAG] });
    expect(config).toEqual({
      prometheusUrl: 'http://p:9090',
      maxMoves: 2,
      dryRun: false,
      timeout: 1_800_000,
      cacheSize: 64 * 1024 ** 2,
      port: 8080,
      logLevel: 'info',
    });
    const typed: {
      maxMoves: number;
      dryRun: boolean;
      timeout: number;
      logLevel: 'debug' | 'info';
      prometheusUrl: string;
    } = config;
    const optional: string | undefined = config.ca;
    expect([typed.maxMoves, optional]).toEqual([2, undefined]);
    expect(Object.isFrozen(config)).toBe(true);
  });

  it('prefers flags over environment over file over defaults', () => {
    const files = { 'c.yaml': 'prometheusUrl: http://f\nmaxMoves: 3\nport: 3\ntimeout: 3s\n' };
    const env = { MAX_MOVES: '4', PORT: '4' };
    const config = load({ argv: ['--config', 'c.yaml', '--port=5'], env, files });
    expect(config).toMatchObject({ port: 5, maxMoves: 4, timeout: 3000, prometheusUrl: 'http://f', logLevel: 'info' });
  });

  it('keeps that precedence for any combination of sources', () => {
    const optional = fc.option(fc.integer({ min: 1, max: 10 }), { nil: undefined });
    fc.assert(
      fc.property(optional, optional, optional, (flag, variable, key) => {
        const config = load({
          argv: [URL_FLAG, '--config=c', ...(flag === undefined ? [] : [`--max-moves=${flag}`])],
          env: variable === undefined ? {} : { MAX_MOVES: String(variable) },
          files: { c: key === undefined ? '' : `maxMoves: ${key}` },
        });
        expect(config.maxMoves).toBe(flag ?? variable ?? key ?? 2);
      }),
    );
  });

  it.each([
    [['--dry-run'], true],
    [['--dry-run=true'], true],
    [['--dry-run=false'], false],
    [['--no-dry-run'], false],
    [['--dry-run', '--no-dry-run'], false],
    [['--no-dry-run', '--dry-run'], true],
  ])('reads the boolean %j', (argv, dryRun) => {
    expect(load({ argv: [URL_FLAG, ...argv], env: { DRY_RUN: String(!dryRun) } }).dryRun).toBe(dryRun);
  });

  it('reads environment and file by the parser of the flag', () => {
    const values = { maxMoves: '7', dryRun: 'true', timeout: '1h30m', port: '0', logLevel: 'debug', ca: 'ca.pem' };
    const env = { MAX_MOVES: '7', DRY_RUN: 'true', TIMEOUT: '1h30m', PORT: '0', LOG_LEVEL: 'debug', CA_FILE: 'ca.pem' };
    const flags = [
      '--max-moves=7',
      '--dry-run',
      '--timeout=1h30m',
      '--port=0',
      '--log-level=debug',
      '--ca-file=ca.pem',
    ];
    const yaml = Object.entries(values)
      .map(([key, value]) => `${key}: ${value}`)
      .join('\n');
    const files = { 'ca.pem': 'PEM\n', c: yaml };
    const byFlags = load({ argv: [URL_FLAG, ...flags], files });
    expect(byFlags).toMatchObject({
      maxMoves: 7,
      dryRun: true,
      timeout: 5_400_000,
      port: 0,
      logLevel: 'debug',
      ca: 'PEM\n',
    });
    expect(load({ argv: [URL_FLAG], env, files })).toEqual(byFlags);
    expect(load({ argv: [URL_FLAG, '--config=c'], files })).toEqual(byFlags);
  });

  it('lets the last of several flags win', () => {
    expect(load({ argv: [URL_FLAG, '--port=1', '--port', '2'] }).port).toBe(2);
  });

  it('counts an empty variable as not set', () => {
    expect(load({ argv: [URL_FLAG], env: { PORT: '', CA_FILE: '' } }).port).toBe(8080);
  });

  it('lists every problem of every source at once, with what is accepted', () => {
    const problems = problemsOf({
      argv: ['--port=70000', '--prometeus-url=http://x', '--config=c.yaml', 'stray'],
      env: { MAX_MOVES: 'many', LOG_LEVEL: 'verbose', TIMEOUT: '5', CA_FILE: '/none' },
      files: { 'c.yaml': 'cacheSize: 2Gi\ndryRun: maybe\nlogLevl: info\nport: [1]\n' },
    });
    expect(problems).toEqual([
      'flag "--prometeus-url": does not exist; did you mean --prometheus-url?',
      'argument "stray": belongs to no flag; write --flag=value.',
      'file key "logLevl": does not exist; did you mean logLevel?',
      'file key port: is not a single value; write "port: value".',
      'flag --prometheus-url: is required; give the flag, set PROMETHEUS_URL or write prometheusUrl in the file of --config.',
      'environment MAX_MOVES: "many" is not accepted; give an integer from 1 to 10.',
      'file key dryRun: "maybe" is not accepted; give true or false.',
      'environment TIMEOUT: "5" is not accepted; give a duration such as 1h30m (units w, d, h, m, s, ms) of at least 1s.',
      'file key cacheSize: "2Gi" is not accepted; give a size such as 10Gi of at most 1Gi.',
      'flag --port: "70000" is not accepted; give a port from 0 to 65535 (0 takes any free one).',
      'environment LOG_LEVEL: "verbose" is not accepted; give one of debug, info.',
      `environment CA_FILE: "/none" cannot be read (ENOENT: no such file, open '/none'); give the path of a readable file.`,
    ]);
  });

  it('checks a value that loses to a higher source too', () => {
    const given = { argv: [URL_FLAG, '--port=1', '--config=c'], env: { PORT: 'x' }, files: { c: 'port: y' } };
    expect(problemsOf(given)).toEqual([
      expect.stringContaining('environment PORT: "x"'),
      expect.stringContaining('file key port: "y"'),
    ]);
  });

  it('shows no secret in any message', () => {
    const secret = 'hunter2';
    const given: Given[] = [
      { argv: [`--password=${secret}`] },
      { argv: ['--password', secret] },
      { argv: [`--pasword=${secret}`] },
      { argv: ['--pasword', secret] },
      { env: { PASSWORD: secret } },
      { argv: ['--config=c'], files: { c: `password: ${secret}` } },
      { argv: ['--config=c'], files: { c: `password: "${secret}\n: : [` } },
      { argv: [`--prometheus-url=ftp://user:${secret}@host`] },
    ];
    for (const each of given) {
      const problems = problemsOf(each);
      expect(problems).not.toEqual([]);
      expect(problems.join('\n')).not.toContain(secret);
    }
    expect(problemsOf({ argv: [URL_FLAG, `--password=${secret}`] })).toEqual([
      'flag --password: *** is not accepted; give a text with a length of at least 8.',
    ]);
  });

  it('shows neither path nor reason of a secret file, lest the secret itself was given as its path', () => {
    const spec = { token: { type: 'file-content', flag: 'token-file', secret: true, description: 'Token.' } } as const;
    expect(loadConfig(spec, inputs({ argv: ['--token-file=hunter2'] }))).toEqual({
      kind: 'invalid',
      problems: ['flag --token-file: *** cannot be read; give the path of a readable file.'],
    });
  });

  it('reads the default of a file option only when nothing else is given', () => {
    const spec = { ca: { type: 'file-content', flag: 'ca', default: '/ca.pem', description: 'CA.' } } as const;
    expect(loadConfig(spec, inputs({ files: { '/ca.pem': 'A' } }))).toEqual({ kind: 'ok', config: { ca: 'A' } });
    expect(loadConfig(spec, inputs({ argv: ['--ca=b'], files: { b: 'B' } }))).toEqual({
      kind: 'ok',
      config: { ca: 'B' },
    });
    expect(loadConfig(spec, inputs({}))).toEqual({
      kind: 'invalid',
      problems: [expect.stringMatching(/^default of --ca: "\/ca\.pem" cannot be read \(ENOENT/)],
    });
  });

  it('does not call an option missing that a broken file may hold', () => {
    expect(problemsOf({ argv: ['--config=none'] })).toEqual([
      `flag --config: "none" cannot be read (ENOENT: no such file, open 'none'); give the path of a readable YAML file.`,
    ]);
    expect(problemsOf({ argv: ['--config=c'], files: { c: 'a: b: c' } })).toHaveLength(1);
    expect(problemsOf({ argv: ['--config=c'], files: { c: '' } })).toEqual([expect.stringContaining('is required')]);
  });

  it('answers --help and --version whatever else is wrong, help first', () => {
    const wrong = ['--port=x', '--nonsense', 'stray'];
    expect(loadConfig(SPEC, inputs({ argv: [...wrong, '--version'] }))).toEqual({ kind: 'version' });
    for (const help of ['--help', '-h']) {
      const loaded = loadConfig(SPEC, {
        ...inputs({ argv: [...wrong, '--version', help] }),
        usage: 'couchestor [options]',
      });
      expect(loaded).toEqual({ kind: 'help', text: expect.stringMatching(/^couchestor \[options\]\n/) });
    }
  });

  it('never throws, and accepts nothing without the required option', () => {
    const word = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.constantFrom(...Object.values(SPEC).flatMap(({ flag }) => [`--${flag}`, `--no-${flag}`, `-${flag}`])),
      fc.tuple(fc.constantFrom(...Object.values(SPEC)), fc.string()).map(([{ flag }, value]) => `--${flag}=${value}`),
      fc.constantFrom(
        '--',
        '-',
        '--=',
        '--=x',
        '--__proto__=1',
        '--config=c',
        '--config',
        '-x=1',
        '--no-help',
        '--help=x',
      ),
    );
    const names = fc.constantFrom('PORT', 'DRY_RUN', 'TIMEOUT', 'PASSWORD', 'CA_FILE', 'LOG_LEVEL');
    const yaml = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.string({ unit: fc.constantFrom(...Array.from('pordRun: \n-[]{}&*!|>#"\'%@`?,<1')) }),
      fc
        .tuple(fc.constantFrom(...Object.keys(SPEC), '__proto__', 'toString'), fc.string())
        .map(([key, value]) => `${key}: ${value}`),
    );
    fc.assert(
      fc.property(fc.array(word), fc.dictionary(names, fc.string()), yaml, (argv, env, c) => {
        const loaded = loadConfig(SPEC, inputs({ argv, env, files: { c } }));
        if (loaded.kind === 'ok') expect(loaded.config.prometheusUrl).toMatch(/^https?:/);
        if (loaded.kind === 'invalid') expect(loaded.problems).not.toEqual([]);
      }),
      { numRuns: 2000 },
    );
  });
});
