/**
 * Mayastor before 1.0 as something that moves replicas: it takes a number of replicas and nothing else, so whatever would move
 * one is refused, before anything was asked for. What there is can be read.
 */
import { CoucheStorError, type VolumeId } from '@couchestor/common/base';
import type { VolumeFacts } from '../../model/cluster-snapshot.ts';
import type { RebuildHistory } from '../../model/rebuild-history.ts';
import type { StorageMover } from '../../ports/storage-mover.ts';
import type { StorageSystem } from '../../ports/storage-system.ts';
import type { Surroundings } from './surroundings.ts';

const REMEDY = 'upgrade to Mayastor 2.x and configure the URL of its REST API, such as http://mayastor-api-rest:8081';

export class MayastorCrdMover implements StorageMover {
  readonly #system: StorageSystem;

  /** Of the same custom resources. */
  constructor({ system }: { readonly system: StorageSystem }) {
    this.#system = system;
  }

  async volume(volumeId: VolumeId, signal: AbortSignal): Promise<VolumeFacts | undefined> {
    const { volumes } = await this.#system.observe(signal);
    return volumes.find((volume) => volume.volumeId === volumeId);
  }

  async surroundings(signal: AbortSignal): Promise<Surroundings> {
    const { capabilities, pools, nodes } = await this.#system.observe(signal);
    return { capabilities, pools, nodes };
  }

  rebuildHistory(): Promise<RebuildHistory> {
    return Promise.resolve({ kind: 'unavailable', reason: 'Mayastor before 1.0 keeps no history of rebuilds' });
  }

  setReplicaCount(): Promise<void> {
    return refuse('set a number of replicas so that one of them moves');
  }

  cordonNode(): Promise<void> {
    return refuse('keep replicas away from a node');
  }

  uncordonNode(): Promise<void> {
    return Promise.resolve();
  }

  cordonPool(): Promise<void> {
    return refuse('keep replicas away from a pool');
  }

  uncordonPool(): Promise<void> {
    return Promise.resolve();
  }
}

function refuse(what: string): Promise<never> {
  const message = `The custom resources of Mayastor before 1.0 cannot ${what}.`;
  return Promise.reject(new CoucheStorError('unsupported', message, { fields: { refused: true, remedy: REMEDY } }));
}
