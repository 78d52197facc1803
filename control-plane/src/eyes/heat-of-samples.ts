/** The heat of one volume from the samples of its series: known, or unknown for a reason that lies in the samples. */
import { formatDuration } from '@couchestor/common/base';
import type { Heat, HeatEvidence } from '../model/heat.ts';
import { HALF_LIVES_PER_WINDOW, heatScore, isRate, type Samples } from './heat-score.ts';
import type { QueryPlan } from './query-plan.ts';

/** How long Prometheus itself takes the last sample of a series for the present one. */
export const DEFAULT_STALE_AFTER_MS = 5 * 60_000;

export interface SampleContext {
  readonly plan: QueryPlan;
  readonly family: string;
  readonly query: string;
  /** The newest sample may be this old, or one step where that is longer. */
  readonly staleAfterMs: number;
}

/** Samples may come in any order; only rates among them count for coverage. */
export function heatOfSamples(volumeName: string, samples: Samples, context: SampleContext): Heat {
  const { plan, family, query, staleAfterMs } = context;
  const iops = heatScore(samples, { endMs: plan.endMs, halfLifeMs: plan.windowMs / HALF_LIVES_PER_WINDOW });
  if (iops === undefined) {
    const message = `No sample of ${volumeName} in the last ${formatDuration(plan.windowMs)} is a number; look at what exports ${family} metrics.`;
    return { kind: 'unknown', reason: 'NoSamples', message };
  }
  let sampleCount = 0;
  let newestSampleMs = -Infinity;
  samples.values.forEach((value, index) => {
    if (!isRate(value)) return;
    sampleCount += 1;
    newestSampleMs = Math.max(newestSampleMs, samples.timesMs[index] ?? -Infinity);
  });
  const evidence: HeatEvidence = {
    family,
    query,
    windowMs: plan.windowMs,
    stepMs: plan.stepMs,
    // A proxy that aligns the moments to multiples of the step may add one.
    sampleCount: Math.min(sampleCount, plan.stepCount),
    expectedSampleCount: plan.stepCount,
    newestSampleMs,
  };
  const ageMs = plan.endMs - newestSampleMs;
  if (ageMs > Math.max(staleAfterMs, plan.stepMs)) {
    const message =
      `The newest sample of ${volumeName} is ${formatDuration(ageMs)} old: ` +
      'the volume was unpublished, or its node is no longer scraped.';
    return { kind: 'unknown', reason: 'Stale', message, evidence };
  }
  return { kind: 'known', iops, coverage: evidence.sampleCount / plan.stepCount, evidence };
}
