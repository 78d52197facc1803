/** Random use of an allocator beside a model: what is live, byte for byte. Restarts, failing zones and compaction are among it. */
import { describe, expect, it } from '@jest/globals';
import { CoucheStorError } from '@couchestor/common/base';
import fc from 'fast-check';
import { ZoneAllocator, type ZoneAppend } from './zone-allocator.ts';
import type { Extent } from './zone-extent.ts';
import { BLOCK, blocks, GEOMETRY, restarted, zonedDisk, type ZonedDisk } from './zoned-disk.fixture.ts';

interface Live {
  readonly extent: Extent;
  readonly content: Buffer;
}

interface Writing {
  readonly append: ZoneAppend;
  readonly room: number;
  content: Buffer;
}

/** An allocator and what must be in it. */
class Subject {
  readonly #zoned: ZonedDisk;
  #device: ZonedDisk['device'];
  #allocator: ZoneAllocator;
  #live: Live[] = [];
  #writing: Writing[] = [];
  #seed = 0;
  copiedBytes = 0;
  resets = 0;

  private constructor(zoned: ZonedDisk, allocator: ZoneAllocator) {
    this.#zoned = zoned;
    this.#device = zoned.device;
    this.#allocator = allocator;
  }

  static async make(): Promise<Subject> {
    const zoned = await zonedDisk();
    return new Subject(zoned, (await ZoneAllocator.open(zoned.device, [])).allocator);
  }

  async begin(room: number): Promise<void> {
    try {
      this.#writing.push({ append: await this.#allocator.begin(room * BLOCK), room, content: Buffer.alloc(0) });
    } catch (error) {
      if (!(error instanceof CoucheStorError) || error.code !== 'resourceExhausted') throw error;
      // The allocator's own refusal: the device never has to.
      expect(error.fields.operation).toBe('allocate');
      // By now it knows which zones have failed.
      const { heldZones, emptyZones } = this.#allocator.usage();
      if (error.fields.fault === 'tooManyOpenZones') expect(heldZones).toBe(GEOMETRY.maxOpenZones);
      else expect(emptyZones === 0 || heldZones > 0).toBe(true);
    }
  }

  async write(which: number, count: number): Promise<void> {
    const writing = this.#writing[which % this.#writing.length];
    if (writing === undefined) return;
    const bytes = Buffer.from(blocks(count, (this.#seed += 1)));
    const { content, append, room } = writing;
    const write = append.device.write(content.byteLength, bytes);
    if (content.byteLength + bytes.byteLength > room * BLOCK) {
      await expect(write).rejects.toMatchObject({ fields: { fault: 'extentFull' } });
    } else {
      const isDone = await this.#unlessWorn(write);
      if (isDone) writing.content = Buffer.concat([content, bytes]);
    }
  }

  async end(which: number, isCommit: boolean): Promise<void> {
    const [writing] = this.#writing.splice(which % Math.max(1, this.#writing.length), 1);
    if (writing === undefined) return;
    const { append, content } = writing;
    if (!isCommit || content.byteLength === 0) await append.abandon();
    else this.#live.push({ extent: await append.commit(), content });
  }

  release(which: number): void {
    const [live] = this.#live.splice(which % Math.max(1, this.#live.length), 1);
    if (live !== undefined) this.#allocator.release(live.extent);
  }

  /** What a store will do: copy what is live, release it, reset. */
  async compact(): Promise<void> {
    const victim = this.#allocator.victim(0.2);
    if (victim === undefined) return;
    for (const extent of victim.live) {
      const live = this.#live.find((candidate) => candidate.extent.startBytes === extent.startBytes)!;
      let append: ZoneAppend;
      try {
        append = await this.#allocator.begin(extent.lengthBytes);
      } catch (error) {
        expect(error).toMatchObject({ code: 'resourceExhausted' });
        return;
      }
      await append.device.write(0, live.content);
      this.#live[this.#live.indexOf(live)] = { extent: await append.commit(), content: live.content };
      this.#allocator.release(extent);
      this.copiedBytes += extent.lengthBytes;
    }
    const isReset = await this.#allocator.reset(victim.zone).then(
      () => true,
      (error: unknown) => {
        // A copy may have gone to the very zone, which then has to wait for the next round; or the zone has failed.
        expect(['zoneHasLiveExtents', 'zoneReadOnly', 'zoneOffline']).toContain(
          (error as CoucheStorError).fields.fault,
        );
        return false;
      },
    );
    if (isReset) this.resets += 1;
  }

  async resetAny(zone: number): Promise<void> {
    const isNeeded = this.#live.some(({ extent }) => Math.floor(extent.startBytes / GEOMETRY.zoneBytes) === zone);
    const isDone = await this.#allocator.reset(zone).then(
      () => true,
      () => false,
    );
    if (isNeeded) expect(isDone).toBe(false);
  }

  /** The process is gone, with what it was writing. */
  async restart(): Promise<void> {
    this.#device = await restarted(this.#zoned);
    const opened = await ZoneAllocator.open(
      this.#device,
      this.#live.map(({ extent }) => extent),
    );
    expect(opened.lost).toEqual([]);
    this.#allocator = opened.allocator;
    this.#writing = [];
  }

  async failZone(zone: number): Promise<void> {
    await this.#device.failZone(zone, 'readOnly');
  }

  async check(): Promise<void> {
    for (const { extent, content } of this.#live) {
      const reader = this.#allocator.openExtent(extent);
      const into = reader.allocate(extent.lengthBytes);
      await reader.read(0, into);
      await reader.close();
      expect(Buffer.compare(into, content)).toBe(0);
    }
    const usage = this.#allocator.usage();
    expect(usage.liveBytes).toBe(this.#live.reduce((sum, { content }) => sum + content.byteLength, 0));
    expect(usage.heldZones).toBe(this.#writing.length);
    expect(Math.min(usage.garbageBytes, usage.freeBytes, usage.wornBytes)).toBeGreaterThanOrEqual(0);
    const sum = usage.liveBytes + usage.garbageBytes + usage.freeBytes + usage.wornBytes;
    expect(sum).toBe(GEOMETRY.zoneCount * GEOMETRY.zoneCapacityBytes);
    const open = (await this.#device.reportZones()).filter(({ condition }) => condition.endsWith('Open')).length;
    expect(open).toBeLessThanOrEqual(this.#writing.length);
  }

  /** True when done; false when the zone has failed, which is the only way that a write in its piece can fail. */
  async #unlessWorn(call: Promise<void>): Promise<boolean> {
    try {
      await call;
      return true;
    } catch (error) {
      expect(error).toMatchObject({ fields: { fault: 'zoneReadOnly' } });
      return false;
    }
  }
}

const which = fc.nat({ max: 50 });
const step = fc.oneof(
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('begin' as const), count: fc.integer({ min: 1, max: 12 }) }) },
  {
    weight: 6,
    arbitrary: fc.record({ kind: fc.constant('write' as const), which, count: fc.integer({ min: 1, max: 6 }) }),
  },
  { weight: 5, arbitrary: fc.record({ kind: fc.constant('commit' as const), which }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('abandon' as const), which }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('release' as const), which }) },
  { weight: 3, arbitrary: fc.constant({ kind: 'compact' as const }) },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('reset' as const), which }) },
  { weight: 1, arbitrary: fc.constant({ kind: 'restart' as const }) },
);
const failure = fc.record({ kind: fc.constant('fail' as const), which });

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;
type Failure = typeof failure extends fc.Arbitrary<infer T> ? T : never;

async function take(subject: Subject, { kind, ...rest }: Step | Failure): Promise<void> {
  const { which: number = 0, count = 0 } = rest as { which?: number; count?: number };
  if (kind === 'begin') await subject.begin(count);
  else if (kind === 'write') await subject.write(number, count);
  else if (kind === 'commit' || kind === 'abandon') await subject.end(number, kind === 'commit');
  else if (kind === 'release') subject.release(number);
  else if (kind === 'compact') await subject.compact();
  else if (kind === 'reset') await subject.resetAny(number % GEOMETRY.zoneCount);
  else if (kind === 'restart') await subject.restart();
  else await subject.failZone(number % GEOMETRY.zoneCount);
}

describe('an allocator, whatever is asked of it', () => {
  it('keeps what is live byte for byte, counts right and stays within the limits of the disk', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(step, { maxLength: 120, size: 'max' }), async (steps) => {
        const subject = await Subject.make();
        for (const one of steps) {
          await take(subject, one);
          await subject.check();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('does so while zones fail', async () => {
    const mixed = fc.oneof({ weight: 20, arbitrary: step }, { weight: 1, arbitrary: failure });
    await fc.assert(
      fc.asyncProperty(fc.array(mixed, { maxLength: 120, size: 'max' }), async (steps) => {
        const subject = await Subject.make();
        for (const one of steps) {
          await take(subject, one);
          await subject.check();
        }
      }),
      { numRuns: 60 },
    );
  });

  it('serves many times what the disk holds', async () => {
    const subject = await Subject.make();
    for (let round = 0; round < 200; round += 1) {
      await subject.begin(1 + (round % 5));
      await subject.write(0, 1 + (round % 5));
      await subject.end(0, true);
      if (round > 3) subject.release(round * 7);
      await subject.compact();
      await subject.check();
    }
    expect(subject.resets).toBeGreaterThan(20);
    expect(subject.copiedBytes).toBeGreaterThan(0);
  });
});
