import { describe, expect, it } from '@jest/globals';
import { continueToken, parseDecisionQuery } from './decision-query.ts';

const faultOf = (query: Record<string, unknown>): unknown => {
  try {
    return parseDecisionQuery(query);
  } catch (error) {
    return error;
  }
};

describe('parseDecisionQuery', () => {
  it('reads every parameter', () => {
    const query = { policy: 'gold', outcome: 'Move', code: 'Demote', namespace: 'shop', claim: 'db', limit: '7' };
    expect(parseDecisionQuery({ ...query, continue: continueToken('pvc-1') })).toEqual({
      filter: { policy: 'gold', outcome: 'Move', code: 'Demote', namespace: 'shop', claim: 'db' },
      limit: 7,
      after: 'pvc-1',
    });
    expect(parseDecisionQuery({})).toEqual({ filter: {}, limit: 100, after: undefined });
    expect(['1', '1000'].map((limit) => parseDecisionQuery({ limit }).limit)).toEqual([1, 1_000]);
  });

  it.each([
    [{ polcy: 'gold' }, 'polcy'],
    [{ outcome: 'move' }, 'outcome'],
    [{ code: 'toString' }, 'code'],
    [{ policy: ['a', 'b'] }, 'policy'],
    [{ claim: '' }, 'claim'],
    [{ limit: '0' }, 'limit'],
    [{ limit: '1001' }, 'limit'],
    [{ limit: '1e2' }, 'limit'],
    [{ limit: '-1' }, 'limit'],
    [{ continue: 'zzz' }, 'continue'],
    [{ continue: Buffer.from('null').toString('base64url') }, 'continue'],
    [{ continue: Buffer.from('"after"').toString('base64url') }, 'continue'],
    [{ continue: Buffer.from('{"after":1}').toString('base64url') }, 'continue'],
    [{ namespace: 'x'.repeat(600) }, 'namespace'],
  ])('refuses %j and names %s with a remedy', (query, field) => {
    expect(faultOf(query)).toMatchObject({ code: 'invalid', fields: { field, remedy: expect.stringMatching(/\w/) } });
  });
});
