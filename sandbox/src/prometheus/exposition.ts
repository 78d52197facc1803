/** Reads Prometheus' text exposition format 0.0.4, line by line; a line that is not one makes the whole scrape fail. */
import { NAME, type Labels } from './samples.ts';

export interface ExposedSample {
  readonly labels: Labels;
  readonly value: number;
}

const LINE = /^([a-zA-Z_:][a-zA-Z0-9_:]*)(?:\{(.*)\})?[ \t]+(\S+)(?:[ \t]+(-?\d+))?[ \t]*$/;
const LABEL = /\s*([a-zA-Z_][a-zA-Z0-9_]*)\s*=\s*"((?:[^"\\]|\\.)*)"\s*(?:,|$)/y;
const SPECIAL: Readonly<Record<string, number>> = { '+Inf': Infinity, '-Inf': -Infinity, NaN: Number.NaN };
const ESCAPES: Readonly<Record<string, string>> = { '\\n': '\n', '\\"': '"', '\\\\': '\\' };

/** Thrown at the first malformed line: Error that quotes it. */
export function parseExposition(text: string): ExposedSample[] {
  const lines = text.split('\n').filter((line) => line.trim() !== '' && !line.startsWith('#'));
  return lines.map((line) => {
    const [, name = '', labels = '', number = ''] = LINE.exec(line) ?? fail(line);
    const value = SPECIAL[number] ?? Number(number);
    if (Number.isNaN(value) && number !== 'NaN') fail(line);
    return { labels: { [NAME]: name, ...labelsOf(labels, line) }, value };
  });
}

function labelsOf(text: string, line: string): Labels {
  const labels: Record<string, string> = {};
  LABEL.lastIndex = 0;
  while (LABEL.lastIndex < text.length) {
    const [, name = '', quoted = ''] = LABEL.exec(text) ?? fail(line);
    labels[name] = quoted.replace(/\\[n"\\]/g, (escape) => ESCAPES[escape] ?? escape);
  }
  return labels;
}

function fail(line: string): never {
  throw new Error(`not an exposition: ${JSON.stringify(line.slice(0, 80))}`);
}
