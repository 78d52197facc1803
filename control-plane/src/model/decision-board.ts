/**
 * The internal read model: every decision of the last round that could decide, by volume, and since when each has stood. It
 * knows whether a later round could not decide, so that what it still shows is never taken for fresh. Bounded by the volumes that
 * are watched: what a round does not mention any more is forgotten.
 */
import type { Tier } from '@couchestor/common/api';
import type { Decision, DecisionCode, DecisionOutcome } from './decision.ts';
import type { Readiness } from './health.ts';
import type { PlanningReport } from './planning-report.ts';

export interface BoardEntry {
  readonly decision: Decision;
  /** Wall time since which outcome, code and wanted tier are what they are, as far as this process knows. */
  readonly sinceMs: number;
}

export interface BoardFilter {
  readonly policy?: string;
  readonly outcome?: DecisionOutcome;
  readonly code?: DecisionCode;
  /** Of the claim. */
  readonly namespace?: string;
  readonly claim?: string;
}

export interface BoardPage {
  readonly entries: readonly BoardEntry[];
  /** Matching the filter, on this page or not. */
  readonly totalCount: number;
  /** The key to go on after; undefined on the last page. Stays valid when another round comes in between. */
  readonly nextAfter: string | undefined;
}

/** What the entries rest on. */
export interface BoardRound {
  readonly sequence: number;
  readonly decidedAtMs: number;
  /** False: a later round could not decide, for the reason given. */
  readonly fresh: boolean;
  readonly staleReason: string | undefined;
}

export class DecisionBoard {
  /** By the name of the PersistentVolume, in its order. */
  #entries: readonly BoardEntry[] = [];
  #decided: PlanningReport | undefined;
  #latest: PlanningReport | undefined;

  update(report: PlanningReport): void {
    this.#latest = report;
    if (report.decisions === undefined) return;
    const before = new Map(this.#entries.map((entry) => [entry.decision.volumeName, entry]));
    this.#entries = report.decisions
      .map((decision) => ({ decision, sinceMs: sinceMs(before.get(decision.volumeName), decision) }))
      .sort((a, b) => compare(a.decision.volumeName, b.decision.volumeName));
    this.#decided = report;
  }

  /** The last round, whether it decided or not. */
  get latest(): PlanningReport | undefined {
    return this.#latest;
  }

  /** Undefined before the first round that could decide. */
  get round(): BoardRound | undefined {
    if (this.#decided === undefined || this.#latest === undefined) return undefined;
    const fresh = this.#latest === this.#decided;
    return {
      sequence: this.#decided.sequence,
      decidedAtMs: this.#decided.startedAtMs,
      fresh,
      staleReason: fresh ? undefined : whyUndecided(this.#latest),
    };
  }

  /** Why nothing is known yet. */
  get obstacle(): string {
    return this.#latest === undefined ? 'The first round of planning has not ended yet.' : whyUndecided(this.#latest);
  }

  /** At most `limit` entries after the volume named `after`. */
  page(filter: BoardFilter, { limit, after = '' }: { limit: number; after?: string | undefined }): BoardPage {
    const matching = this.#entries.filter((entry) => matches(entry, filter));
    const rest = matching.filter(({ decision }) => compare(decision.volumeName, after) > 0);
    const entries = rest.slice(0, limit);
    const nextAfter = rest.length > entries.length ? entries.at(-1)?.decision.volumeName : undefined;
    return { entries, totalCount: matching.length, nextAfter };
  }

  /** By the id of the volume, or by the name of its PersistentVolume. */
  find(volume: string): BoardEntry | undefined {
    return (
      this.#entries.find(({ decision }) => decision.volumeId === volume) ??
      this.#entries.find(({ decision }) => decision.volumeName === volume)
    );
  }
}

function whyUndecided({ kubernetes, storage }: PlanningReport): string {
  const failed: Readiness | undefined = [kubernetes, storage].find(({ healthy }) => !healthy);
  return failed === undefined ? '' : `${failed.reason}: ${failed.message}`;
}

function sinceMs(before: BoardEntry | undefined, decision: Decision): number {
  const was = before?.decision;
  const same =
    was?.outcome === decision.outcome && was.code === decision.code && wantedTier(was) === wantedTier(decision);
  return before !== undefined && same ? before.sinceMs : decision.decidedAtMs;
}

function wantedTier({ wanted }: Decision): Tier | undefined {
  return wanted?.tier;
}

function matches({ decision }: BoardEntry, filter: BoardFilter): boolean {
  const { policy, outcome, code, namespace, claim } = filter;
  return (
    (policy === undefined || decision.policy.name === policy) &&
    (outcome === undefined || decision.outcome === outcome) &&
    (code === undefined || decision.code === code) &&
    (namespace === undefined || decision.claim?.namespace === namespace) &&
    (claim === undefined || decision.claim?.name === claim)
  );
}

/** As the code units go, whatever the locale. */
function compare(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}
