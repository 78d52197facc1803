/** For tests: decisions about a volume, or a few, of which only what matters to the test is said. */
import type { Tier } from '@couchestor/common/api';
import { assertInvariant } from '@couchestor/common/base';
import type { ClusterSnapshot, MigrationFacts, PoolFacts, VolumeFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import type { Heat } from '../model/heat.ts';
import type { OperatorSettings, PolicyInput } from '../model/policy-input.ts';
import {
  claimOf,
  NOW_MS,
  policyInput,
  poolOf,
  readingOf,
  SETTINGS,
  snapshotOf,
  TIERS,
  volumeOf,
} from './brain.fixture.ts';
import { decide } from './decide.ts';

/** Three pools in each tier, each on a node of its own. */
export const POOLS = TIERS.flatMap((tier) => [0, 1, 2].map((index) => poolOf(tier, index)));

export function poolsIn(tier: Tier, count: number): PoolFacts[] {
  return POOLS.filter(({ labels }) => labels.tier === tier.toLowerCase()).slice(0, count);
}

export interface Case {
  readonly iops?: number | Heat;
  readonly tier?: Tier;
  readonly volume?: Partial<VolumeFacts>;
  readonly annotations?: Readonly<Record<string, string>>;
  readonly spec?: Readonly<Record<string, unknown>>;
  readonly policy?: Partial<PolicyInput>;
  readonly settings?: Partial<OperatorSettings>;
  readonly migrations?: readonly MigrationFacts[];
  readonly nowMs?: number;
}

/** The decision about one volume of two replicas: published, healthy and, unless said otherwise, Cold and busy. */
export function decideOne(given: Case = {}): Decision {
  const { iops = 5000, tier = 'Cold', volume, annotations = {}, spec, policy, settings, migrations = [] } = given;
  const decisions = decide({
    snapshot: snapshotOf({
      claims: [claimOf(1, { annotations })],
      volumes: [volumeOf(1, poolsIn(tier, 2), volume)],
      pools: POOLS,
      migrations,
    }),
    policies: [policyInput('policy', spec, policy)],
    heat: readingOf(new Map([[1, iops]])),
    settings: { ...SETTINGS, ...settings },
    nowMs: given.nowMs ?? NOW_MS,
  });
  const [decision] = decisions;
  assertInvariant(decision !== undefined && decisions.length === 1, 'one volume, one decision');
  return decision;
}

/** Volumes of these numbers, all Cold and busy, and their decisions as `code` by number. */
export function decideMany(
  count: number,
  policies: readonly PolicyInput[],
  settings: Partial<OperatorSettings> = {},
  rest: Partial<ClusterSnapshot> = {},
): Decision[] {
  const numbers = Array.from({ length: count }, (_, index) => index + 1);
  const snapshot = snapshotOf({
    claims: numbers.map((index) => claimOf(index, { labels: { half: index % 2 === 0 ? 'even' : 'odd' } })),
    volumes: numbers.map((index) => volumeOf(index, poolsIn('Cold', 1))),
    pools: POOLS,
  });
  const heat = readingOf(new Map(numbers.map((index) => [index, 5000 + index])));
  return [
    ...decide({
      snapshot: { ...snapshot, ...rest },
      policies,
      heat,
      settings: { ...SETTINGS, ...settings },
      nowMs: NOW_MS,
    }),
  ];
}

export const codesOf = (decisions: readonly Decision[]): string[] => decisions.map(({ code }) => code);
