/**
 * Shard files as they were written when the format was fixed. A failure here means that stored shards would be lost: it is the code
 * that changes, or there is a new version of the format with lines of its own; no line of the corpus is ever edited. The payload
 * follows from `seed` (payloadOf() in shards.fixture.ts).
 */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { inflateRawSync } from 'node:zlib';
import { describe, expect, it } from '@jest/globals';
import { parseShardPath } from './shard-name.ts';
import type { StripeSummary } from './shard-footer.ts';
import type { ShardIdentity } from './shard-header.ts';
import { openBytes, payloadOf, writeShard } from './shards.fixture.ts';

interface FrozenShard {
  readonly path: string;
  readonly payloadBytes: number;
  readonly seed: number;
  readonly logicalLength: number;
  readonly scheme: ShardIdentity['scheme'];
  /** UTF-8, so many times after each other. */
  readonly record: string;
  readonly recordTimes: number;
  readonly createdBy: string;
  readonly checksum: number;
  readonly sha256: string;
  /** The file itself where it is short: raw deflate, base64. */
  readonly file?: string;
}

const CORPUS = join(import.meta.dirname, '../../../test/fixtures/shards/frozen-shards.jsonl');

const shards = readFileSync(CORPUS, 'utf8')
  .trim()
  .split('\n')
  .map((line) => JSON.parse(line) as FrozenShard);

function identityOf({ path, scheme, createdBy }: FrozenShard): ShardIdentity {
  return { name: parseShardPath(path), scheme, createdBy };
}

function stripeOf({ logicalLength, record, recordTimes }: FrozenShard): StripeSummary {
  return { logicalLength, record: new TextEncoder().encode(record.repeat(recordTimes)) };
}

describe('shards that were written before', () => {
  it('are of several shapes, some of them kept as bytes', () => {
    expect(shards.length).toBeGreaterThanOrEqual(6);
    expect(shards.filter(({ file }) => file !== undefined).length).toBeGreaterThanOrEqual(3);
  });

  it.each(shards)('$path of $payloadBytes bytes', async (frozen) => {
    const payload = payloadOf(frozen.payloadBytes, frozen.seed);
    const [identity, stripe] = [identityOf(frozen), stripeOf(frozen)];
    const { bytes, expected } = await writeShard(payload, { identity, stripe });
    expect(createHash('sha256').update(bytes).digest('hex')).toBe(frozen.sha256);
    expect(expected.checksum).toBe(frozen.checksum);

    const stored = frozen.file === undefined ? bytes : inflateRawSync(Buffer.from(frozen.file, 'base64'));
    expect(stored.equals(bytes)).toBe(true);
    const opened = await openBytes(stored, expected);
    const reader = opened.kind === 'open' ? opened.reader : undefined;
    expect([reader?.identity, reader?.stripe]).toEqual([identity, stripe]);
    const into = new Uint8Array(payload.length);
    expect(await reader?.read(0, into)).toEqual({ kind: 'verified' });
    expect(Buffer.compare(into, payload)).toBe(0);
  });
});
