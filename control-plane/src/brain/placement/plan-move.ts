/**
 * Whether and how one replica of a volume can be moved to a tier now: the preconditions of the volume, the target pool by filter and
 * score, the replica that leaves, and how it is made the one that goes. Looks at the pools of one tier only.
 */
import type { CandidatePool, DecisionCode, PlannedMove } from '../../model/decision.ts';
import { roomAfterMove } from './capacity.ts';
import { failureCode, failureReason, furthestFirst, type RejectedSites } from './failure.ts';
import { isRejection, look } from './filters.ts';
import { findRemedies } from './find-remedies.ts';
import { contextOf, failureDomainsAfter, type Departure, type MoveContext, type MoveRequest } from './move-request.ts';
import { preflight } from './preflight.ts';
import type { RejectionCode } from './rejection-codes.ts';
import { rejectedCandidate } from './rejection.ts';
import { remedySentence, type Remedy } from './remedy.ts';
import { scorePool } from './score.ts';
import type { PoolSite } from './storage-index.ts';

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

interface EligibleSite {
  readonly site: PoolSite;
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
  const { eligible, rejected } = sorted(context);
  const candidates = candidatesOf(eligible, rejected, context);
  const [best] = eligible;
  return best === undefined ? impossible(rejected, candidates, context) : possible(best, candidates, context);
}

/** The eligible ones by score; both by name where nothing else tells them apart. */
function sorted(context: MoveContext): {
  readonly eligible: readonly EligibleSite[];
  readonly rejected: RejectedSites;
} {
  const { index, wanted, tierOf, volume, ledger, domains } = context;
  const eligible: EligibleSite[] = [];
  const rejected = new Map<RejectionCode, PoolSite[]>();
  // By name, and sorting keeps that order among equals.
  for (const site of index.sitesOf(wanted, tierOf)) {
    const finding = look(site, context, roomAfterMove(site.pool, volume, ledger));
    if (isRejection(finding)) {
      const alike = rejected.get(finding);
      if (alike === undefined) rejected.set(finding, [site]);
      else alike.push(site);
    } else {
      const addsDomain = failureDomainsAfter(finding.source, site.failureDomain) > domains.size;
      eligible.push({ site, departure: finding, score: scorePool(site.pool, volume, ledger, addsDomain) });
    }
  }
  return { eligible: eligible.sort((a, b) => b.score - a.score), rejected };
}

function possible(
  { site: { pool }, departure }: EligibleSite,
  candidates: readonly CandidatePool[],
  { volume, wanted, sources }: MoveContext,
): RemediablePlan {
  const { replicaId, tier, pool: sourcePool, node } = departure.source;
  return {
    kind: 'possible',
    move: {
      source: { tier, pool: sourcePool, node, replicaId },
      target: { tier: wanted, pool: pool.pool, node: pool.node },
      removal: departure.removal,
      replicaCount: volume.replicaCount,
      sizeBytes: volume.sizeBytes,
      remainingReplicaCount: sources.length - 1,
    },
    candidates,
  };
}

function impossible(
  rejected: RejectedSites,
  candidates: readonly CandidatePool[],
  context: MoveContext,
): RemediablePlan {
  const codes = furthestFirst(rejected);
  const code = failureCode(codes[0]);
  const failure = {
    pinned: code === 'PinnedTopology',
    removalNotSteerable: code === 'RemovalNotSteerable',
    sites: codes.flatMap((each) => rejected.get(each) ?? []),
  };
  const reason = failureReason(rejected, context);
  return { kind: 'impossible', code, reason, remedies: findRemedies(failure, context), candidates };
}

function candidatesOf(
  eligible: readonly EligibleSite[],
  rejected: RejectedSites,
  context: MoveContext,
): readonly CandidatePool[] {
  const candidates = eligible.map(({ site, score }, index) =>
    index === 0 ? site.candidates.chosen(score) : site.candidates.eligible(score),
  );
  for (const code of furthestFirst(rejected)) {
    for (const site of rejected.get(code) ?? []) candidates.push(rejectedCandidate(code, site, context));
  }
  return candidates;
}
