/**
 * Objects of OpenEBS as they were a few seconds ago at most. A migration looks at the storage system before each of its calls;
 * what Kubernetes adds to that, labels of pools and the release, changes too seldom to be asked for every time.
 */
import type { Clock } from '@couchestor/common/base';
import type { OpenEbsListing, OpenEbsObjects, OpenEbsResource } from '../../ports/openebs-objects.ts';

export interface RememberedObjectsOptions {
  readonly objects: OpenEbsObjects;
  readonly clock: Clock;
  readonly maxAgeMs: number;
}

interface Remembered {
  readonly listing: OpenEbsListing;
  /** On the monotonic clock: when it was asked for. */
  readonly atMs: number;
}

export class RememberedObjects implements OpenEbsObjects {
  readonly #options: RememberedObjectsOptions;
  readonly #known = new Map<OpenEbsResource, Remembered>();

  constructor(options: RememberedObjectsOptions) {
    this.#options = options;
  }

  /** Failures are not remembered. */
  async list(resource: OpenEbsResource, signal: AbortSignal): Promise<OpenEbsListing> {
    const { objects, clock, maxAgeMs } = this.#options;
    const known = this.#known.get(resource);
    const atMs = clock.monotonic();
    if (known !== undefined && atMs - known.atMs < maxAgeMs) return known.listing;
    const listing = await objects.list(resource, signal);
    this.#known.set(resource, { listing, atMs });
    return listing;
  }
}
