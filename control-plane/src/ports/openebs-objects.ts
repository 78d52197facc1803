/** Objects that OpenEBS keeps in Kubernetes, as the adapters of Mayastor need them. */

export interface OpenEbsObject {
  readonly name: string;
  readonly labels: Readonly<Record<string, string>>;
  readonly spec: Readonly<Record<string, unknown>>;
  /** An object in most of them; pre-1.0 nodes have a text. */
  readonly status: unknown;
}

export type OpenEbsListing =
  | { readonly kind: 'listed'; readonly objects: readonly OpenEbsObject[] }
  /** No version of the resource that is known here is served. */
  | { readonly kind: 'notServed' }
  /** This process may not list them. */
  | { readonly kind: 'forbidden'; readonly message: string };

/** Custom resources of `openebs.io`, and the Deployments of the Mayastor control plane. */
export type OpenEbsResource = 'diskpools' | 'mayastorvolumes' | 'mayastorpools' | 'mayastornodes' | 'deployments';

export interface OpenEbsObjects {
  /** Everything there is now, in full. Thrown for what may pass: CoucheStorError. */
  list(resource: OpenEbsResource, signal: AbortSignal): Promise<OpenEbsListing>;
}
