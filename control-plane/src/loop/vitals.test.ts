import { expect, it } from '@jest/globals';
import { VirtualClock } from '@couchestor/common/base';
import { Vitals } from './vitals.ts';

it('an activity that was not heard of for too long is a problem, until it is heard of again', async () => {
  const clock = new VirtualClock();
  const vitals = new Vitals({ clock, maxWorkMs: 1_000 });
  const beat = vitals.expect('planning', 60_000);
  await clock.advance(60_000);
  expect(vitals.problems()).toEqual([]);
  await clock.advance(1_000);
  expect(vitals.problems()).toEqual(['planning: no progress for 61 s.']);
  beat();
  expect(vitals.problems()).toEqual([]);
});

it('a piece of work that does not end is a problem, also next to one of the same name that ended', async () => {
  const clock = new VirtualClock();
  const vitals = new Vitals({ clock, maxWorkMs: 1_000 });
  const ends = [vitals.begin('reconcile a'), vitals.begin('reconcile a')];
  ends[0]?.();
  await clock.advance(5_000);
  expect(vitals.problems()).toEqual(['reconcile a: not done after 5 s.']);
  ends[1]?.();
  expect(vitals.problems()).toEqual([]);
});
