/** Where a volume's replicas are, which of them would go where, and which pools were looked at for it. */
import type { CandidatePool, Decision, PlannedMove } from '../../model/decision.ts';
import { clause, countText, inTier, listed, tierWord } from './words.ts';

const MAX_LISTED_REPLICAS = 4;
const MAX_LISTED_POOLS = 3;

export function placeText({ code, placement, replicas }: Decision): string {
  if (code === 'VolumeMissing') return '';
  const isMixed = placement === 'Mixed';
  const places = replicas.map(({ pool, node, tier }) => {
    const place = `${pool ?? 'a pool that is not known'}${node === undefined ? '' : ` on ${node}`}`;
    return isMixed ? `${place} (${tierWord(tier)})` : place;
  });
  const pools = `${places.length === 1 ? 'pool' : 'the pools'} ${listed(places, MAX_LISTED_REPLICAS)}`;
  const where = places.length === 0 ? ', in pools that are not known' : `, in ${pools}`;
  if (isMixed) return `Its replicas are spread over tiers now${where}.`;
  return placement === 'Unassigned'
    ? `It is in no tier of the policy now${where}.`
    : `It is in ${inTier(placement)} now${where}.`;
}

/** Nothing when no move was planned. */
export function planText({ outcome, dryRun, move, candidates }: Decision): string {
  if (move === undefined) return '';
  const isReal = outcome === 'Move' && !dryRun;
  const { source, target, removal, remainingReplicaCount } = move;
  const opening = outcome === 'Move' ? 'The replica' : 'When its turn comes, the replica';
  const moves = isReal ? 'moves' : 'would move';
  const path = `in pool ${source.pool} on ${source.node} ${moves} to pool ${target.pool} on ${target.node}`;
  const rest =
    remainingReplicaCount > 0
      ? ` ${countText(remainingReplicaCount, 'more replica')} ${isReal ? 'will' : 'would'} follow${removal === 'Preserved' ? ' once the extra one is removed' : ''}.`
      : '';
  return `${opening} ${path}${choiceText(move, candidates)}; ${removalText(move, isReal)}.${rest}`;
}

function choiceText({ target, adopts }: PlannedMove, candidates: readonly CandidatePool[]): string {
  if (adopts !== undefined) return `, where the copy that migration ${adopts.migration} left is taken over`;
  const fit = candidates.filter(({ verdict }) => verdict.kind !== 'rejected');
  const chosen = fit.find(({ pool }) => pool === target.pool)?.verdict;
  if (chosen === undefined || chosen.kind === 'rejected') return '';
  if (fit.length === 1) return ', the only pool that can take it';
  return `, the best of ${fit.length} pools that can take it (score ${Math.round(chosen.score)} of 100)`;
}

function removalText({ removal }: PlannedMove, isReal: boolean): string {
  const verified = 'once the new copy is in sync and verified';
  switch (removal) {
    case 'ByItself':
      return `${verified}, scale-down ${isReal ? 'removes' : 'would remove'} the old one by itself`;
    case 'ByCordon':
      return `${verified}, the old one's place ${isReal ? 'is' : 'would be'} cordoned so that scale-down removes it and no other`;
    case 'Preserved':
      return `preservation mode ${isReal ? 'keeps' : 'would keep'} the old copy as an extra replica`;
  }
}

/** Which pools were looked at and refused, when that is why nothing moves. */
export function candidatesText({ move, candidates, wanted }: Decision): string {
  const rejected = candidates.flatMap(({ pool, node, verdict }) =>
    verdict.kind === 'rejected' ? [{ place: `${pool} on ${node}`, reason: clause(verdict.reason) }] : [],
  );
  if (move !== undefined || rejected.length === 0) return '';
  const tier = wanted === undefined ? '' : ` of ${inTier(wanted.tier)}`;
  const [first] = rejected;
  const isShared = rejected.length > 1 && rejected.every(({ reason }) => reason === first?.reason);
  const pools = rejected.map(({ place, reason }) => (isShared ? place : `${place} (${reason})`));
  const list = `${listed(pools, MAX_LISTED_POOLS)}${isShared ? ` (${first?.reason ?? ''})` : ''}`;
  return `Pools${tier} that were looked at and cannot take it: ${list}.`;
}
