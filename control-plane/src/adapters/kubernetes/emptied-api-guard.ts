/**
 * Decides whether a list may be believed. An API server that lost its data, was restored from a backup or was replaced by
 * another cluster answers lists as calmly as ever, and an informer that takes such an answer tells its consumers that
 * everything was deleted. So a list that contradicts what was seen before is not taken:
 *
 * - its revision is lower than one already seen: `stale`, asked again; seen several times in a row, `revisionRolledBack`; the
 *   same at once if its revision is not lower but that of an object is, for then another history has caught up;
 * - the uid of kube-system changed, or kube-system is gone: `clusterChanged`;
 * - every known object is missing: `emptied`; more than a share of them: `shrunk`. Objects under a new uid count as missing.
 *
 * The latter two can be true on the same cluster (somebody cleaned up while the watch was down), so several lists in a row over
 * some time that agree on what is missing confirm them. The former two are another history: only an operator confirms them.
 * Deletions that a watch reports one by one are statements of fact, not conclusions from absence, and do not pass through here.
 * Pure: time and evidence come as arguments. See docs/adr/0003-emptied-api.md.
 */
import { newest, orderOf } from './resource-version.ts';

/** Which cluster answers, by the uid of its namespace kube-system. */
export type ClusterIdentity =
  | { readonly kind: 'known'; readonly uid: string }
  | { readonly kind: 'absent' }
  /** RBAC hides it: this evidence is missing, the others stay. */
  | { readonly kind: 'unreadable' };

export interface ListEvidence {
  readonly revision: string;
  /** Objects known before the list. */
  readonly knownCount: number;
  /** Uids of those that the list does not have. */
  readonly missing: ReadonlySet<string>;
  /** Whether the list shows an object in an older version than the known one. */
  readonly outdated: boolean;
  readonly cluster: ClusterIdentity;
}

export type SuspectReason = 'emptied' | 'shrunk' | 'revisionRolledBack' | 'clusterChanged';

export interface Suspicion {
  readonly reason: SuspectReason;
  readonly knownCount: number;
  readonly missingCount: number;
  /** Monotonic time of the first of the lists that agree. */
  readonly sinceMs: number;
  readonly agreeingLists: number;
  /** Whether further agreeing lists confirm it; else only acceptLoss() does. */
  readonly confirmsItself: boolean;
}

export type Verdict =
  | { readonly kind: 'take'; readonly historyChanged: boolean }
  | { readonly kind: 'stale' }
  | { readonly kind: 'suspect'; readonly suspicion: Suspicion };

export interface GuardOptions {
  /** Above this share of known objects missing from one list, it is suspect. */
  readonly maxMissingShare: number;
  /** Lists in a row that must agree … */
  readonly confirmingLists: number;
  /** … and the time they must span. */
  readonly confirmingMs: number;
  /** Stale lists in a row after which the revision counts as rolled back. */
  readonly staleListsTolerated: number;
}

export const DEFAULT_GUARD: GuardOptions = {
  maxMissingShare: 0.5,
  confirmingLists: 4,
  confirmingMs: 60_000,
  staleListsTolerated: 3,
};

interface Held {
  readonly suspicion: Suspicion;
  readonly missing: ReadonlySet<string>;
}

export class EmptiedApiGuard {
  readonly #options: GuardOptions;
  #highestRevision: string | undefined;
  #clusterUid: string | undefined;
  #staleLists = 0;
  #held: Held | undefined;
  #accepted: Held | undefined;

  constructor(options: GuardOptions) {
    this.#options = options;
  }

  get suspicion(): Suspicion | undefined {
    return this.#held?.suspicion;
  }

  /** Every revision that events, bookmarks and own writes show. */
  observeRevision(revision: string): void {
    this.#highestRevision = newest(this.#highestRevision, revision);
  }

  /**
   * An operator vouches for the loss under suspicion: the next list that shows the same reason and misses nothing more is
   * taken. Returns what was accepted; undefined when nothing is under suspicion.
   */
  acceptLoss(): Suspicion | undefined {
    this.#accepted = this.#held;
    return this.#held?.suspicion;
  }

  judge(evidence: ListEvidence, nowMs: number): Verdict {
    const older = this.#isOlder(evidence.revision);
    this.#staleLists = older ? this.#staleLists + 1 : 0;
    const reason = this.#reasonToDoubt(evidence);
    if (reason === undefined) {
      if (!older || this.#staleLists >= this.#options.staleListsTolerated) return this.#take(evidence);
      this.#interrupt(nowMs);
      return { kind: 'stale' };
    }
    const held = this.#hold(reason, evidence, nowMs);
    if (!this.#isAccepted(held) && !this.#confirmed(held.suspicion, nowMs)) {
      return { kind: 'suspect', suspicion: held.suspicion };
    }
    return this.#take(evidence);
  }

  /** Whether a server at this revision can be the one seen so far. */
  isPlausible({ revision, cluster }: Pick<ListEvidence, 'revision' | 'cluster'>): boolean {
    return !this.#isOlder(revision) && !this.#isOther(cluster);
  }

  #isOther(cluster: ClusterIdentity): boolean {
    if (this.#clusterUid === undefined || cluster.kind === 'unreadable') return false;
    return cluster.kind === 'absent' || cluster.uid !== this.#clusterUid;
  }

  #reasonToDoubt({ cluster, knownCount, missing, outdated }: ListEvidence): SuspectReason | undefined {
    if (this.#isOther(cluster)) return 'clusterChanged';
    // With nothing known there is nothing to lose, whatever the revision.
    if (knownCount === 0) return undefined;
    if (this.#staleLists > 0)
      return this.#staleLists < this.#options.staleListsTolerated ? undefined : 'revisionRolledBack';
    if (outdated) return 'revisionRolledBack';
    if (missing.size === knownCount) return 'emptied';
    return missing.size > knownCount * this.#options.maxMissingShare ? 'shrunk' : undefined;
  }

  /** Lists agree when they give the same reason and miss the same objects. */
  #hold(reason: SuspectReason, { knownCount, missing }: ListEvidence, nowMs: number): Held {
    const before = this.#held;
    const agrees =
      before?.suspicion.reason === reason && before.missing.size === missing.size && isSubset(missing, before.missing);
    const suspicion = {
      reason,
      knownCount,
      missingCount: missing.size,
      sinceMs: agrees ? before.suspicion.sinceMs : nowMs,
      agreeingLists: agrees ? before.suspicion.agreeingLists + 1 : 1,
      confirmsItself: reason === 'emptied' || reason === 'shrunk',
    };
    this.#held = { suspicion, missing };
    return this.#held;
  }

  /** A list that says nothing breaks the row of those that agree. */
  #interrupt(nowMs: number): void {
    if (this.#held === undefined) return;
    this.#held = { ...this.#held, suspicion: { ...this.#held.suspicion, agreeingLists: 0, sinceMs: nowMs } };
  }

  #confirmed({ confirmsItself, agreeingLists, sinceMs }: Suspicion, nowMs: number): boolean {
    const { confirmingLists, confirmingMs } = this.#options;
    return confirmsItself && agreeingLists >= confirmingLists && nowMs - sinceMs >= confirmingMs;
  }

  #isAccepted({ suspicion, missing }: Held): boolean {
    return this.#accepted?.suspicion.reason === suspicion.reason && isSubset(missing, this.#accepted.missing);
  }

  #take({ revision, cluster }: ListEvidence): Verdict {
    const reason = this.#held?.suspicion.reason;
    const historyChanged = reason === 'clusterChanged' || reason === 'revisionRolledBack' || this.#isOlder(revision);
    this.#highestRevision = historyChanged ? revision : newest(this.#highestRevision, revision);
    if (cluster.kind !== 'unreadable') this.#clusterUid = cluster.kind === 'known' ? cluster.uid : undefined;
    this.#held = undefined;
    this.#accepted = undefined;
    this.#staleLists = 0;
    return { kind: 'take', historyChanged };
  }

  #isOlder(revision: string): boolean {
    return this.#highestRevision !== undefined && orderOf(revision, this.#highestRevision) === 'older';
  }
}

function isSubset(part: ReadonlySet<string>, whole: ReadonlySet<string>): boolean {
  return [...part].every((uid) => whole.has(uid));
}
