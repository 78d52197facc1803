import { describe, expect, it } from '@jest/globals';
import type { VolumeMigrationStatus } from '@couchestor/common/api';
import { VirtualClock } from '@couchestor/common/base';
import { ago, intent, NOW_MS, status as statusOf } from './machine.fixture.ts';
import { Watch } from './watch.ts';

const HOUR_MS = 3_600_000;
const status = (changed = {}): VolumeMigrationStatus =>
  statusOf('Verifying', { intent: intent('Add'), ...changed }) as VolumeMigrationStatus;

describe('what a process has watched', () => {
  it('begins when it sees it first, but for the migration itself', () => {
    const watch = new Watch(new VirtualClock(NOW_MS));
    watch.saw(status());
    expect(watch.times()).toMatchObject({ phaseMs: 0, callMs: 0, runningMs: 60_000, setbacks: 0, cordonMs: Infinity });
  });

  it.each([HOUR_MS, -HOUR_MS])('passes as time does, though the wall clock is set by %d ms', async (stepMs) => {
    const clock = new VirtualClock(NOW_MS);
    const watch = new Watch(clock);
    watch.saw(status());
    await clock.advance(1_000);
    clock.stepWall(stepMs);
    watch.saw(status());
    expect(watch.times()).toMatchObject({
      phaseMs: 1_000,
      callMs: 1_000,
      runningMs: 61_000,
      setbacks: 0,
      cordonMs: Infinity,
    });
  });

  it('is shorter than nothing for no clock that was set back before', () => {
    const watch = new Watch(new VirtualClock(NOW_MS - HOUR_MS));
    watch.saw(status());
    expect(watch.times().runningMs).toBe(0);
  });

  it('begins anew with another phase, another intent, or the same one tried again', async () => {
    const clock = new VirtualClock(NOW_MS);
    const watch = new Watch(clock);
    const first = status();
    const { intent: remove = first.intent } = status({ intent: intent('Remove') });
    if (remove === undefined) throw new Error('An intent stands.');
    watch.wrote(first, undefined);
    await clock.advance(10);
    watch.saw({ ...first, phaseStartTime: ago(0) });
    expect(watch.times()).toMatchObject({ phaseMs: 0, callMs: 10 });
    await clock.advance(10);
    watch.saw({ ...first, phaseStartTime: ago(0), intent: remove });
    expect(watch.times()).toMatchObject({ phaseMs: 10, callMs: 0 });
    await clock.advance(10);
    const again = status({ intent: intent('Remove') });
    watch.wrote(again, status({ intent: intent('Remove') }));
    expect(watch.times()).toMatchObject({ callMs: 0 });
    await clock.advance(10);
    watch.wrote({ ...again, message: 'Waits.' }, again);
    expect(watch.times()).toMatchObject({ callMs: 10 });
  });

  it('begins anew with each call', async () => {
    const clock = new VirtualClock(NOW_MS);
    const watch = new Watch(clock);
    watch.saw(status());
    await clock.advance(10);
    watch.called();
    expect(watch.times()).toMatchObject({ phaseMs: 10, callMs: 0 });
  });

  it('counts what was undone in one phase, until somebody edits the object', () => {
    const watch = new Watch(new VirtualClock(NOW_MS));
    const steps = ['Uncordon', 'Remove', 'Uncordon'].map((step) => status({ intent: intent(step) }));
    const undone = (before: VolumeMigrationStatus | undefined): number => {
      let last = before;
      for (const next of steps) {
        watch.wrote(next, last);
        last = next;
      }
      return watch.times().setbacks;
    };
    watch.saw(steps.at(-1), 1);
    expect(undone(steps.at(-1))).toBe(2);
    watch.saw(steps.at(-1), 1);
    expect(watch.times().setbacks).toBe(2);
    watch.saw(steps.at(-1), 2);
    expect(watch.times().setbacks).toBe(0);
    expect(undone(steps.at(-1))).toBe(2);
    watch.wrote({ ...status(), phase: 'Removing' }, steps.at(-1));
    expect(watch.times().setbacks).toBe(0);
  });

  it('doubts each cordon that it did not name itself, and each call for one that was given up', async () => {
    const clock = new VirtualClock(NOW_MS);
    const watch = new Watch(clock);
    const named = status({ cordons: [{ kind: 'Pool', name: 'cold-n4', setTime: ago(0) }] });
    watch.saw(status());
    watch.wrote(named, status());
    watch.saw(named);
    expect(watch.times().cordonMs).toBe(Infinity);
    watch.doubtCordons();
    await clock.advance(10);
    watch.saw(named);
    expect(watch.times().cordonMs).toBe(10);
    watch.saw({ ...named, cordons: [{ kind: 'Pool', name: 'cold-n5', setTime: ago(0) }] });
    expect(watch.times().cordonMs).toBe(0);
    watch.wrote(status(), named);
    expect(watch.times().cordonMs).toBe(Infinity);
    const next = new Watch(clock);
    next.saw(named);
    expect(next.times().cordonMs).toBe(0);
  });

  it('knows since when the lock is held', async () => {
    const clock = new VirtualClock(NOW_MS);
    const watch = new Watch(clock);
    expect(watch.times().lockMs).toBe(Infinity);
    watch.locked(true);
    await clock.advance(10);
    expect(watch.times().lockMs).toBe(10);
    watch.locked(false);
    expect(watch.times().lockMs).toBe(Infinity);
  });
});
