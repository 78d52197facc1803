/** A program with a pool that it never closes: it has to end by itself, with its work done. Arguments: threads, pieces of work. */
import { nullLogger } from '../base/index.ts';
import { ShardArena } from '../erasure/index.ts';
import { CodingPool } from './coding-pool.ts';

const [threads, pieces] = process.argv.slice(2).map(Number) as [number, number];
const arena = new ShardArena(32 << 20);
const pool = await CodingPool.start({ threads, arena, engine: 'auto', logger: nullLogger });
const matrix = { rows: 1, columns: 1, coefficients: Uint8Array.of(1) };
for (let piece = 0; piece < pieces; piece += 1) {
  const [input, output] = [arena.allocate(100_000), arena.allocate(100_000)];
  const work = { operation: { kind: 'multiply' }, matrix, inputs: [input], outputs: [output], offset: 0 } as const;
  void pool.run({ ...work, length: 100_000 }).then(() => process.stdout.write('done\n'));
}
