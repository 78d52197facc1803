/** What is seen of the world of the demo at a moment. */
import { isFinal, type MigrationPhase } from '@couchestor/common/api';
import type { Migration } from './api.ts';
import type { DemoVolume } from './mayastor.ts';
import type { ToldDecision } from './operator.ts';

/** Created: the operator has not looked at it. */
export const phaseOf = ({ status }: Migration): MigrationPhase | 'Created' => status?.phase ?? 'Created';

export const hasEnded = ({ status }: Migration): boolean => status !== undefined && isFinal(status.phase);

/** One volume as everybody sees it. */
export interface VolumeSight {
  readonly volume: DemoVolume;
  readonly name: string;
  /** Of its replicas, by Mayastor. */
  readonly tiers: string;
  /** Undefined until the operator first decided. */
  readonly decision: ToldDecision['decision'] | undefined;
  /** That has not ended. */
  readonly migration: Migration | undefined;
}

export interface Sight {
  readonly volumes: readonly VolumeSight[];
  readonly migrations: readonly Migration[];
  /** Whether the decisions are the operator's latest word. */
  readonly isFresh: boolean;
}
