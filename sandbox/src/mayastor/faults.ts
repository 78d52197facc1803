/**
 * Faults that a test orders: each rule names the requests it strikes, and whether that happens before the request took effect
 * or after. Rules are asked in the order they were added; the first that strikes is the only one.
 */
import type { ErrorKind } from './errors.ts';

export interface FaultMatch {
  /** HTTP method, upper case. */
  readonly method?: string;
  /** Tested against the path without the query, as it was sent. */
  readonly path?: RegExp;
}

export type FaultEffect =
  /** Then the request goes on. */
  | { readonly kind: 'delay'; readonly ms: number }
  /** An error body in the form of the control plane, or the bare text of a proxy in between. */
  | { readonly kind: 'status'; readonly code: number; readonly text?: string }
  /** The control plane refuses, in words of its own: some statuses stand for several kinds of refusal. */
  | { readonly kind: 'refusal'; readonly error: ErrorKind; readonly message?: string }
  /** The connection is destroyed. */
  | { readonly kind: 'reset' }
  /** Nothing is ever answered. */
  | { readonly kind: 'hang' }
  /** 200 with something that is no JSON. */
  | { readonly kind: 'garbage' }
  /** 200 with JSON that ends in the middle. */
  | { readonly kind: 'truncated' };

export interface FaultRule {
  readonly match?: FaultMatch;
  /** Strikes from this matching request on, counted from 1. */
  readonly nth?: number;
  /** How often it strikes; without a limit if absent. */
  readonly times?: number;
  /** Whether the request has taken effect by then. */
  readonly when?: 'before' | 'after';
  readonly effect: FaultEffect;
}

export interface FaultHandle {
  /** How often the rule has struck. */
  readonly hits: number;
  remove(): void;
}

interface ActiveRule {
  readonly rule: FaultRule;
  seen: number;
  hits: number;
}

export interface Strike {
  readonly when: 'before' | 'after';
  readonly effect: FaultEffect;
}

export class FaultInjector {
  readonly #active = new Set<ActiveRule>();

  add(rule: FaultRule): FaultHandle {
    const active: ActiveRule = { rule, seen: 0, hits: 0 };
    this.#active.add(active);
    return {
      get hits() {
        return active.hits;
      },
      remove: () => void this.#active.delete(active),
    };
  }

  clear(): void {
    this.#active.clear();
  }

  /** What happens to this request, counted as a hit. */
  take(method: string, path: string): Strike | undefined {
    let strike: Strike | undefined;
    for (const active of this.#active) {
      const { match = {}, nth = 1, times = Infinity, when = 'before', effect } = active.rule;
      if ((match.method ?? method) !== method) continue;
      // search(), unlike test(), keeps no state in a global expression.
      if (match.path !== undefined && path.search(match.path) < 0) continue;
      active.seen += 1;
      if (strike !== undefined || active.seen < nth || active.hits >= times) continue;
      active.hits += 1;
      strike = { when, effect };
    }
    return strike;
  }
}
