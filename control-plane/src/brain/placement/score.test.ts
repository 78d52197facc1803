import { describe, expect, it } from '@jest/globals';
import type { PoolFacts } from '../../model/cluster-snapshot.ts';
import { GIB, ledgerOf, pool, storage, volume, volumeId } from './placement.fixture.ts';
import { scorePool } from './score.ts';

const MOVED = volume(['hot-n1'], { volumeId: volumeId('moved') });

function score(changed: Partial<PoolFacts> = {}, addsDomain = false): number {
  return scorePool(pool('cold-n2', changed), MOVED, ledgerOf(storage({})), addsDomain);
}

describe('the score of a pool', () => {
  it('is 100 at most and 0 at least', () => {
    const vast = { capacityBytes: 1e18, usedBytes: 0, committedBytes: 0 };
    expect(score(vast, true)).toBe(100);
    expect(score({ capacityBytes: 0, usedBytes: 0 })).toBeGreaterThanOrEqual(0);
  });

  it('is higher with more free space after the move', () => {
    expect(score({ usedBytes: 0 })).toBeGreaterThan(score({ usedBytes: 500 * GIB }));
  });

  it('is lower the more is promised', () => {
    expect(score({ committedBytes: 0 })).toBeGreaterThan(score({ committedBytes: 2000 * GIB }));
  });

  it('is lower with more replicas, and lower still when they are busy', () => {
    const others = Array.from({ length: 5 }, (_, index) => volume(['cold-n2'], { volumeId: volumeId(`v${index}`) }));
    const facts = storage({ volumes: others });
    const idle = scorePool(pool('cold-n2'), MOVED, ledgerOf(facts), false);
    const busy = scorePool(pool('cold-n2'), MOVED, ledgerOf(facts, { heat: { v1: 9000 } }), false);
    expect(idle).toBeLessThan(score());
    expect(busy).toBeLessThan(idle);
  });

  it('is higher in a failure domain that is new to the volume', () => {
    expect(score({}, true) - score()).toBeCloseTo(20);
  });

  it('counts what earlier moves of the round take', () => {
    const facts = storage({ pools: [pool('cold-n2')] });
    const ledger = ledgerOf(facts);
    const before = scorePool(pool('cold-n2'), MOVED, ledger, false);
    const { pool: name, node } = pool('cold-n2');
    ledger.reserve({ target: { tier: 'Cold', pool: name, node } }, volume(['hot-n3'], { sizeBytes: 200 * GIB }));
    expect(scorePool(pool('cold-n2'), MOVED, ledger, false)).toBeLessThan(before);
  });
});
