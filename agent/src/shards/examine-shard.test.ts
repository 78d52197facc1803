/** A shard examined by its own footer, by a scrub that has no record of its stripe. */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import { MemoryDevice } from './memory-device.fixture.ts';
import { examineShard, openShard } from './open-shard.ts';
import { BLOCK_BYTES, HEADER_BYTES, MAX_STRIPE_RECORD_BYTES } from './shard-layout.ts';
import type { ShardName } from './shard-name.ts';
import { crc32c, identityOf, ioOn, layoutWith, nameOf, payloadOf, stripeOf, writeShard } from './shards.fixture.ts';

const broken = new CoucheStorError('unavailable', 'the disk failed', { fields: { fault: 'system' } });

/** What a scrub finds. */
async function found(bytes: Uint8Array, name: ShardName = nameOf()): Promise<string> {
  const examined = await examineShard(ioOn(new MemoryDevice(bytes)), name);
  if (examined.kind !== 'open') return examined.kind === 'missing' ? examined.reason : examined.kind;
  const { reader } = examined;
  const result = await reader.verify(0, reader.payloadBytes);
  return result.kind === 'corrupt' ? `corrupt ${result.blocks.join()}` : result.kind;
}

describe('an examined shard', () => {
  it.each([1, 4095, 4096, BLOCK_BYTES - 1, BLOCK_BYTES, 3 * BLOCK_BYTES + 77])(
    'of %d bytes is what it says it is, whatever the lengths of its record and of windows are',
    async (payloadBytes) => {
      const payload = payloadOf(payloadBytes);
      for (const recordBytes of [0, 9, 3800, 3900, MAX_STRIPE_RECORD_BYTES]) {
        const stripe = stripeOf({ record: payloadOf(recordBytes, 3) });
        const { bytes } = await writeShard(payload, { stripe });
        for (const windowBlocks of [1, 2, 16]) {
          const io = ioOn(new MemoryDevice(bytes), windowBlocks * BLOCK_BYTES);
          const examined = await examineShard(io, nameOf());
          const reader = { identity: identityOf(), payloadBytes, checksum: crc32c(payload), stripe };
          expect(examined).toMatchObject({ kind: 'open', reader });
          expect(io.windows.inUse).toBe(0);
        }
        expect(await found(bytes)).toBe('verified');
      }
    },
  );

  it('is not another one, and no part or mixture of some', async () => {
    const { bytes } = await writeShard(payloadOf(BLOCK_BYTES + 5000));
    const other = await writeShard(payloadOf(BLOCK_BYTES + 5000), {
      identity: identityOf({ name: nameOf({ index: 2 }) }),
    });
    const { footerOffset } = layoutWith(BLOCK_BYTES + 5000);
    expect(await found(other.bytes)).toBe('otherShard');
    expect(await found(Buffer.concat([bytes.subarray(0, footerOffset), other.bytes.subarray(footerOffset)]))).toBe(
      'disagreement',
    );
    expect(await found(Buffer.concat([bytes, Buffer.alloc(4096)]))).toBe('incomplete');
    expect(await found(Buffer.concat([bytes.subarray(0, 8192), bytes.subarray(4096)]))).toBe('incomplete');
    for (let end = 0; end < bytes.length; end += 512) expect(await found(bytes.subarray(0, end))).toBe('incomplete');
  });

  it('is found out with any byte changed: in the payload by its block, elsewhere by the part it is in', async () => {
    const payloadBytes = 5000;
    const { bytes } = await writeShard(payloadOf(payloadBytes));
    const { footerOffset } = layoutWith(payloadBytes);
    const served: number[] = [];
    for (let offset = 0; offset < bytes.length; offset += offset < footerOffset ? 41 : 1) {
      const changed = Buffer.from(bytes);
      changed[offset]! ^= 1 << (offset % 8);
      const wanted =
        offset < HEADER_BYTES
          ? ['notAShard', 'corruptHeader']
          : offset < HEADER_BYTES + payloadBytes
            ? ['corrupt 0']
            : offset < footerOffset
              ? ['corruptPadding']
              : ['corruptFooter', 'incomplete'];
      if (!wanted.includes(await found(changed))) served.push(offset);
    }
    expect(served).toEqual([]);
  });

  it('whose checksums cannot be read is unreadable, and not bad, at every read', async () => {
    const stripe = stripeOf({ record: payloadOf(MAX_STRIPE_RECORD_BYTES) });
    const { bytes } = await writeShard(payloadOf(2 * BLOCK_BYTES), { stripe });
    for (const call of [1, 2, 3]) {
      const device = new MemoryDevice(bytes);
      device.fault = { operation: 'read', call, error: broken };
      const io = ioOn(device);
      expect(await examineShard(io, nameOf())).toEqual({ kind: 'unreadable', error: broken });
      expect(await examineShard(io, nameOf())).toMatchObject({ kind: 'open' });
    }
  });

  it('that is older and valid passes: only the record of the stripe knows that a write was lost', async () => {
    const newer = await writeShard(payloadOf(5000));
    const older = await writeShard(payloadOf(6000, 2));
    expect(await found(older.bytes)).toBe('verified');
    expect(await openShard(ioOn(new MemoryDevice(older.bytes)), newer.expected)).toMatchObject({ kind: 'missing' });
  });

  it('takes no memory for what a trailer claims and a file does not have', async () => {
    const { bytes } = await writeShard(payloadOf(5000));
    const claiming = Buffer.from(bytes);
    claiming.writeBigUInt64LE(2n ** 32n, bytes.length - 176);
    claiming.writeUInt32LE(266_240, bytes.length - 16);
    claiming.writeUInt32LE(crc32c(claiming.subarray(-256, -12)), bytes.length - 12);
    expect(await found(claiming)).toBe('incomplete');
  });
});
