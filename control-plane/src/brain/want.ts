/**
 * The first half of a decision: from a watched volume to the tier that it should move to, or the verdict why it should not. No
 * other volume has a part in it.
 */
import { assertInvariant } from '@couchestor/common/base';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import type { Decision } from '../model/decision.ts';
import { benefitOf, directionOf, type Direction } from './benefit.ts';
import { GATES } from './gates.ts';
import type { Subject } from './subject.ts';
import { tierWanted } from './tier-wanted.ts';
import type { Verdict } from './verdict.ts';
import { groundText, stayText } from './wording.ts';

/** A volume that should move, and how much that is worth. */
export interface Want {
  readonly subject: Subject;
  readonly volume: VolumeFacts;
  readonly wanted: NonNullable<Decision['wanted']>;
  /** Why, as a clause. */
  readonly ground: string;
  readonly direction: Direction;
  readonly benefit: number;
}

export type WantOrVerdict =
  { readonly kind: 'want'; readonly want: Want } | { readonly kind: 'verdict'; readonly verdict: Verdict };

export function wantOf(subject: Subject): WantOrVerdict {
  for (const gate of GATES) {
    const verdict = gate(subject);
    if (verdict !== undefined) return { kind: 'verdict', verdict };
  }
  return wantByHeat(subject);
}

/** Called after all gates, which is why heat is known and the wishes can be read. */
function wantByHeat(subject: Subject): WantOrVerdict {
  const { heat, wishes, volume, replicaTiers, placement, terms } = subject;
  assertInvariant(heat.kind === 'known' && wishes.kind === 'valid' && volume !== undefined, 'the gates saw to it');
  const { iops } = heat;
  const earliestChangeMs = endOfWishes(subject);
  const settled = (verdict: Verdict): WantOrVerdict => ({ kind: 'verdict', verdict: { ...verdict, earliestChangeMs } });

  const result = tierWanted(iops, terms.thresholds, wishes, replicaTiers);
  if (result.kind === 'stay') {
    return settled({ code: result.code, reason: stayText(result.code, iops, terms.thresholds) });
  }
  const wanted = { tier: result.tier, reason: result.reason };
  const ground = groundText(wanted, iops, terms.thresholds);
  if (placement === wanted.tier) {
    const where = replicaTiers.length === 1 ? 'The only replica is' : `All ${replicaTiers.length} replicas are`;
    const reason = `${where} in the ${wanted.tier} tier, where the volume belongs because ${ground}.`;
    return settled({ code: 'AtTarget', reason, wanted });
  }
  const direction = directionOf(wanted.tier, replicaTiers);
  const benefit = benefitOf({ direction, iops, wanted: wanted.tier, volume, replicaTiers });
  return { kind: 'want', want: { subject, volume, wanted, ground, direction, benefit } };
}

/** When wishes that have a say in the tier end; undefined when there are none, or when they have no end. */
export function endOfWishes({ wishes }: Subject): number | undefined {
  if (wishes.kind === 'invalid') return undefined;
  const { pin, minimumTier, maximumTier, untilMs } = wishes;
  return (pin ?? minimumTier ?? maximumTier) ? untilMs : undefined;
}
