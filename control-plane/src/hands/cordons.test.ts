import { describe, expect, it } from '@jest/globals';
import * as fixture from '../brain/placement/placement.fixture.ts';
import { cordonsFor } from './cordons.ts';

const { GIB, node, nodeName, pool, poolName, storage, volume } = fixture;
const target = { pool: poolName('cold-n2'), node: nodeName('n2') };

/** Of a volume on node 1 that is to come to `cold-n2`. */
function names(
  pools: readonly Parameters<typeof pool>[],
  release: fixture.Release = '2.10',
  nodes = [node('n1'), node('n2'), node('n3')],
): string[] {
  const facts = storage({ release, nodes, pools: pools.map((parts) => pool(...parts)) });
  const steering = {
    volume: volume(['hot-n1']),
    target,
    storage: facts,
    label: 'ours',
    setTime: '2026-01-01T00:00:00Z',
  };
  return cordonsFor(steering).map(({ kind, name }) => `${kind} ${name}`);
}

describe('cordons', () => {
  it('keep a new replica from every other pool that could be chosen, also on the node of the target', () => {
    expect(names([['hot-n1'], ['cold-n1'], ['hot-n2'], ['cold-n2'], ['cold-n3'], ['warm-n3']])).toEqual([
      'Pool cold-n3',
      'Pool hot-n2',
      'Pool warm-n3',
    ]);
  });

  it('are of nodes where pools cannot be cordoned', () => {
    expect(names([['hot-n1'], ['cold-n2'], ['cold-n3'], ['warm-n3']], '2.9')).toEqual(['Node n3']);
  });

  it('leave alone what cannot be chosen: cordoned, faulted, too small, on a node that is cordoned or offline', () => {
    const others: Parameters<typeof pool>[] = [
      ['a-n3', { cordoned: true }],
      ['b-n3', { status: 'Faulted' }],
      ['c-n3', { capacityBytes: 10 * GIB }],
    ];
    expect(names([['cold-n2'], ...others])).toEqual([]);
    expect(names([['cold-n2'], ['cold-n3']], '2.10', [node('n2'), node('n3', { cordoned: true })])).toEqual([]);
    expect(names([['cold-n2'], ['cold-n3']], '2.10', [node('n2'), node('n3', { status: 'Offline' })])).toEqual([]);
  });

  it('are set where nothing is known, for that may change in a moment', () => {
    expect(names([['cold-n2'], ['cold-n3', { status: 'Unknown' }]], '2.10', [node('n2')])).toEqual(['Pool cold-n3']);
  });
});
