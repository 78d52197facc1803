/**
 * What the REST API says of all but the volumes: pools, nodes, and what the release can do. They are read side by side, and the
 * first of them that cannot be read in full fails all.
 */
import { allOrNone, CoucheStorError, nullLogger, type Logger } from '@couchestor/common/base';
import type { NodeFacts, PoolFacts, StorageFacts } from '../../model/cluster-snapshot.ts';
import type { OpenEbsListing, OpenEbsObjects, OpenEbsResource } from '../../ports/openebs-objects.ts';
import { Place } from './json-fields.ts';
import type { Named } from './names.ts';
import { engineVersionOf, readNode } from './read-node.ts';
import { readPool, type PoolLabels } from './read-pool.ts';
import type { LabelsOfPlaces } from './read-volume.ts';
import { oldestVersion, parseRelease, restCapabilities } from './release.ts';
import type { RestClient } from './rest-client.ts';

export interface SurroundingsOptions {
  readonly logger?: Logger;
  /** Such as `2.7.1`; undefined: the Deployments of the control plane say it, or else its nodes. */
  readonly version?: string | undefined;
  /** Labels of DiskPools, and the version; undefined: what the REST API says is all there is. */
  readonly objects?: OpenEbsObjects | undefined;
}

export type Surroundings = Omit<StorageFacts, 'volumes'>;

/** The chart sets it on every Deployment of the control plane (openebs/mayastor-extensions, chart/templates). */
const VERSION_LABEL = 'openebs.io/version';
const VERSION_UNKNOWN = "Mayastor's version is not known; nothing is steered that an old release would not obey.";
/** What decides about removals, and what is asked for them. */
const CONTROL_PLANE_APPS: ReadonlySet<string | undefined> = new Set(['agent-core', 'api-rest']);

export class SurroundingsReader {
  readonly #client: Pick<RestClient, 'get'>;
  readonly #logger: Logger;
  readonly #version: string | undefined;
  readonly #objects: OpenEbsObjects | undefined;
  /** What was said in the log already. */
  readonly #said = new Set<string>();

  /** Thrown when `version` names no release: CoucheStorError `invalid`. */
  constructor(client: Pick<RestClient, 'get'>, options: SurroundingsOptions) {
    if (options.version !== undefined && parseRelease(options.version) === undefined) {
      throw new CoucheStorError('invalid', `${options.version} is no release of Mayastor; write one such as 2.9.1.`);
    }
    this.#client = client;
    this.#logger = options.logger ?? nullLogger;
    this.#version = options.version;
    this.#objects = options.objects;
  }

  /** Thrown when anything of it cannot be had: CoucheStorError. */
  async read(signal: AbortSignal): Promise<Surroundings> {
    const [pools, { nodes, engineVersion }, deployedVersion] = await allOrNone(signal, (all) => [
      this.#pools(all),
      this.#nodes(all),
      this.#deployedVersion(all),
    ]);
    const version = this.#version ?? deployedVersion ?? engineVersion;
    if (version === undefined) this.#sayOnce('version', VERSION_UNKNOWN, {});
    return { capabilities: restCapabilities(version), pools, nodes };
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

/** By which replicas are placed, of the places that they can be in; those that are not known have none. */
export function labelsOf({ pools, nodes }: Surroundings): LabelsOfPlaces {
  const ofPool = new Map<string, PoolFacts>(pools.map((pool) => [pool.pool, pool]));
  const ofNode = new Map<string, NodeFacts>(nodes.map((node) => [node.node, node]));
  return {
    pool: (pool) => ofPool.get(pool)?.topologyLabels ?? {},
    node: (node) => ofNode.get(node)?.topologyLabels ?? {},
  };
}
