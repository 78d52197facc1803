import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from './errors.ts';
import { createLogger, LOG_LEVELS, nullLogger } from './logger.ts';
import type { LogLevel, RootLogger } from './logger.ts';

type Line = Record<string, unknown>;

function capture(options: { level?: LogLevel; json?: boolean } = {}): {
  logger: RootLogger;
  text: () => string;
  lines: () => Line[];
} {
  let written = '';
  const logger = createLogger({
    level: options.level ?? 'debug',
    json: options.json ?? true,
    destination: { write: (line) => void (written += line) },
  });
  return {
    logger,
    text: () => written,
    lines: () =>
      written
        .split('\n')
        .filter((line) => line !== '')
        .map((line): Line => JSON.parse(line) as Line),
  };
}

describe('createLogger in JSON', () => {
  it('writes one object a line: level by name, ISO time, fields, constant message', () => {
    const { logger, lines, text } = capture();
    logger.info('Volume moved', { volume: 'pvc-1', iops: 7 });
    expect(lines()).toEqual([
      { level: 'info', time: expect.any(String), volume: 'pvc-1', iops: 7, msg: 'Volume moved' },
    ]);
    expect(new Date(String(lines()[0]!.time)).toISOString()).toBe(lines()[0]!.time);
    expect(text().endsWith('\n')).toBe(true);
  });

  it.each(LOG_LEVELS)('writes at %s what is as severe or more', (level) => {
    const { logger, lines } = capture({ level });
    for (const each of LOG_LEVELS) logger[each]('x');
    expect(lines().map((line) => line.level)).toEqual(LOG_LEVELS.slice(LOG_LEVELS.indexOf(level)));
  });

  it('changes its level at run time, for children that exist already too', () => {
    const { logger, lines } = capture({ level: 'error' });
    const child = logger.child({ part: 'a' });
    child.debug('one');
    logger.level = 'debug';
    child.debug('two');
    logger.level = 'warn';
    child.info('three');
    expect(logger.level).toBe('warn');
    expect(lines().map((line) => line.msg)).toEqual(['two']);
  });

  it('adds the fields of every ancestor, the nearest winning, each key once', () => {
    const { logger, text, lines } = capture();
    logger.child({ a: 1, b: 1 }).child({ b: 2, c: 2 }).warn('x', { c: 3 });
    expect(lines()[0]).toMatchObject({ a: 1, b: 2, c: 3 });
    expect(text().match(/"c":/g)).toHaveLength(1);
  });

  it('does not let a field forge level, time or message', () => {
    const { logger, lines, text } = capture();
    logger.info('real', { level: 'error', time: 'never', msg: 'forged' });
    expect(lines()[0]).toMatchObject({ level: 'info', msg: 'real', level_: 'error', time_: 'never', msg_: 'forged' });
    expect(text().match(/"msg":/g)).toHaveLength(1);
  });

  it('writes errors with code, fields and the whole chain of causes', () => {
    const { logger, lines } = capture();
    const socket = Object.assign(new Error('reset by peer'), { code: 'ECONNRESET' });
    const error = new CoucheStorError('unavailable', 'The API is away', { fields: { host: 'api' }, cause: socket });
    logger.error('Relist failed', { error });
    expect(lines()[0]!.error).toMatchObject({
      type: 'CoucheStorError',
      code: 'unavailable',
      retryable: true,
      fields: { host: 'api' },
      message: 'The API is away',
      stack: expect.stringContaining('logger.test.ts'),
      cause: { type: 'Error', message: 'reset by peer', code: 'ECONNRESET' },
    });
  });

  it('survives causes and fields that form a cycle, and values that are no JSON', () => {
    const { logger, lines } = capture();
    const error = new Error('round');
    error.cause = error;
    const cyclic: Record<string, unknown> = {};
    cyclic.self = cyclic;
    logger.error('odd', {
      error,
      cyclic,
      big: 2n ** 70n,
      nothing: undefined,
      call: () => 1,
      cause: new Error('x', { cause: 'text' }),
    });
    expect(lines()[0]).toMatchObject({ msg: 'odd', cause: { cause: 'text' } });
  });

  it('keeps one line a line, whatever the fields hold', () => {
    const { logger, text } = capture();
    logger.info('x', { name: 'a\n{"level":"error"}\r\u2028' });
    expect(text().split('\n')).toHaveLength(2);
  });
});

describe('createLogger in text', () => {
  it('writes a line for people', () => {
    const { logger, text } = capture({ json: false });
    logger.child({ pool: 'p1' }).info('Volume moved', { volume: 'pvc-1' });
    expect(text()).toMatch(
      /^\[\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z\] INFO: Volume moved \{"pool":"p1","volume":"pvc-1"\}\n$/,
    );
  });

  it('writes errors with their causes', () => {
    const { logger, text } = capture({ json: false });
    logger.error('failed', { error: new CoucheStorError('gone', 'outer', { cause: new Error('inner') }) });
    expect(text()).toContain('"code": "gone"');
    expect(text()).toContain('inner');
  });
});

describe('nullLogger', () => {
  it('takes everything and is its own child', () => {
    for (const level of LOG_LEVELS) nullLogger[level]('x', { a: 1 });
    expect(nullLogger.child({ a: 1 })).toBe(nullLogger);
  });
});
