/**
 * Mayastor 2.x behind its REST API, read only. An observation is everything the API has, or an error: volumes, pools and nodes
 * are read side by side, and the first of them that cannot be read in full fails all. They are not of one moment, so a volume
 * may name a pool that the list of pools does not have yet. The API itself is up to 30 s behind.
 */
import { CoucheStorError, nullLogger, type Logger } from '@couchestor/common/base';
import type { NodeFacts, PoolFacts, StorageFacts } from '../../model/cluster-snapshot.ts';
import type { OpenEbsListing, OpenEbsObjects, OpenEbsResource } from '../../ports/openebs-objects.ts';
import type { StorageSystem } from '../../ports/storage-system.ts';
import { Place } from './json-fields.ts';
import type { Named } from './names.ts';
import { engineVersionOf, readNode } from './read-node.ts';
import { readPool, type PoolLabels } from './read-pool.ts';
import { withAffinity, type ReadVolume } from './read-volume.ts';
import { oldestVersion, parseRelease, restCapabilities } from './release.ts';
import { RestClient, type RestClientOptions } from './rest-client.ts';
import { DEFAULT_PAGE_LIMITS, readVolumes, type PageLimits } from './volume-pages.ts';

export interface MayastorRestSystemOptions extends RestClientOptions {
  readonly logger?: Logger;
  /** Such as `2.7.1`; undefined: the Deployments of the control plane say it, or else its nodes. */
  readonly version?: string | undefined;
  /** Labels of DiskPools, and the version; undefined: what the REST API says is all there is. */
  readonly objects?: OpenEbsObjects | undefined;
  readonly pages?: Partial<PageLimits>;
}

/** The chart sets it on every Deployment of the control plane (openebs/mayastor-extensions, chart/templates). */
const VERSION_LABEL = 'openebs.io/version';
const VERSION_UNKNOWN = "Mayastor's version is not known; nothing is steered that an old release would not obey.";
/** What decides about removals, and what is asked for them. */
const CONTROL_PLANE_APPS: ReadonlySet<string | undefined> = new Set(['agent-core', 'api-rest']);

export class MayastorRestSystem implements StorageSystem {
  readonly #client: RestClient;
  readonly #logger: Logger;
  readonly #version: string | undefined;
  readonly #objects: OpenEbsObjects | undefined;
  readonly #pages: PageLimits;
  /** What was said in the log already. */
  readonly #said = new Set<string>();

  /** Thrown when `url` is no URL, or `version` names no release: CoucheStorError `invalid`. */
  constructor(options: MayastorRestSystemOptions) {
    if (options.version !== undefined && parseRelease(options.version) === undefined) {
      throw new CoucheStorError('invalid', `${options.version} is no release of Mayastor; write one such as 2.9.1.`);
    }
    this.#client = new RestClient(options);
    this.#logger = options.logger ?? nullLogger;
    this.#version = options.version;
    this.#objects = options.objects;
    this.#pages = { ...DEFAULT_PAGE_LIMITS, ...options.pages };
  }

  async observe(signal: AbortSignal): Promise<StorageFacts> {
    // The first failure ends the others, so that none is left running behind an error.
    const stop = new AbortController();
    const all = AbortSignal.any([signal, stop.signal]);
    const parts = [
      readVolumes(this.#client, this.#pages, all),
      this.#pools(all),
      this.#nodes(all),
      this.#deployedVersion(all),
    ] as const;
    try {
      const [volumes, pools, { nodes, engineVersion }, deployedVersion] = await Promise.all(parts);
      const version = this.#version ?? deployedVersion ?? engineVersion;
      if (version === undefined) this.#sayOnce('version', VERSION_UNKNOWN, {});
      return { capabilities: restCapabilities(version), volumes: withLabels(volumes, pools, nodes), pools, nodes };
    } catch (error) {
      stop.abort(error);
      await Promise.allSettled(parts);
      throw error;
    }
  }

  /** Closes idle connections. */
  close(): void {
    this.#client.close();
  }

  async #pools(signal: AbortSignal): Promise<readonly PoolFacts[]> {
    const [labels, body] = await Promise.all([this.#diskPoolLabels(signal), this.#client.get('/v0/pools', {}, signal)]);
    const pools = readList('/v0/pools', body, (value, place) => readPool(value, place, labels));
    return this.#named(pools, 'pool');
  }

  /** Engines are upgraded after the control plane, so the oldest of them is no newer than it. */
  async #nodes(
    signal: AbortSignal,
  ): Promise<{ readonly nodes: readonly NodeFacts[]; readonly engineVersion: string | undefined }> {
    const body = await this.#client.get('/v0/nodes', {}, signal);
    const nodes = this.#named(readList('/v0/nodes', body, readNode), 'node');
    return { nodes, engineVersion: oldestVersion(Array.isArray(body) ? body.map(engineVersionOf) : []) };
  }

  #named<Facts>(entries: readonly Named<Facts>[], what: 'pool' | 'node'): readonly Facts[] {
    for (const { kind, name } of entries) {
      if (kind === 'named') continue;
      const message = `A ${what} is left out: its name is not one that objects can carry.`;
      this.#sayOnce(`${what} ${name}`, message, { [what]: name });
    }
    return entries.flatMap((entry) => (entry.kind === 'named' ? [entry.facts] : []));
  }

  async #diskPoolLabels(signal: AbortSignal): Promise<PoolLabels> {
    const listing = await this.#list(
      'diskpools',
      'Labels of DiskPools are not read; those of the REST API hold.',
      signal,
    );
    // Not `spec.topology.labelled`: it counts when the pool is made, and later on what the REST API says of it.
    return new Map(listing?.map(({ name, labels }) => [name, labels]));
  }

  async #deployedVersion(signal: AbortSignal): Promise<string | undefined> {
    if (this.#version !== undefined) return undefined;
    const consequence = 'The Deployments of Mayastor are not read; its nodes have to say the version.';
    const deployments = await this.#list('deployments', consequence, signal);
    const ours = deployments?.filter(({ labels }) => CONTROL_PLANE_APPS.has(labels.app)) ?? [];
    return oldestVersion(ours.map(({ labels }) => labels[VERSION_LABEL] ?? ''));
  }

  /** Undefined when they cannot be had, which is said once; what may pass is thrown. */
  async #list(
    resource: OpenEbsResource,
    consequence: string,
    signal: AbortSignal,
  ): Promise<Extract<OpenEbsListing, { kind: 'listed' }>['objects'] | undefined> {
    if (this.#objects === undefined) return undefined;
    const listing = await this.#objects.list(resource, signal);
    if (listing.kind === 'listed') return listing.objects;
    const reason = listing.kind === 'forbidden' ? listing.message : `${resource} are not served`;
    this.#sayOnce(`${resource} ${listing.kind}`, consequence, { resource, reason });
    return undefined;
  }

  #sayOnce(key: string, message: string, fields: Readonly<Record<string, unknown>>): void {
    if (this.#said.has(key) || this.#said.size >= MAX_SAID) return;
    this.#said.add(key);
    this.#logger.warn(message, fields);
  }
}

/** Names come from outside. */
const MAX_SAID = 1_000;

function readList<Facts>(
  path: string,
  body: unknown,
  read: (value: unknown, place: Place) => Named<Facts>,
): readonly Named<Facts>[] {
  const place = new Place(path);
  const names = new Set<string>();
  return place.array(body).map((value, index) => {
    const entry = read(value, place.at(index));
    if (names.has(entry.name)) throw place.at(index).at('id').refuse('the only one of its name');
    names.add(entry.name);
    return entry;
  });
}

function withLabels(
  volumes: readonly ReadVolume[],
  pools: readonly PoolFacts[],
  nodes: readonly NodeFacts[],
): StorageFacts['volumes'] {
  const ofPool = new Map<string, PoolFacts>(pools.map((pool) => [pool.pool, pool]));
  const ofNode = new Map<string, NodeFacts>(nodes.map((node) => [node.node, node]));
  const labels = {
    pool: (pool: string) => ofPool.get(pool)?.labels ?? {},
    node: (node: string) => ofNode.get(node)?.labels ?? {},
  };
  return volumes.map((volume) => withAffinity(volume, labels));
}
