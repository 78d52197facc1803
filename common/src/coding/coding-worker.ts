/** A thread of the pool: takes parts of multiplications, works on the arena's memory in place, and says when each is done. */
import { parentPort, workerData } from 'node:worker_threads';
import { assertInvariant, isError } from '../base/index.ts';
import { LruMap, ShardArena, WasmEngine, type ErasureEngine, type PreparedMatrix } from '../erasure/index.ts';
import { chooseEngine } from './choose-engine.ts';
import type { ThreadData, ThreadMessage } from './coding-messages.ts';
import { carryOut, type MatrixShape, type WorkPart } from './matrix-work.ts';
import { createNativeEngine } from './native-engine.ts';

/** Codes and patterns of losses that are worked on at a time. A matrix of 4 x 10 is a few KiB, the largest of plain TypeScript 4 MiB. */
const MAX_PREPARED = 16;

assertInvariant(parentPort !== null, 'coding-worker runs as a thread of the pool');
const port = parentPort;
const { memory, scratch, selfTest, wish } = workerData as ThreadData;
const arena = ShardArena.attach(memory);
const answer = (message: ThreadMessage): void => port.postMessage(message);

function serve(engine: ErasureEngine): void {
  const prepared = new LruMap<string, PreparedMatrix>(MAX_PREPARED);
  const prepare = ({ coefficients, rows, columns }: MatrixShape): PreparedMatrix =>
    prepared.getOrMake(`${rows}x${columns}:${Buffer.from(coefficients).toString('latin1')}`, () =>
      engine.prepare(coefficients, rows, columns),
    );
  port.on('message', (part: WorkPart) => {
    try {
      const differs = new Uint8Array(part.operation.kind === 'compare' ? part.matrix.rows : 0);
      const inputs = part.inputs.map((place) => arena.at(place));
      const outputs = part.outputs.map((place) => arena.at(place));
      carryOut(engine, prepare(part.matrix), { ...part, inputs, outputs }, differs);
      answer({ kind: 'done', differs });
    } catch (error) {
      answer({ kind: 'failed', message: isError(error) ? error.message : String(error) });
    }
  });
}

try {
  const sources = [
    { name: 'native', create: createNativeEngine },
    { name: 'wasm', create: () => new WasmEngine(arena, { scratch }) },
  ] as const;
  const { engine, rejected } = chooseEngine(wish, sources, arena.at(selfTest));
  serve(engine);
  answer({ kind: 'ready', name: engine.name, detail: engine.detail, rejected });
} catch (error) {
  answer({ kind: 'refused', message: isError(error) ? error.message : String(error) });
  port.close();
}
