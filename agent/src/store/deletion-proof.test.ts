import { describe, expect, it } from '@jest/globals';
import { CoucheStorError, parseNodeName } from '@couchestor/common/base';
import fc from 'fast-check';
import { nameOf } from '../shards/shards.fixture.ts';
import { checkProof, parseDeletionProof } from './deletion-proof.ts';

/** One of each kind, for a shard of epoch 7, index 3, placement 1. */
const PROOFS = {
  stripeVoid: { kind: 'stripeVoid', observedAt: 1_700_000_000_000, resourceVersion: '41', currentEpoch: 8 },
  abandonedByOwner: {
    ...{ kind: 'abandonedByOwner', observedAt: 1_700_000_000_000, resourceVersion: '41' },
    ...{ owner: parseNodeName('node-1'), epoch: 7 },
  },
  stripeRetired: {
    ...{ kind: 'stripeRetired', observedAt: 1_700_000_000_000, resourceVersion: '41' },
    ...{ checkpointSeq: 300, coversSeq: 256, seq: 12 },
  },
  replaced: {
    ...{ kind: 'replaced', observedAt: 1_700_000_000_000, resourceVersion: '41', listedPlacement: 2 },
    verified: [
      { index: 0, placement: 1, checksum: 17, verifiedAt: 1_700_000_000_000 },
      { index: 3, placement: 2, checksum: 4_294_967_295, verifiedAt: 1_700_000_000_000 },
    ],
  },
} as const;

const NAME = nameOf({ stripeId: '7-42', index: 3, placement: 1 });

function refusalOf(run: () => unknown): CoucheStorError {
  try {
    run();
  } catch (thrown) {
    if (thrown instanceof CoucheStorError) return thrown;
    throw thrown;
  }
  throw new Error('nothing was refused');
}

describe.each(Object.entries(PROOFS))('the proof %s', (_, proof) => {
  it('is taken as it is, and is one for the shard', () => {
    const parsed = parseDeletionProof(JSON.parse(JSON.stringify(proof)));
    expect(parsed).toEqual(proof);
    expect(() => checkProof(NAME, parsed)).not.toThrow();
  });

  it.each(Object.keys(proof))('is refused without its field %s, which is named', (field) => {
    const rest = Object.fromEntries(Object.entries(proof).filter(([name]) => name !== field));
    expect(refusalOf(() => parseDeletionProof(rest))).toMatchObject({
      code: 'invalid',
      fields: { field: `proof.${field}` },
    });
  });

  it.each(Object.keys(proof))('is refused with something else in its field %s', (field) => {
    for (const value of [null, {}, [], true, 'Ü', '', -1, 1.5, NaN, 2 ** 53, 'x '.repeat(99)]) {
      const { code, fields } = refusalOf(() => parseDeletionProof({ ...proof, [field]: value }));
      expect(code).toBe('invalid');
      expect(fields.field).toContain(field);
    }
  });

  it('is refused with a field that nobody knows', () => {
    const refusal = refusalOf(() => parseDeletionProof({ ...proof, force: true }));
    expect(refusal).toMatchObject({ code: 'invalid', message: expect.stringContaining('"force"') });
  });
});

describe('what is no proof', () => {
  it.each([[undefined], [null], ['stripeVoid'], [7], [[]], [[PROOFS.stripeVoid]], [{}], [{ kind: 'volumeUnknown' }]])(
    'is refused: %j',
    (value) => {
      expect(refusalOf(() => parseDeletionProof(value)).code).toBe('invalid');
    },
  );

  it('is every other value, and no value breaks the parser', () => {
    fc.assert(
      fc.property(fc.anything({ withNullPrototype: true }), (value) => {
        expect(refusalOf(() => parseDeletionProof(value)).code).toBe('invalid');
      }),
    );
  });

  it('is a proof in which one value is another: it is refused, or is one of its kind', () => {
    const mutated = fc.constantFrom(...Object.values(PROOFS)).chain((proof) =>
      fc.record({
        proof: fc.constant<Record<string, unknown>>(proof),
        field: fc.constantFrom(...Object.keys(proof)),
        value: fc.oneof(fc.anything(), fc.nat(), fc.string(), fc.array(fc.object())),
      }),
    );
    fc.assert(
      fc.property(mutated, ({ proof, field, value }) => {
        const changed = { ...proof, [field]: value };
        let parsed;
        try {
          parsed = parseDeletionProof(changed);
        } catch (thrown) {
          expect(thrown).toMatchObject({ name: 'CoucheStorError', code: 'invalid' });
          return;
        }
        // Numbers may come as their decimal text.
        expect(Object.keys(parsed).toSorted()).toEqual(Object.keys(proof).toSorted());
        expect(parsed.kind).toBe(proof.kind);
        expect(JSON.parse(JSON.stringify(parsed))).toEqual(parsed);
      }),
    );
  });

  it('is one with more verified shards than a stripe has', () => {
    const [one] = PROOFS.replaced.verified;
    const verified = Array.from({ length: 257 }, () => one);
    expect(refusalOf(() => parseDeletionProof({ ...PROOFS.replaced, verified })).fields.field).toBe('proof.verified');
  });

  it('names the place of a verified shard that is none', () => {
    const verified = [PROOFS.replaced.verified[1], { ...PROOFS.replaced.verified[0], checksum: 2 ** 32 }];
    const refusal = refusalOf(() => parseDeletionProof({ ...PROOFS.replaced, verified }));
    expect(refusal.fields.field).toBe('proof.verified[1].checksum');
  });
});

describe('a proof that contradicts the shard or itself', () => {
  const { stripeVoid, abandonedByOwner, stripeRetired, replaced } = PROOFS;
  const [other, successor] = replaced.verified;

  it.each([
    ['an epoch that is not over', { ...stripeVoid, currentEpoch: 7 }, 'proof.currentEpoch'],
    ['an epoch that is to come', { ...stripeVoid, currentEpoch: 0 }, 'proof.currentEpoch'],
    ['the owner of an earlier epoch', { ...abandonedByOwner, epoch: 6 }, 'proof.epoch'],
    ['the owner of a later epoch', { ...abandonedByOwner, epoch: 8 }, 'proof.epoch'],
    ['a seq that the checkpoint does not cover', { ...stripeRetired, seq: 257 }, 'proof.seq'],
    ['the checkpoint itself', { ...stripeRetired, seq: 300, coversSeq: 300 }, 'proof.coversSeq'],
    ['the placement that is listed', { ...replaced, listedPlacement: 1 }, 'proof.listedPlacement'],
    ['no verified successor', { ...replaced, verified: [other] }, 'proof.verified'],
    ['another verified placement', { ...replaced, verified: [{ ...successor, placement: 3 }] }, 'proof.verified'],
    ['the shard itself as verified', { ...replaced, verified: [{ ...successor, placement: 1 }] }, 'proof.verified'],
    ['a shard that is verified twice', { ...replaced, verified: [successor, other, successor] }, 'proof.verified'],
  ] as const)('is refused: %s', (_, proof, field) => {
    const refusal = refusalOf(() => checkProof(NAME, parseDeletionProof(proof)));
    expect(refusal).toMatchObject({
      code: 'conflict',
      fields: { field },
      message: expect.stringContaining('nothing is deleted'),
    });
  });
});
