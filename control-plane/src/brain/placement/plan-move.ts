/** Whether and how one replica of a volume can be moved to a tier now: preconditions, target pool, source replica, removal. */
import type { Tier } from '@couchestor/common/api';
import type { StorageFacts, VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { CandidatePool, DecisionCode, PlannedMove } from '../../model/decision.ts';
import type { Ledger } from './ledger.ts';
import type { TierOf } from './placement-of.ts';

export interface MoveRequest {
  /** With at least one replica outside the wanted tier. */
  readonly volume: VolumeFacts;
  readonly wanted: Tier;
  /** The same function for every volume of a policy, so that pools are sorted into tiers once. */
  readonly tierOf: TierOf;
  /** Those of the snapshot that the ledger was made from. */
  readonly storage: StorageFacts;
  readonly ledger: Ledger;
  readonly preservation: boolean;
  /** An earlier migration left both copies. */
  readonly extraReplica: boolean;
}

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

export function planMove(request: MoveRequest): MovePlan {
  return {
    kind: 'impossible',
    code: 'NoPool',
    reason: `No ${request.wanted} pool was looked at.`,
    remedies: [],
    candidates: [],
  };
}
