/**
 * One Lease of the API, and since when this process has seen it as it is. Every write goes on top of a version that was read,
 * so of two that claim the same state one gets `conflict` or `alreadyExists`.
 */
import { assertInvariant, toCoucheStorError } from '@couchestor/common/base';
import type { CallOptions, KubeClient } from './kube-client.ts';
import type { KubeObject } from './kube-object.ts';
import { LeaseObservation, leaseSpec } from './lease-record.ts';
import { LEASES } from './resources.ts';

export interface LeaseAddress {
  readonly client: KubeClient;
  readonly namespace: string;
  readonly name: string;
}

/** What one read showed; of one moment, whatever else reads the lease at the same time. */
export interface LeaseSight {
  /** Undefined when there is none. */
  readonly lease: KubeObject | undefined;
  /** Who claims it; empty when nobody does. A claim outlives the deletion of its lease. */
  readonly holder: string;
  /** How much longer the claim has to be respected; not positive once it has lapsed. */
  readonly leftMs: number;
}

/** client-go writes one second when it releases: what is left of a claim that nobody makes. */
const RELEASED_MS = 1_000;

export class ObservedLease {
  readonly #observation: LeaseObservation;
  readonly #address: LeaseAddress;
  readonly #durationMs: number;

  /** `durationMs`: whole seconds; what a claim of ours asks others to wait. */
  constructor({ client, namespace, name }: LeaseAddress, durationMs: number) {
    assertInvariant(durationMs > 0 && durationMs % 1_000 === 0, 'a Lease counts whole seconds');
    this.#address = { client, namespace, name };
    this.#durationMs = durationMs;
    this.#observation = new LeaseObservation(durationMs);
  }

  async read(call: CallOptions): Promise<LeaseSight> {
    const { client, namespace, name } = this.#address;
    const lease = await client.get(LEASES, { namespace, name }, call).catch((error: unknown) => {
      if (toCoucheStorError(error).code !== 'notFound') throw error;
      return undefined;
    });
    const nowMs = client.clock.monotonic();
    this.#observation.see(lease, nowMs);
    return { lease, holder: this.#observation.holder, leftMs: this.#observation.leftMs(nowMs) };
  }

  /** Claims or renews it for `identity` on top of `before`, the lease as read or written last; releases it if that is empty. */
  async write(before: KubeObject | undefined, identity: string, call: CallOptions): Promise<KubeObject> {
    const { client, namespace, name } = this.#address;
    const spec = leaseSpec({
      identity,
      before,
      // A lease that somebody deleted comes back with a higher count than any this process saw in it.
      highestTransitions: this.#observation.highestTransitions,
      durationMs: identity === '' ? RELEASED_MS : this.#durationMs,
      nowMs: client.clock.now(),
    });
    const lease =
      before === undefined
        ? await client.create(
            LEASES,
            { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata: { namespace, name }, spec },
            call,
          )
        : await client.replace(LEASES, { ...before, spec }, call);
    this.#observation.see(lease, client.clock.monotonic());
    return lease;
  }
}
