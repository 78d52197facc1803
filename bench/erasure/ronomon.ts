/**
 * @ronomon/reed-solomon, where it was built: another code (exclusive ors of whole words by a matrix of bits), so it neither reads our shards
 * nor has ranges, local parities or a check. It wants data and parity in one piece each, and answers from a thread of libuv's pool.
 */
import { createRequire } from 'node:module';
import { sampleAsyncCalls, type Contender } from './samples.ts';
import { fillWithNoise, type Operation, type Stripe } from './stripe.ts';

interface Ronomon {
  create(k: number, m: number): unknown;
  encode(
    context: unknown,
    sources: number,
    targets: number,
    buffer: Buffer,
    bufferOffset: number,
    bufferSize: number,
    parity: Buffer,
    parityOffset: number,
    paritySize: number,
    callback: (error?: Error | null) => void,
  ): void;
}

export function loadRonomon(): Ronomon | undefined {
  const require = createRequire(import.meta.url);
  try {
    const file = require.resolve('@ronomon/reed-solomon');
    return require(file) as Ronomon;
  } catch {
    process.stderr.write('bench: no column ronomon; it is an optional package that npm builds where node-gyp can\n');
    return undefined;
  }
}

/** One call after the other, as the engines work: there is one thread at work at a time. */
export function ronomonContender(ronomon: Ronomon, stripe: Stripe, operation: Operation): Contender | undefined {
  const { scheme, shardBytes } = stripe;
  const { dataShards, parityShards, totalShards } = scheme;
  const isPossible = operation.name === 'encode' || operation.name === 'reconstruct';
  if (scheme.parameters.kind !== 'reedSolomon' || !isPossible) return undefined;

  const context = ronomon.create(dataShards, parityShards);
  const data = Buffer.alloc(dataShards * shardBytes);
  const parity = Buffer.alloc(parityShards * shardBytes);
  fillWithNoise(data, 1);
  const run = (sources: number, targets: number): Promise<void> =>
    new Promise((resolve, reject) =>
      ronomon.encode(context, sources, targets, data, 0, data.length, parity, 0, parity.length, (error) =>
        error ? reject(error) : resolve(),
      ),
    );
  const encode = (): Promise<void> => run(bits(0, dataShards), bits(dataShards, totalShards));
  const reconstruct = (): Promise<void> => run(bits(operation.lost, totalShards), bits(0, operation.lost));
  const call = operation.name === 'encode' ? encode : reconstruct;
  return { name: 'ronomon', take: (sampling) => sampleAsyncCalls(call, sampling) };
}

function bits(from: number, end: number): number {
  let mask = 0;
  for (let bit = from; bit < end; bit += 1) mask |= 1 << bit;
  return mask;
}
