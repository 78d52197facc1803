/** What each policy means for this round, worked out once for all of its volumes: tiers of pools, heat, windows, modes. */
import type { PoolName } from '@couchestor/common/base';
import type { Placement } from '@couchestor/common/api';
import type { PoolFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import type { HeatReading } from '../model/heat.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';
import { windowStateAt, type WindowState } from './maintenance-window.ts';
import { tierOfPool, type TierOf, type TierSelectors } from './placement/index.ts';

export interface PolicyTerms {
  readonly policy: PolicyInput;
  /** The same function for all policies with the same selectors. */
  readonly tierOf: TierOf;
  readonly reading: HeatReading;
  readonly windowState: WindowState;
  readonly thresholds: Decision['thresholds'];
  readonly dryRun: boolean;
  readonly preservation: boolean;
}

export interface TermsInput {
  readonly pools: readonly PoolFacts[];
  readonly heat: (windowMs: number) => HeatReading;
  readonly settings: OperatorSettings;
  readonly nowMs: number;
}

/** The terms of a policy by its identity; each distinct sampling window is read once, each set of selectors applied once. */
export function policyTerms({ pools, heat, settings, nowMs }: TermsInput): (policy: PolicyInput) => PolicyTerms {
  const readingOf = remembered(heat);
  const tierOfSelectors = remembered((key: string) => tierLookup(JSON.parse(key) as TierSelectors, pools));
  return remembered((policy: PolicyInput) => ({
    policy,
    tierOf: tierOfSelectors(selectorsKey(policy)),
    reading: readingOf(policy.spec.samplingWindowMs),
    windowState: windowStateAt(policy.spec.maintenanceWindows, nowMs),
    thresholds: thresholdsOf(policy),
    dryRun: policy.spec.dryRun || settings.dryRun,
    preservation: policy.spec.preservationMode || settings.preservationMode,
  }));
}

function thresholdsOf({ spec }: PolicyInput): Decision['thresholds'] {
  return {
    lowWatermarkIOPS: spec.lowWatermarkIOPS,
    warmWatermarkIOPS: spec.warmWatermarkIOPS,
    highWatermarkIOPS: spec.highWatermarkIOPS,
    minimumCoverage: spec.minimumCoverage,
    hasWarmTier: spec.warmPoolSelector !== undefined,
  };
}

function selectorsKey({ spec }: PolicyInput): string {
  const selectors: TierSelectors = {
    hot: spec.hotPoolSelector,
    warm: spec.warmPoolSelector,
    cold: spec.coldPoolSelector,
  };
  return JSON.stringify(selectors);
}

/** A pool that is not there any more is in no tier. */
function tierLookup(selectors: TierSelectors, pools: readonly PoolFacts[]): TierOf {
  const tiers = new Map<PoolName, Placement>(pools.map((pool) => [pool.pool, tierOfPool(selectors, pool)]));
  return (pool) => tiers.get(pool) ?? 'Unassigned';
}

/** Lives as long as the round, and holds no more than the round has policies. */
function remembered<Key, Value>(compute: (key: Key) => Value): (key: Key) => Value {
  const values = new Map<Key, { readonly value: Value }>();
  return (key) => {
    const known = values.get(key) ?? { value: compute(key) };
    values.set(key, known);
    return known.value;
  };
}
