/**
 * One paragraph of plain English about one decision. The outcome and what stands in its way come first, so that a reader who
 * stops early, or a field that cuts, loses evidence and not the answer.
 */
import { DECISION_CODES, type Decision } from '../../model/decision.ts';
import { headline } from './headline.ts';
import { heatText, wishText } from './heat-text.ts';
import { changeText, earliestText, remediesText } from './outlook.ts';
import { candidatesText, placeText, planText } from './plan-text.ts';
import { listed, phrase, sentence } from './words.ts';

const MAX_LISTED_POLICIES = 3;

export function explain(decision: Decision): string {
  const isMove = decision.outcome === 'Move';
  const sentences = [
    headline(decision),
    detailText(decision),
    remediesText(decision),
    earliestText(decision),
    ...(isMove ? [planText(decision)] : []),
    placeText(decision),
    heatText(decision),
    wishText(decision),
    ...(isMove ? [] : [planText(decision)]),
    candidatesText(decision),
    changeText(decision),
    policyText(decision),
    dryRunText(decision),
  ];
  return sentences.filter((text) => text !== '').join(' ');
}

/** The decider's own words, where the facts of the decision do not say it all. */
function detailText({ code, reason, wishes }: Decision): string {
  if (code === 'InvalidAnnotation' && wishes.kind === 'invalid') return sentence(wishes.message);
  return DECISION_CODES[code] === 'Wait' || DECISION_CODES[code] === 'Blocked' ? sentence(reason) : '';
}

function policyText({ policy, conflictingPolicies }: Decision): string {
  const watched = `It is watched by policy ${policy.name}`;
  if (conflictingPolicies.length === 0) return `${watched}.`;
  const others = listed(conflictingPolicies.map(phrase), MAX_LISTED_POLICIES);
  return conflictingPolicies.length === 1
    ? `${watched}; policy ${others} matches it as well, but is younger and does not decide about it.`
    : `${watched}; the policies ${others} match it as well, but are younger and do not decide about it.`;
}

/** The headline of a move says so itself. */
function dryRunText({ dryRun, outcome }: Decision): string {
  return dryRun && outcome !== 'Move' ? 'This is a dry run, which would only report a move.' : '';
}
