/** Large answers, which are read series by series: the same as `parseAnswer()`, which is the oracle here, and in portions. */
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { LARGE_ANSWER_BYTES, parseAnswer, readAnswer, type Answer } from './answer.ts';
import { findResultList } from './result-list.ts';
import { matrix } from './scripted-prometheus.fixture.ts';

const go = (): Promise<void> => Promise.resolve();
/** White space is JSON as well, and makes any answer a large one; the odd length moves the ends of the portions. */
const padding = Buffer.alloc(LARGE_ANSWER_BYTES - 7, ' ');
const large = (text: string): Buffer => Buffer.concat([padding, Buffer.from(text)]);
const read = (text: string): Promise<Answer> => readAnswer(large(text), go);

const value = fc.constantFrom('0', '1.5', 'NaN', '+Inf', '1e+06', 'x', '', ']', '}', ',', '"', '\\', '\\"', 'ü');
const name = fc.constantFrom('pvc-1', 'pvc-2', '"result":[', 'a"b', 'a\\', '[{,}]', 'ä', '');
const series = fc.record({
  metric: fc.record({ pv_name: name }),
  values: fc.array(fc.tuple(fc.integer({ min: 0, max: 9 }), value), { maxLength: 3 }),
});
const answer = fc.record(
  {
    result: fc.constantFrom(7, [1], [[1], { result: [2] }]),
    status: fc.constantFrom('success', 'success', 'error'),
    data: fc.record(
      {
        resultType: fc.constantFrom('matrix', 'matrix', 'vector'),
        analysis: fc.constantFrom({ result: [1] }, [{ result: [{}] }]),
        result: fc.oneof(fc.array(series, { maxLength: 4 }), fc.jsonValue()),
      },
      { requiredKeys: ['resultType', 'result'] },
    ),
    warnings: fc.array(name, { maxLength: 1 }),
  },
  { requiredKeys: ['status', 'data'] },
);
const indent = fc.constantFrom(undefined, 1, '\t');
const text = fc.tuple(answer, indent).map(([body, space]) => JSON.stringify(body, undefined, space));

describe('a large answer', () => {
  it('means what it means when it is parsed at once', async () => {
    await fc.assert(
      fc.asyncProperty(text, async (body) => {
        expect(await read(body)).toEqual(parseAnswer(body));
      }),
      { numRuns: 100 },
    );
  });

  it('has its list found, whatever the names in it and whatever stands before it', async () => {
    const before = fc.record({ stats: fc.constantFrom([[1], { a: [] }], { results: [1] }, { result: { a: 1 } }) });
    await fc.assert(
      fc.asyncProperty(before, fc.array(series, { minLength: 1 }), indent, async (data, result, space) => {
        const body = JSON.stringify({ status: 'success', data: { ...data, result } }, undefined, space);
        const list = await findResultList(Buffer.from(body), go);
        const elements = Array.from({ length: list?.elementCount ?? 0 }, (_, index) => list?.element(index) ?? '');
        expect(elements.map((element) => JSON.parse(element) as unknown)).toEqual(result);
        expect(JSON.parse(list?.envelope ?? '')).toEqual({
          status: 'success',
          data: { ...data, result: list?.marker },
        });
      }),
    );
  });

  it('that was changed anywhere means no more than when it is parsed at once', async () => {
    const piece = fc.constantFrom('', '[', ']', '{', '}', ',', '"', '\\', ':', ' ', '0', '"result":[', ']}', '},{');
    const edit = fc.record({ at: fc.double({ min: 0, max: 1, noNaN: true }), length: fc.nat({ max: 3 }), piece });
    await fc.assert(
      fc.asyncProperty(text, edit, async (whole, { at, length, piece: inserted }) => {
        const start = Math.floor(at * whole.length);
        const body = whole.slice(0, start) + inserted + whole.slice(start + length);
        const [ours, theirs] = [await read(body), parseAnswer(body)];
        // An error that is not read to its end is one all the same; what becomes heat is exactly what is there.
        if (ours.kind === 'matrix' || theirs.kind === 'matrix') expect(ours).toEqual(theirs);
      }),
      { numRuns: 200 },
    );
  });

  it.each([
    [
      'with the list under a repeated key',
      '{"status":"success","data":{"result":[7]},"data":{"resultType":"matrix","result":[]}}',
    ],
    ['with the list closed by a brace', '{"status":"success","data":{"resultType":"matrix","result":[}}}'],
    ['with an element missing', '{"status":"success","data":{"resultType":"matrix","result":[,]}}'],
    ['with white space for a list', '{"status":"success","data":{"resultType":"matrix","result" : [ \n ]}}'],
    ['with a list elsewhere', '{"other":{"result":[1]},"status":"success","data":{"resultType":"matrix","result":[]}}'],
    ['with two lists side by side', '{"status":"success","data":{"resultType":"matrix","result":[][]}}'],
    ['with something behind it', '{"status":"success","data":{"resultType":"matrix","result":[]}} x'],
    ['of spaces', ' '],
  ])('%s is no other than a small one', async (_, body) => {
    expect(await read(body)).toEqual(parseAnswer(body));
  });

  it('that was cut off anywhere is refused', async () => {
    const whole = matrix({ 'pvc-1': [[1, '1']], 'pvc-2': [[2, '2']] });
    for (let length = 0; length < whole.length; length += 1) {
      expect(await read(whole.slice(0, length))).toMatchObject({ kind: 'bad' });
    }
  });

  it('leaves turns to others: when its list is looked for, and while its series are read', async () => {
    const samples = Array.from({ length: 1_000 }, (_, index) => [index, '12.345678901234'] as const);
    const body = Buffer.from(
      matrix(Object.fromEntries(Array.from({ length: 200 }, (_, volume) => [`pvc-${volume}`, samples]))),
    );
    const pauses = { scan: 0, whole: 0 };
    await findResultList(body, () => Promise.resolve(void (pauses.scan += 1)));
    const result = await readAnswer(body, () => Promise.resolve(void (pauses.whole += 1)));
    expect(result.kind === 'matrix' && result.series.length).toBe(200);
    const portions = Math.floor(body.length / LARGE_ANSWER_BYTES);
    expect(portions).toBeGreaterThan(3);
    expect(pauses.scan).toBe(portions);
    expect(pauses.whole).toBeGreaterThanOrEqual(2 * portions - 1);
  });

  it('is given up as soon as a pause says so', async () => {
    const stop = (): Promise<void> => Promise.reject(new Error('given up'));
    const body = Buffer.concat([large(matrix({})), padding]);
    await expect(readAnswer(body, stop)).rejects.toThrow('given up');
  });
});
