/**
 * What decisions say of one pool as a candidate. The same is found about a pool for many volumes: equal candidates are one
 * object, so that a decision costs no more than a reference for each pool, and a round no more memory than it has findings.
 */
import type { CandidatePool } from '../../model/decision.ts';
import type { PoolFacts } from '../../model/cluster-snapshot.ts';

/** Scores are rounded to as much, and each has its place in the memo. */
const SCORES_PER_POINT = 10;

export class CandidateMemo {
  readonly #pool: Pick<PoolFacts, 'pool' | 'node'>;
  readonly #eligible = new Map<number, CandidatePool>();
  readonly #rejected = new Map<string, CandidatePool>();

  constructor({ pool, node }: Pick<PoolFacts, 'pool' | 'node'>) {
    this.#pool = { pool, node };
  }

  chosen(score: number): CandidatePool {
    return { ...this.#pool, verdict: { kind: 'chosen', score } };
  }

  eligible(score: number): CandidatePool {
    const key = Math.round(score * SCORES_PER_POINT);
    let candidate = this.#eligible.get(key);
    if (candidate === undefined) {
      candidate = { ...this.#pool, verdict: { kind: 'eligible', score } };
      this.#eligible.set(key, candidate);
    }
    return candidate;
  }

  /** `key`: the same for the same code and reason, and for no other. */
  rejected(key: string, code: string, reasonOf: () => string): CandidatePool {
    let candidate = this.#rejected.get(key);
    if (candidate === undefined) {
      candidate = { ...this.#pool, verdict: { kind: 'rejected', code, reason: reasonOf() } };
      this.#rejected.set(key, candidate);
    }
    return candidate;
  }
}
