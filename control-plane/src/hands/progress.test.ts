import { describe, expect, it } from '@jest/globals';
import * as fc from 'fast-check';
import type { RebuildRecord } from '../model/rebuild-history.ts';
import { ago, before, during, filling, intent, kept, NEW, NOW_MS, record, say, status } from './machine.fixture.ts';
import { surroundings, withReplicas, written } from './machine.fixture.ts';
import type { StatusChanges } from './view.ts';

const SIZE = before.sizeBytes;
const at = (percent: number | undefined) =>
  withReplicas(
    filling,
    filling.replicas.map((one) => (one.replicaId === NEW.replicaId ? { ...one, rebuildPercent: percent } : one)),
  );
const rebuild = (changed: Partial<RebuildRecord> = {}): RebuildRecord => ({
  replicaId: NEW.replicaId,
  state: 'Failed',
  totalBytes: SIZE,
  recoveredBytes: SIZE / 2,
  startedAtMs: NOW_MS - 300_000,
  endedAtMs: NOW_MS - 200_000,
  ...changed,
});

/** What a look says that finds the replica so far. */
function look(
  percent: number | undefined,
  known: Readonly<Record<string, unknown>> = {},
  records: readonly RebuildRecord[] = [],
): StatusChanges {
  const instruction = say(record(status('Syncing', { ...kept, ...known })), {
    volume: at(percent),
    surroundings,
    rebuilds: { kind: 'known', records },
  });
  expect(instruction).toMatchObject({ kind: 'wait', afterMs: 10_000 });
  return written(instruction) ?? {};
}
const since = (ms: number, percent = 0) => ({ rebuildStart: { time: ago(ms), percent } });

describe('the progress of a replica that is being filled', () => {
  it('is reckoned from where its rebuild began, and bytes are the share of the volume', () => {
    expect(look(40, { progressPercent: 30, ...since(40_000) })).toMatchObject({
      progressPercent: 40,
      bytesTotal: SIZE,
      bytesSynced: Math.floor(SIZE * 0.4),
      estimatedCompletionTime: ago(-60_000),
      rebuildStart: { time: ago(40_000), percent: 0 },
    });
    expect(look(60, { progressPercent: 55, ...since(10_000, 50) }).estimatedCompletionTime).toBe(ago(-40_000));
  });

  it.each([0, 1])("has no expected end at %i %%, where the speed is anybody's guess", (percent) => {
    const seen = look(percent, { progressPercent: 0, ...since(60_000) });
    expect(seen.progressPercent).toBe(percent);
    expect(seen).not.toHaveProperty('estimatedCompletionTime');
  });

  it('has none either when it was first seen half-way, until it has gone on', () => {
    const first = look(50);
    expect(first).toMatchObject({ progressPercent: 50, rebuildStart: { time: ago(0), percent: 50 } });
    expect(first).not.toHaveProperty('estimatedCompletionTime');
  });

  it('keeps what it expects until the percentage changes, and no longer than it can be true', () => {
    const known = { progressPercent: 40, ...since(50_000) };
    expect(look(40, { ...known, estimatedCompletionTime: ago(-50_000) }).estimatedCompletionTime).toBe(ago(-50_000));
    expect(look(41, { ...known, estimatedCompletionTime: ago(-500_000) }).estimatedCompletionTime).toBe(
      ago(-Math.ceil((50_000 * 59) / 41 / 1000 - 1) * 1000),
    );
    expect(look(40, { ...known, estimatedCompletionTime: ago(1_000) }).estimatedCompletionTime).toBe(ago(-75_000));
  });

  it('begins anew when the percentage falls back, and when the replica is made anew', () => {
    const known = { progressPercent: 40, ...since(50_000), estimatedCompletionTime: ago(-50_000) };
    const again = look(5, known);
    expect(again).toMatchObject({ progressPercent: 5, rebuildStart: { time: ago(0), percent: 5 } });
    expect(again).not.toHaveProperty('estimatedCompletionTime');
    const anew = withReplicas(filling, [
      ...before.replicas,
      { ...filling.replicas[2]!, replicaId: 'r-anew', rebuildPercent: 3 },
    ]);
    const seen = written(say(record(status('Syncing', { ...kept, ...known })), { volume: anew, surroundings }));
    expect(seen).toMatchObject({ newReplica: { replicaId: 'r-anew' }, rebuildStart: { time: ago(0), percent: 0 } });
    expect(seen).not.toHaveProperty('estimatedCompletionTime');
  });

  it('has no expected end while no rebuild is told of', () => {
    const known = { progressPercent: 40, ...since(50_000), estimatedCompletionTime: ago(-50_000) };
    const seen = look(undefined, known);
    expect(seen.progressPercent).toBe(40);
    expect(seen).not.toHaveProperty('estimatedCompletionTime');
  });

  it('takes the speed of the last rebuild on the target pool until it has one of its own', () => {
    const known = { progressPercent: 0, ...since(10_000) };
    // Half of it took 100 seconds.
    expect(look(0, known, [rebuild()]).estimatedCompletionTime).toBe(ago(-200_000));
    const slower = rebuild({ endedAtMs: NOW_MS - 100_000 });
    expect(look(0, known, [slower, rebuild()]).estimatedCompletionTime).toBe(ago(-400_000));
    expect(look(50, { ...known, progressPercent: 50 }, [rebuild()]).estimatedCompletionTime).toBe(ago(-10_000));
    for (const useless of [
      rebuild({ replicaId: 'r-hot-n1' }),
      rebuild({ replicaId: undefined }),
      rebuild({ recoveredBytes: 10 }),
      rebuild({ recoveredBytes: 0, totalBytes: 0 }),
      rebuild({ endedAtMs: undefined, state: 'Running' }),
      rebuild({ endedAtMs: NOW_MS - 300_000 }),
    ]) {
      expect(look(0, known, [useless])).not.toHaveProperty('estimatedCompletionTime');
    }
  });

  it('is all of the volume once it is whole, and begins at nothing', () => {
    const synced = say(record(status('Syncing', { ...kept, ...since(1_000) })), { volume: during, surroundings });
    expect(written(synced)).toMatchObject({
      phase: 'Verifying',
      progressPercent: 100,
      bytesTotal: SIZE,
      bytesSynced: SIZE,
    });
    expect(written(synced)).not.toHaveProperty('rebuildStart');
    const added = record(status('Adding', { newReplica: NEW, intent: intent('Uncordon') }));
    expect(written(say(added, { volume: filling, surroundings, lock: { kind: 'released' } }))).toMatchObject({
      phase: 'Syncing',
      progressPercent: 0,
      rebuildStart: { time: ago(0), percent: 0 },
    });
  });

  it('is never out of bounds, and never expects the end in the past or from nothing', () => {
    const percents = fc.integer({ min: 0, max: 100 });
    const starts = fc.option(fc.record({ ms: fc.integer({ min: -100_000, max: 10 ** 9 }), percent: percents }));
    fc.assert(
      fc.property(percents, percents, starts, (percent, progressPercent, start) => {
        const known = { progressPercent, ...(start === null ? {} : since(start.ms, start.percent)) };
        const seen = look(percent, known);
        const { bytesSynced = -1, bytesTotal = -2, estimatedCompletionTime: end, rebuildStart } = seen;
        expect(bytesSynced).toBeGreaterThanOrEqual(0);
        expect(bytesSynced).toBeLessThanOrEqual(bytesTotal);
        if (end === undefined) return;
        expect(Date.parse(end)).toBeGreaterThanOrEqual(NOW_MS);
        expect(percent - (rebuildStart?.percent ?? 0)).toBeGreaterThanOrEqual(2);
      }),
    );
  });
});
