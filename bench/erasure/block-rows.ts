/** What else is done to every chunk: its checksum, beside the prebuilt package, and LZ4 with and without the look that may spare it. */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { chooseCrc32c, compressBlock, decompressBlock } from '@couchestor/common/coding';
import { compressSync, uncompressSync } from 'lz4-napi';
import type { Row } from '../row.ts';
import {
  best,
  median,
  rateOf,
  sampleCalls,
  takeTurns,
  type Contender,
  type Samples,
  type Sampling,
} from './samples.ts';
import { fillWithNoise, sizeOf } from './stripe.ts';

export interface BlockSizes {
  readonly checksumBytes: readonly number[];
  readonly chunkBytes: number;
  readonly chunks: number;
  readonly sampling: Sampling;
  /** Of LZ4, by medians: memory for the blocks costs as much as compressing them, and how much is up to the allocator and the collector. */
  readonly blockSampling: Sampling;
}

export async function blockRows(sizes: BlockSizes): Promise<Row[]> {
  return [...(await checksumRows(sizes)), ...(await lz4Rows(sizes))];
}

const contender = (name: string, call: () => void): Contender => ({
  name,
  take: (sampling) => sampleCalls(call, sampling),
});

interface Measuring {
  readonly sampling: Sampling;
  readonly figure: (samples: Samples) => number;
}

/** Calls that do the same to so many bytes, the first of them ours. */
async function compared(
  shape: string,
  bytes: number,
  calls: Record<string, () => void>,
  { sampling, figure }: Measuring,
): Promise<Row> {
  const samples = await takeTurns(
    Object.entries(calls).map(([name, call]) => contender(name, call)),
    sampling,
  );
  const [[subject, value] = ['', NaN], ...peers] = [...samples].map(
    ([name, taken]) => [name, rateOf(bytes, figure(taken))] as const,
  );
  return { area: 'erasure', shape, subject, value, unit: 'MB/s', peers: Object.fromEntries(peers) };
}

async function checksumRows({ checksumBytes, sampling }: BlockSizes): Promise<Row[]> {
  const own = chooseCrc32c();
  const prebuilt = chooseCrc32c({ kind: 'absent', reason: 'it is measured beside' });
  const rows: Row[] = [];
  for (const length of checksumBytes) {
    const bytes = fillWithNoise(Buffer.alloc(length), 1);
    const calls = { [own.detail]: () => own.crc32c(bytes), [prebuilt.detail]: () => prebuilt.crc32c(bytes) };
    rows.push(await compared(`crc32c ${sizeOf(length)}`, length, calls, { sampling, figure: best }));
  }
  return rows;
}

async function lz4Rows({ chunkBytes, chunks: count, blockSampling }: BlockSizes): Promise<Row[]> {
  const measuring = { sampling: blockSampling, figure: median };
  const rows: Row[] = [];
  for (const [name, content] of Object.entries(contents())) {
    const chunks = Array.from({ length: count }, (_, index) => chunkOf(content, index, chunkBytes));
    const bytes = chunkBytes * chunks.length;
    const forEach = (call: (chunk: Buffer) => unknown) => () => {
      for (const chunk of chunks) call(chunk);
    };
    const compress = {
      'lz4 with the look': forEach((chunk) => compressBlock(chunk)),
      'without it': forEach((chunk) => compressSync(chunk)),
    };
    rows.push(await compared(`compress ${name}, ${sizeOf(chunkBytes)}`, bytes, compress, measuring));
    const blocks = chunks.map((chunk) => compressBlock(chunk)).filter((block) => block !== undefined);
    if (blocks.length < chunks.length) continue;
    const decompress = {
      'lz4, length checked': () => {
        for (const block of blocks) decompressBlock(block, chunkBytes);
      },
      unchecked: () => {
        for (const block of blocks) uncompressSync(block);
      },
    };
    rows.push(await compared(`decompress ${name}, ${sizeOf(chunkBytes)}`, bytes, decompress, measuring));
  }
  return rows;
}

/** Text that people wrote, a program, and what nothing makes smaller. */
function contents(): Record<string, Buffer> {
  const docs = join(import.meta.dirname, '..', '..', 'docs');
  const pages = readdirSync(docs).filter((file) => file.endsWith('.md'));
  return {
    text: Buffer.concat(pages.map((page) => readFileSync(join(docs, page)))),
    program: readFileSync(process.execPath),
    noise: fillWithNoise(Buffer.alloc(1024 * 1024), 1),
  };
}

/** Spread evenly over the content, so that they are of all its parts. */
function chunkOf(content: Buffer, index: number, bytes: number): Buffer {
  const from = (index * 0x9e37_79b1) % Math.max(1, content.length - bytes);
  return content.subarray(from, from + bytes);
}
