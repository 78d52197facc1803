/** A thread of the pool: takes parts of multiplications, works on the arena's memory in place, and says when each is done. */
import { parentPort, workerData } from 'node:worker_threads';
import { assertInvariant, isError } from '../base/index.ts';
import { ShardArena, WasmEngine, type ErasureEngine, type PreparedMatrix } from '../erasure/index.ts';
import { chooseEngine } from './choose-engine.ts';
import type { ThreadData, ThreadMessage } from './coding-messages.ts';
import { carryOut, type MatrixShape, type WorkPart } from './matrix-work.ts';
import { createNativeEngine } from './native-engine.ts';

/** Codes and patterns of losses that are worked on at a time; a prepared matrix is a few KiB. */
const MAX_PREPARED = 64;

assertInvariant(parentPort !== null, 'coding-worker runs as a thread of the pool');
const port = parentPort;
const { memory, scratch, wish } = workerData as ThreadData;
const arena = ShardArena.attach(memory);
const answer = (message: ThreadMessage): void => port.postMessage(message);

/** Prepares each matrix once; the one unused for longest gives way. */
class PreparedMatrices {
  readonly #engine: ErasureEngine;
  readonly #prepared = new Map<string, PreparedMatrix>();

  constructor(engine: ErasureEngine) {
    this.#engine = engine;
  }

  get({ coefficients, rows, columns }: MatrixShape): PreparedMatrix {
    const key = `${rows}x${columns}:${Buffer.from(coefficients).toString('latin1')}`;
    const prepared = this.#prepared.get(key) ?? this.#engine.prepare(coefficients, rows, columns);
    this.#prepared.delete(key);
    this.#prepared.set(key, prepared);
    const [oldest] = this.#prepared.keys();
    if (this.#prepared.size > MAX_PREPARED && oldest !== undefined) this.#prepared.delete(oldest);
    return prepared;
  }
}

function serve(engine: ErasureEngine): void {
  const matrices = new PreparedMatrices(engine);
  port.on('message', (part: WorkPart) => {
    try {
      const differs = new Uint8Array(part.operation.kind === 'compare' ? part.matrix.rows : 0);
      const inputs = part.inputs.map((place) => arena.at(place));
      const outputs = part.outputs.map((place) => arena.at(place));
      carryOut(engine, matrices.get(part.matrix), { ...part, inputs, outputs }, differs);
      answer({ kind: 'done', differs });
    } catch (error) {
      answer({ kind: 'failed', message: isError(error) ? error.message : String(error) });
    }
  });
}

try {
  const { engine, rejected } = chooseEngine(wish, [
    { name: 'native', create: createNativeEngine },
    { name: 'wasm', create: () => new WasmEngine(arena, { scratch }) },
  ]);
  serve(engine);
  answer({ kind: 'ready', name: engine.name, detail: engine.detail, rejected });
} catch (error) {
  answer({ kind: 'refused', message: isError(error) ? error.message : String(error) });
  port.close();
}
