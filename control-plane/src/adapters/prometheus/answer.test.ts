import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { parseAnswer } from './answer.ts';
import { matrix } from './scripted-prometheus.fixture.ts';

const valuesOf = (text: string): readonly number[] => {
  const answer = parseAnswer(text);
  if (answer.kind !== 'matrix') throw new Error(JSON.stringify(answer));
  return answer.series.flatMap(({ values }) => values);
};
const seriesWith = (more: unknown): string =>
  JSON.stringify({ status: 'success', data: { resultType: 'matrix', result: [more] } });

describe('parseAnswer', () => {
  it('reads series with their labels, times in milliseconds and values', () => {
    expect(
      parseAnswer(
        matrix({
          'pvc-1': [
            [1.5, '0.25'],
            [61.5, '1e+06'],
          ],
        }),
      ),
    ).toEqual({
      kind: 'matrix',
      series: [{ labels: { pv_name: 'pvc-1' }, timesMs: [1500, 61_500], values: [0.25, 1e6] }],
    });
  });

  it('keeps values that are no number apart from zero', () => {
    expect(
      valuesOf(
        matrix({
          v: [
            [1, 'NaN'],
            [2, '+Inf'],
            [3, '-Inf'],
            [4, '0'],
          ],
        }),
      ),
    ).toEqual([NaN, Infinity, -Infinity, 0]);
  });

  it.each(['', ' ', '0x10', '1,5', 'null', '1_000', '.'])('refuses the value %j, which is never zero', (value) => {
    expect(parseAnswer(matrix({ v: [[1, value]] }))).toMatchObject({ kind: 'bad' });
  });

  it.each([
    ['', 'it is empty'],
    ['<html>503</html>', 'it is not JSON'],
    ['null', 'the answer is not an object'],
    ['[]', 'the answer is not an object'],
    ['{}', 'its status is neither success nor error'],
    ['{"status":"success"}', 'data is not an object'],
    ['{"status":"success","data":{"resultType":"vector","result":[]}}', 'its result is not a matrix but "vector"'],
    ['{"status":"success","data":{"resultType":"matrix"}}', 'result is not a list'],
    ['{"status":"success","data":{"resultType":"matrix","result":[7]}}', 'a series is not an object'],
    [seriesWith({ metric: { a: 1 }, values: [] }), 'the label "a" is not a text'],
    [seriesWith({ metric: {} }), 'values is not a list'],
    [seriesWith({ metric: {}, values: [[1]] }), 'a sample is not a time and a text'],
    [seriesWith({ metric: {}, values: [['1', '1']] }), 'a sample is not a time and a text'],
    [seriesWith({ metric: {}, values: [[1, 1]] }), 'the value of a sample is not a text'],
    [
      matrix({
        v: [
          [2, '1'],
          [1, '1'],
        ],
      }),
      'the samples of a series are not in order',
    ],
    [
      matrix({
        v: [
          [1, '1'],
          [1, '1'],
        ],
      }),
      'the samples of a series are not in order',
    ],
  ])('says what is wrong with %s', (text, message) => {
    expect(parseAnswer(text)).toEqual({ kind: 'bad', message });
  });

  it('refuses what was cut off anywhere', () => {
    const whole = matrix({
      'pvc-1': [
        [1, '1'],
        [2, '2'],
      ],
    });
    for (let length = 0; length < whole.length; length += 1) {
      expect(parseAnswer(whole.slice(0, length))).toMatchObject({ kind: 'bad' });
    }
  });

  it('takes a warning for missing parts, and information for none, wherever a release puts it', () => {
    const info =
      'PromQL info: metric might not be a counter, name does not end in _total/_sum/_count/_bucket: "x" (1:2)';
    const warning = 'remote read from http://store:10901 failed';
    expect(parseAnswer(matrix({}, { infos: [info] }))).toMatchObject({ kind: 'matrix' });
    expect(parseAnswer(matrix({}, { warnings: [info, info] }))).toMatchObject({ kind: 'matrix' });
    expect(parseAnswer(matrix({}, { warnings: null }))).toMatchObject({ kind: 'matrix' });
    expect(parseAnswer(matrix({}, { warnings: [] }))).toMatchObject({ kind: 'matrix' });
    expect(parseAnswer(matrix({}, { warnings: [info, warning] }))).toEqual({ kind: 'partial', message: warning });
    expect(parseAnswer(matrix({}, { isPartial: true }))).toMatchObject({ kind: 'partial' });
    expect(parseAnswer(matrix({}, { isPartial: false }))).toMatchObject({ kind: 'matrix' });
  });

  it('takes native histograms for no numbers', () => {
    const histograms = [[1, { count: '1', sum: '2' }]];
    expect(parseAnswer(seriesWith({ metric: { pv_name: 'v' }, histograms }))).toMatchObject({
      kind: 'matrix',
      series: [{ labels: { pv_name: 'v' }, values: [] }],
    });
  });

  it('repeats the words of an error on one line, and not all of a long one', () => {
    const body = JSON.stringify({ status: 'error', errorType: 'execution', error: `many\nsamples ${'x'.repeat(999)}` });
    const answer = parseAnswer(body);
    expect(answer).toMatchObject({ kind: 'error', errorType: 'execution' });
    expect(answer.kind === 'error' && answer.message).toMatch(/^many samples x{287}$/);
  });

  it('never throws, whatever JSON it gets', () => {
    fc.assert(
      fc.property(fc.json({ depthSize: 'medium' }), (text) => {
        expect(['bad', 'error']).toContain(parseAnswer(text).kind);
      }),
    );
    fc.assert(fc.property(fc.string(), (text) => void parseAnswer(text)));
  });

  it('never makes a number of what is none, whatever stands in the place of a part', () => {
    const envelope = {
      status: 'success',
      data: { resultType: 'matrix', result: [{ metric: {}, values: [[1, '5']] }] },
    };
    const whole = JSON.stringify(envelope);
    const part = fc.constantFrom('"success"', '"matrix"', '[[1,"5"]]', '[1,"5"]', '1', '"5"', '{}');
    fc.assert(
      fc.property(part, fc.json(), (old, json) => {
        const answer = parseAnswer(whole.replace(old, () => json));
        if (answer.kind !== 'matrix') return;
        const values = answer.series.flatMap((series) => series.values);
        const strings = json.match(/"[^"]*"/g)?.map((quoted) => Number(quoted.slice(1, -1))) ?? [];
        for (const value of values) expect(Number.isNaN(value) || [5, ...strings].includes(value)).toBe(true);
      }),
    );
  });

  it('gives back every series that it is given', () => {
    const point = fc.tuple(fc.integer({ min: 0, max: 4e9 }), fc.double({ noNaN: true, noDefaultInfinity: true }));
    const series = fc.uniqueArray(point, { selector: ([time]) => time });
    fc.assert(
      fc.property(series, (points) => {
        const sorted = points.toSorted(([left], [right]) => left - right);
        const text = matrix({ v: sorted.map(([time, value]) => [time, String(value)]) });
        expect(valuesOf(text)).toEqual(sorted.map(([, value]) => Number(String(value))));
      }),
    );
  });
});
