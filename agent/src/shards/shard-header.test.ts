import { describe, expect, it } from '@jest/globals';
import { parsePlacement, parseShardIndex, parseVolumeId, stripeIdOf } from '@couchestor/common/base';
import fc from 'fast-check';
import { decodeHeader, encodeHeader, type ShardIdentity } from './shard-header.ts';
import { HEADER_BYTES } from './shard-layout.ts';
import { crc32c, identityOf, nameOf } from './shards.fixture.ts';

const counts = fc.oneof(fc.nat({ max: 9 }), fc.nat({ max: Number.MAX_SAFE_INTEGER }));
const texts = fc.stringMatching(/^[!-~]{1,63}$/);

const identities: fc.Arbitrary<ShardIdentity> = fc
  .record({
    dataShards: fc.integer({ min: 1, max: 127 }),
    parityShards: fc.integer({ min: 1, max: 128 }),
    volumeId: fc.stringMatching(/^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/).map((text) => parseVolumeId(text)),
    stripeId: fc.record({ epoch: counts, counter: counts }).map(stripeIdOf),
    placement: fc.nat({ max: 2 ** 32 - 1 }).map((value) => parsePlacement(value)),
    matrixId: texts,
    createdBy: texts,
    picks: fc.tuple(fc.nat(), fc.nat()),
  })
  .map(({ dataShards, parityShards, volumeId, stripeId, placement, matrixId, picks, ...rest }) => ({
    ...rest,
    name: { volumeId, stripeId, placement, index: parseShardIndex(picks[0] % (dataShards + parityShards)) },
    scheme: { matrixId, dataShards, parityShards, localGroups: picks[1] % (parityShards + 1) },
  }));

/** As if it had been written so. */
function resealed(bytes: Uint8Array): Uint8Array {
  const sealed = Buffer.from(bytes);
  sealed.writeUInt32LE(crc32c(sealed.subarray(0, HEADER_BYTES - 4)), HEADER_BYTES - 4);
  return sealed;
}

const encoded = (identity = identityOf()): Buffer => Buffer.from(encodeHeader(identity, crc32c).bytes);

function changed(offset: number, ...bytes: number[]): Uint8Array {
  const copy = encoded();
  copy.set(bytes, offset);
  return resealed(copy);
}

describe('a header', () => {
  it('comes back as it was', () => {
    fc.assert(
      fc.property(identities, (identity) => {
        const { bytes, checksum } = encodeHeader(identity, crc32c);
        expect(bytes.length).toBe(HEADER_BYTES);
        const decoded = decodeHeader(bytes, crc32c);
        expect(decoded).toEqual({ kind: 'header', identity, checksum });
      }),
    );
  });

  it.each<[string, Partial<ShardIdentity>]>([
    ['scheme', { scheme: { ...identityOf().scheme, dataShards: 0 } }],
    ['scheme', { scheme: { ...identityOf().scheme, parityShards: 0 } }],
    ['scheme', { scheme: { ...identityOf().scheme, parityShards: 252 } }],
    ['scheme', { scheme: { ...identityOf().scheme, localGroups: 3 } }],
    ['scheme', { scheme: { ...identityOf().scheme, localGroups: 0.5 } }],
    ['index', { name: nameOf({ index: 6 }) }],
    ['matrixId', { scheme: { ...identityOf().scheme, matrixId: '' } }],
    ['matrixId', { scheme: { ...identityOf().scheme, matrixId: 'a'.repeat(64) } }],
    ['createdBy', { createdBy: 'agent 1' }],
    ['createdBy', { createdBy: 'ägent' }],
  ])('holds no such %s', (field, changes) => {
    expect(() => encodeHeader(identityOf(changes), crc32c)).toThrow(
      expect.objectContaining({ name: 'CoucheStorError', code: 'invalid', fields: { field } }),
    );
  });

  it('is refused when a field holds what is never written, though its checksum fits', () => {
    const cases: [number, ...number[]][] = [
      [12, 0, 32],
      [16, 255, 255, 255, 255, 255, 255, 255, 255],
      [22, 32],
      [24, 255, 255, 255, 255, 255, 255, 255, 255],
      [36, 6],
      [37, 1],
      [38, 0],
      [40, 0],
      [42, 3],
      [44, 1],
      [63, 1],
      [64, 0],
      [64, 64],
      [65, 0x2f],
      [65, 0x2e],
      [127, 0x61],
      [128, 0],
      [192, 0],
      [193, 0x20],
      [256, 1],
      [4091, 1],
    ];
    for (const [offset, ...bytes] of cases) {
      const decoded = decodeHeader(changed(offset, ...bytes), crc32c);
      expect([offset, decoded]).toEqual([offset, expect.objectContaining({ reason: 'corruptHeader' })]);
    }
  });

  it('of another version is told apart, and so is what is no shard', () => {
    expect(decodeHeader(changed(8, 2), crc32c)).toEqual({
      kind: 'problem',
      reason: 'unsupportedVersion',
      detail: 'it has version 2 of the format, and this program reads version 1',
    });
    expect(decodeHeader(changed(0, 0x58), crc32c)).toMatchObject({ reason: 'notAShard' });
    expect(decodeHeader(new Uint8Array(HEADER_BYTES), crc32c)).toMatchObject({ reason: 'notAShard' });
  });

  it('keeps nothing of the bytes it was read from', () => {
    const bytes = encoded();
    const decoded = decodeHeader(bytes, crc32c);
    bytes.fill(0);
    expect(decoded).toMatchObject({ kind: 'header', identity: identityOf() });
  });

  it('is read from any bytes without throwing, and what is accepted would be written so', () => {
    const mutations = fc.array(fc.tuple(fc.nat({ max: 300 }), fc.nat({ max: 255 })), { minLength: 1, maxLength: 6 });
    const mutated = fc.tuple(identities, mutations).map(([identity, list]) => {
      const bytes = encoded(identity);
      for (const [offset, value] of list) bytes[offset] = value;
      return resealed(bytes);
    });
    const random = fc
      .uint8Array({ minLength: HEADER_BYTES, maxLength: HEADER_BYTES })
      .map((bytes) => resealed(Buffer.concat([encoded().subarray(0, 12), bytes.subarray(12)])));
    fc.assert(
      fc.property(fc.oneof(mutated, random), (bytes) => {
        const decoded = decodeHeader(bytes, crc32c);
        if (decoded.kind === 'problem') return;
        expect(Buffer.compare(encodeHeader(decoded.identity, crc32c).bytes, bytes)).toBe(0);
      }),
      { numRuns: 500 },
    );
  });
});
