/**
 * Evaluates an expression at one instant, with the rules of Prometheus 2.42: a look-back of five minutes, stale markers, counter
 * resets and extrapolation in rate() (promql/functions.go, extrapolatedRate), one-to-one matching of vectors by all labels.
 */
import { firstAfter, keyOf, NAME, type Labels, type SampleStore, type Series } from '../samples.ts';
import type { ArithmeticOperator, Expression, Selector } from './ast.ts';
import { anchored, PromqlError } from './parse.ts';

export interface Sample {
  readonly labels: Labels;
  readonly value: number;
}

type Value = number | readonly Sample[];

const LOOK_BACK_MS = 5 * 60_000;

export function evaluate(expression: Expression, store: SampleStore, timeMs: number): readonly Sample[] {
  const value = valueOf(expression, store, timeMs);
  return typeof value === 'number' ? [{ labels: {}, value }] : value;
}

function valueOf(expression: Expression, store: SampleStore, timeMs: number): Value {
  switch (expression.kind) {
    case 'number':
      return expression.value;
    case 'selector':
      return matching(expression, store).flatMap((series) => instantOf(series, timeMs));
    case 'rate': {
      const { selector, rangeMs } = expression;
      return matching(selector, store).flatMap((series) => rateOf(series, timeMs - rangeMs, timeMs));
    }
    case 'aggregation': {
      const operand = valueOf(expression.operand, store, timeMs);
      if (typeof operand === 'number') throw new PromqlError('expected an instant vector in an aggregation');
      return aggregated(expression.operator, expression.by, operand);
    }
    case 'arithmetic': {
      const { operator, left, right } = expression;
      return combined(operator, valueOf(left, store, timeMs), valueOf(right, store, timeMs));
    }
  }
}

function matching({ name, matchers }: Selector, store: SampleStore): Series[] {
  const tests = matchers.map(({ label, operator, value }) => {
    const pattern = operator.includes('~') ? anchored(value) : undefined;
    return (labels: Labels): boolean => {
      const actual = labels[label] ?? '';
      const equal = pattern === undefined ? actual === value : pattern.test(actual);
      return operator.startsWith('!') ? !equal : equal;
    };
  });
  return [...store.of(name)].filter(({ labels }) => tests.every((test) => test(labels)));
}

function instantOf({ labels, timesMs, values, stale }: Series, timeMs: number): Sample[] {
  const index = firstAfter(timesMs, timeMs) - 1;
  const tooOld = index < 0 || (timesMs[index] ?? 0) <= timeMs - LOOK_BACK_MS;
  return tooOld || stale[index] === true ? [] : [{ labels, value: values[index] ?? Number.NaN }];
}

/** The window is closed at both ends, as it was before Prometheus 3. */
function rateOf(series: Series, startMs: number, endMs: number): Sample[] {
  const { timesMs, values, stale } = series;
  const indexes: number[] = [];
  for (let index = firstAfter(timesMs, startMs - 1); (timesMs[index] ?? Infinity) <= endMs; index += 1) {
    if (stale[index] !== true) indexes.push(index);
  }
  const [first, last] = [indexes[0], indexes.at(-1)];
  if (first === undefined || last === undefined || first === last) return [];
  const at = (index: number): number => values[index] ?? Number.NaN;
  let increase = at(last) - at(first);
  let previous = at(first);
  for (const index of indexes.slice(1)) {
    // A counter that went down was reset, and counted from zero since.
    if (at(index) < previous) increase += previous;
    previous = at(index);
  }
  const sampledMs = (timesMs[last] ?? 0) - (timesMs[first] ?? 0);
  const averageMs = sampledMs / (indexes.length - 1);
  const gapMs = averageMs * 1.1;
  let toStartMs = (timesMs[first] ?? 0) - startMs;
  const toEndMs = endMs - (timesMs[last] ?? 0);
  if (increase > 0 && at(first) >= 0) toStartMs = Math.min(toStartMs, sampledMs * (at(first) / increase));
  const extrapolatedMs =
    sampledMs + (toStartMs < gapMs ? toStartMs : averageMs / 2) + (toEndMs < gapMs ? toEndMs : averageMs / 2);
  const perSecond = (increase * (extrapolatedMs / sampledMs)) / ((endMs - startMs) / 1000);
  return [{ labels: without(series.labels, NAME), value: perSecond }];
}

function aggregated(operator: 'sum' | 'count', by: readonly string[], samples: readonly Sample[]): Sample[] {
  const groups = new Map<string, { labels: Labels; value: number }>();
  for (const { labels, value } of samples) {
    const group = Object.fromEntries(
      by.flatMap((label) => (labels[label] === undefined ? [] : [[label, labels[label]]])),
    );
    const key = keyOf(group);
    const sum = groups.get(key)?.value ?? 0;
    groups.set(key, { labels: group, value: sum + (operator === 'sum' ? value : 1) });
  }
  return [...groups.values()];
}

function combined(operator: ArithmeticOperator, left: Value, right: Value): Value {
  const apply = (a: number, b: number): number => calculate(operator, a, b);
  if (typeof left === 'number' && typeof right === 'number') return apply(left, right);
  const unnamed = ({ labels }: Sample): Labels => without(labels, NAME);
  if (typeof left === 'number' || typeof right === 'number') {
    const samples = typeof left === 'number' ? (right as readonly Sample[]) : left;
    const [a, b] = [typeof left === 'number' ? left : undefined, typeof right === 'number' ? right : undefined];
    return samples.map((sample) => ({ labels: unnamed(sample), value: apply(a ?? sample.value, b ?? sample.value) }));
  }
  const others = new Map<string, number>();
  for (const sample of right) {
    const key = keyOf(unnamed(sample));
    if (others.has(key))
      throw new PromqlError('many-to-many matching not allowed: matching labels must be unique on one side');
    others.set(key, sample.value);
  }
  return left.flatMap((sample) => {
    const labels = unnamed(sample);
    const other = others.get(keyOf(labels));
    return other === undefined ? [] : [{ labels, value: apply(sample.value, other) }];
  });
}

function calculate(operator: ArithmeticOperator, a: number, b: number): number {
  switch (operator) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '/':
      return a / b;
  }
}

function without(labels: Labels, name: string): Labels {
  return Object.fromEntries(Object.entries(labels).filter(([label]) => label !== name));
}
