/** What is seen of the world of the demo at a moment. */
import type { Migration } from './api.ts';
import type { DemoVolume } from './mayastor.ts';
import type { ToldDecision } from './operator.ts';

const FINAL = ['Completed', 'Failed', 'Aborted', 'Cancelled'];

export const isFinal = ({ status }: Migration): boolean => FINAL.includes(status?.phase ?? '');

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
