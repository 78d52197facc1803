import { expect, it } from '@jest/globals';
import { CoucheStorError, VirtualClock } from '@couchestor/common/base';
import type { ReconcileResult } from './controller.ts';
import { ObservedReconciler } from './observed-reconciler.ts';
import { Vitals } from './vitals.ts';

const clock = new VirtualClock();
const vitals = new Vitals({ clock, maxWorkMs: 1_000 });
const counted: [number, string][] = [];

function observed(reconcile: () => Promise<ReconcileResult>): ObservedReconciler {
  const reconciler = { reconcile, reportFailure: () => Promise.resolve() };
  const metrics = { reconciled: (ms: number, outcome: string) => void counted.push([ms, outcome]) };
  return new ObservedReconciler({ reconciler, metrics, vitals, clock });
}
const signal = new AbortController().signal;

it('counts and times what is reconciled, and what fails', async () => {
  const slow = observed(async () => {
    await clock.sleep(2_000);
    return { kind: 'done' };
  }).reconcile('gold', signal);
  await clock.advance(1_500);
  expect(vitals.problems()).toEqual(['reconciling gold: not done after 2 s.']);
  await clock.advance(500);
  expect(await slow).toEqual({ kind: 'done' });
  for (const code of ['conflict', 'forbidden'] as const) {
    const failing = observed(() => Promise.reject(new CoucheStorError(code, 'x'))).reconcile('gold', signal);
    await expect(failing).rejects.toMatchObject({ code });
  }
  expect(counted).toEqual([
    [2_000, 'success'],
    [0, 'success'],
    [0, 'failure'],
  ]);
  expect(vitals.problems()).toEqual([]);
});
