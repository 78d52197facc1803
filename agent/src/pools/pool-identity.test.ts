import { describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import { CoucheStorError, parseNodeName, parsePoolUuid } from '@couchestor/common/base';
import {
  checkExpected,
  identityRecord,
  parsePoolIdentity,
  parsePoolTier,
  POOL_TIERS,
  type PoolIdentity,
} from './pool-identity.ts';

const identity: PoolIdentity = {
  formatVersion: 1,
  uuid: parsePoolUuid('9f0c5d1e-0000-4000-8000-000000000001'),
  node: parseNodeName('node-1'),
  tier: 'warm',
  createdAt: '2026-01-01T00:00:00.000Z',
};
const record = identityRecord(identity);

describe('the identity of a pool', () => {
  it('is read as it was written', () => {
    expect(parsePoolIdentity(record)).toEqual(identity);
    expect(parsePoolIdentity(JSON.parse(JSON.stringify(record)))).toEqual(identity);
  });

  it.each([
    [{ kind: 'other-pool' }, 'kind'],
    [{ kind: undefined }, 'kind'],
    [{ formatVersion: 0 }, 'formatVersion'],
    [{ formatVersion: 1.5 }, 'formatVersion'],
    [{ formatVersion: '1' }, 'formatVersion'],
    [{ uuid: '../../etc' }, 'uuid'],
    [{ uuid: undefined }, 'uuid'],
    [{ node: 'Node 1' }, 'node'],
    [{ tier: 'Hot' }, 'tier'],
    [{ createdAt: 5 }, 'createdAt'],
  ])('is none with %j, and the field is named', (change, field) => {
    expect(() => parsePoolIdentity({ ...record, ...change })).toThrow(
      expect.objectContaining({ code: 'invalid', fields: expect.objectContaining({ field }) }),
    );
  });

  it('is nothing that is no object, and no value makes anything but an error of ours', () => {
    fc.assert(
      fc.property(fc.anything(), (value) => {
        expect(() => parsePoolIdentity(value)).toThrow(CoucheStorError);
      }),
    );
  });

  it('of a newer program is left alone, whatever else is in it', () => {
    for (const newer of [
      { ...record, formatVersion: 2 },
      { kind: 'couchestor-pool', formatVersion: 99 },
    ]) {
      expect(() => parsePoolIdentity(newer)).toThrow(
        expect.objectContaining({
          code: 'unsupported',
          retryable: false,
          message: expect.stringContaining('Upgrade this program'),
          fields: expect.objectContaining({ fault: 'newerPool', formatVersion: newer.formatVersion }),
        }),
      );
    }
  });

  it('has one of three tiers', () => {
    expect(POOL_TIERS.map((tier) => parsePoolTier(tier))).toEqual(['hot', 'warm', 'cold']);
    for (const other of ['', 'HOT', 'tepid', 5, undefined, null]) {
      expect(() => parsePoolTier(other, 'tier')).toThrow(/^tier: ".*" is not a tier; write one of hot, warm, cold\.$/);
    }
  });
});

describe('what is expected of a pool', () => {
  it('is anything that is not said', () => {
    checkExpected('/pool', identity, {});
    checkExpected('/pool', identity, { uuid: identity.uuid, node: identity.node, tier: 'warm' });
  });

  it.each([
    ['uuid', parsePoolUuid('another')],
    ['node', parseNodeName('node-2')],
    ['tier', 'hot'],
  ] as const)('is its %s, where that is said', (field, wanted) => {
    expect(() => checkExpected('/pool', identity, { [field]: wanted })).toThrow(
      expect.objectContaining({
        code: 'conflict',
        message: expect.stringContaining(
          `/pool: another pool is there: its ${field} is ${identity[field]}, not ${wanted}. Check`,
        ),
        fields: expect.objectContaining({ fault: 'otherPool', field, expected: wanted, found: identity[field] }),
      }),
    );
  });
});
