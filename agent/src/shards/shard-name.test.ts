import { resolve } from 'node:path';
import { describe, expect, it } from '@jest/globals';
import {
  parsePlacement,
  parseShardIndex,
  parseStripeId,
  parseVolumeId,
  stripeIdOf,
  type CoucheStorError,
} from '@couchestor/common/base';
import fc from 'fast-check';
import { parseShardPath, pathOfShard, type ShardName } from './shard-name.ts';

const alnum = fc.constantFrom(...Array.from('abz059'));
const volumeIds = fc
  .tuple(alnum, fc.string({ unit: fc.constantFrom(...Array.from('ab09-.')), maxLength: 61 }), alnum)
  .map((parts) => parseVolumeId(parts.join('')));
const counts = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const names: fc.Arbitrary<ShardName> = fc.record({
  volumeId: volumeIds,
  stripeId: fc.record({ epoch: counts, counter: counts }).map(stripeIdOf),
  index: fc.nat({ max: 255 }).map((index) => parseShardIndex(index)),
  placement: fc.nat({ max: 2 ** 32 - 1 }).map((placement) => parsePlacement(placement)),
});

function refusalOf(path: string): CoucheStorError | undefined {
  try {
    parseShardPath(path);
    return undefined;
  } catch (thrown) {
    expect(thrown).toMatchObject({ name: 'CoucheStorError', code: 'invalid' });
    return thrown as CoucheStorError;
  }
}

describe('the path of a shard', () => {
  it('is what it looks like', () => {
    const name: ShardName = {
      volumeId: parseVolumeId('pvc-5f0c954c'),
      stripeId: parseStripeId('7-42'),
      index: parseShardIndex(3),
      placement: parsePlacement(1),
    };
    expect(pathOfShard(name)).toBe('pvc-5f0c954c/7-42/3.1.shard');
    expect(parseShardPath('pvc-5f0c954c/7-42/3.1.shard')).toEqual(name);
  });

  it('is that of one shard, and stays in the pool', () => {
    fc.assert(
      fc.property(names, (name) => {
        const path = pathOfShard(name);
        expect(parseShardPath(path)).toEqual(name);
        expect(resolve('/pool', path)).toBe(`/pool/${path}`);
      }),
    );
  });

  it.each([
    '',
    '/',
    '..',
    '../v/7-42/3.1.shard',
    '/v/7-42/3.1.shard',
    'v/7-42/3.1.shard/',
    'v/7-42/../3.1.shard',
    'v//3.1.shard',
    './7-42/3.1.shard',
    '../7-42/3.1.shard',
    'v/../3.1.shard',
    'v/7-42/3.1.shard/x',
    'v/7-42/3.1.shard\0',
    'v/7-42/3.1.shard\n',
    'v\0/7-42/3.1.shard',
    'V/7-42/3.1.shard',
    'v\\7-42\\3.1.shard',
    'v/7-042/3.1.shard',
    'v/7-42/03.1.shard',
    'v/7-42/3.01.shard',
    'v/7-42/256.1.shard',
    'v/7-42/3.4294967296.shard',
    'v/7-42/3.-1.shard',
    'v/7-42/3.1e1.shard',
    'v/7-42/3.shard',
    'v/7-42/3.1.1.shard',
    'v/7-42/3.1.shard.tmp',
    'v/7-42/.3.1.shard',
    'v/7-42/3.1.SHARD',
    'v/7-42/%33.1.shard',
    `v/7-42/${'3'.repeat(5000)}.1.shard`,
    `${'v'.repeat(64)}/7-42/3.1.shard`,
  ])('is not %j', (path) => {
    expect(refusalOf(path)?.message.length).toBeLessThan(400);
  });

  it('is never another text, whatever the text is', () => {
    const pieces = fc.constantFrom('v', '7-42', '3', '.', '/', '..', '1', 'shard', '\0', '0', '-', 'ä');
    const texts = fc.oneof(
      fc.string({ unit: 'binary' }),
      fc.array(pieces, { maxLength: 12 }).map((list) => list.join('')),
      fc.tuple(names, fc.nat(), pieces).map(([name, at, piece]) => {
        const path = pathOfShard(name);
        return `${path.slice(0, at % path.length)}${piece}${path.slice(at % path.length)}`;
      }),
    );
    fc.assert(
      fc.property(texts, (text) => {
        if (refusalOf(text) === undefined) expect(pathOfShard(parseShardPath(text))).toBe(text);
      }),
    );
  });
});
