import { describeEngine } from './engine-contract.fixture.ts';
import { ShardArena } from './shard-arena.ts';
import { WasmEngine } from './wasm-engine.ts';
import { supportedKernelSets } from './wasm-kernels.ts';
import { WASM_SCRATCH_BYTES } from './wasm-scratch.ts';

const arena = new ShardArena(64 * 1024 * 1024);
const lent: Uint8Array[] = [];
let turn = 0;

function allocate(bytes: number): Uint8Array {
  const buffer = arena.allocate(bytes);
  lent.push(buffer);
  return buffer;
}

const options = {
  memories: [
    { name: 'its arena', allocate },
    {
      name: 'its arena and elsewhere, by turns',
      allocate: (bytes: number) => ((turn += 1) % 3 === 0 ? new Uint8Array(bytes) : allocate(bytes)),
    },
  ],
  release: () => lent.splice(0).forEach((buffer) => arena.release(buffer)),
};

for (const kernels of supportedKernelSets()) {
  const make = (): WasmEngine => {
    const { byteOffset: offset, length } = arena.allocate(WASM_SCRATCH_BYTES);
    return new WasmEngine(arena, { scratch: { offset, length }, kernels });
  };
  describeEngine(`WasmEngine with ${kernels}`, make, options);
}
