/**
 * Mayastor 2.x behind its REST API, read only. An observation is everything the API has, or an error: volumes, pools and nodes
 * are read side by side, and the first of them that cannot be read in full fails all. They are not of one moment, so a volume
 * may name a pool that the list of pools does not have yet. The API itself is up to 30 s behind.
 */
import { allOrNone } from '@couchestor/common/base';
import type { StorageFacts } from '../../model/cluster-snapshot.ts';
import type { StorageSystem } from '../../ports/storage-system.ts';
import { withAffinity } from './read-volume.ts';
import { RestClient, type RestClientOptions } from './rest-client.ts';
import { labelsOf, SurroundingsReader, type SurroundingsOptions } from './surroundings.ts';
import { DEFAULT_PAGE_LIMITS, readVolumes, type PageLimits } from './volume-pages.ts';

export interface MayastorRestSystemOptions extends RestClientOptions, SurroundingsOptions {
  readonly pages?: Partial<PageLimits>;
}

export class MayastorRestSystem implements StorageSystem {
  readonly #client: RestClient;
  readonly #surroundings: SurroundingsReader;
  readonly #pages: PageLimits;

  /** Thrown when `url` is no URL, or `version` names no release: CoucheStorError `invalid`. */
  constructor(options: MayastorRestSystemOptions) {
    this.#client = new RestClient(options);
    this.#surroundings = new SurroundingsReader(this.#client, options);
    this.#pages = { ...DEFAULT_PAGE_LIMITS, ...options.pages };
  }

  async observe(signal: AbortSignal): Promise<StorageFacts> {
    const [volumes, surroundings] = await allOrNone(signal, (all) => [
      readVolumes(this.#client, this.#pages, all),
      this.#surroundings.read(all),
    ]);
    const labels = labelsOf(surroundings);
    return { ...surroundings, volumes: volumes.map((volume) => withAffinity(volume, labels)) };
  }

  /** Closes idle connections. */
  close(): void {
    this.#client.close();
  }
}
