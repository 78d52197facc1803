/** What a gate says of a volume that it does not let through, or the last one of a volume that moves. */
import type { Decision } from '../model/decision.ts';

export interface Verdict extends Pick<Decision, 'code' | 'reason'> {
  readonly wanted?: Decision['wanted'];
  readonly move?: Decision['move'];
  readonly candidates?: Decision['candidates'];
  readonly remedies?: Decision['remedies'];
  readonly earliestChangeMs?: number | undefined;
}
