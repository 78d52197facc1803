/**
 * A process of its own, run with `--expose-gc`: what it has of memory while many shards are written at once, and while many are open
 * and read at once. Prints bytes of its resident set.
 */
import { readFileSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import type { ExpectedShard } from '@couchestor/agent/shards';
import type { OpenShard } from '@couchestor/agent/store';
import { identityOf, STRIPE } from './shard-set.ts';
import { alignedNoise, withStore, type StoreBench } from './store-bench.ts';

export interface MemorySizes {
  readonly windowBytes: number;
  /** At most 64, which is as many as a store takes at a time. Each gets a window. */
  readonly written: number;
  readonly writtenBytes: number;
  /** Each gets a window when it is its turn. */
  readonly open: number;
  readonly openBytes: number;
}

export interface MemoryReport {
  /** More than before, once they are all in flight, and at most until they are all committed. */
  readonly writing: number;
  readonly writingPeak: number;
  /** More than before, while all are open and none is read. */
  readonly opened: number;
  /** More than before any was read, until all have been. */
  readonly readingPeak: number;
}

/** No window is filled by one, so that all their memory is used. */
const PIECE_BYTES = 60_000;

async function settledBytes(): Promise<number> {
  for (let turn = 0; turn < 3; turn += 1) {
    globalThis.gc?.();
    await sleep(50);
  }
  return process.memoryUsage().rss;
}

/** proc_pid_clear_refs(5): the peak begins at what there is now. */
const forgetPeak = (): void => writeFileSync('/proc/self/clear_refs', '5');

function peakBytes(): number {
  return Number(/VmHWM:\s+(\d+) kB/.exec(readFileSync('/proc/self/status', 'utf8'))?.[1]) * 1024;
}

async function write({ store }: StoreBench, volume: string, many: { shards: number; bytes: number }): Promise<number> {
  const piece = alignedNoise(PIECE_BYTES);
  const puts = await Promise.all(
    Array.from({ length: many.shards }, async (_, shard) => {
      const put = await store.put(identityOf(volume, 0, shard), { maxPayloadBytes: many.bytes, purpose: 'data' });
      for (let at = 0; at < many.bytes; at += piece.length) await put.append(piece.subarray(0, many.bytes - at));
      return put;
    }),
  );
  const inFlightBytes = await settledBytes();
  await Promise.all(puts.map((put) => put.commit(STRIPE)));
  return inFlightBytes;
}

async function open({ store }: StoreBench, expected: ExpectedShard, shards: number): Promise<OpenShard[]> {
  const found = await Promise.all(Array.from({ length: shards }, () => store.read(expected)));
  return found.map((shard) => {
    if (shard.kind !== 'open') throw new Error(`a shard is ${shard.kind}`);
    return shard;
  });
}

async function readAll(shards: readonly OpenShard[]): Promise<void> {
  await Promise.all(
    shards.map(async ({ reader }) => {
      const { kind } = await reader.verify(0, reader.payloadBytes);
      if (kind !== 'verified') throw new Error(`a shard is ${kind}`);
    }),
  );
  await Promise.all(shards.map((shard) => shard.close()));
}

async function report(bench: StoreBench, sizes: MemorySizes): Promise<MemoryReport> {
  // So that code is compiled and buffers of the process are there.
  await write(bench, 'warm', { shards: 1, bytes: sizes.writtenBytes });
  const beforeWriting = await settledBytes();
  forgetPeak();
  const writing = (await write(bench, 'written', { shards: sizes.written, bytes: sizes.writtenBytes })) - beforeWriting;
  const writingPeak = peakBytes() - beforeWriting;

  const identity = identityOf('open', 0, 0);
  const payload = alignedNoise(sizes.openBytes);
  const put = await bench.store.put(identity, { maxPayloadBytes: sizes.openBytes, purpose: 'data' });
  await put.append(payload);
  const { checksum } = await put.commit(STRIPE);
  const expected = { name: identity.name, payloadBytes: sizes.openBytes, checksum };
  const beforeReading = await settledBytes();
  forgetPeak();
  // So that every window is there.
  await readAll(await open(bench, expected, sizes.written));
  const beforeOpening = await settledBytes();
  const shards = await open(bench, expected, sizes.open);
  const opened = (await settledBytes()) - beforeOpening;
  await readAll(shards);
  return { writing, writingPeak, opened, readingPeak: peakBytes() - beforeReading };
}

const [scratch = '', given = ''] = process.argv.slice(2);
const sizes = JSON.parse(given) as MemorySizes;
const windows = { windowBytes: sizes.windowBytes, windows: sizes.written };
process.stdout.write(JSON.stringify(await withStore(scratch, windows, (bench) => report(bench, sizes))));
