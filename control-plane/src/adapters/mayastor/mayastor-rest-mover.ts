/**
 * Moves replicas of Mayastor 2.x through its REST API. Each call is sent once. One that Mayastor refuses is followed by a look at
 * what it asked for: Mayastor refuses a count that the volume has and a cordon that is there, and a call that was lost earlier
 * may have made the change meanwhile. So asking again is harmless, and an error says `refused: true` only when the change was
 * seen not to be there and nothing is under way that may still make it.
 */
import {
  CoucheStorError,
  toCoucheStorError,
  type NodeName,
  type PoolName,
  type VolumeId,
} from '@couchestor/common/base';
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { RebuildHistory } from '../../model/rebuild-history.ts';
import type { StorageMover } from '../../ports/storage-mover.ts';
import { Place } from './json-fields.ts';
import { hasNodeCordon, hasPoolCordon } from './read-cordon.ts';
import { readRebuildHistory } from './read-rebuild-history.ts';
import { readVolume, withAffinity, type ReadVolume } from './read-volume.ts';
import { isRefusal } from './refusal.ts';
import { RestClient, type RestClientOptions, type RestRequest } from './rest-client.ts';
import { labelsOf, SurroundingsReader, type Surroundings, type SurroundingsOptions } from './surroundings.ts';

export type MayastorRestMoverOptions = RestClientOptions & SurroundingsOptions;

/** Of the pool's cordons, the one that keeps new replicas away; the others are not ours to set or to lift. */
const POOL_CORDON = { replicas: true, snapshots: false, restores: false, import: false };

type Change = RestRequest & { readonly method: 'PUT' | 'DELETE' };

/** `made`: what was asked for is there, whoever did it. `open`: it may yet come, or nobody knows. */
type Outcome = 'made' | 'notMade' | 'open';

export class MayastorRestMover implements StorageMover {
  readonly #client: RestClient;
  readonly #surroundings: SurroundingsReader;

  /** Thrown when `url` is no URL, or `version` names no release: CoucheStorError `invalid`. */
  constructor(options: MayastorRestMoverOptions) {
    this.#client = new RestClient(options);
    this.#surroundings = new SurroundingsReader(this.#client, options);
  }

  async volume(volumeId: VolumeId, signal: AbortSignal): Promise<VolumeFacts | undefined> {
    const volume = await this.#read(volumeId, signal);
    if (volume === undefined) return undefined;
    const { pool, node } = volume.affinityKeys;
    if (pool.length + node.length === 0) return volume.facts;
    return withAffinity(volume, labelsOf(await this.surroundings(signal)));
  }

  surroundings(signal: AbortSignal): Promise<Surroundings> {
    return this.#surroundings.read(signal);
  }

  async rebuildHistory(volumeId: VolumeId, signal: AbortSignal): Promise<RebuildHistory> {
    const path = `${pathOf(volumeId)}/rebuild-history`;
    // Read first: a replica that comes in between is not yet told from one that is gone, and is the next time.
    const volume = await this.#read(volumeId, signal);
    if (volume === undefined) return { kind: 'unavailable', reason: 'the volume is not there' };
    let body: unknown;
    try {
      body = await this.#client.get(path, {}, signal);
    } catch (error) {
      const reason = whyNoHistory(toCoucheStorError(error));
      if (reason === undefined) throw error;
      return { kind: 'unavailable', reason };
    }
    const replicaIds = volume.facts.replicas.map(({ replicaId }) => replicaId);
    return { kind: 'known', records: readRebuildHistory(body, new Place(path), replicaIds) };
  }

  setReplicaCount(volumeId: VolumeId, count: number, signal: AbortSignal): Promise<void> {
    const path = `${pathOf(volumeId)}/replica_count/${count}`;
    return this.#change({ method: 'PUT', path }, signal, async (refusal) => {
      const volume = await this.#read(volumeId, signal);
      // Gone only when both say so: one that was refused for another reason was there a moment ago.
      if (volume === undefined) return refusal.fields.kind === 'NotFound' ? 'notMade' : 'open';
      if (volume.facts.replicaCount === count) return 'made';
      // An earlier call, perhaps ours.
      return volume.facts.busy ? 'open' : 'notMade';
    });
  }

  cordonNode(node: NodeName, label: string, signal: AbortSignal): Promise<void> {
    return this.#change({ method: 'PUT', path: nodeCordonPath(node, label) }, signal, async () =>
      outcomeOf(await this.#hasNodeCordon(node, label, signal)),
    );
  }

  uncordonNode(node: NodeName, label: string, signal: AbortSignal): Promise<void> {
    return this.#change({ method: 'DELETE', path: nodeCordonPath(node, label) }, signal, async () =>
      outcomeOf(not(await this.#hasNodeCordon(node, label, signal))),
    );
  }

  cordonPool(pool: PoolName, signal: AbortSignal): Promise<void> {
    return this.#change({ method: 'PUT', path: poolCordonPath(pool), body: POOL_CORDON }, signal, async () =>
      outcomeOf(await this.#hasPoolCordon(pool, signal)),
    );
  }

  uncordonPool(pool: PoolName, signal: AbortSignal): Promise<void> {
    return this.#change({ method: 'DELETE', path: poolCordonPath(pool), body: POOL_CORDON }, signal, async () =>
      outcomeOf(not(await this.#hasPoolCordon(pool, signal))),
    );
  }

  /** Closes idle connections. */
  close(): void {
    this.#client.close();
  }

  /** `look` is asked only after a refusal. */
  async #change(
    change: Change,
    signal: AbortSignal,
    look: (refusal: CoucheStorError) => Promise<Outcome>,
  ): Promise<void> {
    try {
      await this.#client.change(change, signal);
    } catch (thrown) {
      const error = toCoucheStorError(thrown);
      if (!isRefusal(error)) throw error;
      const outcome = await look(error).catch((): Outcome => 'open');
      if (outcome === 'made') return;
      throw outcome === 'notMade' ? refused(error) : error;
    }
  }

  /** Undefined only when Mayastor says that there is none; a proxy's 404 says nothing. */
  async #read(volumeId: VolumeId, signal: AbortSignal): Promise<ReadVolume | undefined> {
    const path = pathOf(volumeId);
    try {
      return readVolume(await this.#client.get(path, {}, signal), new Place(path));
    } catch (thrown) {
      const { code, fields } = toCoucheStorError(thrown);
      if (code === 'notFound' && fields.kind === 'NotFound') return undefined;
      throw thrown;
    }
  }

  async #hasNodeCordon(id: NodeName, label: string, signal: AbortSignal): Promise<boolean | undefined> {
    return hasNodeCordon(await this.#client.get('/v0/nodes', {}, signal), new Place('/v0/nodes'), { id, label });
  }

  async #hasPoolCordon(id: PoolName, signal: AbortSignal): Promise<boolean | undefined> {
    return hasPoolCordon(await this.#client.get('/v0/pools', {}, signal), new Place('/v0/pools'), id);
  }
}

function pathOf(volumeId: VolumeId): string {
  return `/v0/volumes/${encodeURIComponent(volumeId)}`;
}

function nodeCordonPath(node: NodeName, label: string): string {
  return `/v0/nodes/${encodeURIComponent(node)}/cordon/${encodeURIComponent(label)}`;
}

function poolCordonPath(pool: PoolName): string {
  return `/v0/pools/${encodeURIComponent(pool)}/cordon`;
}

function outcomeOf(made: boolean | undefined): Outcome {
  if (made === undefined) return 'open';
  return made ? 'made' : 'notMade';
}

function not(value: boolean | undefined): boolean | undefined {
  return value === undefined ? undefined : !value;
}

/** Undefined for what may pass. */
function whyNoHistory({ fields: { status, kind } }: CoucheStorError): string | undefined {
  if (status === 412) return 'the volume is not published';
  if (kind === 'NotFound') return 'Mayastor does not know of its target';
  // Before 2.3 there is no such path.
  return status === 404 || status === 405 || status === 501 ? 'this release keeps no history of rebuilds' : undefined;
}

function refused(error: CoucheStorError): CoucheStorError {
  const { code, message, retryable, fields, cause } = error;
  return new CoucheStorError(code, message, { retryable, fields: { ...fields, refused: true }, cause });
}
