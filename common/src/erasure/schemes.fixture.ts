/** Schemes by the names that people write, for tests. */
import { firstSubset, nextSubset } from './combinations.ts';
import { createScheme, type ErasureScheme } from './scheme.ts';

/** Of `4+2` or `LRC 12+2+2`. */
export function schemeNamed(name: string): ErasureScheme {
  const counts = name.replace('LRC ', '').split('+').map(Number) as [number, number, number];
  const [dataShards, second, globalParities] = counts;
  return name.startsWith('LRC ')
    ? createScheme({ kind: 'lrc', dataShards, localGroups: second, globalParities })
    : createScheme({ kind: 'reedSolomon', dataShards, parityShards: second });
}

/** Every subset of {0, …, total − 1} with so many members. */
export function* subsetsOf(total: number, size: number): Generator<number[]> {
  const subset = firstSubset(size);
  do yield [...subset];
  while (nextSubset(subset, total));
}
