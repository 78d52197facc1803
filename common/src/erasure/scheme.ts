/**
 * Which shards a stripe has and how each comes from the data: a validated scheme with its generator matrix. Shards are numbered
 * data first, then local parities group by group, then the others. A matrix id with its version names the coefficients for
 * ever: what was written under an id is read under it, and other coefficients get another version.
 */
import { assertInvariant, CoucheStorError } from '../base/errors.ts';
import { invalid } from '../base/invalid.ts';
import { MAX_SHARDS } from './engine-arguments.ts';
import { localGroupsOf, lrcParity, type LocalGroup } from './lrc.ts';
import { LruMap } from './lru-map.ts';
import { at, identity, matrixOf, stack, type Matrix } from './matrix.ts';
import { reedSolomonParity } from './reed-solomon.ts';
import { checkSquareSubmatrices } from './square-submatrices.ts';

/** The largest stripe that a policy may ask for; the field would allow MAX_SHARDS. */
export const MAX_POLICY_SHARDS = 32;

export const MATRIX_IDS = { reedSolomon: 'rs-cauchy1/1', lrc: 'lrc-cauchy1/1' } as const;
export type MatrixId = (typeof MATRIX_IDS)[keyof typeof MATRIX_IDS];

export interface ReedSolomonParameters {
  readonly kind: 'reedSolomon';
  readonly dataShards: number;
  readonly parityShards: number;
}

export interface LrcParameters {
  readonly kind: 'lrc';
  readonly dataShards: number;
  /** Each has at least two data shards and one local parity. */
  readonly localGroups: number;
  readonly globalParities: number;
}

export type SchemeParameters = ReedSolomonParameters | LrcParameters;

export interface ErasureScheme {
  readonly parameters: SchemeParameters;
  /** For people: `4+2`, `LRC 12+2+2`. */
  readonly name: string;
  readonly matrixId: MatrixId;
  readonly dataShards: number;
  /** Local and global ones together. */
  readonly parityShards: number;
  readonly totalShards: number;
  /** Empty for Reed-Solomon. */
  readonly localGroups: readonly LocalGroup[];
  /** Of totalShards rows; the first dataShards are the identity. */
  readonly generator: Matrix;
  /** The rows of the generator that are not the identity. */
  readonly parity: Matrix;
  /** Any so many shards may be lost: the distance of the code, less one. The "m" of a policy. */
  readonly guaranteedLosses: number;
}

/** What a stripe keeps about its scheme. */
export interface SchemeRecord {
  readonly matrixId: string;
  readonly dataShards: number;
  readonly parityShards: number;
  /** 0 for Reed-Solomon. */
  readonly localGroups: number;
}

/** By name; whoever reads many stripes asks for few schemes again and again, and minors take milliseconds. */
const madeSchemes = new LruMap<string, ErasureScheme>(64);

/**
 * The scheme may be one that was made before: nobody writes to its matrices.
 * @throws CoucheStorError `invalid`, naming the field, when there is no such scheme or it has more shards than `maxShards`.
 */
export function createScheme(parameters: SchemeParameters, maxShards = MAX_SHARDS): ErasureScheme {
  return parameters.kind === 'lrc' ? lrcScheme(parameters, maxShards) : reedSolomonScheme(parameters, maxShards);
}

function reedSolomonScheme(parameters: ReedSolomonParameters, maxShards: number): ErasureScheme {
  const { dataShards, parityShards } = parameters;
  checkCount('dataShards', dataShards, 1);
  checkCount('parityShards', parityShards, 1);
  checkTotal(dataShards + parityShards, maxShards);
  const name = `${dataShards}+${parityShards}`;
  return madeSchemes.getOrMake(name, () => {
    const parity = reedSolomonParity(dataShards, parityShards);
    assertMinors(parity);
    return {
      ...common(parameters, parity),
      name,
      matrixId: MATRIX_IDS.reedSolomon,
      localGroups: [],
      guaranteedLosses: parityShards,
    };
  });
}

function lrcScheme(parameters: LrcParameters, maxShards: number): ErasureScheme {
  const { dataShards, localGroups, globalParities } = parameters;
  checkCount('dataShards', dataShards, 1);
  checkCount('localGroups', localGroups, 2, 'use Reed-Solomon where there is one group');
  checkCount('globalParities', globalParities, 1);
  if (dataShards < 2 * localGroups) {
    throw invalid('localGroups', String(localGroups), {
      fault: `groups have less than two of ${dataShards} data shards each`,
      remedy: 'have fewer groups or more data shards',
    });
  }
  checkTotal(dataShards + localGroups + globalParities, maxShards);
  const name = `LRC ${dataShards}+${localGroups}+${globalParities}`;
  return madeSchemes.getOrMake(name, () => {
    const parity = lrcParity(parameters);
    assertMinors(localParitiesAdded(parity, localGroups));
    return {
      ...common(parameters, parity),
      name,
      matrixId: MATRIX_IDS.lrc,
      localGroups: localGroupsOf(parameters),
      guaranteedLosses: globalParities + 1,
    };
  });
}

function common(
  parameters: SchemeParameters,
  parity: Matrix,
): Pick<ErasureScheme, 'parameters' | 'dataShards' | 'parityShards' | 'totalShards' | 'generator' | 'parity'> {
  const { dataShards } = parameters;
  return {
    parameters: { ...parameters },
    dataShards,
    parityShards: parity.rows,
    totalShards: dataShards + parity.rows,
    generator: stack(identity(dataShards), parity),
    parity,
  };
}

/**
 * The code that reads the sum of all local parities in place of each: if it bears g + 1 losses, so does the one that has them
 * all.
 */
function localParitiesAdded(parity: Matrix, localGroups: number): Matrix {
  return matrixOf(parity.rows - localGroups + 1, parity.columns, (row, column) =>
    row === 0 ? 1 : at(parity, localGroups + row - 1, column),
  );
}

/** Counts where they can be counted; beyond, the proofs beside the matrices hold. */
function assertMinors(parity: Matrix): void {
  assertInvariant(
    checkSquareSubmatrices(parity).kind !== 'singular',
    'every square submatrix of a parity block is regular',
  );
}

function checkCount(field: string, count: number, least: number, remedy?: string): void {
  if (Number.isInteger(count) && count >= least && count < MAX_SHARDS) return;
  throw invalid(field, String(count), {
    fault: `is not a number of shards from ${least} to ${MAX_SHARDS - 1}`,
    remedy: remedy ?? `write a whole number of at least ${least}`,
  });
}

function checkTotal(total: number, maxShards: number): void {
  if (total <= maxShards) return;
  throw invalid('totalShards', String(total), {
    fault: `shards are more than the ${maxShards} of the largest stripe`,
    remedy: 'have fewer data or parity shards',
  });
}

export function recordOfScheme(scheme: ErasureScheme): SchemeRecord {
  const { matrixId, dataShards, parityShards, localGroups } = scheme;
  return { matrixId, dataShards, parityShards, localGroups: localGroups.length };
}

/**
 * The scheme that a stripe was written with.
 * @throws CoucheStorError `unsupported` for a matrix id that this version does not know, `invalid` for impossible numbers.
 */
export function schemeOfRecord(record: SchemeRecord): ErasureScheme {
  const { matrixId, dataShards, parityShards, localGroups } = record;
  if (matrixId === MATRIX_IDS.reedSolomon) {
    if (localGroups !== 0) {
      throw invalid('localGroups', String(localGroups), {
        fault: `does not go with ${matrixId}, which has no groups`,
        remedy: 'take the record from an intact shard of the stripe',
      });
    }
    return createScheme({ kind: 'reedSolomon', dataShards, parityShards });
  }
  if (matrixId === MATRIX_IDS.lrc) {
    return createScheme({ kind: 'lrc', dataShards, localGroups, globalParities: parityShards - localGroups });
  }
  const unknown = invalid('matrixId', matrixId, {
    fault: 'names no matrix of this version, so nothing written with it can be decoded',
    remedy: `run a version that knows it (this one knows ${Object.values(MATRIX_IDS).join(' and ')}); leave the shards as they are`,
  });
  throw new CoucheStorError('unsupported', unknown.message, { fields: unknown.fields });
}
