/**
 * Objects of OpenEBS, read from the API server on demand: they are few, and asked for once an observation. Which version of a
 * custom resource is served is found by asking for the latest first; the one that answered is asked first the next time.
 */
import { CoucheStorError } from '@couchestor/common/base';
import type { OpenEbsListing, OpenEbsObject, OpenEbsObjects, OpenEbsResource } from '../../ports/openebs-objects.ts';
import type { KubeClient } from './kube-client.ts';
import { isRecord, type KubeObject } from './kube-object.ts';
import {
  DEPLOYMENTS,
  DISK_POOLS,
  MAYASTOR_NODES,
  MAYASTOR_POOLS,
  MAYASTOR_VOLUMES,
  type KubeResource,
} from './resources.ts';

export interface KubernetesOpenEbsObjectsOptions {
  readonly client: KubeClient;
  /** Where Mayastor is installed; undefined: all namespaces are searched. */
  readonly namespace?: string | undefined;
}

const VERSIONS: Readonly<Record<OpenEbsResource, readonly KubeResource[]>> = {
  diskpools: DISK_POOLS,
  mayastorvolumes: MAYASTOR_VOLUMES,
  mayastorpools: MAYASTOR_POOLS,
  mayastornodes: MAYASTOR_NODES,
  deployments: [DEPLOYMENTS],
};

/** Of all the Deployments of a cluster, those that serve and decide. */
const CONTROL_PLANE = 'app in (agent-core,api-rest)';
const PAGE_SIZE = 500;
/** Far beyond any cluster: 10,000 volumes are 20 pages. */
const MAX_PAGES = 1_000;

export class KubernetesOpenEbsObjects implements OpenEbsObjects {
  readonly #client: KubeClient;
  readonly #namespace: string | undefined;
  /** The version that answered last. */
  readonly #served = new Map<OpenEbsResource, KubeResource>();

  constructor({ client, namespace }: KubernetesOpenEbsObjectsOptions) {
    this.#client = client;
    this.#namespace = namespace;
  }

  async list(resource: OpenEbsResource, signal: AbortSignal): Promise<OpenEbsListing> {
    const known = this.#served.get(resource);
    const versions = VERSIONS[resource].filter((version) => version !== known);
    for (const version of known === undefined ? versions : [known, ...versions]) {
      try {
        const objects = await this.#read(version, signal);
        this.#served.set(resource, version);
        return { kind: 'listed', objects: objects.map(objectOf) };
      } catch (error) {
        if (!(error instanceof CoucheStorError)) throw error;
        if (error.code === 'forbidden') return { kind: 'forbidden', message: error.message };
        if (error.code !== 'notFound') throw error;
      }
    }
    this.#served.delete(resource);
    return { kind: 'notServed' };
  }

  async #read(resource: KubeResource, signal: AbortSignal): Promise<readonly KubeObject[]> {
    const labelSelector = resource === DEPLOYMENTS ? CONTROL_PLANE : undefined;
    const common = { namespace: this.#namespace, labelSelector, limit: PAGE_SIZE, signal };
    const objects: KubeObject[] = [];
    let continueToken: string | undefined;
    for (let page = 0; page < MAX_PAGES; page += 1) {
      const read = await this.#client.list(resource, { ...common, continueToken });
      objects.push(...read.items);
      if (read.continueToken === undefined) return objects;
      continueToken = read.continueToken;
    }
    throw new CoucheStorError('unavailable', `The list of ${resource.plural} does not end after ${MAX_PAGES} pages.`);
  }
}

function objectOf({ metadata, spec, status }: KubeObject): OpenEbsObject {
  return { name: metadata.name, labels: metadata.labels ?? {}, spec: isRecord(spec) ? spec : {}, status };
}
