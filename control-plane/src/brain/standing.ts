/**
 * Whether the decision that a migration was made for still stands, while the migration waits for its approval or its turn: whether
 * the volume would go to the same tier, were it decided about anew. Where nothing may be said, nothing is.
 */
import { isFinal } from '@couchestor/common/api';
import { isWaiting } from '../model/cluster-snapshot.ts';
import type { Decision, DecisionCode } from '../model/decision.ts';
import type { Subject } from './subject.ts';
import { wantOf } from './want.ts';

/** What keeps a decision from being made, and says nothing against the one that was. */
const UNDECIDED: readonly DecisionCode[] = [
  'HeatUnknown',
  'LowCoverage',
  'PolicyNotAccepted',
  'VolumeMissing',
  'InvalidAnnotation',
];

/** Undefined: no migration of the volume waits. */
export function standingOf(subject: Subject): Decision['waiting'] {
  const [waiting, ...others] = subject.migrations.filter(({ phase }) => !isFinal(phase));
  if (waiting === undefined || others.length > 0 || !isWaiting(waiting)) return undefined;
  const migration = waiting.name;
  const result = wantOf({ ...subject, migrations: subject.migrations.filter((one) => one !== waiting) });
  if (result.kind === 'want') {
    const { wanted, ground } = result.want;
    if (wanted.tier === waiting.to) return { migration, stands: 'yes', reason: '' };
    return { migration, stands: 'no', reason: `The volume belongs in the ${wanted.tier} tier now, because ${ground}.` };
  }
  const { code, reason } = result.verdict;
  return { migration, stands: UNDECIDED.includes(code) ? 'unknown' : 'no', reason };
}
