/**
 * The functions that Kubernetes adds to CEL and that the CEL library does not have, as far as schemas commonly use
 * them: strings, lists, regular expressions, URLs and IP addresses. Quantities and named formats are not among them.
 */
import { isIP } from 'node:net';
import { Environment } from '@marcbachmann/cel-js';
import { compilePattern } from './formats.ts';

type Comparable = bigint | number | string | boolean | Date;

const ORDERED = ['int', 'double', 'string', 'bool', 'google.protobuf.Timestamp', 'google.protobuf.Duration'];
const SUMMED = { int: 0n, double: 0 };

function regex(pattern: string): RegExp {
  const compiled = compilePattern(pattern);
  if (compiled instanceof Error) throw compiled;
  return new RegExp(compiled.source, `${compiled.flags}g`);
}

function extreme(list: readonly Comparable[], better: (a: Comparable, b: Comparable) => boolean): Comparable {
  const [first, ...rest] = list;
  if (first === undefined) throw new Error('min/max called on empty list');
  return rest.reduce((best, item) => (better(item, best) ? item : best), first);
}

function replace(text: string, from: string, to: string, limit: number): string {
  const parts = limit < 0 ? text.split(from) : text.split(from).slice(0, limit);
  if (limit < 0) return parts.join(to);
  const rest = text.split(from).slice(limit);
  return [...parts, rest.join(from)].slice(0, rest.length === 0 ? parts.length : undefined).join(to);
}

function format(template: string, values: readonly unknown[]): string {
  let index = 0;
  return template.replace(/%(%|s|d|(?:\.(\d+))?f|b|x|X)/g, (_, verb: string, digits: string | undefined) => {
    if (verb === '%') return '%';
    if (index >= values.length) throw new Error(`index ${index} out of range`);
    const value = values[index++];
    if (verb.endsWith('f')) return Number(value).toFixed(Number(digits ?? 6));
    const radix = { b: 2, x: 16, X: 16 }[verb];
    if (radix === undefined || typeof value !== 'bigint') return String(value);
    return verb === 'X' ? value.toString(radix).toUpperCase() : value.toString(radix);
  });
}

class CelUrl {
  readonly url: URL;
  constructor(url: URL) {
    this.url = url;
  }
}

/** An environment with the whole library, without variables. */
export function createCelEnvironment(): Environment {
  const environment = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false });
  // eslint-disable-next-line @typescript-eslint/no-explicit-any -- the library calls handlers with values of the declared types
  const define = (signature: string, handler: (...args: any[]) => unknown): void => {
    environment.registerFunction(signature, handler, { async: false });
  };
  define('string.charAt(int): string', (text: string, index: bigint) => text.charAt(Number(index)));
  define('string.replace(string, string): string', (text: string, from: string, to: string) =>
    text.replaceAll(from, () => to),
  );
  environment.registerFunction(
    'string.replace(string, string, int): string',
    (text: string, from: string, to: string, limit: bigint) => replace(text, from, to, Number(limit)),
    { async: false },
  );
  define('string.format(list<dyn>): string', format);
  define('string.find(string): string', (text: string, pattern: string) => regex(pattern).exec(text)?.[0] ?? '');
  define('string.findAll(string): list<string>', (text: string, pattern: string) => text.match(regex(pattern)) ?? []);
  for (const type of ORDERED) {
    define(`list<${type}>.isSorted(): bool`, (list: Comparable[]) =>
      list.every((item, index) => index === 0 || !(item < (list[index - 1] ?? item))),
    );
    define(`list<${type}>.min(): ${type}`, (list: Comparable[]) => extreme(list, (a, b) => a < b));
    define(`list<${type}>.max(): ${type}`, (list: Comparable[]) => extreme(list, (a, b) => a > b));
    define(`list<${type}>.indexOf(${type}): int`, (list: Comparable[], item: Comparable) => BigInt(list.indexOf(item)));
    define(`list<${type}>.lastIndexOf(${type}): int`, (list: Comparable[], item: Comparable) =>
      BigInt(list.lastIndexOf(item)),
    );
  }
  define('list<int>.sum(): int', (list: bigint[]) => list.reduce((sum, item) => sum + item, SUMMED.int));
  define('list<double>.sum(): double', (list: number[]) => list.reduce((sum, item) => sum + item, SUMMED.double));
  environment.registerType('kubernetes.URL', CelUrl);
  define('isURL(string): bool', (text: string) => URL.canParse(text));
  define('url(string): kubernetes.URL', (text: string) => new CelUrl(new URL(text)));
  define('kubernetes.URL.getScheme(): string', ({ url }: CelUrl) => url.protocol.slice(0, -1));
  define('kubernetes.URL.getHost(): string', ({ url }: CelUrl) => url.host);
  define('kubernetes.URL.getHostname(): string', ({ url }: CelUrl) => url.hostname);
  define('kubernetes.URL.getPort(): string', ({ url }: CelUrl) => url.port);
  define('kubernetes.URL.getEscapedPath(): string', ({ url }: CelUrl) => url.pathname);
  define('isIP(string): bool', (text: string) => isIP(text) !== 0);
  return environment;
}
