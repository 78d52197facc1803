import { beforeEach, describe, expect, it } from '@jest/globals';
import fc from 'fast-check';
import type { FileSystemSpace, PoolFiles } from './pool-files.ts';
import { PoolSpace, type PoolReservation, type SpacePurpose } from './pool-space.ts';
import { PowerLossFiles } from './power-loss-files.fixture.ts';

const MIB = 1024 * 1024;
const GIB = 1024 * MIB;

/** Kept from everybody. */
const RECORDS = 64 * MIB;

/** A disk of 100 GiB of which 40 are free, 5 of them for root alone. */
const DISK: FileSystemSpace = {
  totalBytes: 100 * GIB,
  freeBytes: 40 * GIB,
  availableBytes: 35 * GIB,
  totalInodes: 1000,
  freeInodes: 500,
};

class DiskWith extends PowerLossFiles {
  now: FileSystemSpace = DISK;

  override space(): Promise<FileSystemSpace> {
    return Promise.resolve(this.now);
  }
}

describe('the space of a pool', () => {
  let disk: DiskWith;
  let space: PoolSpace;

  beforeEach(() => {
    disk = new DiskWith();
    space = new PoolSpace(disk);
  });

  const most = async (purpose: SpacePurpose, of = space): Promise<number> => {
    const usage = await of.usage();
    return purpose === 'data' ? usage.freeForDataBytes : usage.freeForRepairBytes;
  };

  it('is what is available, of which 5 % of all are for repair alone, and some for the records of deletions', async () => {
    expect(await space.usage()).toEqual({
      totalBytes: 100 * GIB,
      usedBytes: 60 * GIB,
      freeForDataBytes: 30 * GIB,
      freeForRepairBytes: 35 * GIB - RECORDS,
      reservedBytes: 0,
      totalInodes: 1000,
      freeInodes: 500,
    });
    await expect(space.admit(30 * GIB + 1, 'data')).rejects.toMatchObject({ code: 'resourceExhausted' });
    (await space.admit(30 * GIB, 'data')).release();
    await expect(space.admit(35 * GIB - RECORDS + 1, 'repair')).rejects.toMatchObject({
      code: 'resourceExhausted',
      message: expect.stringContaining('with some kept for deletions, and'),
    });
    (await space.admit(35 * GIB - RECORDS, 'repair')).release();
  });

  it('is promised once', async () => {
    const first = await space.admit(20 * GIB, 'data');
    expect(await space.usage()).toMatchObject({ reservedBytes: 20 * GIB, freeForDataBytes: 10 * GIB });
    await expect(space.admit(11 * GIB, 'data')).rejects.toMatchObject({ code: 'resourceExhausted' });
    const second = await space.admit(10 * GIB, 'data');
    await expect(space.admit(1, 'data')).rejects.toMatchObject({ code: 'resourceExhausted' });
    first.release();
    first.release();
    expect(await space.usage()).toMatchObject({ reservedBytes: 10 * GIB });
    (await space.admit(20 * GIB, 'data')).release();
    second.release();
    expect(await space.usage()).toMatchObject({ reservedBytes: 0 });
  });

  it('is not promised twice to those who ask at once', async () => {
    const asked = await Promise.allSettled(Array.from({ length: 10 }, () => space.admit(10 * GIB, 'data')));
    expect(asked.filter(({ status }) => status === 'fulfilled')).toHaveLength(3);
  });

  it('that is not there is refused with numbers and what to do, and may be there later', async () => {
    await space.admit(29 * GIB, 'data');
    await expect(space.admit(2 * GIB, 'data')).rejects.toMatchObject({
      code: 'resourceExhausted',
      retryable: true,
      message:
        '/memory: 2 GiB do not fit: 1 GiB are free for it, with 5 % kept for repair, and 29 GiB are promised to others. ' +
        'Delete volumes, add a disk, or wait until what is being deleted is gone; what is stored stays readable.',
      fields: { pool: '/memory', fault: 'poolFull', purpose: 'data', freeBytes: GIB, reservedBytes: 29 * GIB },
    });
    disk.now = { ...DISK, freeBytes: 60 * GIB, availableBytes: 55 * GIB };
    (await space.admit(2 * GIB, 'data')).release();
  });

  it('is never less than none', async () => {
    disk.now = { ...DISK, freeBytes: GIB, availableBytes: 0 };
    expect(await space.usage()).toMatchObject({ freeForDataBytes: 0, freeForRepairBytes: 0 });
    await expect(space.admit(0, 'data')).rejects.toMatchObject({ fields: { freeBytes: 0 } });
  });

  describe('with a capacity', () => {
    it('is as if the file system ended there', async () => {
      const limited = new PoolSpace(disk, { capacityBytes: 80 * GIB });
      expect(await limited.usage()).toMatchObject({ totalBytes: 80 * GIB, usedBytes: 60 * GIB });
      expect(await most('repair', limited)).toBe(20 * GIB - RECORDS);
      expect(await most('data', limited)).toBe(16 * GIB);
    });

    it('that is small keeps little for deletions', async () => {
      disk.now = { ...DISK, freeBytes: 100 * GIB, availableBytes: 100 * GIB };
      expect(await most('repair', new PoolSpace(disk, { capacityBytes: 1000 * MIB }))).toBe(990 * MIB);
    });

    it('beyond that of the file system is that of the file system', async () => {
      const limited = new PoolSpace(disk, { capacityBytes: 1000 * GIB });
      expect(await limited.usage()).toEqual(await space.usage());
    });

    it('that is used up takes nothing', async () => {
      const limited = new PoolSpace(disk, { capacityBytes: 50 * GIB });
      expect(await most('repair', limited)).toBe(0);
      await expect(limited.admit(1, 'repair')).rejects.toMatchObject({ code: 'resourceExhausted' });
    });
  });

  describe('in inodes', () => {
    const admitAll = async (purpose: SpacePurpose): Promise<PoolReservation[]> => {
      const admitted: PoolReservation[] = [];
      for (;;) {
        const next = await space.admit(1, purpose).catch(() => undefined);
        if (next === undefined) return admitted;
        admitted.push(next);
      }
    };

    it('is what is free, three to a shard, and 5 % for repair alone', async () => {
      disk.now = { ...DISK, freeInodes: 65 };
      const admitted = await admitAll('data');
      expect(admitted).toHaveLength(5);
      await expect(space.admit(1, 'data')).rejects.toMatchObject({
        code: 'resourceExhausted',
        message: expect.stringContaining('there are no inodes for another file'),
        fields: { freeInodes: 0 },
      });
      expect(await admitAll('repair')).toHaveLength(13);
      await expect(space.admit(1, 'repair')).rejects.toMatchObject({ fields: { freeInodes: 1 } });
      for (const reservation of admitted) reservation.release();
      (await space.admit(1, 'repair')).release();
    });

    it('has no limit where the file system has no fixed number', async () => {
      disk.now = { ...DISK, totalInodes: 0, freeInodes: 0 };
      expect(await space.admit(1, 'data')).toBeDefined();
      disk.now = { ...disk.now, availableBytes: 0 };
      const error: unknown = await space.admit(1, 'data').catch((thrown: unknown) => thrown);
      expect(error).toMatchObject({ code: 'resourceExhausted' });
      expect(error).not.toHaveProperty('fields.freeInodes');
    });
  });

  it('is never promised beyond what there is, whoever asks and gives back', async () => {
    const step = fc.record({ bytes: fc.integer({ min: 0, max: 20 }), isRepair: fc.boolean(), isRelease: fc.boolean() });
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 40 }), async (steps) => {
        const one = new PoolSpace(disk);
        const held: { bytes: number; reservation: PoolReservation }[] = [];
        for (const { bytes, isRepair, isRelease } of steps) {
          if (isRelease) held.shift()?.reservation.release();
          const promised = held.reduce((sum, reservation) => sum + reservation.bytes, 0);
          const room = (isRepair ? 35 - RECORDS / GIB : 30) - promised;
          const reservation = await one.admit(bytes * GIB, isRepair ? 'repair' : 'data').catch(() => undefined);
          expect(reservation !== undefined).toBe(bytes <= room);
          if (reservation !== undefined) held.push({ bytes, reservation });
          expect((await one.usage()).reservedBytes).toBe(held.reduce((sum, { bytes: each }) => sum + each * GIB, 0));
        }
      }),
    );
  });

  it.each([
    [{ capacityBytes: 0 }, 'capacityBytes'],
    [{ capacityBytes: -1 }, 'capacityBytes'],
    [{ capacityBytes: Number.NaN }, 'capacityBytes'],
  ])('refuses the limits %j, naming the field', (limits, field) => {
    const files: PoolFiles = disk;
    expect(() => new PoolSpace(files, limits)).toThrow(
      expect.objectContaining({ code: 'invalid', fields: expect.objectContaining({ field }) }),
    );
  });
});
