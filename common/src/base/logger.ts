/**
 * Structured logs on pino: a constant message plus fields, so that lines can be grouped, counted and filtered. One root per
 * process owns the level, which can change at run time and at once holds for every child.
 */
import pino from 'pino';
import { prettyFactory } from 'pino-pretty';
import { CoucheStorError, isError } from './errors.ts';

export const LOG_LEVELS = ['debug', 'info', 'warn', 'error'] as const;

export type LogLevel = (typeof LOG_LEVELS)[number];

/** Any value JSON can hold, and errors, which are written with their code, fields and causes. */
export type LogFields = Readonly<Record<string, unknown>>;

export interface Logger {
  debug(message: string, fields?: LogFields): void;
  /** Only when state changes. */
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A logger that adds `fields` to every line; a field of the line itself wins over one of the same name. */
  child(fields: LogFields): Logger;
}

/** The logger of a process, which alone can change the level. */
export interface RootLogger extends Logger {
  level: LogLevel;
}

/** Whatever takes lines, each with its newline. */
export interface LogDestination {
  write(line: string): void;
}

export interface LoggerOptions {
  readonly level: LogLevel;
  /** One JSON object a line, else text for people. */
  readonly json: boolean;
  /** Standard output by default, written synchronously so that a crash loses no line. */
  readonly destination?: LogDestination;
}

/** Names that pino writes itself; a field of that name would make a JSON object with the key twice. */
const RESERVED_FIELDS: ReadonlySet<string> = new Set(['level', 'time', 'msg']);

/** Causes can form a cycle. */
const MAX_CAUSE_DEPTH = 8;

function describeError(error: Error, depth = 0): Record<string, unknown> {
  const own = 'code' in error ? { code: error.code } : {};
  const typed = error instanceof CoucheStorError ? { retryable: error.retryable, fields: error.fields } : {};
  const cause =
    error.cause === undefined || depth >= MAX_CAUSE_DEPTH ? {} : { cause: describe(error.cause, depth + 1) };
  return { type: error.name, message: error.message, ...own, ...typed, stack: error.stack, ...cause };
}

function describe(value: unknown, depth = 0): unknown {
  return isError(value) ? describeError(value, depth) : value;
}

function toPinoFields(fields: LogFields): Record<string, unknown> {
  const entries = Object.entries(fields);
  return Object.fromEntries(
    entries.map(([key, value]) => [RESERVED_FIELDS.has(key) ? `${key}_` : key, describe(value)]),
  );
}

function textDestination(destination: LogDestination): LogDestination {
  const prettify = prettyFactory({
    colorize: false,
    singleLine: true,
    translateTime: 'UTC:yyyy-mm-dd"T"HH:MM:ss.l"Z"',
  });
  return {
    write(line) {
      destination.write(prettify(line));
    },
  };
}

export function createLogger(options: LoggerOptions): RootLogger {
  const destination = options.destination ?? pino.destination({ fd: 1, sync: true });
  const sink = pino(
    {
      level: 'debug',
      base: null,
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
    },
    options.json ? destination : textDestination(destination),
  );
  let threshold = LOG_LEVELS.indexOf(options.level);
  const log = (level: LogLevel, message: string, fields: LogFields): void => {
    if (LOG_LEVELS.indexOf(level) >= threshold) sink[level](toPinoFields(fields), message);
  };
  const loggerWith = (bound: LogFields): Logger => ({
    debug: (message, fields) => log('debug', message, { ...bound, ...fields }),
    info: (message, fields) => log('info', message, { ...bound, ...fields }),
    warn: (message, fields) => log('warn', message, { ...bound, ...fields }),
    error: (message, fields) => log('error', message, { ...bound, ...fields }),
    child: (fields) => loggerWith({ ...bound, ...fields }),
  });
  return {
    ...loggerWith({}),
    get level() {
      return LOG_LEVELS[threshold] ?? 'info';
    },
    set level(level) {
      threshold = LOG_LEVELS.indexOf(level);
    },
  };
}

/** Writes nothing. */
export const nullLogger: Logger = {
  debug: () => undefined,
  info: () => undefined,
  warn: () => undefined,
  error: () => undefined,
  child: () => nullLogger,
};
