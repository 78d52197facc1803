/**
 * Faults that a test orders: each rule names the requests it strikes and what happens to them. Rules are asked in the
 * order they were added, the watch ones anew for every event, so that they also strike watches that are already open.
 */
export interface FaultMatch {
  /** HTTP method, upper case. */
  method?: string;
  /** Tested against the path without the query. */
  path?: RegExp;
  /** Kubernetes verb: get, list, watch, create, update, patch, delete, deletecollection. */
  verb?: string;
  user?: string;
}

export type FaultEffect =
  | { kind: 'delay'; ms: number }
  /** The request is read and never answered. */
  | { kind: 'drop' }
  /** The connection is destroyed before anything is done. */
  | { kind: 'reset' }
  | { kind: 'status'; code: number; retryAfterSeconds?: number }
  /** The request takes effect, its answer is lost. */
  | { kind: 'after-effect'; then: 'reset' | 'status' }
  /** A watch goes silent for good, bookmarks and its time-out included, and stays open. */
  | { kind: 'half-open-watch' }
  | { kind: 'watch-events'; mode: 'duplicate' | 'reorder' | 'drop' }
  /** Lists answer with the state of an earlier revision, as far as history goes back. */
  | { kind: 'stale-list'; revision: number };

export interface FaultRule {
  match?: FaultMatch;
  /** How often the rule strikes; without a limit if absent. */
  times?: number;
  effect: FaultEffect;
}

export interface FaultHandle {
  /** How often the rule has struck: requests, or for watch faults watches silenced and events changed. */
  readonly hits: number;
  remove(): void;
}

/** What is known of a request by the time it is authenticated. */
export interface FaultRequest {
  method: string;
  path: string;
  verb: string;
  user: string;
}

type EffectOf<Kind extends FaultEffect['kind']> = Extract<FaultEffect, { kind: Kind }>;

export class FaultInjector {
  readonly #active = new Set<{ rule: FaultRule; hits: number }>();

  add(rule: FaultRule): FaultHandle {
    const entry = { rule, hits: 0 };
    this.#active.add(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove: () => void this.#active.delete(entry),
    };
  }

  /** Removes every rule; silenced watches stay silent. */
  clear(): void {
    this.#active.clear();
  }

  /** The effect of the first rule of these kinds that strikes the request, counted as a hit. */
  take<Kind extends FaultEffect['kind']>(request: FaultRequest, ...kinds: Kind[]): EffectOf<Kind> | undefined {
    const wanted = (effect: FaultEffect): effect is EffectOf<Kind> => kinds.some((kind) => kind === effect.kind);
    for (const entry of this.#active) {
      const { effect, times = Infinity, match = {} } = entry.rule;
      if (!wanted(effect) || entry.hits >= times || !matches(match, request)) continue;
      entry.hits += 1;
      return effect;
    }
    return undefined;
  }
}

function matches({ method, path, verb, user }: FaultMatch, request: FaultRequest): boolean {
  return (
    (method ?? request.method) === request.method &&
    (verb ?? request.verb) === request.verb &&
    (user ?? request.user) === request.user &&
    // search(), unlike test(), keeps no state in a global expression.
    (path === undefined || request.path.search(path) >= 0)
  );
}
