/** The content of a Lease, and how long it has been seen unchanged. */
import { isRecord, type KubeObject } from './kube-object.ts';
import { microTime } from './micro-time.ts';

type Fields = Readonly<Record<string, unknown>>;

function specOf(lease: KubeObject | undefined): Fields {
  return isRecord(lease?.spec) ? lease.spec : {};
}

/** Empty when nobody holds the lease. */
export function holderOf(lease: KubeObject | undefined): string {
  const { holderIdentity } = specOf(lease);
  return typeof holderIdentity === 'string' ? holderIdentity : '';
}

export function transitionsOf(lease: KubeObject | undefined): number {
  const { leaseTransitions } = specOf(lease);
  return typeof leaseTransitions === 'number' ? leaseTransitions : 0;
}

export interface LeaseClaim {
  /** Empty to release. */
  readonly identity: string;
  readonly before: KubeObject | undefined;
  readonly highestTransitions?: number;
  readonly durationMs: number;
  /** Wall time, for people. */
  readonly nowMs: number;
}

/** The spec that claims, renews or releases a lease. A new holder raises leaseTransitions; a release leaves it. */
export function leaseSpec({ identity, before, highestTransitions = 0, durationMs, nowMs }: LeaseClaim): Fields {
  const spec = specOf(before);
  const continues = before !== undefined && (identity === '' || holderOf(before) === identity);
  const transitions = Math.max(transitionsOf(before), highestTransitions);
  return {
    ...spec,
    holderIdentity: identity,
    leaseDurationSeconds: durationMs / 1_000,
    leaseTransitions: continues ? transitionsOf(before) : transitions + 1,
    acquireTime: continues ? spec.acquireTime : microTime(nowMs),
    renewTime: microTime(nowMs),
  };
}

/** Since when a lease has looked as it does, on the observer's monotonic clock. */
export class LeaseObservation {
  readonly #defaultDurationMs: number;
  #seen: string | undefined;
  #sinceMs = 0;
  #durationMs = 0;
  #holder = '';
  #highestTransitions = 0;

  /** For leases that state no duration. */
  constructor(defaultDurationMs: number) {
    this.#defaultDurationMs = defaultDurationMs;
  }

  get highestTransitions(): number {
    return this.#highestTransitions;
  }

  /** Who claims the lease; empty when nobody does. A claim outlives the deletion of its lease. */
  get holder(): string {
    return this.#holder;
  }

  /** Undefined: there is no lease. */
  see(lease: KubeObject | undefined, nowMs: number): void {
    this.#highestTransitions = Math.max(this.#highestTransitions, transitionsOf(lease));
    // Labels and other writers' metadata are no sign of life.
    const content = JSON.stringify([lease?.metadata.uid, lease?.spec]);
    if (content === this.#seen) return;
    this.#seen = content;
    this.#sinceMs = nowMs;
    // Who deletes a lease does not stop its holder, who may have renewed it unseen just before.
    if (lease === undefined) return;
    const { leaseDurationSeconds } = specOf(lease);
    this.#holder = holderOf(lease);
    this.#durationMs =
      typeof leaseDurationSeconds === 'number' ? leaseDurationSeconds * 1_000 : this.#defaultDurationMs;
  }

  /** How much longer the holder's claim has to be respected; not positive once it has lapsed. */
  leftMs(nowMs: number): number {
    return this.#sinceMs + this.#durationMs - nowMs;
  }
}
