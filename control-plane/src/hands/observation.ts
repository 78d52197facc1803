/** What is known at the moment of a decision, besides the object: the storage system as just read, and what this process did. */
import type { Cordon } from '@couchestor/common/api';
import type { RebuildHistory } from '../model/rebuild-history.ts';
import type { VolumeFacts } from '../model/cluster-snapshot.ts';
import type { VolumeMigrationRecord } from '../model/volume-migration-record.ts';
import type { Surroundings } from '../brain/placement/index.ts';
import type { StorageCall } from './instruction.ts';
import type { Watched } from './watch.ts';

/** What this look knows of the lock on placement; an earlier look's knowledge is worth nothing. */
export type LockFact =
  | { readonly kind: 'unknown' }
  | { readonly kind: 'held' }
  /** `isNext`: of those of this process that wait for it, this one is the first. */
  | { readonly kind: 'taken'; readonly by: string; readonly isNext: boolean }
  | { readonly kind: 'released' };

export interface Refusal {
  readonly message: string;
  readonly ageMs: number;
  /** The refused call was the only one of its operation, so that none is under way that may still take effect. */
  readonly certain: boolean;
}

export interface Observation {
  /** Undefined: there is no such volume. */
  readonly volume: VolumeFacts | undefined;
  readonly surroundings: Surroundings;
  /** Where they were asked for: of all migrations, as their statuses name them. */
  readonly ownCordons: readonly Cordon[];
  /** The other migration that was asked for; undefined: there is none of that name. */
  readonly other: VolumeMigrationRecord | undefined;
  /** Where they were asked for. */
  readonly rebuilds: RebuildHistory | undefined;
  readonly lock: LockFact;
  readonly watched: Watched;
  /** Calls that succeeded since the status was last written. */
  readonly confirmed: readonly StorageCall[];
  /** The answer to the last call, if the storage system refused it. */
  readonly refusal: Refusal | undefined;
  /** The intent that stands was written by this process, and nothing was called since. */
  readonly intentIsFresh: boolean;
  /** This process began the operation that stands, and has not called for it once. */
  readonly isUncalled: boolean;
}

/** In place of what was not looked at, since nothing may come of it: where nothing is, nothing can be moved. */
export const NOWHERE: Surroundings = {
  capabilities: {
    kind: 'MayastorRest',
    version: undefined,
    canMoveReplicas: false,
    removalKnowsTopology: false,
    removalKnowsCordons: false,
    poolCordons: false,
  },
  pools: [],
  nodes: [],
};
