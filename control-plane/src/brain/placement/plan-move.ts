/**
 * Whether and how one replica of a volume can be moved to a tier now: the preconditions of the volume, the target pool by filter and
 * score, the replica that leaves, and how it is made the one that goes. Looks at the pools of one tier only.
 */
import { byText } from '../order.ts';
import type { PoolFacts } from '../../model/cluster-snapshot.ts';
import type { CandidatePool, DecisionCode, PlannedMove } from '../../model/decision.ts';
import { failureCode, failureReason, furthestFirst, type RejectedPool } from './failure.ts';
import { isRejection, look, type Departure } from './filters.ts';
import { findRemedies } from './find-remedies.ts';
import { contextOf, failureDomainsAfter, type MoveContext, type MoveRequest } from './move-request.ts';
import { preflight } from './preflight.ts';
import { remedySentence, type Remedy } from './remedy.ts';
import { scorePool } from './score.ts';

export type MovePlan =
  | {
      readonly kind: 'possible';
      readonly move: Omit<PlannedMove, 'benefit'>;
      readonly candidates: readonly CandidatePool[];
    }
  | {
      readonly kind: 'impossible';
      /** Of outcome Blocked or Wait. */
      readonly code: DecisionCode;
      readonly reason: string;
      readonly remedies: readonly string[];
      readonly candidates: readonly CandidatePool[];
    };

/** The same with remedies as values. */
export type RemediablePlan =
  | Extract<MovePlan, { kind: 'possible' }>
  | (Omit<Extract<MovePlan, { kind: 'impossible' }>, 'remedies'> & { readonly remedies: readonly Remedy[] });

interface EligiblePool {
  readonly pool: PoolFacts;
  readonly departure: Departure;
  readonly score: number;
}

/** Candidates: the chosen pool, the eligible ones by score, the rejected ones by how far they came. */
export function planMove(request: MoveRequest): MovePlan {
  const plan = planWithRemedies(request);
  return plan.kind === 'possible' ? plan : { ...plan, remedies: plan.remedies.map(remedySentence) };
}

export function planWithRemedies(request: MoveRequest): RemediablePlan {
  const obstacle = preflight(request);
  if (obstacle !== undefined) return { kind: 'impossible', ...obstacle, candidates: [] };
  const context = contextOf(request);
  const eligible: EligiblePool[] = [];
  const rejected: RejectedPool[] = [];
  for (const pool of context.index.poolsOf(request.wanted, request.tierOf)) {
    const finding = look(pool, context);
    if (isRejection(finding)) rejected.push({ pool, rejection: finding });
    else eligible.push(...finding.slice(0, 1).map((departure) => scored(pool, departure, context)));
  }
  // Pools come by name, and sorting keeps that order among equals.
  eligible.sort((a, b) => b.score - a.score || byText(a.pool.pool, b.pool.pool));
  const candidates = candidatesOf(eligible, furthestFirst(rejected));
  const [best] = eligible;
  return best === undefined ? impossible(rejected, candidates, context) : possible(best, candidates, context);
}

function scored(pool: PoolFacts, departure: Departure, context: MoveContext): EligiblePool {
  const domain = context.index.failureDomainOf(pool.node);
  const addsDomain = failureDomainsAfter(departure.source, domain) > context.failureDomainCount;
  return { pool, departure, score: scorePool(pool, context.volume, context.ledger, addsDomain) };
}

function possible(
  { pool, departure }: EligiblePool,
  candidates: readonly CandidatePool[],
  { wanted, sources }: MoveContext,
): RemediablePlan {
  const { replicaId, tier, pool: sourcePool, node } = departure.source;
  return {
    kind: 'possible',
    move: {
      source: { tier, pool: sourcePool, node, replicaId },
      target: { tier: wanted, pool: pool.pool, node: pool.node },
      removal: departure.removal,
      remainingReplicaCount: sources.length - 1,
    },
    candidates,
  };
}

function impossible(
  rejected: readonly RejectedPool[],
  candidates: readonly CandidatePool[],
  context: MoveContext,
): RemediablePlan {
  const ordered = furthestFirst(rejected);
  const code = failureCode(ordered[0]);
  const failure = {
    pinned: code === 'PinnedTopology',
    removalNotSteerable: code === 'RemovalNotSteerable',
    pools: ordered.map(({ pool }) => pool),
  };
  const reason = failureReason(ordered, context);
  return { kind: 'impossible', code, reason, remedies: findRemedies(failure, context), candidates };
}

function candidatesOf(eligible: readonly EligiblePool[], rejected: readonly RejectedPool[]): readonly CandidatePool[] {
  return [
    ...eligible.map(({ pool: { pool, node }, score }, index): CandidatePool => {
      return { pool, node, verdict: { kind: index === 0 ? 'chosen' : 'eligible', score } };
    }),
    ...rejected.map(({ pool: { pool, node }, rejection: { code, reason } }): CandidatePool => {
      return { pool, node, verdict: { kind: 'rejected', code, reason } };
    }),
  ];
}
