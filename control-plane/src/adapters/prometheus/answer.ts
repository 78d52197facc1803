/**
 * Reads the body of an answer to `/api/v1/query_range` (https://prometheus.io/docs/prometheus/latest/querying/api/), of Prometheus
 * 2.x and 3.x and of what speaks its language: Thanos, Mimir, VictoriaMetrics. Keys that are not needed may be anything; what is
 * needed is taken as documented or refused.
 */
import type { Samples } from '../../eyes/index.ts';
import { findResultList, type Pause } from './result-list.ts';

export interface AnsweredSeries extends Samples {
  readonly labels: Readonly<Record<string, string>>;
}

export type Answer =
  | { readonly kind: 'matrix'; readonly series: readonly AnsweredSeries[] }
  /** An error in Prometheus's own words. */
  | { readonly kind: 'error'; readonly errorType: string; readonly message: string }
  /** There is data, and some is missing. */
  | { readonly kind: 'partial'; readonly message: string }
  /** Not an answer of this API. */
  | { readonly kind: 'bad'; readonly message: string };

type Json = Readonly<Record<string, unknown>>;

/** Thrown and caught in this file alone. */
class BadAnswer extends Error {}

/** Larger answers are read series by series, with pauses in which this process does other things. */
export const LARGE_ANSWER_BYTES = 1024 * 1024;

/** Whatever the bytes hold, nothing is thrown but what `pause` throws. The same as `parseAnswer()` of the text. */
export async function readAnswer(body: Buffer, pause: Pause): Promise<Answer> {
  const list = body.length < LARGE_ANSWER_BYTES ? undefined : await findResultList(body, pause);
  if (list === undefined) return parseAnswer(body.toString('utf8'));
  const envelope = answerOf(() => readEnvelope(parseJson(list.envelope)));
  if (envelope.kind !== 'envelope') return envelope;
  if (envelope.result !== list.marker) return parseAnswer(body.toString('utf8'));
  const series: AnsweredSeries[] = [];
  let portionLength = 0;
  for (let index = 0; index < list.elementCount; index += 1) {
    const text = list.element(index);
    const one = answerOf(() => ({ kind: 'series' as const, series: readSeries(parseJson(text)) }));
    if (one.kind !== 'series') return one;
    series.push(one.series);
    portionLength += text.length;
    if (portionLength < LARGE_ANSWER_BYTES) continue;
    portionLength = 0;
    await pause();
  }
  return { kind: 'matrix', series };
}

/** Whatever the text holds, nothing is thrown. */
export function parseAnswer(text: string): Answer {
  return answerOf(() => {
    if (text === '') throw new BadAnswer('it is empty');
    const envelope = readEnvelope(parseJson(text));
    if (envelope.kind !== 'envelope') return envelope;
    return { kind: 'matrix', series: list(envelope.result, 'result').map(readSeries) };
  });
}

function answerOf<T>(read: () => T): T | Extract<Answer, { kind: 'bad' }> {
  try {
    return read();
  } catch (error) {
    if (error instanceof BadAnswer) return { kind: 'bad', message: error.message };
    throw error;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    throw new BadAnswer('it is not JSON');
  }
}

/** All but the result itself. */
function readEnvelope(
  body: unknown,
): { readonly kind: 'envelope'; readonly result: unknown } | Extract<Answer, { kind: 'error' | 'partial' }> {
  const { status, data, errorType, error, ...annotations } = record(body, 'the answer');
  if (status === 'error') return { kind: 'error', errorType: textOf(errorType), message: textOf(error) };
  if (status !== 'success') throw new BadAnswer('its status is neither success nor error');
  const missing = missingParts(annotations);
  if (missing !== undefined) return { kind: 'partial', message: missing };
  const { resultType, result } = record(data, 'data');
  if (resultType !== 'matrix') throw new BadAnswer(`its result is not a matrix but ${described(resultType)}`);
  return { kind: 'envelope', result };
}

/**
 * Releases from 2.48 to 2.53 put information, such as that a counter has no usual name, among the warnings; later ones have `infos`
 * for it, which is not looked at. Every other warning means that not all data was there. VictoriaMetrics says `isPartial`.
 */
function missingParts({ warnings, isPartial }: Json): string | undefined {
  if (isPartial === true) return 'it says that it is partial';
  if (warnings === undefined || warnings === null) return undefined;
  return list(warnings, 'warnings')
    .map(textOf)
    .find((warning) => !warning.startsWith('PromQL info:'));
}

function readSeries(item: unknown): AnsweredSeries {
  const { metric, values, histograms } = record(item, 'a series');
  const labels = record(metric, 'metric');
  for (const [label, value] of Object.entries(labels)) {
    if (typeof value !== 'string') throw new BadAnswer(`the label ${described(label)} is not a text`);
  }
  // Native histograms are no rates: such a series is there, without a number.
  const points = values === undefined && histograms !== undefined ? [] : list(values, 'values');
  const timesMs: number[] = [];
  const numbers: number[] = [];
  for (const point of points) {
    const timeMs = timeOf(point);
    const previousMs = timesMs.at(-1);
    if (previousMs !== undefined && timeMs <= previousMs)
      throw new BadAnswer('the samples of a series are not in order');
    timesMs.push(timeMs);
    numbers.push(numberOf(point));
  }
  return { labels: labels as Record<string, string>, timesMs, values: numbers };
}

function timeOf(point: unknown): number {
  const seconds: unknown = Array.isArray(point) && point.length === 2 ? point[0] : undefined;
  if (typeof seconds !== 'number' || !Number.isFinite(seconds))
    throw new BadAnswer('a sample is not a time and a text');
  return Math.round(seconds * 1000);
}

/** Decimal notation as Go prints floats: Number() alone would take the empty text for zero. */
const FLOAT = /^[-+]?[0-9]+(\.[0-9]+)?(e[-+]?[0-9]+)?$/i;
const NOT_FINITE: ReadonlyMap<string, number> = new Map([
  ['NaN', NaN],
  ['+Inf', Infinity],
  ['Inf', Infinity],
  ['-Inf', -Infinity],
]);

function numberOf(point: unknown): number {
  const text: unknown = (point as readonly unknown[])[1];
  if (typeof text !== 'string') throw new BadAnswer('the value of a sample is not a text');
  if (FLOAT.test(text)) return Number(text);
  const value = NOT_FINITE.get(text);
  if (value === undefined) throw new BadAnswer(`the value ${described(text)} is not a number`);
  return value;
}

function record(value: unknown, what: string): Json {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) {
    throw new BadAnswer(`${what} is not an object`);
  }
  return value as Json;
}

function list(value: unknown, what: string): readonly unknown[] {
  if (!Array.isArray(value)) throw new BadAnswer(`${what} is not a list`);
  return value;
}

/** For messages: whatever the server says, on one line and not too long. */
function textOf(value: unknown): string {
  return typeof value === 'string' ? value.replace(/\s+/g, ' ').slice(0, MAX_TEXT_LENGTH) : described(value);
}

function described(value: unknown): string {
  return typeof value === 'string' ? JSON.stringify(value.slice(0, MAX_TEXT_LENGTH)) : `of type ${typeof value}`;
}

const MAX_TEXT_LENGTH = 300;
