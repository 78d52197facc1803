import { createHash } from 'node:crypto';
import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError } from '../base/errors.ts';
import { lrcParity } from './lrc.ts';
import { identity, rank, selectRows, type Matrix } from './matrix.ts';
import { reedSolomonParity } from './reed-solomon.ts';
import {
  createScheme,
  MAX_POLICY_SHARDS,
  recordOfScheme,
  schemeOfRecord,
  type SchemeParameters,
  type SchemeRecord,
} from './scheme.ts';
import { schemeNamed } from './schemes.fixture.ts';

const numbers = fc.oneof(
  fc.integer({ min: -2, max: 40 }),
  fc.integer({ min: 240, max: 260 }),
  fc.constantFrom(NaN, Infinity, 1.5, -0, 2 ** 53),
);
const anyParameters: fc.Arbitrary<SchemeParameters> = fc.oneof(
  fc.record({ kind: fc.constant('reedSolomon' as const), dataShards: numbers, parityShards: numbers }),
  fc.record({ kind: fc.constant('lrc' as const), dataShards: numbers, localGroups: numbers, globalParities: numbers }),
);

describe('a scheme', () => {
  it('of Reed-Solomon', () => {
    expect(schemeNamed('4+2')).toMatchObject({
      name: '4+2',
      matrixId: 'rs-cauchy1/1',
      dataShards: 4,
      parityShards: 2,
      totalShards: 6,
      localGroups: [],
      guaranteedLosses: 2,
    });
  });

  it('is made once, and refused as before when it was', () => {
    const parameters = { kind: 'reedSolomon' as const, dataShards: 10, parityShards: 10 };
    const scheme = createScheme(parameters);
    parameters.dataShards = 9;
    expect(schemeOfRecord(recordOfScheme(scheme))).toBe(scheme);
    expect(createScheme({ kind: 'reedSolomon', dataShards: 10, parityShards: 10 })).toBe(scheme);
    expect(scheme.parameters).toEqual({ kind: 'reedSolomon', dataShards: 10, parityShards: 10 });
    expect(() => createScheme(scheme.parameters, 19)).toThrow(/^totalShards: "20"/);
    const groups = { kind: 'lrc', dataShards: 10, localGroups: 5, globalParities: 5 } as const;
    expect(createScheme({ ...groups })).toBe(createScheme(groups));
  });

  it('with local groups guarantees its distance less one', () => {
    expect(schemeNamed('LRC 12+2+2')).toMatchObject({
      name: 'LRC 12+2+2',
      matrixId: 'lrc-cauchy1/1',
      parityShards: 4,
      totalShards: 16,
      guaranteedLosses: 3,
    });
  });

  it('is systematic, whatever its parameters, and impossible parameters are refused with field and remedy', () => {
    fc.assert(
      fc.property(anyParameters, (parameters) => {
        let scheme;
        try {
          scheme = createScheme(parameters);
        } catch (thrown) {
          expect(thrown).toBeInstanceOf(CoucheStorError);
          expect(thrown).toMatchObject({ code: 'invalid', retryable: false });
          expect((thrown as CoucheStorError).fields.field).toMatch(
            /^(dataShards|parityShards|localGroups|globalParities|totalShards)$/,
          );
          expect((thrown as CoucheStorError).message).toMatch(/; (write|have|use) .*\.$/);
          return;
        }
        expect(scheme.totalShards).toBeLessThanOrEqual(255);
        const shards = [...Array(scheme.dataShards).keys()];
        expect(selectRows(scheme.generator, shards)).toEqual(identity(scheme.dataShards));
        expect(scheme.generator.rows).toBe(scheme.totalShards);
        expect(schemeOfRecord(recordOfScheme(scheme))).toEqual(scheme);
      }),
      { numRuns: 120 },
    );
  });

  it('survives the loss of any shards up to its guarantee', () => {
    const names = ['1+1', '1+254', '254+1', '127+128', '200+55', 'LRC 200+5+10', 'LRC 4+2+200', 'LRC 40+20+3'];
    fc.assert(
      fc.property(fc.constantFrom(...names), fc.infiniteStream(fc.nat()), (name, random) => {
        const scheme = schemeNamed(name);
        const left = [...Array(scheme.totalShards).keys()];
        for (let lost = 0; lost < scheme.guaranteedLosses; lost += 1) {
          left.splice((random.next().value as number) % left.length, 1);
        }
        expect([name, rank(selectRows(scheme.generator, left))]).toEqual([name, scheme.dataShards]);
      }),
      { numRuns: 16 },
    );
  });

  it.each([
    [{ kind: 'reedSolomon', dataShards: 0, parityShards: 2 }, 'dataShards'],
    [{ kind: 'reedSolomon', dataShards: 4, parityShards: 0 }, 'parityShards'],
    [{ kind: 'reedSolomon', dataShards: 200, parityShards: 56 }, 'totalShards'],
    [{ kind: 'lrc', dataShards: 4, localGroups: 1, globalParities: 2 }, 'localGroups'],
    [{ kind: 'lrc', dataShards: 5, localGroups: 3, globalParities: 2 }, 'localGroups'],
    [{ kind: 'lrc', dataShards: 12, localGroups: 2, globalParities: 0 }, 'globalParities'],
  ] as const)('cannot be %j: %s', (parameters, field) => {
    expect(() => createScheme(parameters)).toThrow(
      expect.objectContaining({ code: 'invalid', fields: expect.objectContaining({ field }) }),
    );
  });

  it('of a policy has a lower limit', () => {
    expect(createScheme({ kind: 'reedSolomon', dataShards: 28, parityShards: 4 }, MAX_POLICY_SHARDS).totalShards).toBe(
      32,
    );
    expect(() => createScheme({ kind: 'reedSolomon', dataShards: 29, parityShards: 4 }, MAX_POLICY_SHARDS)).toThrow(
      'totalShards: "33" shards are more than the 32 of the largest stripe; have fewer data or parity shards.',
    );
    expect(() =>
      createScheme({ kind: 'lrc', dataShards: 28, localGroups: 3, globalParities: 2 }, MAX_POLICY_SHARDS),
    ).toThrow('totalShards');
  });
});

describe('the matrices of stored stripes never change', () => {
  const digestOf = (matrices: Iterable<Matrix>): string => {
    const hash = createHash('sha256');
    for (const { rows, columns, coefficients } of matrices) hash.update(`${rows}x${columns}:`).update(coefficients);
    return hash.digest('hex');
  };

  function* reedSolomonMatrices(): Generator<Matrix> {
    for (let total = 2; total <= MAX_POLICY_SHARDS; total += 1) {
      for (let k = 1; k < total; k += 1) yield reedSolomonParity(k, total - k);
    }
  }

  function* lrcMatrices(): Generator<Matrix> {
    for (let localGroups = 2; localGroups <= 10; localGroups += 1) {
      for (let dataShards = 2 * localGroups; dataShards + localGroups < MAX_POLICY_SHARDS; dataShards += 1) {
        for (let globals = 1; dataShards + localGroups + globals <= MAX_POLICY_SHARDS; globals += 1) {
          yield lrcParity({ dataShards, localGroups, globalParities: globals });
        }
      }
    }
  }

  it('rs-cauchy1/1, of all schemes that a policy may name', () => {
    expect(digestOf(reedSolomonMatrices())).toBe('8fd5c06b2e85eb90f2773a6e0c4e1c46e64d76fa49446b3bf2410d9bd4816016');
  });

  it('lrc-cauchy1/1, of all schemes that a policy may name', () => {
    expect(digestOf(lrcMatrices())).toBe('4659f3056bf46f8dc9de88c4b4a7bab546bf21a44d6ca2c55119560493b03e78');
  });
});

describe('the record of a scheme', () => {
  it('pitfall 2: names matrix, version and numbers, and gives the scheme back', () => {
    expect(recordOfScheme(schemeNamed('9+3'))).toEqual({
      matrixId: 'rs-cauchy1/1',
      dataShards: 9,
      parityShards: 3,
      localGroups: 0,
    });
    const record = recordOfScheme(schemeNamed('LRC 10+2+3'));
    expect(record).toEqual({ matrixId: 'lrc-cauchy1/1', dataShards: 10, parityShards: 5, localGroups: 2 });
    expect(schemeOfRecord(record).name).toBe('LRC 10+2+3');
  });

  it.each(['rs-cauchy1/2', 'rs-vandermonde/1', '', 'RS-CAUCHY1/1', 'toString', 'rs-cauchy1/1 '])(
    'refuses the matrix %j',
    (matrixId) => {
      expect(() => schemeOfRecord({ matrixId, dataShards: 4, parityShards: 2, localGroups: 0 })).toThrow(
        expect.objectContaining({
          code: 'unsupported',
          retryable: false,
          fields: { field: 'matrixId', value: JSON.stringify(matrixId) },
          message: expect.stringContaining('run a version that knows it') as unknown,
        }),
      );
    },
  );

  it('of any content gives a scheme or a typed error', () => {
    const anything = fc.oneof(numbers, fc.constantFrom<unknown>(undefined, null, '4', [], {}, true));
    const records = fc.record({
      matrixId: fc.constantFrom('rs-cauchy1/1', 'lrc-cauchy1/1', 'other/1'),
      dataShards: anything,
      parityShards: anything,
      localGroups: fc.oneof(fc.constant(0), anything),
    });
    fc.assert(
      fc.property(records, (record) => {
        try {
          expect(JSON.stringify(recordOfScheme(schemeOfRecord(record as SchemeRecord)))).toBe(JSON.stringify(record));
        } catch (thrown) {
          if (!(thrown instanceof CoucheStorError)) throw thrown;
          expect(thrown.code).toMatch(/^(invalid|unsupported)$/);
        }
      }),
      { numRuns: 300 },
    );
  });

  it('refuses numbers that do not go with the matrix', () => {
    const record = { matrixId: 'rs-cauchy1/1', dataShards: 4, parityShards: 2, localGroups: 2 };
    expect(() => schemeOfRecord(record)).toThrow(/^localGroups: "2" does not go with rs-cauchy1\/1/);
    expect(() => schemeOfRecord({ ...record, matrixId: 'lrc-cauchy1/1' })).toThrow(/^globalParities: "0"/);
    expect(() => schemeOfRecord({ ...record, localGroups: 0, dataShards: 0 })).toThrow(/^dataShards/);
  });
});
