/**
 * The parity block of a locally repairable code: k data shards in l groups, a local parity for each group, g global parities.
 * Local parities are the exclusive or of their group; global parity t has the coefficient (x₀ + yⱼ) / (xₜ + yⱼ) for data shard
 * j.
 *
 * Distance: were all local parities added up, this would be the Cauchy matrix 1 / (xₜ + yⱼ) of g + 1 rows, each column scaled
 * by x₀ + yⱼ; so all its minors differ from zero, and any g + 1 losses could be decoded from the sum of the local parities
 * alone. They can then be decoded from the single ones as well. g + 2 is also the highest distance that local groups allow
 * (Gopalan et al., "On the locality of codeword symbols").
 *
 * Beyond the distance: the most that any such code can decode is every pattern in which the losses of each group beyond one,
 * and those of the global parities, are together at most g ("maximally recoverable"). With g = 2, 9 groups and 14 data shards
 * in each, the points below reach that. The critical patterns are two losses in each of two groups; let φ(y) = (x₁ + y) / (x₂ +
 * y), and let a lost local parity count as a loss at the point x₀. Then losses {a, b} and {c, d} are undecodable only where
 * φ(a)φ(b) = φ(c)φ(d). So φ of each group lies in a coset of GF(16)* of its own, and the cosets are chosen such that the
 * products of different groups lie in different cosets: with their numbers u relative to that of φ(x₀), modulo 17, no u of a
 * group is twice the u of another. For g ≥ 3 the points of common shapes were found by a search that counted every pattern; for
 * all others the loss table tells how near a scheme comes.
 */
import { logarithm, product, quotient } from './galois.ts';
import { matrixOf, type Matrix } from './matrix.ts';

export interface LocalGroup {
  /** Index of the group's first data shard. */
  readonly firstDataShard: number;
  readonly dataShards: number;
  /** Index of its parity shard among all shards. */
  readonly parityShard: number;
}

export interface LrcShape {
  readonly dataShards: number;
  readonly localGroups: number;
  readonly globalParities: number;
}

/** Neighbouring data shards form a group; where k is not a multiple of l, the first groups have one more. */
export function localGroupsOf({ dataShards, localGroups }: Pick<LrcShape, 'dataShards' | 'localGroups'>): LocalGroup[] {
  const groups: LocalGroup[] = [];
  let firstDataShard = 0;
  for (let group = 0; group < localGroups; group += 1) {
    const size = Math.floor(dataShards / localGroups) + (group < dataShards % localGroups ? 1 : 0);
    groups.push({ firstDataShard, dataShards: size, parityShard: dataShards + group });
    firstDataShard += size;
  }
  return groups;
}

/** Local parities first, then global ones. */
export function lrcParity(shape: LrcShape): Matrix {
  return parityAt(shape, columnPoints(shape));
}

/** The parity block for given points yⱼ, which are different and above g. */
export function parityAt(shape: LrcShape, points: readonly number[]): Matrix {
  const groups = localGroupsOf(shape);
  return matrixOf(groups.length + shape.globalParities, shape.dataShards, (row, column) => {
    const group = groups[row];
    if (group === undefined) return quotient(points[column]!, (row - groups.length + 1) ^ points[column]!);
    return column >= group.firstDataShard && column < group.firstDataShard + group.dataShards ? 1 : 0;
  });
}

/** The cosets of GF(16)* in the multiplicative group are the logarithms modulo 17. */
const COSETS = 17;
/** In the order in which groups take them. Of the first nine, relative to 16, the coset of φ(x₀), none is twice another. */
const COSET_ORDER = [1, 7, 14, 8, 5, 6, 10, 9, 16, 2, 3, 4, 11, 12, 13, 15, 0];

/** yⱼ of every data shard; xₜ is t. A group that does not fit its coset takes what points are left. */
function columnPoints(shape: LrcShape): number[] {
  const { dataShards, localGroups, globalParities } = shape;
  const found = FOUND_POINTS[`${dataShards}+${localGroups}+${globalParities}`];
  if (found !== undefined) return found.match(/../g)!.map((pair) => parseInt(pair, 16));
  const isTaken = new Uint8Array(256).fill(1, 0, globalParities + 1);
  const points = localGroupsOf(shape).flatMap((group, index) => {
    const coset = cosetPoints(COSET_ORDER[index]).filter((point) => isTaken[point] === 0);
    const chosen = coset.slice(0, group.dataShards);
    for (const point of chosen) isTaken[point] = 1;
    return [...chosen, ...new Array<undefined>(group.dataShards - chosen.length).fill(undefined)];
  });
  return points.map((point) => {
    const final = point ?? isTaken.indexOf(0);
    isTaken[final] = 1;
    return final;
  });
}

/** The points y with log φ(y) ≡ coset (mod 17): y = (x₁ + φ x₂) / (1 + φ) with x₁ = 1, x₂ = 2. φ = 1 belongs to no point. */
function cosetPoints(coset: number | undefined): number[] {
  const points: number[] = [];
  for (let value = 2; value < 256; value += 1) {
    if (logarithm(value) % COSETS === coset) points.push(quotient(1 ^ product(value, 2), 1 ^ value));
  }
  return points;
}

/**
 * Points of shapes with three or four global parities that make them maximally recoverable, two digits each. A shape that is
 * added here, like any other change of a point, is another matrix and needs another version of the matrix id.
 */
const FOUND_POINTS: Readonly<Record<string, string>> = {
  '6+2+3': 'a77184b69264',
  '8+2+3': 'a7fb73b6d88dc893',
  '10+2+3': '29766a26814ba469abc5',
  '6+2+4': '406284b61564',
  '8+2+4': '30a11286d106aabf',
  '10+2+4': '7fc61e176a58c0be783b',
  '12+2+3': '6d7ddfea2f89e7b08418d2e1',
  '9+3+3': '1e612c9c1449ef4610',
  '14+2+3': 'b747be51ddaa3d78b99834af0950',
  '12+3+3': '3f69fbc4147a82e1f79c4a47',
  '8+4+3': '47468d88b6390638',
  '12+4+3': '47468d88b63983b20c3abf7f',
};
