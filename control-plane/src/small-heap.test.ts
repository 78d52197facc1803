import { describe, expect, it } from '@jest/globals';
import { execFileSync } from 'node:child_process';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';

const MIB = 1024 ** 2;
const smallHeap = pathToFileURL(join(import.meta.dirname, 'small-heap.ts')).href;

/** Makes garbage of which enough lives for a while that V8 would enlarge the young generation, and prints how large that is then. */
const PROGRAM = `
const { getHeapSpaceStatistics } = await import('node:v8');
for (let round = 0; round < 40; round++) {
  const alive = [];
  for (let index = 0; index < 50_000; index++) alive.push({ index, text: String(index) });
}
const young = getHeapSpaceStatistics().find((space) => space.space_name === 'new_space');
console.log(young.space_size);`;

/** In a process of its own, for flags hold for all of one. */
function youngGenerationBytes(first: string): number {
  const args = ['--no-warnings', '--input-type=module', '--eval', `${first}\n${PROGRAM}`];
  return Number(execFileSync(process.execPath, args, { encoding: 'utf8' }));
}

describe('small heap', () => {
  it('holds the young generation small, which grows otherwise', () => {
    expect(youngGenerationBytes('')).toBeGreaterThan(12 * MIB);
    expect(youngGenerationBytes(`await import(${JSON.stringify(smallHeap)});`)).toBeLessThan(4 * MIB);
  });
});
