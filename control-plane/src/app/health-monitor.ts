/** What probes ask: whether the loop makes progress, and whether the caches, the storage system and telemetry can be relied on. */
import type { InformerHealth } from '../adapters/kubernetes/index.ts';
import type { CacheState } from '../adapters/prom-client/prom-client-metrics.ts';
import type { Vitals } from '../loop/index.ts';
import type { DecisionBoard } from '../model/decision-board.ts';
import { healthOf, type Dependency, type HealthReport, type Readiness } from '../model/health.ts';

export interface WatchedCache {
  /** Such as `storagepolicies`. */
  readonly resource: string;
  readonly informer: { health(): InformerHealth };
}

const NOT_CHECKED: Readiness = {
  healthy: false,
  reason: 'NotChecked',
  message: 'The first round of planning has not ended yet.',
};

export class HealthMonitor {
  readonly #vitals: Pick<Vitals, 'problems'>;
  readonly #caches: readonly WatchedCache[];
  readonly #board: Pick<DecisionBoard, 'latest'>;

  constructor(vitals: Pick<Vitals, 'problems'>, caches: readonly WatchedCache[], board: Pick<DecisionBoard, 'latest'>) {
    this.#vitals = vitals;
    this.#caches = caches;
    this.#board = board;
  }

  check(): HealthReport {
    const { storage = NOT_CHECKED, telemetry = NOT_CHECKED } = this.#board.latest ?? {};
    return healthOf(this.#vitals.problems(), [
      ...this.#caches.map(dependencyOf),
      { name: 'storage', ...storage },
      { name: 'prometheus', ...telemetry },
    ]);
  }

  cacheStates(): readonly CacheState[] {
    return this.#caches.map(({ resource, informer }) => {
      const { state, ready, objectCount } = informer.health();
      return { resource, state, ready, objectCount };
    });
  }
}

function dependencyOf({ resource, informer }: WatchedCache): Dependency {
  const { ready, state, message } = informer.health();
  const name = `kubernetes/${resource}`;
  if (ready) return { name, healthy: true, reason: 'Ready', message: '' };
  const reason = state === 'synced' ? 'OutOfDate' : state.charAt(0).toUpperCase() + state.slice(1);
  return { name, healthy: false, reason, message };
}
