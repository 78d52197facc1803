import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { lossTable, MAX_COUNTED_PATTERNS } from './loss-table.ts';
import { localGroupsOf, lrcParity } from './lrc.ts';
import { at, rank, selectRows } from './matrix.ts';
import { createScheme } from './scheme.ts';
import { schemeNamed, subsetsOf } from './schemes.fixture.ts';

const isDecodable = (name: string, lost: readonly number[]): boolean => {
  const scheme = schemeNamed(name);
  const left = [...Array(scheme.totalShards).keys()].filter((shard) => !lost.includes(shard));
  return rank(selectRows(scheme.generator, left)) === scheme.dataShards;
};

describe('local groups', () => {
  it('are neighbours of equal size', () => {
    expect(localGroupsOf({ dataShards: 12, localGroups: 2 })).toEqual([
      { firstDataShard: 0, dataShards: 6, parityShard: 12 },
      { firstDataShard: 6, dataShards: 6, parityShard: 13 },
    ]);
  });

  it('differ by one where they cannot be equal, the larger first', () => {
    const groups = localGroupsOf({ dataShards: 11, localGroups: 3 });
    expect(groups.map(({ firstDataShard, dataShards }) => [firstDataShard, dataShards])).toEqual([
      [0, 4],
      [4, 4],
      [8, 3],
    ]);
  });

  it('have the exclusive or of their data as parity', () => {
    const parity = lrcParity({ dataShards: 5, localGroups: 2, globalParities: 1 });
    expect([...parity.coefficients.subarray(0, 10)]).toEqual([1, 1, 1, 0, 0, 0, 0, 0, 1, 1]);
  });
});

describe('the coefficients of global parities', () => {
  it('are never zero, and differ within each row and from those of the group', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 20 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 60 }),
        (l, g, more) => {
          const shape = { dataShards: 2 * l + more, localGroups: l, globalParities: g };
          const parity = lrcParity(shape);
          for (let row = l; row < l + g; row += 1) {
            const coefficients = Array.from({ length: parity.columns }, (_, column) => at(parity, row, column));
            expect(new Set([0, 1, ...coefficients]).size).toBe(parity.columns + 2);
          }
        },
      ),
      { numRuns: 60 },
    );
  });
});

describe('the loss table', () => {
  it('of Reed-Solomon is full up to m', () => {
    expect(lossTable(schemeNamed('4+2'))).toEqual([
      { losses: 1, share: 1 },
      { losses: 2, share: 1 },
    ]);
  });

  it('of LRC 12+2+2: any three, and 86.2 % of four', () => {
    expect(lossTable(schemeNamed('LRC 12+2+2'))).toEqual([
      { losses: 1, share: 1, counted: { patterns: 16, decodable: 16, possible: 16 } },
      { losses: 2, share: 1, counted: { patterns: 120, decodable: 120, possible: 120 } },
      { losses: 3, share: 1, counted: { patterns: 560, decodable: 560, possible: 560 } },
      { losses: 4, share: 1568 / 1820, counted: { patterns: 1820, decodable: 1568, possible: 1568 } },
    ]);
  });

  it.each(['LRC 4+2+1', 'LRC 6+2+2', 'LRC 8+2+2', 'LRC 7+3+2', 'LRC 6+2+3'])(
    'of %s is what the rank of the generator says',
    (name) => {
      const scheme = schemeNamed(name);
      for (const { losses, counted } of lossTable(scheme)) {
        let decodable = 0;
        for (const lost of subsetsOf(scheme.totalShards, losses)) decodable += Number(isDecodable(name, lost));
        expect([losses, counted!.decodable]).toEqual([losses, decodable]);
      }
      // More losses than parity shards leave less than k shards.
      expect(isDecodable(name, [...Array(scheme.parityShards + 1).keys()])).toBe(false);
    },
  );

  it.each([
    ...['LRC 4+2+1', 'LRC 12+4+1', 'LRC 4+2+2', 'LRC 6+2+2', 'LRC 8+2+2', 'LRC 10+2+2', 'LRC 12+2+2', 'LRC 12+3+2'],
    ...['LRC 14+2+2', 'LRC 15+3+2', 'LRC 16+4+2', 'LRC 20+4+2', 'LRC 10+3+2', 'LRC 28+2+2'],
    ...[
      'LRC 6+2+3',
      'LRC 8+2+3',
      'LRC 10+2+3',
      'LRC 12+2+3',
      'LRC 14+2+3',
      'LRC 9+3+3',
      'LRC 12+3+3',
      'LRC 8+4+3',
      'LRC 12+4+3',
    ],
    ...['LRC 6+2+4', 'LRC 8+2+4', 'LRC 10+2+4'],
  ])('of %s is that of the best code with these groups (maximally recoverable)', (name) => {
    for (const { losses, counted } of lossTable(schemeNamed(name))) {
      expect([losses, counted!.decodable]).toEqual([losses, counted!.possible]);
    }
  });

  it.each(['LRC 16+2+3', 'LRC 15+3+3', 'LRC 16+4+3', 'LRC 12+2+4', 'LRC 16+4+4'])(
    'of %s is within half a percent of that',
    (name) => {
      for (const { counted } of lossTable(schemeNamed(name))) {
        expect(counted!.decodable / counted!.possible).toBeGreaterThan(0.995);
      }
    },
  );

  it('counts up to a limit and never guesses beyond', () => {
    const scheme = schemeNamed('LRC 36+6+3');
    const table = lossTable(scheme);
    expect(table.map(({ losses }) => losses)).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9]);
    const counted = table.filter((row) => row.counted !== undefined);
    expect(counted.reduce((sum, row) => sum + row.counted!.patterns, 0)).toBeLessThanOrEqual(MAX_COUNTED_PATTERNS);
    expect(counted.map(({ losses }) => losses)).toEqual([1, 2, 3, 4, 5]);
    expect(table.slice(5)).toEqual([6, 7, 8, 9].map((losses) => ({ losses, share: undefined })));
  });

  it('gives what is guaranteed a share of 1, counted or not', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 2, max: 4 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 9 }),
        (l, g, more) => {
          const scheme = createScheme({ kind: 'lrc', dataShards: 2 * l + more, localGroups: l, globalParities: g });
          const table = lossTable(scheme);
          const full = table.findIndex(({ share }) => share !== 1);
          expect(full < 0 ? scheme.parityShards : full).toBe(scheme.guaranteedLosses);
        },
      ),
      { numRuns: 25 },
    );
    const wide = schemeNamed('LRC 200+4+6');
    expect(
      lossTable(wide)
        .filter(({ share }) => share === 1)
        .map(({ losses }) => losses),
    ).toEqual([1, 2, 3, 4, 5, 6, 7]);
  });
});
