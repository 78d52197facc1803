import { CoucheStorError, parseStripeId } from '@couchestor/common/base';
import { describe, expect, it } from '@jest/globals';
import { nameOf } from '../shards/shards.fixture.ts';
import { findingsAsJson, MAX_FINDINGS, parseFindings, withResult, type ScrubFindings } from './scrub-findings.ts';
import type { ShardResult } from './shard-examination.ts';

const NONE: ScrubFindings = { findings: [], droppedFindings: 0 };

const bad: ShardResult = { kind: 'corrupt', blocks: [3] };

const shard = (counter: number, pass = 1): { name: ReturnType<typeof nameOf>; pass: number; foundAt: number } => ({
  name: { ...nameOf(), stripeId: parseStripeId(`7-${counter}`) },
  ...{ pass, foundAt: 5 },
});

const detailOf = (result: ShardResult): string | undefined => withResult(NONE, shard(1), result).findings[0]?.detail;

describe('findings', () => {
  it('say what is wrong, and never at length', () => {
    const error = new CoucheStorError('unavailable', `the disk failed${'!'.repeat(600)}`);
    expect(detailOf({ kind: 'corrupt', blocks: [3] })).toBe('blocks 3 do not fit their checksums');
    const blocks = Array.from({ length: 65_536 }, (_, block) => block);
    expect(detailOf({ kind: 'corrupt', blocks })).toBe(
      'blocks 0, 1, 2, 3, 4, 5, 6, 7 and 65528 more do not fit their checksums',
    );
    expect(detailOf({ kind: 'missing', reason: 'incomplete', detail: 'it has 5 bytes' })).toBe(
      'incomplete: it has 5 bytes',
    );
    expect(detailOf({ kind: 'unreadable', error })).toHaveLength(500);
    expect(detailOf({ kind: 'ok', secondLook: true })).toBeUndefined();
    expect(detailOf({ kind: 'vanished' })).toBeUndefined();
  });

  it('have one of a shard, the latest', () => {
    const first = withResult(withResult(NONE, shard(1), bad), shard(2), bad);
    const again = withResult(first, shard(1, 2), { kind: 'missing', reason: 'notAShard', detail: 'it is a text' });
    expect(again.findings).toMatchObject([
      { ...shard(2), kind: 'corrupt' },
      { ...shard(1, 2), kind: 'missing' },
    ]);
    expect(withResult(again, shard(1, 2), { kind: 'ok', secondLook: false }).findings).toMatchObject([shard(2)]);
    expect(withResult(again, shard(2, 2), { kind: 'vanished' }).findings).toMatchObject([shard(1, 2)]);
  });

  it('are the last thousand, and count those of the pass that had no room', () => {
    let found = NONE;
    for (let counter = 0; counter < 3; counter += 1) found = withResult(found, shard(counter), bad);
    for (let counter = 3; counter < MAX_FINDINGS + 10; counter += 1) found = withResult(found, shard(counter, 2), bad);
    expect(found.findings).toHaveLength(MAX_FINDINGS);
    expect(found.findings[0]).toMatchObject(shard(10, 2));
    expect(found.droppedFindings).toBe(7);
  });

  it('come back from JSON as they were', () => {
    const { findings } = withResult(withResult(NONE, shard(1), bad), shard(2), bad);
    expect(parseFindings(JSON.parse(JSON.stringify(findingsAsJson(findings))))).toEqual(findings);
  });
});
