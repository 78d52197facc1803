/** A thread with an engine of its own on an arena that it was handed: multiplies again and again until told so often. */
import { parentPort, workerData } from 'node:worker_threads';
import { ShardArena, type ArenaPlace } from './shard-arena.ts';
import { WasmEngine } from './wasm-engine.ts';
import type { SharedMemory } from './web-assembly.ts';

export interface ThreadTask {
  readonly memory: SharedMemory;
  readonly scratch: ArenaPlace;
  readonly coefficients: Uint8Array;
  readonly inputs: readonly ArenaPlace[];
  readonly outputs: readonly ArenaPlace[];
  readonly repetitions: number;
}

const { memory, scratch, coefficients, inputs, outputs, repetitions } = workerData as ThreadTask;
const arena = ShardArena.attach(memory);
const engine = new WasmEngine(arena, { scratch });
const matrix = engine.prepare(coefficients, outputs.length, inputs.length);
const sources = inputs.map((place) => arena.at(place));
const targets = outputs.map((place) => arena.at(place));
const length = sources[0]?.length ?? 0;
// A copy outside the arena, so that the tiles of the scratch are used as well.
const foreign = sources.map((source) => Uint8Array.from(source));
const differs = new Uint8Array(outputs.length);
let differences = 0;
for (let repetition = 0; repetition < repetitions; repetition += 1) {
  engine.multiply(matrix, repetition % 2 === 0 ? sources : foreign, targets, 0, length);
  engine.compare(matrix, repetition % 2 === 0 ? foreign : sources, targets, differs, 0, length);
  differences += differs.filter((flag) => flag !== 0).length;
}
parentPort?.postMessage(differences);
