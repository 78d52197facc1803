import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from '@couchestor/common/base';
import { Place } from './json-fields.ts';
import type { Json } from './mayastor.fixture.ts';
import { readRebuildHistory } from './read-rebuild-history.ts';

const REPLICA = '03f0c3f1-4d3e-44e5-b768-4c50e53f7a34';
const OTHER = 'a76adcd6-9df0-47a1-90a5-2d5bf4151572';
const PATH = '/v0/volumes/v/rebuild-history';

const record = (changes: Json = {}): Json => ({
  childUri: `nvmf://10.1.0.5:8420/nqn.2019-05.io.openebs:${REPLICA}?uuid=${REPLICA}`,
  srcUri: `bdev:///${OTHER}?uuid=${OTHER}`,
  rebuildJobState: 'Completed',
  blocksTotal: 1000,
  blocksRecovered: 900,
  blocksTransferred: 800,
  blocksRemaining: 100,
  blockSize: 512,
  isPartial: false,
  startTime: '2023-06-20T07:25:25.974218428Z',
  endTime: '2023-06-20T07:26:25.975338717Z',
  ...changes,
});

const read = (value: unknown) => readRebuildHistory(value, new Place(PATH), [OTHER, REPLICA]);
const readOne = (changes: Json) => read({ targetUuid: 't', records: [record(changes)] })[0];

describe('a record of a rebuild', () => {
  it('says which replica, how far, and from when to when', () => {
    expect(readOne({})).toEqual({
      replicaId: REPLICA,
      state: 'Completed',
      totalBytes: 512_000,
      recoveredBytes: 460_800,
      startedAtMs: Date.parse('2023-06-20T07:25:25.974Z'),
      endedAtMs: Date.parse('2023-06-20T07:26:25.975Z'),
    });
  });

  it.each([
    [`bdev:///${REPLICA}?uuid=${REPLICA}`, REPLICA],
    [`nvmf://10.1.0.5:8420/nqn.2019-05.com.org:${OTHER.toUpperCase()}`, OTHER],
    ['nvmf://10.1.0.5:8420/nqn.2019-05.com.org:37d83441-e8ef-4e17-a29e-25169d91cb96', undefined],
  ])('of the child %s is that of replica %s', (childUri, replicaId) => {
    expect(readOne({ childUri })?.replicaId).toBe(replicaId);
  });

  it.each([
    ['Init', 'Running', false],
    ['Rebuilding', 'Running', false],
    ['Paused', 'Paused', false],
    ['Stopped', 'Stopped', true],
    ['Failed', 'Failed', true],
    ['Frozen', 'Unknown', true],
    [undefined, 'Unknown', true],
  ])('in state %s is %s', (rebuildJobState, state, hasEnded) => {
    const { state: read, endedAtMs } = readOne({ rebuildJobState }) ?? {};
    expect([read, endedAtMs !== undefined]).toEqual([state, hasEnded]);
  });

  it('may have no end, and what only later releases know', () => {
    expect(readOne({ endTime: null, more: 1 })?.endedAtMs).toBeUndefined();
  });

  it.each([
    ['childUri', undefined],
    ['blocksTotal', -1],
    ['blocksRecovered', '7'],
    ['blockSize', null],
    ['startTime', undefined],
    ['startTime', 'yesterday'],
    ['startTime', '7'],
    ['endTime', 'never'],
    ['endTime', 7],
  ])('is refused when its %s is %j', (field, value) => {
    const fields = expect.objectContaining({ path: PATH, field: `records[0].${field}` });
    const expected = { code: 'unsupported', fields };
    expect(() => readOne({ [field]: value })).toThrow(expect.objectContaining(expected));
  });
});

it('a history without records is empty, and one that is none is refused', () => {
  expect(read({ targetUuid: 't', records: [] })).toEqual([]);
  for (const value of [[], {}, null, { records: {} }, { records: [7] }])
    expect(() => read(value)).toThrow(CoucheStorError);
});

it('whatever a server says is read as facts that hold, or refused', () => {
  const wild = fc.oneof(fc.jsonValue(), fc.constant(undefined));
  const fields = fc.constantFrom(...Object.keys(record()));
  const changed = fc
    .array(fc.tuple(fields, wild), { maxLength: 3 })
    .map((changes) => record(Object.fromEntries(changes)));
  const answer = fc.oneof(wild, fc.record({ records: fc.oneof(wild, fc.array(changed, { maxLength: 4 })) }));
  const outcomes = new Set<string>();
  fc.assert(
    fc.property(answer, (value) => {
      let records: ReturnType<typeof read>;
      try {
        records = read(value);
      } catch (error) {
        expect(error).toMatchObject({ code: 'unsupported', fields: { path: PATH } });
        outcomes.add('refused');
        return;
      }
      outcomes.add('read');
      for (const { totalBytes, recoveredBytes, startedAtMs, endedAtMs, state } of records) {
        expect(totalBytes).toBeGreaterThanOrEqual(0);
        expect(recoveredBytes).toBeGreaterThanOrEqual(0);
        expect(Number.isFinite(startedAtMs)).toBe(true);
        if (endedAtMs !== undefined) expect(Number.isFinite(endedAtMs)).toBe(true);
        if (state === 'Running') expect(endedAtMs).toBeUndefined();
      }
    }),
    { numRuns: 1000 },
  );
  expect([...outcomes].sort()).toEqual(['read', 'refused']);
});
