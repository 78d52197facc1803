/**
 * A process of its own, run with `--expose-gc`: the memory of a round's snapshot and its decisions while both are held. Prints
 * the resident set before and with them, and what of the heap is live.
 */
import { decide } from '@couchestor/control-plane/brain';
import { fleet } from './fleet.ts';

const settledBytes = (): number => {
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().rss;
};

const volumes = Number(process.argv[2]);
const idleBytes = settledBytes();
const input = fleet({ volumes });
const decisions = decide(input);
const heldBytes = settledBytes();
const heapBytes = process.memoryUsage().heapUsed;
// Read after the measurement, so that neither is collected before it.
const decisionCount = decisions.length;
const volumeCount = input.snapshot.storage.volumes.length;
process.stdout.write(JSON.stringify({ idleBytes, heldBytes, heapBytes, decisionCount, volumeCount }));
